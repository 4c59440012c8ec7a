"""A list of small pictures that flow in rows: how it looks and moves, whatever it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QListView, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from PySide6.QtCore import QAbstractItemModel
    from PySide6.QtWidgets import QAbstractItemDelegate

_SLIM: Final = """
QScrollBar:vertical { width: 8px; border: none; background: transparent; }
QScrollBar::handle:vertical { background: palette(mid); border-radius: 4px; min-height: 24px; }
QScrollBar::handle:vertical:hover { background: palette(placeholder-text); }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
"""


class PictureList(Guarded, QListView):
    """Lays equal cells out in rows and scrolls them smoothly, on the paper of the page.

    Parameters
    ----------
    items, painter
        What is listed, and what paints a cell: a square with a caption under it.
    side : int
        Of the square, in pixels.
    widest : str
        A caption for which there is room.
    """

    def __init__(
        self,
        items: QAbstractItemModel,
        painter: QAbstractItemDelegate,
        side: int,
        widest: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._side, self._widest = side, widest
        for part in (items, painter):
            part.setParent(self)  # a view does not keep them otherwise
        self.setModel(items)
        self.setItemDelegate(painter)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self._measure()
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.verticalScrollBar().setStyleSheet(_SLIM)

    def _measure(self) -> None:
        metrics = QFontMetrics(theme.tabular(theme.small(self.font())))
        width = max(self._side, metrics.horizontalAdvance(self._widest))
        self.setGridSize(QSize(width + theme.GRID, self._side + metrics.height() + theme.GRID // 2))

    def cell(self) -> QSize:
        """Return the size of what is painted of an item."""
        return self.gridSize() - QSize(0, theme.GRID // 2 - 1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure()
