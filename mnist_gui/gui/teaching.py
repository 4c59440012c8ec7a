"""What goes on between the drawing, the person's digits, and the network that learns from them."""

from __future__ import annotations

import copy
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox

from mnist_gui import learning, my_digits
from mnist_gui.data import mnist
from mnist_gui.errors import UserError
from mnist_gui.gui.training.panel import State
from mnist_gui.my_digits import MyDigit, MyDigits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.gui.model import Model
    from mnist_gui.gui.pages.mistakes.page import TestSetPage
    from mnist_gui.gui.pages.my_digits.page import MyDigitsPage
    from mnist_gui.nn.network import Network

DIGIT_FILES: Final = "Digits (*.jsonl)"


class Teaching(QObject):
    """Connects the keys under the answer, the page and the store for a window."""

    said = Signal(str)  # what has happened, in a few words
    unlearn_available_changed = Signal(bool)

    def __init__(self, window: MainWindow, page: MyDigitsPage, test_set_page: TestSetPage) -> None:
        super().__init__(window)
        self._window, self._page, self._test_set_page = window, page, test_set_page
        self._digits: list[MyDigit] = []
        self._of_image: dict[bytes, MyDigit] = {}  # so that a drawing is known again after undo and redo, too
        self._removed: list[list[str]] = []
        self._learning = False
        self._lessons: list[tuple[Model, Network]] = []  # what there was before, and the network that learned
        page.digit_chosen.connect(self._put_on_canvas)
        page.remove_requested.connect(self._remove)
        page.restore_requested.connect(self._restore)
        page.learn_requested.connect(self.learn)
        page.unlearn_requested.connect(self.unlearn)
        page.import_requested.connect(self._import)
        page.export_requested.connect(self._export)
        page.came_into_sight.connect(self._refresh)
        self._test_set_page.came_into_sight.connect(self._refresh)
        self._test_set_page.own_digit_chosen.connect(lambda place: self._put_on_canvas(self._digits[place]))
        window.trainer.state_changed.connect(self._show_state)

    @cached_property
    def _store(self) -> MyDigits:
        return MyDigits()  # when it is needed: the window starts without reading them

    # --- digits ---

    def name_drawing(self, label: int) -> None:
        """Keep the drawing as a digit; if it is kept as that one already, take it back."""
        canvas = self._window.canvas
        image = canvas.seen()
        if image is None:
            return
        kept = self._of_image.get(image.tobytes())
        try:
            if kept is None or kept.label != label:
                self._store.add(MyDigit(label, image.copy(), tuple(canvas.strokes_on_paper())))
                self.said.emit(f"Kept as {'an' if label == 8 else 'a'} {label} in My digits")
            else:
                self.said.emit("No longer in My digits")
            if kept is not None:
                self._store.remove([kept.id])
        except UserError as error:
            self._warn("The digit can't be kept", error)
        self._refresh()

    def _refresh(self) -> None:
        self._digits = self._store.all()
        self._of_image = {digit.image.tobytes(): digit for digit in self._digits}
        removed = len(self._removed[-1]) if self._removed else 0
        self._page.show_digits(self._digits, self._store.damaged, removed=removed)
        images = np.array([digit.image for digit in self._digits], np.uint8).reshape(-1, 28, 28)
        self._test_set_page.show_own_digits(images, np.array([digit.label for digit in self._digits], np.uint8))
        self.show_drawing(self._window.canvas.seen())

    def show_drawing(self, image: NDArray[np.uint8] | None) -> None:
        """Show on the keys whether there is a digit to keep, or which it is kept as."""
        kept = None if image is None else self._of_image.get(image.tobytes())
        keys = self._window.network_view.keys
        keys.show_drawing(there=image is not None, kept=None if kept is None else kept.label)

    def _put_on_canvas(self, digit: MyDigit) -> None:
        if digit.strokes:
            self._window.canvas.set_strokes(digit.strokes)
        else:
            self._window.canvas.set_picture(digit.image, f"my digit · label {digit.label}")

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
            digits = my_digits.read_export(path)
            new = self._store.merge(digits)
            self.said.emit(
                f"{new} new digits" + (f", {len(digits) - new} were here already" if new < len(digits) else "")
            )
        except UserError as error:
            self._warn("The digits can't be imported", error)
        self._refresh()

    def _export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self._window, "Export digits", "my digits.jsonl", DIGIT_FILES)
        if path:
            try:
                my_digits.export(path, self._digits)
                self.said.emit(f"Saved {path}")
            except UserError as error:
                self._warn("The digits can't be exported", error)

    def _warn(self, title: str, error: UserError) -> None:
        QMessageBox.warning(self._window, title, str(error))

    # --- lessons ---

    def learn(self) -> None:
        """Train the present network for a moment on the person's digits and others."""
        trainer = self._window.trainer
        self._refresh()
        if not self._digits:
            self.said.emit("Teach some digits first: draw one, and name it under the answer")
        elif trainer.state is State.IDLE:
            known = ("mnist", self._window.model.record.data)
            if trainer.dataset is not None and trainer.dataset.name in known:
                self._start(trainer.dataset)
            elif mnist.find() is not None:
                self._window.data_desk.use_from("mnist", self._start)
            else:
                self._start(learning.NOTHING)

    def _start(self, rest: Dataset) -> None:
        window, digits = self._window, self._digits
        if window.trainer.state is not State.IDLE or not digits:
            return
        before = copy.copy(window.model)
        images = np.stack([digit.image for digit in digits])
        labels = np.array([digit.label for digit in digits], np.uint8)
        prepare = partial(learning.lesson, images=images, labels=labels, rng=np.random.default_rng(len(digits)))
        self._page.show_test_accuracy(before.record.test_accuracy if before.record.data == rest.name else None)
        self._page.begin_lesson(before.network)
        window.start(rest, learning.recipe_for(before.network, rest), fresh=False, prepare=prepare)
        self._lessons.append((before, window.model.network))
        self._learning = True
        self._show_state(window.trainer.state)

    @property
    def _undoable(self) -> bool:
        return bool(self._lessons) and self._lessons[-1][1] is self._window.model.network

    def unlearn(self) -> None:
        """Go back to the model before the last lesson."""
        if self._undoable and self._window.trainer.state is State.IDLE:
            before, _ = self._lessons.pop()
            self._window.show_model(before)
            self._page.end_lesson()
            self.said.emit("This is the network as it was before the lesson")

    def model_changed(self) -> None:
        """Follow the window's model."""
        self._page.show_test_accuracy(self._window.model.record.test_accuracy)
        idle = self._window.trainer.state is State.IDLE
        self._page.show_learning(busy=not idle, undoable=self._undoable)
        self.unlearn_available_changed.emit(idle and self._undoable)

    def _show_state(self, state: State) -> None:
        self.model_changed()
        if state is State.IDLE and self._learning:
            self._learning = False
            record = self._window.model.record
            whole = record.epochs >= record.recipe.epochs
            what = f"Learned from {len(self._digits)} digits" if whole else "The lesson was cut short"
            self.said.emit(f"{what}; Undo learning goes back")
