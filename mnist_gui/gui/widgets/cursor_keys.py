"""Which keys move a cursor over cells, and how focus is framed: the same wherever something is painted by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPalette, QPen

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

ARROWS: Final = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}
"""Rows down and columns to the right."""
PRESS: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
"""Keys that do what a click does."""


def within(value: int, count: int) -> int:
    """Return the nearest to a value in range(count)."""
    return min(max(value, 0), count - 1)


def paint_focus(widget: QWidget, rect: QRectF) -> None:
    """Frame the part of a widget where the keys act, as the style sheet frames a button that has the focus."""
    painter = QPainter(widget)
    painter.setPen(QPen(widget.palette().color(QPalette.ColorRole.Highlight), 2))
    painter.drawRect(rect.intersected(QRectF(widget.rect()).adjusted(1, 1, -1, -1)))
