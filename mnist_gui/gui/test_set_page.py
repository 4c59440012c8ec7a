"""The test set: which digits are taken for which, and on which images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from mnist_gui.gui import theme
from mnist_gui.gui.confusion_view import ConfusionView, describe
from mnist_gui.gui.evaluator import Evaluator
from mnist_gui.gui.explorer import Page
from mnist_gui.gui.section import Section, check_box, grey
from mnist_gui.gui.thumbnails import Thumbnails
from mnist_gui.inside.confusion import Confusion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QHideEvent

    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network
    from mnist_gui.training import Progress

_MATRIX_TIP = (
    "Each row holds the images of one digit, each column those that were read as one. What is right stands on the "
    "diagonal; every red cell is a kind of mistake. The network never trained on these images."
)
_IMAGES_TIP = "Click an image to put it on the canvas, and follow it through the network."


class TestSetPage(Page):
    """Follows the network in sight, and training at the end of each epoch."""

    __test__ = False  # in spite of its name, for pytest

    title = "Test set"
    tip = "Which digits are taken for which others, and on which images"

    data_requested = Signal()
    image_chosen = Signal(int)  # its place in the set

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._images: NDArray[np.uint8] | None = None
        self._labels: NDArray | None = None
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
        self.thumbnails.image_chosen.connect(self.image_chosen)
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
        self._name, self._images, self._labels, self._confusion = name, images, labels, None
        if images is None or not len(images):
            self._images = None
            self._evaluator.cancel()
            self._stack.setCurrentIndex(0)
        else:
            self._evaluate()

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

    def hideEvent(self, event: QHideEvent) -> None:
        if not event.spontaneous():  # as when the window is only minimized
            self._evaluator.cancel()
        super().hideEvent(event)

    def _evaluate(self) -> None:
        if self._network is not None and self._images is not None and self.isVisible():
            self._due = False
            self._evaluator.ask(self._network, self._images)

    def _show_answers(self, parameters: Array, probabilities: Array) -> None:
        assert self._labels is not None
        confusion = self._confusion = Confusion(probabilities, self._labels)
        self.matrix.show_confusion(confusion)
        self._matrix_part.set_note(
            f"{self._name} · {len(self._labels):,} images · {confusion.accuracy * 100:.2f} % read right"
        )
        self._show_images()
        self._stack.setCurrentIndex(1)

    def _show_images(self) -> None:
        confusion, cell = self._confusion, self.matrix.chosen
        if confusion is None or self._images is None:
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
        self.thumbnails.show_images(self._images, confusion, places)
