"""A hand with a mouse, for tests to draw with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mnist_gui.gui.drawing.canvas import Canvas

LEFT, NONE, PLAIN = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier

# In units of the paper's side.
SEVEN = [(0.28, 0.25), (0.5, 0.25), (0.72, 0.25), (0.62, 0.5), (0.53, 0.75)]
THREE = [
    *[(0.3, 0.25), (0.45, 0.18), (0.62, 0.2), (0.68, 0.32), (0.6, 0.44), (0.46, 0.48)],
    *[(0.62, 0.52), (0.7, 0.65), (0.62, 0.8), (0.45, 0.84), (0.3, 0.77)],
]


def on_screen(canvas: Canvas, points: Iterable[tuple[float, float]]) -> list[tuple[int, int]]:
    """Where points of the paper are, in pixels of the canvas."""
    side = min(canvas.width(), canvas.height())
    left, top = (canvas.width() - side) / 2, (canvas.height() - side) / 2
    return [(round(left + x * side), round(top + y * side)) for x, y in points]


def press(canvas: Canvas, place: tuple[int, int]) -> None:
    QTest.mousePress(canvas, LEFT, PLAIN, QPoint(*place))


def move(canvas: Canvas, *places: tuple[int, int]) -> None:
    for place in places:
        point = QPointF(*place)
        QApplication.sendEvent(canvas, QMouseEvent(QEvent.Type.MouseMove, point, point, NONE, LEFT, PLAIN))


def release(canvas: Canvas, place: tuple[int, int]) -> None:
    QTest.mouseRelease(canvas, LEFT, PLAIN, QPoint(*place))


def draw(canvas: Canvas, places: list[tuple[int, int]]) -> None:
    press(canvas, places[0])
    move(canvas, *places[1:])
    release(canvas, places[-1])
