"""The lower half of the window: pages that share its room, one in sight at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker, QSize
from PySide6.QtWidgets import QTabWidget, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from mnist_gui.nn.network import Network


class Page(QWidget):
    """A view of the network, of the drawing, or of the run. Only the page in sight is kept up to date."""

    def show_network(self, network: Network, image: NDArray[np.uint8] | None) -> None:
        """Show what the page has to say of a network and the image that it sees.

        Called for every pen move and every update of training while the page is in sight, so it must be quick.

        Parameters
        ----------
        network : Network
            The window's own. Used here and now, or kept until the next call, but never changed.
        image : ndarray of uint8, shape (28, 28), or None
            None if nothing is drawn.
        """


TABS: Final = (
    ("Learning", "Loss and accuracy of the run, as they come"),
    ("Why this digit?", "What in the drawing speaks for a digit and against it"),
    ("How this number?", "Any cell of a map, or any probability, worked out step by step"),
    ("What if?", "Change a filter, move the drawing, take one step of training, and see what happens"),
    ("Test set", "Which digits are taken for which others, and on which images"),
    ("My digits", "Digits that you taught, and a short lesson from them"),
    ("Runs", "Compare the runs of this session: recipe against recipe, seed against seed"),
)


class Explorer(QTabWidget):
    """Tabs with a `Page` each, which may come later than their names."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("explorer")
        self.setAccessibleName("Views")
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self._shown: tuple[Network, NDArray[np.uint8] | None] | None = None
        for index in range(len(TABS)):
            self._insert(index, QWidget())
        self.currentChanged.connect(self._refresh)

    def minimumSizeHint(self) -> QSize:
        """Leave the division of the window to the window: a full page must not squeeze the canvas."""
        return QSize(400, 160)

    def sizeHint(self) -> QSize:
        return QSize(1000, 260)

    def hasHeightForWidth(self) -> bool:
        return False  # or else a page's wrapped text would claim height for all pages

    def set_pages(self, first: int, pages: Sequence[Page]) -> None:
        """Put pages behind the tabs from `first` on."""
        current = self.currentIndex()
        with QSignalBlocker(self):
            for index, page in enumerate(pages, first):
                if placeholder := self.widget(index):
                    placeholder.deleteLater()
                self.removeTab(index)
                self._insert(index, page)
            self.setCurrentIndex(current)
        self._refresh()

    def _insert(self, index: int, page: QWidget) -> None:
        title, tip = TABS[index]
        self.insertTab(index, page, title)
        self.setTabToolTip(index, tip)

    def show_network(self, network: Network, image: NDArray[np.uint8] | None) -> None:
        """Bring the page in sight up to date, and the others when they come into sight."""
        self._shown = (network, image)
        self._refresh()

    def _refresh(self) -> None:
        page = self.currentWidget()
        if isinstance(page, Page) and self._shown is not None:
            page.show_network(*self._shown)
