"""The lower half of the window: pages that share its room, one in sight at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QTabWidget, QWidget

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnist_gui.nn.network import Network


class Page(QWidget):
    """A view of the network, of the drawing, or of the run. Only the page in sight is kept up to date."""

    title = ""
    tip = ""

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


class Explorer(QTabWidget):
    """Tabs with a `Page` each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("explorer")
        self.setAccessibleName("Views")
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self._shown: tuple[Network, NDArray[np.uint8] | None] | None = None
        self.currentChanged.connect(self._refresh)

    def minimumSizeHint(self) -> QSize:
        """Leave the division of the window to the window: a full page must not squeeze the canvas."""
        return QSize(400, 160)

    def sizeHint(self) -> QSize:
        return QSize(1000, 260)

    def hasHeightForWidth(self) -> bool:
        return False  # or else a page's wrapped text would claim height for all pages

    def add_page(self, page: Page) -> None:
        """Add a page at the end."""
        index = self.addTab(page, page.title)
        self.setTabToolTip(index, page.tip)

    def show_network(self, network: Network, image: NDArray[np.uint8] | None) -> None:
        """Bring the page in sight up to date, and the others when they come into sight."""
        self._shown = (network, image)
        self._refresh()

    def _refresh(self) -> None:
        page = self.currentWidget()
        if isinstance(page, Page) and self._shown is not None:
            page.show_network(*self._shown)
