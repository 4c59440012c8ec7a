"""What if? Other filters, the drawing somewhere else, a single step of training."""

from __future__ import annotations

from math import floor, log2
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QPalette, QUndoCommand, QUndoStack
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mnist_gui.gui import theme
from mnist_gui.gui.evaluator import Evaluator
from mnist_gui.gui.explorer import Page
from mnist_gui.gui.filter_editor import FilterEditor
from mnist_gui.gui.section import Section, check_box, grey
from mnist_gui.gui.shift_view import ShiftView
from mnist_gui.gui.step_view import StepView
from mnist_gui.inside import experiments
from mnist_gui.inside.kernels import KERNELS, RANDOM, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QHideEvent, QKeyEvent

    from mnist_gui.inside.experiments import ShiftMap
    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network

_AFFORDABLE: Final = 0.008  # seconds that may be spent at every move of the pen
_LARGEST: Final = 999.0
_KERNEL_NAMES: Final = {"sobel across": "Sobel →", "sobel down": "Sobel ↓"}


class WhatIfPage(Page):
    """Asks for other parameters; the network shown is never changed here."""

    title = "What if?"
    tip = "Change a filter, move the drawing, take one step of training, and see what happens"

    parameters_edited = Signal(object)  # ndarray of float, shape (count,): what the network should become
    data_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._network: Network | None = None
        self._image: NDArray[np.uint8] | None = None
        self._expected: Array = np.empty(0)  # the parameters that the page knows of
        self._asking = False  # whether the page is just asking for others
        self._original: Array = np.empty(0)  # those before all edits
        self._busy = False
        self._limit = 0.0
        self._rng = np.random.default_rng()
        self._test: tuple[NDArray[np.uint8], NDArray] | None = None
        self._accuracy_before: float | None = None
        self._edits = QUndoStack(self)
        self._evaluator = Evaluator(self)
        self._evaluator.finished.connect(self._show_accuracy)
        # What costs more than an event may is done once for all the events that come meanwhile.
        self._later = QTimer(self, singleShot=True)
        self._later.timeout.connect(self._experiment)

        self.editor: FilterEditor | None = None
        self.shifts = ShiftView(2 * experiments.REACH + 1)
        self.shifts.setObjectName("shiftMap")
        self.shifts.setAccessibleName("Shift map")
        self.step = StepView()
        self._filter_part = Section("Change a filter", "type, drag or turn the wheel over a cell", _FILTER_TIP)
        self._shift_part = Section("Move the drawing", "", _SHIFT_TIP)
        self._shift_part.body.addWidget(self.shifts)
        self._make_controls()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, theme.GRID, 0, theme.GRID)
        layout.setSpacing(3 * theme.GRID)
        layout.addWidget(self._filter_part, 34)
        layout.addWidget(self._shift_part, 28)
        layout.addWidget(self.step, 36)

        self.value_box.valueChanged.connect(self._change_value)
        self.kernel_box.activated.connect(self._load_kernel)
        self.step.settings_changed.connect(self._experiment)
        self.step.keep_requested.connect(lambda parameters: self._edit(parameters, "keep a step"))
        self._edits.canUndoChanged.connect(self._enable)
        self._edits.canRedoChanged.connect(self._enable)
        self._enable()

    def _make_controls(self) -> None:
        self.undo_button = _tool("undo", "undoEditButton", "Undo the last change of the network")
        self.redo_button = _tool("redo", "redoEditButton", "Change the network again as it was before Undo")
        self.undo_button.clicked.connect(self._edits.undo)
        self.redo_button.clicked.connect(self._edits.redo)
        self._filter_part.head.addWidget(self.undo_button)
        self._filter_part.head.addWidget(self.redo_button)
        self.value_box = QDoubleSpinBox()
        self.value_box.setObjectName("filterValueBox")
        self.value_box.setAccessibleName("Weight")
        self.value_box.setRange(-_LARGEST, _LARGEST)
        self.value_box.setDecimals(3)
        self.value_box.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.value_box.setFont(theme.tabular(self.value_box.font()))
        self.kernel_box = QComboBox()
        self.kernel_box.setObjectName("kernelBox")
        self.kernel_box.setAccessibleName("Load a kernel")
        self.kernel_box.setToolTip(
            "Put a textbook's filter in the place of the selected one, as strong as that: edge and Sobel answer to "
            "outlines, blur to ink, sharpen to ink that stands out, random to nothing in particular"
        )
        self.kernel_box.setPlaceholderText("Load …")
        for name in (*KERNELS, RANDOM):
            self.kernel_box.addItem(_KERNEL_NAMES.get(name, name.capitalize()), name)
        self.kernel_box.setCurrentIndex(-1)
        self.freeze_box = check_box(
            "Freeze filters",
            "freezeFilters",
            "The next training keeps the filters as they are here, and trains only the rest",
        )
        self._cell_label = grey()
        self._accuracy_heading, self._accuracy = grey("test accuracy"), QLabel("–")
        self._accuracy.setObjectName("editedAccuracy")
        self._accuracy.setFont(theme.tabular(self._accuracy.font()))
        self._accuracy.setForegroundRole(QPalette.ColorRole.Text)
        self._accuracy.linkActivated.connect(lambda _: self.data_requested.emit())
        controls = QVBoxLayout()
        controls.setSpacing(theme.GRID // 2)
        controls.addWidget(self._cell_label)
        controls.addWidget(self.value_box)
        controls.addWidget(self.kernel_box)
        controls.addWidget(self.freeze_box)
        controls.addStretch()
        controls.addWidget(self._accuracy_heading)
        controls.addWidget(self._accuracy)
        for widget in (self.value_box, self.kernel_box):
            widget.setFixedWidth(104)
        self._editor_row = QHBoxLayout()
        self._editor_row.setSpacing(2 * theme.GRID)
        self._editor_row.addLayout(controls)
        self._filter_part.body.addLayout(self._editor_row)

    # --- what the window tells ---

    @property
    def freezes_filters(self) -> bool:
        """Whether the next training is to leave the filters as they are."""
        return self.freeze_box.isChecked()

    def show_images(self, images: NDArray[np.uint8] | None, labels: NDArray | None) -> None:
        """Take the labelled images to measure accuracy on, uint8 of shape (n, 28, 28); None if there are none."""
        self._test = None if images is None or labels is None else (images, labels)
        self._accuracy_before = None
        self._evaluate()

    def set_busy(self, busy: bool) -> None:
        """Say whether the network is being trained: nothing can be edited then."""
        self._busy = busy
        self.step.set_busy(busy)
        self._enable()
        self._evaluate()

    def show_network(self, network: Network, image: NDArray[np.uint8] | None) -> None:
        """Show what the experiments come to for a network and the image that it sees."""
        self._network, self._image = network, image
        if not self._asking and not np.array_equal(network.parameters, self._expected):
            self._edits.clear()  # somebody else changed it: a step back would undo that, too
            self._expected = self._original = network.parameters.copy()
            self._limit, self._accuracy_before = 0.0, None
            self._accuracy.setText("…")
        self._show_filters(network)
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

    # --- filters ---

    def _show_filters(self, network: Network) -> None:
        weights = experiments.filters(network)
        if weights is None:
            self._remove_editor()
            self._filter_part.set_note("this network has no filters")
        else:
            if self.editor is None or self._shape != weights.shape:
                self._remove_editor()
                self._add_editor(weights.shape)
            assert self.editor is not None
            self._limit = max(self._limit, _round_up(float(np.abs(weights).max())))
            self.editor.show_filters(weights, self._limit)
        self._show_cell()
        self._enable()

    def _add_editor(self, shape: tuple[int, ...]) -> None:
        count, channels, size, _ = self._shape = shape
        self.editor = FilterEditor((count, channels, size, size))
        self.editor.setObjectName("filterEditor")
        self.editor.setAccessibleName("Filters to change")
        self.editor.setAccessibleDescription("The arrow keys pick a cell; type a number to change it.")
        self.editor.cell_selected.connect(self._show_cell)
        self.editor.value_requested.connect(self._change_value)
        self.editor.typed.connect(self._type)
        self._editor_row.insertWidget(0, self.editor, 1)

    def _remove_editor(self) -> None:
        if self.editor is not None:
            self._editor_row.removeWidget(self.editor)
            self.editor.deleteLater()
            self.editor = None

    def _show_cell(self) -> None:
        """Show the selected cell's number, unless the person is just writing it."""
        if self.editor is None:
            self._cell_label.setText("")
            return
        _, _, row, column = self.editor.selected_weight
        self._cell_label.setText(f"row {row + 1}, column {column + 1}")
        if self.value_box.singleStep() != self.editor.step:  # setting it rewrites what is being typed
            self.value_box.setSingleStep(self.editor.step)
        value = self.editor.selected_value
        if abs(self.value_box.value() - value) > 0.0005:
            with QSignalBlocker(self.value_box):
                self.value_box.setValue(value)

    def _type(self, event: QKeyEvent) -> None:
        self.value_box.setFocus()
        self.value_box.selectAll()
        QApplication.sendEvent(self.value_box, event)

    def _change_value(self, value: float) -> None:
        weights = None if self._network is None else experiments.filters(self._network)
        if weights is None or self.editor is None or self._busy:
            return
        index, *cell = self.editor.selected_weight
        changed = weights[index].copy()
        changed[tuple(cell)] = np.clip(value, -_LARGEST, _LARGEST)
        self._edit(self._with_filter(index, changed), "change a weight", cell=self.editor.selected_weight)

    def _load_kernel(self, choice: int) -> None:
        self.kernel_box.setCurrentIndex(-1)
        weights = None if self._network is None else experiments.filters(self._network)
        if weights is None or self.editor is None or self._busy:
            return
        index = self.editor.selected[0]
        self._edit(
            self._with_filter(index, kernel(self.kernel_box.itemData(choice), weights[index], self._rng)),
            "load a kernel",
        )

    def _with_filter(self, index: int, values: Array) -> Array:
        assert self._network is not None
        return experiments.with_filter(self._network, index, values)

    # --- edits ---

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
        free, filters = not self._busy, self.editor is not None
        for widget in (self.value_box, self.kernel_box):
            widget.setEnabled(free and filters)
        if self.editor is not None:
            self.editor.setEnabled(free)
            note = "type, drag or turn the wheel over a cell" if free else "not while the network is being trained"
            self._filter_part.set_note(note)
        self.freeze_box.setEnabled(filters)
        self.undo_button.setEnabled(free and self._edits.canUndo())
        self.redo_button.setEnabled(free and self._edits.canRedo())

    # --- accuracy ---

    def _evaluate(self) -> None:
        self._accuracy_heading.setVisible(self._test is not None)
        if self._test is None:
            self._evaluator.cancel()
            self._accuracy.setText("<a href='#'>Load the test set</a>")
            self._accuracy.setToolTip("Then the accuracy of the changed network is shown here")
        elif self._busy:
            self._evaluator.cancel()
            self._accuracy.setText("–")
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
        self._accuracy.setText(text)
        self._accuracy.setToolTip(f"The share of {len(probabilities):,} test images that the network reads right")


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


_FILTER_TIP: Final = (
    "What would the network read with another filter? The maps and the answer above follow at once. The rest of the "
    "network was trained for the old filters; freeze the new ones and train, and it learns to use them."
)
_SHIFT_TIP: Final = (
    "Your drawing moved up, down, left and right, and what the network reads then; the framed cell is where it is. "
    "Mean pooling forgives a pixel or so. Ink that leaves the frame is lost."
)


def _tool(icon: str, name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setIcon(theme.icon(icon))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button


def _shift_note(answers: ShiftMap | None) -> str:
    if answers is None:
        return "draw a digit, and see what it is read as elsewhere"
    return f"up to {experiments.REACH} pixels · {answers.kept * 100:.0f} % are read as here"


def _round_up(largest: float) -> float:
    """Return the end of the colours: a round number, so that small edits don't recolour every cell."""
    power = 2.0 ** floor(log2(max(largest, 0.5)))
    return next(power * step for step in (1, 1.5, 2) if largest <= power * step)
