"""The answers for a drawing moved about, as a small map coloured by digit, with its legend."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.cursor_keys import ARROWS, paint_focus, within
from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.gui.widgets.images import to_qimage

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent

    from mnist_gui.explain.experiments import ShiftMap

# Ten colours that differ in lightness as well as in hue, on light and on dark. Source: Petroff, "Accessible Color
# Sequences for Data Visualization", 2021.
DIGIT_COLOURS: Final = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
_PALEST: Final = 0.25  # how much of its colour a digit keeps that is no more than a guess


class ShiftView(Guarded, QWidget):
    """One cell for each offset: its colour is the digit, and the stronger it is, the surer the network."""

    def __init__(self, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # moves to the right are at the right
        self._side = side
        self._shown: ShiftMap | None = None
        self._colours = np.empty(0)
        self._hovered: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_answers(self, answers: ShiftMap | None) -> None:
        """Show the answers at the view's offsets, or a blank map for None."""
        self._shown = answers
        self._report()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._side * 14 + self._legend, self._side * 14)

    def minimumSizeHint(self) -> QSize:
        line = self._metrics().height()
        return QSize(self._side * 8 + self._legend, max(self._side * 8, len(DIGIT_COLOURS) * (line - 1)))

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(theme.tabular(theme.small(self.font())))

    @property
    def _legend(self) -> int:
        """Pixels for the names of the colours."""
        return self._metrics().horizontalAdvance("0 < 1 %") + 14 + 3 * theme.GRID

    def map_rect(self) -> QRectF:
        """Where the map stands, in the widget's coordinates; the legend is at its right."""
        ratio = self.devicePixelRatioF()
        cell = floor(min(self.width() - self._legend, self.height()) / self._side * ratio) / ratio
        side = cell * self._side
        return QRectF(0, round((self.height() - side) / 2 * ratio) / ratio, side, side)

    def _cell(self, row: int, column: int) -> QRectF:
        rect = self.map_rect()
        side = rect.width() / self._side
        return QRectF(rect.left() + column * side, rect.top() + row * side, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # a painter asks the program, not the widget
        colours, rect = self.palette(), self.map_rect()
        if self._shown is None:
            painter.fillRect(rect, colours.color(QPalette.ColorRole.AlternateBase))
        else:
            pixels = _blend(self._shown, colours.color(QPalette.ColorRole.Base))
            painter.drawImage(rect, to_qimage(pixels, QImage.Format.Format_RGB888))
            self._paint_digits(painter, self._shown, pixels)
        painter.setPen(QPen(colours.color(QPalette.ColorRole.Mid), 0))
        painter.drawRect(rect)
        if self._shown is not None:
            middle = self._side // 2
            painter.setPen(QPen(colours.color(QPalette.ColorRole.Text), 1.5))
            painter.drawRect(self._cell(middle, middle))
        if self._hovered is not None:
            painter.setPen(QPen(colours.color(QPalette.ColorRole.Highlight), 1.5))
            painter.drawRect(self._cell(*self._hovered))
        self._paint_legend(painter)
        painter.end()
        if self.hasFocus():
            paint_focus(self, rect.adjusted(-2, -2, 2, 2))

    def _paint_digits(self, painter: QPainter, shown: ShiftMap, pixels: NDArray[np.uint8]) -> None:
        font = theme.tabular(self.font())
        font.setPixelSize(max(1, round(self._cell(0, 0).height() * 0.62)))
        if font.pixelSize() < 8:
            return
        painter.setFont(font)
        dark, light = QColor("#000000"), QColor("#ffffff")
        cell, on_light = self._cell(0, 0), theme.luminance(pixels) > theme.DARK_INK_FROM
        for row, column in np.ndindex(shown.digits.shape):
            painter.setPen(dark if on_light[row, column] else light)
            there = cell.translated(column * cell.width(), row * cell.height())
            painter.drawText(there, Qt.AlignmentFlag.AlignCenter, str(shown.digits[row, column]))

    def _paint_legend(self, painter: QPainter) -> None:
        """Name the colours, each with its share of the map."""
        rect, colours = self.map_rect(), self.palette()
        painter.setFont(theme.tabular(theme.small(self.font())))
        height = rect.height() / len(DIGIT_COLOURS)
        for digit, colour in enumerate(DIGIT_COLOURS):
            share = 0.0 if self._shown is None else float((self._shown.digits == digit).mean())
            row = QRectF(
                rect.right() + 2 * theme.GRID, rect.top() + digit * height, self._legend - 2 * theme.GRID, height
            )
            swatch = QColor(colour)
            swatch.setAlphaF(1 if share else 0.35)
            painter.fillRect(QRectF(row.left(), row.center().y() - 4, 8, 8), swatch)
            role = QPalette.ColorRole.Text if share else QPalette.ColorRole.PlaceholderText
            painter.setPen(colours.color(role))
            painter.drawText(row.adjusted(14, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, str(digit))
            if share:
                text = f"{share * 100:.0f} %" if share > 0.005 else "< 1 %"
                painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        arrow = ARROWS.get(Qt.Key(event.key()))
        if arrow is None:
            super().keyPressEvent(event)
            return
        here = self._hovered or (self._side // 2, self._side // 2)
        row, column = (within(at + by, self._side) for at, by in zip(here, arrow, strict=True))
        self._set_hovered((row, column))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._set_hovered((self._side // 2, self._side // 2))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._set_hovered(None)
        QToolTip.hideText()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hovered(self._cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hovered(None)

    def _cell_at(self, position: QPointF) -> tuple[int, int] | None:
        rect = self.map_rect()
        inside = position - rect.topLeft()
        if not (0 <= inside.x() < rect.width() and 0 <= inside.y() < rect.height()):
            return None
        return int(inside.y() / rect.height() * self._side), int(inside.x() / rect.width() * self._side)

    def _set_hovered(self, cell: tuple[int, int] | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self._report()
            self.update()

    def _report(self) -> None:
        if self._hovered is None or self._shown is None:
            if self.underMouse():
                QToolTip.hideText()
            return
        corner = self._cell(*self._hovered).bottomRight().toPoint()
        text = describe(self._shown, *self._hovered)
        QToolTip.showText(self.mapToGlobal(corner), text, self)
        if self.hasFocus():  # a screen reader follows the keys
            self.setAccessibleDescription(text)


def describe(answers: ShiftMap, row: int, column: int) -> str:
    """Say one answer of a shift map in words."""
    reach = len(answers.digits) // 2
    ways = [(column - reach, "right", "left"), (row - reach, "down", "up")]
    moves = [f"{abs(by)} {there if by > 0 else back}" for by, there, back in ways if by]
    where = f"moved {', '.join(moves)}" if moves else "where it is"
    return f"{where}: {answers.digits[row, column]}, probability {answers.confidences[row, column] * 100:.1f} %"


def _blend(answers: ShiftMap, paper: QColor) -> NDArray[np.uint8]:
    """Colour the answers, of shape (side, side, 3): the digit's colour, with more paper the less sure it is."""
    table = np.array([_rgb(QColor(colour)) for colour in DIGIT_COLOURS])
    guess = 1 / len(table)
    strength = _PALEST + (1 - _PALEST) * (answers.confidences[..., None] - guess) / (1 - guess)
    blended = strength * table[answers.digits] + (1 - strength) * np.array(_rgb(paper))
    return blended.round().clip(0, 255).astype(np.uint8)


def _rgb(colour: QColor) -> tuple[float, float, float]:
    return float(colour.red()), float(colour.green()), float(colour.blue())
