"""The person's own digits: to look at, to learn from, to remove, and to carry to another computer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from mnist_gui.gui.pages.evaluator import Evaluator
from mnist_gui.gui.pages.my_digits.digit_list import MyDigitsList
from mnist_gui.gui.pages.my_digits.lesson_scores import LessonScores
from mnist_gui.gui.pages.page import Page
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.section import Section, TextColumn, grey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PySide6.QtGui import QHideEvent, QShowEvent

    from mnist_gui.gui.session import Session
    from mnist_gui.my_digits import MyDigit
    from mnist_gui.nn.layer import Array

_LIST_TIP = (
    "Drawings that you named with the keys under the answer, and what the network takes them for now. They are kept "
    "on this computer until you remove them."
)
_LEARN_TIP = (
    "The network is trained for about two seconds more, on your digits among many others, so that it does not forget "
    "how other people write."
)


class MyDigitsPage(Page):
    """Shows the digits, and says what the person asks for."""

    digit_chosen = Signal(object)  # a MyDigit
    remove_requested = Signal(object)  # a list of MyDigit
    restore_requested = Signal()
    learn_requested = Signal()
    unlearn_requested = Signal()
    import_requested = Signal()
    export_requested = Signal()
    came_into_sight = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._digits: Sequence[MyDigit] = ()
        self._images: NDArray[np.uint8] = np.empty((0, 28, 28), np.uint8)
        self._damaged: Sequence[str] = ()
        self._scores = LessonScores()
        self._evaluator = Evaluator(self)
        self._evaluator.finished.connect(self._show_answers)

        self.list = MyDigitsList()
        self.remove_button = _button("Remove", "removeDigitsButton", "Take the selected digits off the list (Delete)")
        self.restore_button = _button("Put back", "restoreDigitsButton", "Bring back what was removed last")
        self.import_button = _button("Import…", "importDigitsButton", "Add the digits that a file holds to these")
        self.export_button = _button("Export…", "exportDigitsButton", "Save all these digits as one file")
        self.learn_button = _button("Learn from my digits", "learnButton", _LEARN_TIP + " (Ctrl+L)")
        self.learn_button.setProperty("accent", True)
        self.unlearn_button = _button(
            "Take the lesson back", "unlearnButton", "Go back to the network before the lesson"
        )
        self.list_part = Section("My digits", "", _LIST_TIP)
        for button in (self.restore_button, self.remove_button, self.import_button, self.export_button):
            self.list_part.head.addWidget(button)
        self.list_part.body.addWidget(self.list)
        lesson = Section("Lesson", "some two seconds of training", _LEARN_TIP)
        lesson.body.addWidget(self._scores)
        lesson.body.addSpacing(theme.GRID)
        lesson.body.addWidget(self.learn_button)
        lesson.body.addWidget(self.unlearn_button)
        lesson.body.addStretch()
        full = QWidget()
        layout = QHBoxLayout(full)
        layout.setContentsMargins(0, theme.GRID, 0, 0)
        layout.setSpacing(4 * theme.GRID)
        layout.addWidget(self.list_part, 1)
        beside = TextColumn(30)
        of_lesson = QVBoxLayout(beside)
        of_lesson.setContentsMargins(0, 0, 0, 0)
        of_lesson.addWidget(lesson)
        layout.addWidget(beside)
        self._empty_restore = _button("Put back", "restoreAllButton", "Bring back what was removed last")
        self._empty_note = grey()
        self._stack = QStackedLayout(self.content)
        self._stack.addWidget(self._make_empty())
        self._stack.addWidget(full)

        self.list.digit_chosen.connect(self.digit_chosen)
        self.list.selection_changed.connect(self._enable)
        self.list.remove_requested.connect(self._remove)
        self.remove_button.clicked.connect(self._remove)
        self.learn_button.clicked.connect(self.learn_requested)
        self.unlearn_button.clicked.connect(self.unlearn_requested)
        self.import_button.clicked.connect(self.import_requested)
        self.export_button.clicked.connect(self.export_requested)
        for button in (self.restore_button, self._empty_restore):
            button.clicked.connect(self.restore_requested)
            button.hide()
        self.show_learning(busy=False, undoable=False)
        self._enable()

    def _make_empty(self) -> QWidget:
        empty = QWidget()
        text = QLabel("Teach the network your own handwriting")
        note = grey(
            "Draw a digit. Where the answer is wrong, click the right one under it.\n"
            "The drawing is kept here, and the network can learn from it in two seconds."
        )
        note.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        from_file = _button("Import digits…", "importFirstDigitsButton", "Add the digits that a file holds")
        from_file.clicked.connect(self.import_requested)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self._empty_restore)
        buttons.addWidget(from_file)
        buttons.addStretch()
        layout = QVBoxLayout(empty)
        layout.setSpacing(theme.GRID)
        layout.addStretch()
        for widget in (text, note, self._empty_note):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addLayout(buttons)
        layout.addStretch()
        return empty

    # --- what is shown ---

    def show_digits(self, digits: Sequence[MyDigit], damaged: Sequence[str], *, removed: int) -> None:
        """Show what is kept.

        Parameters
        ----------
        digits : sequence of MyDigit
            In the order of their labels.
        damaged : sequence of str
            Names of files that can't be read.
        removed : int
            How many digits can be put back.
        """
        if [digit.id for digit in digits] != [digit.id for digit in self._digits]:
            self._digits = digits
            self._images = np.array([digit.image for digit in digits], np.uint8).reshape(-1, 28, 28)
            self.list.show_digits(digits)
            self._scores.forget_before()
        self._damaged = damaged
        for button in (self.restore_button, self._empty_restore):
            button.setText(f"Put {removed} back")
            button.setVisible(removed > 0)
        self._empty_note.setText(self._complaint())
        self._empty_note.setVisible(bool(damaged))
        self._stack.setCurrentIndex(1 if digits else 0)
        self._write_note(None)
        self._evaluate()
        self._enable()

    def refresh(self) -> None:
        self._evaluate()

    def show_test_accuracy(self, accuracy: float | None) -> None:
        """Show the share of the test set that is read right, in [0, 1]; None if it is not known."""
        self._scores.show_test(accuracy)

    def begin_lesson(self) -> None:
        """Keep the scores of the network that is looked at, to be seen beside those to come."""
        # The page may never have been in sight.
        probabilities = self._session.network.probabilities(self._session.prepare(self._images))
        answers = probabilities.argmax(axis=1)
        self._scores.show_own(float((answers == self._labels()).mean()))
        self._scores.begin()

    def end_lesson(self) -> None:
        """Forget the scores before the lesson, which was undone."""
        self._scores.forget_before()

    def show_learning(self, *, busy: bool, undoable: bool) -> None:
        """Say whether the network is being trained, and whether there is a lesson to undo."""
        self._busy = busy
        self.unlearn_button.setEnabled(undoable and not busy)
        self._enable()

    def _evaluate(self) -> None:
        if len(self._images) and self.isVisible():
            self._evaluator.ask(self._session.network, self._images, upright=self._session.is_upright)

    def _show_answers(self, parameters: Array, probabilities: Array) -> None:
        if len(probabilities) != len(self._digits):  # of digits that are gone
            return
        self.list.show_answers(probabilities)
        right = int((probabilities.argmax(axis=1) == self._labels()).sum())
        self._scores.show_own(right / len(self._digits))
        self._write_note(right)

    def _labels(self) -> NDArray[np.uint8]:
        return np.array([digit.label for digit in self._digits], np.uint8)

    def _write_note(self, right: int | None) -> None:
        count = len(self._digits)
        parts = [f"{count} digit{'s' if count != 1 else ''}"]
        if right is not None:
            parts.append(f"{right} read right")
        if self._damaged:
            parts.append(self._complaint())
        self.list_part.set_note(" · ".join(parts))

    def _complaint(self) -> str:
        if not self._damaged:
            return ""
        more = f" and {len(self._damaged) - 1} more" if len(self._damaged) > 1 else ""
        return f"{self._damaged[0]}{more} can’t be read, and {'stay' if more else 'stays'} as found"

    # --- what is asked for ---

    def _remove(self) -> None:
        if selected := self.list.selected():
            self.remove_requested.emit(selected)

    def _enable(self) -> None:
        self.remove_button.setEnabled(bool(self.list.selected()))
        self.learn_button.setEnabled(bool(self._digits) and not self._busy)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.came_into_sight.emit()  # another window may have added digits
        self._evaluate()

    def hideEvent(self, event: QHideEvent) -> None:
        self._evaluator.cancel()
        super().hideEvent(event)


def _button(text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(tip)
    button.setAccessibleDescription(tip)
    return button
