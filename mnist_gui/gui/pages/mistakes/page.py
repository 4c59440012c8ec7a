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
from mnist_gui.gui.pages.tabs import Page
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.section import Section, check_box, grey

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QHideEvent, QShowEvent

    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network
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


class TestSetPage(Page):
    """Follows the network in sight, and training at the end of each epoch."""

    __test__ = False  # in spite of its name, for pytest

    data_requested = Signal()
    image_chosen = Signal(int)  # its place in the set
    own_digit_chosen = Signal(int)  # its place among the person's digits
    came_into_sight = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._test_set = self._own = NOTHING
        self._network: Network | None = None
        self._confusion: Confusion | None = None
        self._busy = False
        self._epochs = -1  # those of the run that are finished
        self._due = False  # whether one was since the last look
        self._evaluator = Evaluator(self)
        self._evaluator.finished.connect(self._show_answers)

        self.matrix = ConfusionView()
        self.thumbnails = Thumbnails()
        self.shares_box = check_box("in % of the row", "sharesBox", "Shares of each digit's images instead of counts")
        self._matrix_part = Section("Who is taken for whom", "", _MATRIX_TIP)
        self.own_box = check_box("my digits", "ownDigitsBox", "Your own digits instead of the test set")
        self.own_box.hide()
        self._matrix_part.head.addWidget(self.own_box)
        self._matrix_part.head.addWidget(self.shares_box)
        self._matrix_part.body.addWidget(self.matrix)
        self._images_part = Section("Mistakes", "", _IMAGES_TIP)
        self.all_button = QPushButton("All mistakes")
        self.all_button.setObjectName("allMistakesButton")
        self.all_button.setToolTip("Show the images of all red cells")
        self._images_part.head.addWidget(self.all_button)
        self._images_part.body.addWidget(self.thumbnails)
        full = QWidget()
        layout = QHBoxLayout(full)
        layout.setContentsMargins(0, theme.GRID, 0, theme.GRID)
        layout.setSpacing(4 * theme.GRID)
        layout.addWidget(self._matrix_part, 12)
        layout.addWidget(self._images_part, 10)

        self.load_button = QPushButton("Load the test set")
        self.load_button.setObjectName("loadTestSetButton")
        self.load_button.setToolTip("Load the data set that is chosen above")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._make_empty())
        self._stack.addWidget(full)

        self.shares_box.toggled.connect(self.matrix.show_shares)
        self.matrix.cell_chosen.connect(self._show_images)
        self.all_button.clicked.connect(lambda: self.matrix.choose(None))
        self.own_box.toggled.connect(self._source_changed)
        self.thumbnails.image_chosen.connect(self._choose_image)
        self.load_button.clicked.connect(self.data_requested)

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

    def show_source(self, name: str, images: NDArray[np.uint8] | None, labels: NDArray | None) -> None:
        """Take labelled images to read.

        Parameters
        ----------
        name : str
            What they are called: "MNIST's test set".
        images : ndarray of uint8, shape (n, 28, 28), or None
            None, or no images, if there are none yet.
        labels : ndarray of int, shape (n,)
        """
        self._test_set = Source(name, images, labels) if images is not None and labels is not None else NOTHING
        self._source_changed()

    def show_own_digits(self, images: NDArray[np.uint8], labels: NDArray) -> None:
        """Take the person's digits, as `show_source` takes the test set; where there are any, they can be chosen."""
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
        (self.own_digit_chosen if self.own_box.isChecked() else self.image_chosen).emit(place)

    def set_busy(self, busy: bool) -> None:
        """Say whether the network is being trained: it is then followed epoch by epoch, not step by step."""
        self._busy, self._epochs = busy, -1
        self._evaluate()

    def show_progress(self, progress: Progress) -> None:
        """Take note of a finished epoch; `show_network` comes next."""
        if len(progress.epochs) != self._epochs:
            self._epochs, self._due = len(progress.epochs), True

    def show_network(self, network: Network, image: NDArray[np.uint8] | None) -> None:
        """Show how a network reads the set; the image on the canvas does not matter here."""
        self._network = network
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
        if self._network is not None and len(self._source.images) and self.isVisible():
            self._due = False
            self._evaluator.ask(self._network, self._source.images)

    def _show_answers(self, parameters: Array, probabilities: Array) -> None:
        name, _, labels = self._source
        if len(labels) != len(probabilities):
            return  # those of the other source, asked for before
        confusion = self._confusion = Confusion(probabilities, labels)
        self.matrix.show_confusion(confusion)
        self._matrix_part.set_note(f"{name} · {len(labels):,} images · {confusion.accuracy * 100:.2f} % read right")
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
            order = "least sure first" if cell[0] == cell[1] else "most confident first"
        self._images_part.set_title(title)
        self._images_part.set_note(order if len(places) else "none")
        self.all_button.setVisible(cell is not None)
        self.thumbnails.show_images(self._source.images, confusion, places)
