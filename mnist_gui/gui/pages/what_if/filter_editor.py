"""Filters whose cells can be changed: by typing, by the wheel, by dragging up and down."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPalette, QPen
from PySide6.QtWidgets import QWidget

from mnist_gui.gui.network.map_view import MapView

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent

    from mnist_gui.nn.layer import Array

Cell = tuple[int, int, int]

_PIXELS_PER_STEP: Final = 4  # of dragging
_ARROWS: Final = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class FilterEditor(MapView):
    """Shows filters, and says which cell the person picks and what it should become.

    Parameters
    ----------
    shape : tuple of int
        (filters, channels, size, size). The channels of a filter stand side by side, as one map.
    """

    cell_selected = Signal()
    value_requested = Signal(float)  # for the selected cell
    typed = Signal(object)  # a QKeyEvent that begins a number

    def __init__(self, shape: tuple[int, int, int, int]) -> None:
        count, channels, size, _ = shape
        super().__init__("diverging", (count, size, channels * size), pixel=56, numbers=True)
        self.selected: Cell = (0, 0, 0)
        self.step = 0.05
        self._size = size
        self._dragged: tuple[float, float] | None = None  # y and value where the drag began
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeVerCursor)

    def show_filters(self, weights: Array, limit: float) -> None:
        """Show weights of the editor's shape, with ±limit at the ends of the colours."""
        count, channels, size, _ = weights.shape
        self.step = 10.0 ** floor(log10(limit)) / 20
        self._cursor = self.selected
        self.show_values(weights.transpose(0, 2, 1, 3).reshape(count, size, channels * size).copy(), -limit, limit)

    @property
    def selected_value(self) -> float:
        """The number in the selected cell."""
        return 0.0 if self.values is None else float(self.values[self.selected])

    @property
    def selected_weight(self) -> tuple[int, int, int, int]:
        """The selected cell as filter, channel, row, column."""
        index, row, column = self.selected
        return index, column // self._size, row, column % self._size

    def select(self, cell: Cell) -> None:
        """Pick a cell: map, row, column."""
        self.selected = self._cursor = cell
        self.update()
        self._tell()
        self.cell_selected.emit()

    def _tell(self) -> None:
        """Let a screen reader say the selected cell."""
        self.setAccessibleDescription(f"{self.describe(self.selected)}. The arrow keys pick a cell; type to change it.")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self.select(cell)
            self._dragged = (event.position().y(), self.selected_value)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is None:
            super().mouseMoveEvent(event)
            return
        start, value = self._dragged
        steps = round((start - event.position().y()) / _PIXELS_PER_STEP)
        if steps or self.selected_value != value:
            self.value_requested.emit(value + steps * self.step)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is None:
            event.ignore()
            return
        if cell != self.selected:
            self.select(cell)
        self.value_requested.emit(self.selected_value + event.angleDelta().y() / 120 * self.step)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        arrow = _ARROWS.get(Qt.Key(event.key()))
        if arrow is not None:
            self._move(*arrow)
        elif event.text() and event.text() in "0123456789-.,":
            self.typed.emit(event)
        else:
            super().keyPressEvent(event)

    def _move(self, down: int, right: int) -> None:
        """Go to the neighbour; beyond a map's left or right side stands the next map."""
        index, row, column = self.selected
        count, height, width = self._shape
        across = np.clip(index * width + column + right, 0, count * width - 1)
        self.select((int(across) // width, int(np.clip(row + down, 0, height - 1)), int(across) % width))

    def focusInEvent(self, event: QFocusEvent) -> None:
        QWidget.focusInEvent(self, event)  # the keys move what is selected here, not what is read
        self._tell()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        QWidget.focusOutEvent(self, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        index, *cell = self.selected
        painter = QPainter(self)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2.5 if self.hasFocus() else 1.5))
        painter.drawRect(self.cell_rect(self.map_rects()[index], *cell))
