"""What goes on between the drawing, the person's digits, and the network that learns from them."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from mnist_gui import learning, my_digits
from mnist_gui.data import mnist
from mnist_gui.errors import UserError
from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets import messages
from mnist_gui.gui.widgets.background import Cancelled, wait_for
from mnist_gui.my_digits import MyDigit, MyDigits

if TYPE_CHECKING:
    from mnist_gui.data.dataset import Dataset
    from mnist_gui.gui.network.digit_keys import DigitKeys
    from mnist_gui.gui.pages.mistakes.page import MistakesPage
    from mnist_gui.gui.pages.my_digits.page import MyDigitsPage
    from mnist_gui.gui.session import Session
    from mnist_gui.gui.training.data_source import DataSource
    from mnist_gui.runs import Checkpoint

DIGIT_FILES: Final = "Digits (*.jsonl)"


class Teaching(QObject):
    """Connects the keys under the answer, the pages of digits and the store of the person's digits."""

    unlearn_available_changed = Signal(bool)

    def __init__(self, session: Session, data_source: DataSource, keys: DigitKeys, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._data_source, self._keys, self._window = session, data_source, keys, window
        self._page: MyDigitsPage | None = None
        self._mistakes_page: MistakesPage | None = None
        self._digits: list[MyDigit] = []
        self._of_image: dict[bytes, MyDigit] = {}  # so that a drawing is known again after undo and redo, too
        self._removed: list[list[str]] = []
        self._before: Checkpoint | None = None  # what there was before the last lesson
        self._learning = False
        keys.digit_named.connect(self.name_drawing)
        session.changed.connect(self._show_drawing)
        session.present_changed.connect(self._show_present)
        session.network_replaced.connect(self._forget_lesson)
        session.trainer.state_changed.connect(self._show_state)

    def attach(self, page: MyDigitsPage, mistakes_page: MistakesPage) -> None:
        """Serve the pages, which come after the window has been painted."""
        self._page, self._mistakes_page = page, mistakes_page
        page.digit_chosen.connect(self._put_on_canvas)
        page.remove_requested.connect(self._remove)
        page.restore_requested.connect(self._restore)
        page.learn_requested.connect(self.learn)
        page.unlearn_requested.connect(self.unlearn)
        page.import_requested.connect(self._import)
        page.export_requested.connect(self._export)
        page.came_into_sight.connect(self._refresh)
        mistakes_page.came_into_sight.connect(self._refresh)
        mistakes_page.own_digit_chosen.connect(lambda place: self._put_on_canvas(self._digits[place]))
        self._show_present()

    @cached_property
    def _store(self) -> MyDigits:
        return MyDigits()  # when it is needed: the window starts without reading them

    # --- digits ---

    def name_drawing(self, label: int) -> None:
        """Keep the drawing as a digit; if it is kept as that one already, take it back."""
        image, drawing = self._session.image, self._session.drawing
        if image is None:
            return
        kept = self._of_image.get(image.tobytes())
        try:
            if kept is None or kept.label != label:
                self._store.add(MyDigit(label, image.copy(), tuple(drawing.strokes_on_paper())))
                self._session.said.emit(f"Kept as {'an' if label == 8 else 'a'} {label} in My digits")
            else:
                self._session.said.emit("No longer in My digits")
            if kept is not None:
                self._store.remove([kept.id])
        except UserError as error:
            self._warn("The digit can't be kept", error)
        self._refresh()

    def _refresh(self) -> None:
        self._digits = self._store.all()
        self._of_image = {digit.image.tobytes(): digit for digit in self._digits}
        removed = len(self._removed[-1]) if self._removed else 0
        if self._page is not None and self._mistakes_page is not None:
            self._page.show_digits(self._digits, self._store.damaged, removed=removed)
            images = np.array([digit.image for digit in self._digits], np.uint8).reshape(-1, 28, 28)
            self._mistakes_page.show_own_digits(images, np.array([digit.label for digit in self._digits], np.uint8))
        self._show_drawing()

    def _show_drawing(self) -> None:
        """Show on the keys whether there is a digit to keep, or which it is kept as."""
        image = self._session.image
        kept = None if image is None else self._of_image.get(image.tobytes())
        self._keys.show_drawing(there=image is not None, kept=None if kept is None else kept.label)

    def _put_on_canvas(self, digit: MyDigit) -> None:
        if digit.strokes:
            self._session.drawing.set_strokes(digit.strokes)
        else:
            self._session.drawing.set_picture(digit.image, f"my digit · label {digit.label}")

    def _remove(self, digits: list[MyDigit]) -> None:
        ids = [digit.id for digit in digits]
        try:
            self._store.remove(ids)
            self._removed.append(ids)
        except UserError as error:
            self._warn("The digits can't be removed", error)
        self._refresh()

    def _restore(self) -> None:
        try:
            self._store.restore(self._removed[-1])
            self._removed.pop()
        except UserError as error:
            self._warn("The digits can't be put back", error)
        self._refresh()

    def _import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._window, "Import digits", "", f"{DIGIT_FILES};;All files (*)")
        if not path:
            return
        try:
            digits = wait_for(self._window, "Reading the digits …", lambda report: my_digits.read_export(path, report))
            new = self._store.merge(digits)
            old = len(digits) - new
            known = f", {old} {'was' if old == 1 else 'were'} here already" if old else ""
            self._session.said.emit(f"{_count(new, 'new digit')}{known}")
        except UserError as error:
            self._warn("The digits can't be imported", error)
        except Cancelled:
            self._session.said.emit("No digits were imported")
        self._refresh()

    def _export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self._window, "Export digits", "my digits.jsonl", DIGIT_FILES)
        if path:
            try:
                my_digits.export(path, self._digits)
                self._session.said.emit(f"Saved {path}")
            except UserError as error:
                self._warn("The digits can't be exported", error)

    def _warn(self, title: str, error: UserError) -> None:
        messages.warn(self._window, title, str(error))

    # --- lessons ---

    def learn(self) -> None:
        """Train the present network for a moment on the person's digits and others."""
        session = self._session
        self._refresh()
        if not self._digits:
            session.said.emit("Teach some digits first: draw one, and name it under the answer")
        elif session.state is State.IDLE:
            known = ("mnist", session.checkpoint.record.data)
            if session.dataset is not None and session.dataset.name in known:
                self._start(session.dataset)
            elif mnist.find() is not None:
                self._data_source.use_from("mnist", self._start)
            else:
                self._start(learning.NOTHING)

    def _start(self, rest: Dataset) -> None:
        session, digits = self._session, self._digits
        if session.state is not State.IDLE or not digits:
            return
        images = np.stack([digit.image for digit in digits])
        labels = np.array([digit.label for digit in digits], np.uint8)
        upright = session.is_upright
        prepare = partial(
            learning.lesson, images=images, labels=labels, rng=np.random.default_rng(len(digits)), upright=upright
        )
        before, recipe = session.checkpoint, learning.recipe_for(session.network, rest, upright=upright)
        if self._page is not None:
            record = before.record
            self._page.show_test_accuracy(record.test_accuracy if record.data == rest.name else None)
            self._page.begin_lesson()
        session.train_on(rest, recipe, prepare=prepare)
        self._before, self._learning = before, True
        self._show_present()

    def unlearn(self) -> None:
        """Go back to the network before the last lesson; what it had learned stays in Runs."""
        if self._before is not None and self._session.state is State.IDLE:
            self._session.take_back(self._before)
            if self._page is not None:
                self._page.end_lesson()
            self._session.said.emit("This is the network as it was before the lesson; the lesson stays in Runs")

    def _forget_lesson(self) -> None:
        self._before, self._learning = None, False

    def _show_present(self) -> None:
        idle, undoable = self._session.state is State.IDLE, self._before is not None
        if self._page is not None:
            self._page.show_test_accuracy(self._session.checkpoint.record.test_accuracy)
            self._page.show_learning(busy=not idle, undoable=undoable)
        self.unlearn_available_changed.emit(idle and undoable)

    def _show_state(self, state: State) -> None:
        self._show_present()
        if state is State.IDLE and self._learning:
            self._learning = False
            record = self._session.checkpoint.record
            whole = record.epochs >= record.recipe.epochs
            what = f"Learned from {_count(len(self._digits), 'digit')}" if whole else "The lesson was cut short"
            self._session.said.emit(f"{what}; Train, Take the lesson back, undoes it")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
