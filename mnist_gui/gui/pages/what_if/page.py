"""What if? Other filters, the drawing somewhere else, a single step of training."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout

from mnist_gui.explain import experiments
from mnist_gui.gui.pages.evaluator import Evaluator
from mnist_gui.gui.pages.page import Page
from mnist_gui.gui.pages.what_if.filter_section import FilterSection
from mnist_gui.gui.pages.what_if.shift_view import ShiftView
from mnist_gui.gui.pages.what_if.step_view import StepView
from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.section import Section

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent
    from PySide6.QtWidgets import QWidget

    from mnist_gui.explain.experiments import ShiftMap
    from mnist_gui.gui.session import Session
    from mnist_gui.nn.layer import Array

_AFFORDABLE: Final = 0.008  # seconds that may be spent at every move of the pen
_SHIFT_TIP: Final = (
    "Your drawing moved up, down, left and right, and what the network reads then; the framed cell is where it is. "
    "Mean pooling forgives a pixel or so. Ink that leaves the frame is lost."
)


class WhatIfPage(Page):
    """Asks the session for other parameters; the network shown is never changed here."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._original: Array = np.empty(0)  # the parameters before all edits
        self._accuracy_before: float | None = None  # that of these
        self._evaluator = Evaluator(self)
        self._evaluator.finished.connect(self._show_accuracy)
        # What costs more than an event may is done once for all the events that come meanwhile.
        self._later = QTimer(self, singleShot=True)
        self._later.timeout.connect(self._experiment)

        self.filters = FilterSection()
        self.shifts = ShiftView(2 * experiments.REACH + 1)
        self.shifts.setObjectName("shiftMap")
        self.shifts.setAccessibleName("Shift map")
        self.shift_part = Section("Move the drawing", "", _SHIFT_TIP)
        self.shift_part.body.addWidget(self.shifts)
        self.step = StepView()
        layout = QHBoxLayout(self.content)
        layout.setContentsMargins(0, theme.GRID, 0, theme.GRID)
        layout.setSpacing(3 * theme.GRID)
        layout.addWidget(self.filters, 34)
        layout.addWidget(self.shift_part, 28)
        layout.addWidget(self.step, 36)

        for field in (self.filters.value_box, self.step.rate_box):
            field.refused.connect(session.said)
        self.filters.filter_changed.connect(self._change_filter)
        self.filters.freeze_box.toggled.connect(self._freeze)
        self.filters.data_requested.connect(lambda: session.data_wanted.emit(lambda _: None))
        self.filters.undo_button.clicked.connect(session.edits.undo)
        self.filters.redo_button.clicked.connect(session.edits.redo)
        self.step.settings_changed.connect(self._experiment)
        self.step.keep_requested.connect(lambda parameters: session.edit(parameters, "keep a step"))
        session.edits.canUndoChanged.connect(self._enable)
        session.edits.canRedoChanged.connect(self._enable)
        session.network_replaced.connect(self._forget)
        session.trainer.state_changed.connect(self._show_state)
        session.trainer.data_loaded.connect(self._show_data)
        self._show_data()
        self._show_state()

    @property
    def _busy(self) -> bool:
        return self._session.state is not State.IDLE

    def _freeze(self, freezes: bool) -> None:
        self._session.freezes_filters = freezes

    def _forget(self) -> None:
        self._original, self._accuracy_before = np.empty(0), None

    def _show_data(self) -> None:
        self._accuracy_before = None
        self.filters.show_accuracy(None if self._session.dataset is None else "…")
        self._evaluate()

    def _show_state(self) -> None:
        self.filters.set_busy(self._busy)
        self.step.set_busy(self._busy)
        self._enable()
        self._evaluate()

    def _enable(self) -> None:
        edits = self._session.edits
        self.filters.undo_button.setEnabled(not self._busy and edits.canUndo())
        self.filters.redo_button.setEnabled(not self._busy and edits.canRedo())

    def refresh(self) -> None:
        network = self._session.network
        untouched = not self._session.checkpoint.edited or self._session.moment is not None
        new = (untouched or not self._original.size) and not np.array_equal(network.parameters, self._original)
        if new:
            self._original, self._accuracy_before = network.parameters.copy(), None
            self.filters.show_accuracy(None if self._session.dataset is None else "…")
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
        start = perf_counter()
        network, reading = self._session.network, self._session.reading
        answers = None if reading is None else experiments.shift_answers(network, reading.image)
        self.shifts.show_answers(answers)
        self.shift_part.set_note(_shift_note(answers))
        self.step.show_reading(network, reading)
        spent = perf_counter() - start
        if spent > _AFFORDABLE:
            self._later.start(round(4000 * spent))

    def _change_filter(self, index: int, values: Array, cell: tuple[int, ...] | None) -> None:
        parameters = experiments.with_filter(self._session.network, index, values)
        self._session.edit(parameters, "load a kernel" if cell is None else "change a weight", cell)

    # --- accuracy ---

    def _evaluate(self) -> None:
        dataset = self._session.dataset
        if dataset is None:
            self._evaluator.cancel()
        elif self._busy:
            self._evaluator.cancel()
            self.filters.show_accuracy("–", "Worked out when the training is over")
        elif self.isVisible():
            self._evaluator.ask(self._session.network, dataset.test_images, upright=self._session.is_upright)

    def _show_accuracy(self, parameters: Array, probabilities: Array) -> None:
        dataset = self._session.dataset
        if dataset is None or len(probabilities) != len(dataset.test_labels):
            return
        accuracy = float((probabilities.argmax(axis=1) == dataset.test_labels).mean())
        text = f"{accuracy * 100:.2f} %"
        if np.array_equal(parameters, self._original):
            self._accuracy_before = accuracy
        elif self._accuracy_before is not None:
            text = f"{self._accuracy_before * 100:.1f} → {accuracy * 100:.1f} %"
        tip = f"The share of {len(probabilities):,} test images that the network reads right"
        self.filters.show_accuracy(text, tip)


def _shift_note(answers: ShiftMap | None) -> str:
    if answers is None:
        return "draw a digit, and see what it is read as elsewhere"
    return f"up to {experiments.REACH} pixels · {answers.kept * 100:.0f} % are read as here"
