"""The test set: which digits are taken for which, and on which images."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from mnist_gui.explain.confusion import Confusion
from mnist_gui.gui.pages.evaluator import Evaluator
from mnist_gui.gui.pages.mistakes.confusion_view import ConfusionView, describe
from mnist_gui.gui.pages.mistakes.thumbnails import Thumbnails
from mnist_gui.gui.pages.page import Page
from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.section import Section, check_box, grey

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QHideEvent, QShowEvent

    from mnist_gui.gui.session import Session
    from mnist_gui.nn.layer import Array
    from mnist_gui.training import Progress

_MATRIX_TIP = (
    "Each row holds the images of one digit, each column those that were read as one. What is right stands on the "
    "diagonal; every red cell is a kind of mistake. The network never trained on these images."
)
_IMAGES_TIP = "Click an image to put it on the canvas, and follow it through the network."


class Source(NamedTuple):
    """Labelled images: uint8 of shape (n, 28, 28), and labels of shape (n,)."""

    name: str
    images: NDArray[np.uint8]
    labels: NDArray


NOTHING = Source("", np.empty((0, 28, 28), np.uint8), np.empty(0, np.uint8))


class MistakesPage(Page):
    """Follows the network in sight, and training at the end of each epoch."""

    own_digit_chosen = Signal(int)  # its place among the person's digits
    came_into_sight = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._test_set = self._own = NOTHING
        self._confusion: Confusion | None = None
        self._busy = False
        self._epochs = -1  # those of the run that are finished
        self._due = False  # whether one was since the last look
        self._evaluator = Evaluator(self)
        self._evaluator.finished.connect(self._show_answers)

        self.matrix = ConfusionView()
        self.thumbnails = Thumbnails()
        self.shares_box = check_box("in % of the row", "sharesBox", "Shares of each digit's images instead of counts")
        self.matrix_part = Section("True digit / read as", "", _MATRIX_TIP)
        self.own_box = check_box("my digits", "ownDigitsBox", "Your own digits instead of the test set")
        self.own_box.hide()
        self.matrix_part.head.addWidget(self.own_box)
        self.matrix_part.head.addWidget(self.shares_box)
        self.matrix_part.body.addWidget(self.matrix)
        self.images_part = Section("Mistakes", "", _IMAGES_TIP)
        self.all_button = QPushButton("All mistakes")
        self.all_button.setObjectName("allMistakesButton")
        self.all_button.setToolTip("Show the images of all red cells")
        self.images_part.head.addWidget(self.all_button)
        self.images_part.body.addWidget(self.thumbnails)
        full = QWidget()
        layout = QHBoxLayout(full)
        layout.setContentsMargins(0, theme.GRID, 0, theme.GRID)
        layout.setSpacing(4 * theme.GRID)
        layout.addWidget(self.matrix_part, 12)
        layout.addWidget(self.images_part, 10)

        self.load_button = QPushButton("Load the test set")
        self.load_button.setObjectName("loadTestSetButton")
        self.load_button.setToolTip("Load the data set that is chosen above")
        self._stack = QStackedLayout(self.content)
        self._stack.addWidget(self._make_empty())
        self._stack.addWidget(full)

        self.shares_box.toggled.connect(self.matrix.show_shares)
        self.matrix.cell_chosen.connect(self._show_images)
        self.all_button.clicked.connect(lambda: self.matrix.choose(None))
        self.own_box.toggled.connect(self._source_changed)
        self.thumbnails.image_chosen.connect(self._choose_image)
        self.load_button.clicked.connect(lambda: session.data_wanted.emit(lambda _: None))
        session.progressed.connect(self._note_progress)
        session.trainer.state_changed.connect(self._show_state)
        session.trainer.data_loaded.connect(self._show_data)
        self._show_data()
        self._show_state()

    def _make_empty(self) -> QWidget:
        empty = QWidget()
        layout = QVBoxLayout(empty)
        layout.setSpacing(theme.GRID)
        text = QLabel("See which digits the network takes for which others")
        note = grey("It reads images that it never trained on, and you look at those that it gets wrong.")
        layout.addStretch()
        for widget in (text, note, self.load_button):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch()
        return empty

    def _show_data(self) -> None:
        dataset = self._session.dataset
        if dataset is not None:
            self._test_set = Source(f"{dataset.title}, test set", dataset.test_images, dataset.test_labels)
        self._source_changed()

    def show_own_digits(self, images: NDArray[np.uint8], labels: NDArray) -> None:
        """Take the person's digits, uint8 of shape (n, 28, 28); where there are any, they can be chosen."""
        self._own = Source("My digits", images, labels)
        self.own_box.setVisible(len(images) > 0)
        if not len(images):
            self.own_box.setChecked(False)
        elif self.own_box.isChecked():
            self._source_changed()

    @property
    def _source(self) -> Source:
        return self._own if self.own_box.isChecked() else self._test_set

    def _source_changed(self) -> None:
        self._confusion = None
        if len(self._source.images):
            self._evaluate()
        else:
            self._evaluator.cancel()
            self._stack.setCurrentIndex(0)

    def _choose_image(self, place: int) -> None:
        if self.own_box.isChecked():
            self.own_digit_chosen.emit(place)
        else:
            self._session.show_test_image(place)

    def _show_state(self) -> None:
        """Follow a network that is being trained epoch by epoch, not step by step."""
        self._busy, self._epochs = self._session.state is not State.IDLE, -1
        self._evaluate()

    def _note_progress(self, progress: Progress) -> None:
        """Take note of a finished epoch; `refresh` comes next."""
        if len(progress.epochs) != self._epochs:
            self._epochs, self._due = len(progress.epochs), True

    def refresh(self) -> None:
        if not self._busy or self._due or self._confusion is None:
            self._evaluate()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():
            self.came_into_sight.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        if not event.spontaneous():  # as when the window is only minimized
            self._evaluator.cancel()
        super().hideEvent(event)

    def _evaluate(self) -> None:
        if len(self._source.images) and self.isVisible():
            self._due = False
            self._evaluator.ask(self._session.network, self._source.images, upright=self._session.is_upright)

    def _show_answers(self, parameters: Array, probabilities: Array) -> None:
        name, _, labels = self._source
        if len(labels) != len(probabilities):
            return  # those of the other source, asked for before
        confusion = self._confusion = Confusion(probabilities, labels)
        self.matrix.show_confusion(confusion)
        upright = " upright" if self._session.is_upright else ""
        accuracy = f"{confusion.accuracy * 100:.2f} % read right{upright}"
        self.matrix_part.set_note(f"{name} · {len(labels):,} images · {accuracy}")
        self._show_images()
        self._stack.setCurrentIndex(1)

    def _show_images(self) -> None:
        confusion, cell = self._confusion, self.matrix.chosen
        if confusion is None:
            return
        if cell is None:
            places = confusion.mistakes()
            title, order = f"All {len(places):,} mistakes", "most confident first; click a red cell for one kind"
        else:
            places = confusion.read_as(*cell)
            title = describe(confusion, *cell)
            order = "least probable first" if cell[0] == cell[1] else "most confident first"
        self.images_part.set_title(title)
        self.images_part.set_note(order if len(places) else "none")
        self.all_button.setVisible(cell is not None)
        self.thumbnails.show_images(self._source.images, confusion, places)
