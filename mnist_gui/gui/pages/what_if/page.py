"""What if? Other filters, the drawing somewhere else, a single step of training."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from PySide6.QtWidgets import QHBoxLayout, QWidget

from mnist_gui.explain import experiments
from mnist_gui.gui.pages.evaluator import Evaluator
from mnist_gui.gui.pages.tabs import Page
from mnist_gui.gui.pages.what_if.filter_section import FilterSection
from mnist_gui.gui.pages.what_if.shift_view import ShiftView
from mnist_gui.gui.pages.what_if.step_view import StepView
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.section import Section

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QHideEvent

    from mnist_gui.explain.experiments import ShiftMap
    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network

_AFFORDABLE: Final = 0.008  # seconds that may be spent at every move of the pen
_SHIFT_TIP: Final = (
    "Your drawing moved up, down, left and right, and what the network reads then; the framed cell is where it is. "
    "Mean pooling forgives a pixel or so. Ink that leaves the frame is lost."
)


class WhatIfPage(Page):
    """Asks for other parameters; the network shown is never changed here."""

    parameters_edited = Signal(object)  # ndarray of float, shape (count,): what the network should become
    data_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._network: Network | None = None
        self._image: NDArray[np.uint8] | None = None
        self._expected: Array = np.empty(0)  # the parameters that the page knows of
        self._original: Array = np.empty(0)  # those before all edits
        self._asking = False  # whether the page is just asking for others
        self._busy = False
        self._test: tuple[NDArray[np.uint8], NDArray] | None = None
        self._accuracy_before: float | None = None
        self._edits = QUndoStack(self)
        self._evaluator = Evaluator(self)
        self._evaluator.finished.connect(self._show_accuracy)
        # What costs more than an event may is done once for all the events that come meanwhile.
        self._later = QTimer(self, singleShot=True)
        self._later.timeout.connect(self._experiment)

        self.filters = FilterSection()
        self.shifts = ShiftView(2 * experiments.REACH + 1)
        self.shifts.setObjectName("shiftMap")
        self.shifts.setAccessibleName("Shift map")
        self._shift_part = Section("Move the drawing", "", _SHIFT_TIP)
        self._shift_part.body.addWidget(self.shifts)
        self.step = StepView()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, theme.GRID, 0, theme.GRID)
        layout.setSpacing(3 * theme.GRID)
        layout.addWidget(self.filters, 34)
        layout.addWidget(self._shift_part, 28)
        layout.addWidget(self.step, 36)

        self.filters.filter_changed.connect(self._change_filter)
        self.filters.data_requested.connect(self.data_requested)
        self.filters.undo_button.clicked.connect(self._edits.undo)
        self.filters.redo_button.clicked.connect(self._edits.redo)
        self._edits.canUndoChanged.connect(self._enable)
        self._edits.canRedoChanged.connect(self._enable)
        self.step.settings_changed.connect(self._experiment)
        self.step.keep_requested.connect(lambda parameters: self._edit(parameters, "keep a step"))
        self._enable()

    # --- what the window tells ---

    @property
    def freezes_filters(self) -> bool:
        """Whether the next training is to leave the filters as they are."""
        return self.filters.freeze_box.isChecked()

    def show_images(self, images: NDArray[np.uint8] | None, labels: NDArray | None) -> None:
        """Take the labelled images to measure accuracy on, uint8 of shape (n, 28, 28); None if there are none."""
        self._test = None if images is None or labels is None else (images, labels)
        self._accuracy_before = None
        self.filters.show_accuracy(None if self._test is None else "…")
        self._evaluate()

    def set_busy(self, busy: bool) -> None:
        """Say whether the network is being trained: nothing can be edited then."""
        self._busy = busy
        self.filters.set_busy(busy)
        self.step.set_busy(busy)
        self._enable()
        self._evaluate()

    def show_network(self, network: Network, image: NDArray[np.uint8] | None) -> None:
        """Show what the experiments come to for a network and the image that it sees."""
        self._network, self._image = network, image
        new = not self._asking and not np.array_equal(network.parameters, self._expected)
        if new:
            self._edits.clear()  # somebody else changed it: a step back would undo that, too
            self._expected = self._original = network.parameters.copy()
            self._accuracy_before = None
            self.filters.show_accuracy(None if self._test is None else "…")
        self.filters.show_network(network, new=new)
        self._evaluate()
        if not self._later.isActive():
            self._experiment()

    def hideEvent(self, event: QHideEvent) -> None:
        if not event.spontaneous():  # as when the window is only minimized
            self._later.stop()
            self._evaluator.cancel()
        super().hideEvent(event)

    def _experiment(self) -> None:
        if self._network is None:
            return
        start = perf_counter()
        answers = None if self._image is None else experiments.shift_answers(self._network, self._image)
        self.shifts.show_answers(answers)
        self._shift_part.set_note(_shift_note(answers))
        self.step.show_network(self._network, self._image)
        spent = perf_counter() - start
        if spent > _AFFORDABLE:
            self._later.start(round(4000 * spent))

    # --- edits ---

    def _change_filter(self, index: int, values: Array, cell: tuple[int, ...] | None) -> None:
        assert self._network is not None
        parameters = experiments.with_filter(self._network, index, values)
        self._edit(parameters, "load a kernel" if cell is None else "change a weight", cell)

    def _edit(self, parameters: Array, what: str, cell: tuple[int, ...] | None = None) -> None:
        """Ask for other parameters, in a way that can be taken back."""
        if self._network is not None and not self._busy:
            before = self._network.parameters.copy()
            self._edits.push(_Edit(self, before, parameters.astype(before.dtype), what, cell))

    def _ask_for(self, parameters: Array) -> None:
        self._expected, self._asking = parameters, True
        self.parameters_edited.emit(parameters)
        self._asking = False

    def _enable(self) -> None:
        self.filters.undo_button.setEnabled(not self._busy and self._edits.canUndo())
        self.filters.redo_button.setEnabled(not self._busy and self._edits.canRedo())

    # --- accuracy ---

    def _evaluate(self) -> None:
        if self._test is None:
            self._evaluator.cancel()
        elif self._busy:
            self._evaluator.cancel()
            self.filters.show_accuracy("–", "Worked out when the training is over")
        elif self._network is not None and self.isVisible():
            self._evaluator.ask(self._network, self._test[0])

    def _show_accuracy(self, parameters: Array, probabilities: Array) -> None:
        if self._test is None:
            return
        accuracy = float((probabilities.argmax(axis=1) == self._test[1]).mean())
        text = f"{accuracy * 100:.2f} %"
        if np.array_equal(parameters, self._original):
            self._accuracy_before = accuracy
        elif self._accuracy_before is not None:
            text = f"{self._accuracy_before * 100:.1f} → {accuracy * 100:.1f} %"
        tip = f"The share of {len(probabilities):,} test images that the network reads right"
        self.filters.show_accuracy(text, tip)


class _Edit(QUndoCommand):
    """From one vector of parameters to another; changes of the same cell in a row are one step."""

    def __init__(self, page: WhatIfPage, before: Array, after: Array, what: str, cell: tuple[int, ...] | None) -> None:
        super().__init__(what)
        self._page, self._before, self._after, self._cell = page, before, after, cell

    def id(self) -> int:
        return -1 if self._cell is None else 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Edit) or other._cell != self._cell:
            return False
        self._after = other._after
        return True

    def undo(self) -> None:
        self._page._ask_for(self._before)

    def redo(self) -> None:
        self._page._ask_for(self._after)


def _shift_note(answers: ShiftMap | None) -> str:
    if answers is None:
        return "draw a digit, and see what it is read as elsewhere"
    return f"up to {experiments.REACH} pixels · {answers.kept * 100:.0f} % are read as here"
