"""The mouse cursor over the canvas: a ring as large as the pen."""

from __future__ import annotations

from math import ceil
from typing import Final

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QCursor, QPainter, QPalette, QPen, QPixmap

_MAX_CURSOR: Final = 128  # larger cursors are refused by some window systems, in pixels


def ring_cursor(diameter: float, ratio: float, palette: QPalette) -> QCursor:
    """Make the cursor for a pen of a diameter in logical pixels, on a screen with so many device pixels in each."""
    diameter = max(5.0, diameter)
    size = ceil(diameter) + 4
    if size > _MAX_CURSOR:
        return QCursor(Qt.CursorShape.CrossCursor)
    pixmap = QPixmap(QSize(size, size) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for role, width in ((QPalette.ColorRole.Base, 3.0), (QPalette.ColorRole.Text, 1.0)):  # seen on paper and on ink
        color = palette.color(role)
        color.setAlphaF(0.6)
        painter.setPen(QPen(color, width))
        painter.drawEllipse(QPointF(size / 2, size / 2), diameter / 2, diameter / 2)
    painter.end()
    return QCursor(pixmap, size // 2, size // 2)
