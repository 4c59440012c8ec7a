"""Small pictures of numbers: filters, feature maps, pooled maps, the image that the network sees."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.cursor_keys import ARROWS, PRESS, paint_focus, within
from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QFocusEvent, QFont, QImage, QKeyEvent, QMouseEvent, QPaintEvent

GAP = theme.GRID


class MapView(Guarded, QWidget):
    """A column (or, where they are many, a grid) of equal maps, pixels drawn as pixels.

    The mouse reads a cell by being over it. By keys, Tab leads here, the arrows go from cell to cell and on to the
    next map, Page Up and Page Down from map to map, and Enter is a click.

    Parameters
    ----------
    colours : str
        A name for `theme.colour_map`.
    shape : tuple of int
        (maps, height, width).
    pixel : float
        The largest side of a cell, in logical pixels.
    numbers : bool
        Write each cell's value into it where it fits.
    decimals : int
        Of these values, where there is room for so many.
    """

    cell_hovered = Signal(object)  # (map, row, column) or None
    cell_clicked = Signal(object)  # (map, row, column)

    def __init__(
        self,
        colours: str,
        shape: tuple[int, int, int],
        *,
        pixel: float = 8,
        numbers: bool = False,
        decimals: int = 2,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._colours, self._shape, self._pixel, self._numbers = colours, shape, pixel, numbers
        self._decimals = decimals
        self.values: NDArray[np.floating] | None = None
        self.low, self.high = 0.0, 1.0
        self._images: list[QImage] = []
        self._room: tuple[int, int, float] | None = None  # for which the maps were placed
        self._rects: list[QRectF] = []
        self._figures: tuple[QFont, int | None] | None = None  # how numbers are written there
        self._hovered: tuple[int, int, int] | None = None  # the cell that is read, by mouse or keys
        self._cursor = (0, shape[1] // 2, shape[2] // 2)  # where the keys begin
        self._told: str | None = None  # the accessible description for when no cell is read
        self.outlined: tuple[int, tuple[int, int, int, int]] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_values(self, values: NDArray[np.floating] | None, low: float, high: float) -> None:
        """Show maps, an array of the view's shape, with `low` and `high` at the ends of the colours; None is blank."""
        before, limits = self.values, (self.low, self.high)
        self.values, self.low, self.high = values, low, high
        if before is not None and values is not None and limits == (low, high) and np.array_equal(before, values):
            return  # filters, while the pen moves: to write their numbers takes longer than all the maps
        self._images = []
        self._report()
        for rect in self.map_rects():  # not all: what lies beside them, such as connectors, is then not painted either
            self.update(rect.toAlignedRect().adjusted(0, 0, 1, 1))

    def outline(self, cells: tuple[int, int, int, int] | None, of_map: int = 0) -> None:
        """Outline a rectangle of cells, (top, left, height, width), in one map, and nothing else."""
        outlined = None if cells is None else (of_map, cells)
        if outlined != self.outlined:
            self.outlined = outlined
            self.update()

    def sizeHint(self) -> QSize:
        count, height, width = self._shape
        rows = min(count, 2)
        return QSize(round(width * self._pixel), round(rows * height * self._pixel + (rows - 1) * GAP))

    def minimumSizeHint(self) -> QSize:
        return QSize(28, 60)

    def map_rects(self) -> list[QRectF]:
        """Where each map stands, in the widget's coordinates."""
        room = (self.width(), self.height(), self.devicePixelRatioF())
        if room != self._room:  # several are asked for at each pen move
            self._room, self._rects = room, self._place_maps(self.devicePixelRatioF())
            self._figures = None
        return self._rects

    def _place_maps(self, ratio: float) -> list[QRectF]:
        count, height, width = self._shape
        columns, pixel = self._best_grid()
        rows = ceil(count / columns)
        # Whole device pixels for each cell where there is room for that: all cells are then alike and crisp.
        pixel = floor(pixel * ratio) / ratio if pixel * ratio >= 1 else pixel
        size = (width * pixel, height * pixel)
        left = (self.width() - columns * size[0] - (columns - 1) * GAP) / 2
        gap = min(3 * GAP, (self.height() - rows * size[1]) / max(1, rows)) if rows > 1 else 0
        top = (self.height() - rows * size[1] - (rows - 1) * gap) / 2
        snap = lambda value: round(value * ratio) / ratio  # noqa: E731
        return [
            QRectF(snap(left + (i % columns) * (size[0] + GAP)), snap(top + (i // columns) * (size[1] + gap)), *size)
            for i in range(count)
        ]

    def _best_grid(self) -> tuple[int, float]:
        """Return the number of columns, and the side of a cell, with which the maps become largest."""
        count, height, width = self._shape
        best = (1, 0.0)
        for columns in range(1, count + 1):
            rows = ceil(count / columns)
            across = (self.width() - 1 - (columns - 1) * GAP) / (columns * width)
            down = (self.height() - 1 - (rows - 1) * GAP) / (rows * height)
            pixel = min(across, down, self._pixel)
            if pixel > best[1] * 1.05:
                best = (columns, pixel)
        return best

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # a painter asks the program, not the widget
        colours = self.palette()
        frame = QPen(colours.color(QPalette.ColorRole.Mid), 0)
        if self.values is not None and not self._images:
            table = theme.colour_map(self._colours, dark=theme.is_dark(colours))
            self._images = [theme.to_image(m, self.low, self.high, table) for m in self.values]
        for i, rect in enumerate(self.map_rects()):
            if self.values is None:
                painter.fillRect(rect, colours.color(QPalette.ColorRole.AlternateBase))
            else:
                painter.drawImage(rect, self._images[i])
                if self._numbers:
                    self._paint_numbers(painter, rect, self.values[i])
            painter.setPen(frame)
            painter.drawRect(rect)
            if self._hovered is not None and self._hovered[0] == i:
                painter.setPen(QPen(colours.color(QPalette.ColorRole.Highlight), 1.5))
                painter.drawRect(self.cell_rect(rect, *self._hovered[1:]))
            if self.outlined is not None and self.outlined[0] == i:
                top, left, rows, columns = self.outlined[1]
                first = self.cell_rect(rect, top, left)
                last = self.cell_rect(rect, top + rows - 1, left + columns - 1)
                for role, width in ((QPalette.ColorRole.Base, 5), (QPalette.ColorRole.Highlight, 2)):
                    painter.setPen(QPen(colours.color(role), width))
                    painter.drawRect(first.united(last))

        painter.end()
        if self.hasFocus():
            paint_focus(self, self.map_rects()[self._cursor[0]].adjusted(-2, -2, 2, 2))

    def cell_rect(self, rect: QRectF, row: int, column: int) -> QRectF:
        """Where a cell of the map in `rect` stands."""
        _, height, width = self._shape
        w, h = rect.width() / width, rect.height() / height
        return QRectF(rect.left() + column * w, rect.top() + row * h, w, h)

    def _paint_numbers(self, painter: QPainter, rect: QRectF, values: NDArray[np.floating]) -> None:
        if self._figures is None:
            self._figures = self._choose_figures(self.cell_rect(rect, 0, 0))
        font, decimals = self._figures
        if decimals is None:
            return
        painter.setFont(font)
        inks = theme.inks(self._colours, dark=theme.is_dark(self.palette()))
        shares = np.fmin(np.fmax((values - self.low) / (self.high - self.low), 0), 1)  # NaN counts as the lowest
        for (row, column), value in np.ndenumerate(values):
            painter.setPen(inks[int(255 * shares[row, column])])
            shorter = max(0, decimals - 1) if abs(value) >= 9.95 else decimals
            text = f"{value:z.{shorter}f}".replace("-", "−")
            painter.drawText(self.cell_rect(rect, row, column), Qt.AlignmentFlag.AlignCenter, text)

    def _choose_figures(self, cell: QRectF) -> tuple[QFont, int | None]:
        """Return the type for numbers in such a cell, and their decimals, or None if there is no room for any."""
        font = theme.tabular(theme.small(self.font()))
        points = font.pointSizeF()
        # Fewer decimals, and then smaller figures, rather than numbers that touch.
        most = [(decimals, 1.0) for decimals in range(self._decimals, 0, -1)]
        for decimals, size in (*most, (1, 0.85), (0, 0.85)):
            font.setPointSizeF(points * size)
            metrics = QFontMetricsF(font)
            if metrics.horizontalAdvance(f"−0.{'0' * decimals} ") < cell.width() and metrics.height() < cell.height():
                return font, decimals
        return font, None

    def cell_at(self, position: QPointF) -> tuple[int, int, int] | None:
        """Return the (map, row, column) at a position, or None."""
        _, height, width = self._shape
        for i, rect in enumerate(self.map_rects()):
            if rect.contains(position):
                row = min(height - 1, int((position.y() - rect.top()) / rect.height() * height))
                column = min(width - 1, int((position.x() - rect.left()) / rect.width() * width))
                return i, row, column
        return None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in ARROWS:
            self._step(*ARROWS[key])
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            number, row, column = self._cursor
            self._set_hovered((within(number + (1 if key == Qt.Key.Key_PageDown else -1), self._shape[0]), row, column))
        elif key in PRESS:
            self._set_hovered(self._cursor)
            self.cell_clicked.emit(self._cursor)
        else:
            super().keyPressEvent(event)

    def _step(self, down: int, right: int) -> None:
        """Go to the neighbour; beyond the side of a map stands the same side of the next one."""
        count, height, width = self._shape
        number, row, column = self._cursor
        row, column = row + down, column + right
        if not (0 <= row < height and 0 <= column < width):
            on = number + (1 if row >= height or column >= width else -1)
            if 0 <= on < count:
                number, row, column = on, row % height, column % width
        self._set_hovered((number, within(row, height), within(column, width)))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._set_hovered(self._cursor)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._set_hovered(None)
        QToolTip.hideText()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self.cell_clicked.emit(cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hovered(self.cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hovered(None)

    def _set_hovered(self, cell: tuple[int, int, int] | None) -> None:
        if cell != self._hovered:
            self._hovered, self._cursor = cell, cell or self._cursor
            self._report()
            self.cell_hovered.emit(cell)
            self.update()

    def _report(self) -> None:
        """Say the value under the mouse; it changes while the pen moves elsewhere and while training goes on."""
        if self._hovered is None or self.values is None:
            if self.underMouse():
                QToolTip.hideText()
            if self._told is not None:
                self.setAccessibleDescription(self._told)
                self._told = None
            return
        i, row, column = self._hovered
        text = self.describe(self._hovered)
        cell = self.cell_rect(self.map_rects()[i], row, column)
        QToolTip.showText(self.mapToGlobal(cell.bottomRight().toPoint()), text, self)
        if self.hasFocus():  # a screen reader follows the keys
            self._told = self.accessibleDescription() if self._told is None else self._told
            self.setAccessibleDescription(text)

    def describe(self, cell: tuple[int, int, int]) -> str:
        """Say where a cell, (map, row, column), is and what it holds."""
        i, row, column = cell
        which = f"{i + 1} of {self._shape[0]} · " if self._shape[0] > 1 else ""
        value = "–"
        if self.values is not None:
            value = np.format_float_positional(self.values[cell], precision=5, trim="-")
        return f"{which}row {row + 1}, column {column + 1} = {value}".replace("-", "−")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._images = []
        elif event.type() == QEvent.Type.FontChange:
            self._figures = None
        super().changeEvent(event)
