"""A list of small pictures that flow in rows: how it looks and moves, whatever it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QListView, QWidget

from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from PySide6.QtCore import QAbstractItemModel, QSize
    from PySide6.QtWidgets import QAbstractItemDelegate

_SLIM: Final = """
QScrollBar:vertical { width: 8px; border: none; background: transparent; }
QScrollBar::handle:vertical { background: palette(mid); border-radius: 4px; min-height: 24px; }
QScrollBar::handle:vertical:hover { background: palette(placeholder-text); }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
"""


class PictureList(Guarded, QListView):
    """Lays equal cells out in rows and scrolls them smoothly, on the paper of the page."""

    def __init__(
        self, items: QAbstractItemModel, painter: QAbstractItemDelegate, cell: QSize, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        for part in (items, painter):
            part.setParent(self)  # a view does not keep them otherwise
        self.setModel(items)
        self.setItemDelegate(painter)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setGridSize(cell)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.verticalScrollBar().setStyleSheet(_SLIM)
