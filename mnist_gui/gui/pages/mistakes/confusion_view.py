"""The confusion matrix: a row for each true digit, a column for each answer, and each digit's accuracy."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.cursor_keys import ARROWS, paint_focus, within
from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent

    from mnist_gui.explain.confusion import Confusion

Cell = tuple[int, int]


class ConfusionView(Guarded, QWidget):
    """Errors in red, the stronger the more there are; what is right stays grey, or it would drown them."""

    cell_chosen = Signal(object)  # (truth, answer), or None for no cell

    def __init__(self, classes: int = 10, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusionMatrix")
        self.setAccessibleName("Confusion matrix")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # as matrices are written
        self._classes = classes
        self._shown: Confusion | None = None
        self._as_shares = False
        self._hovered: Cell | None = None
        self.chosen: Cell | None = None

    def show_confusion(self, confusion: Confusion) -> None:
        """Show which digits are taken for which."""
        self._shown = confusion
        errors = confusion.counts * (1 - np.eye(self._classes, dtype=int))
        truth, answer = np.unravel_index(int(errors.argmax()), errors.shape)
        self.setAccessibleDescription(
            f"{confusion.accuracy:.1%} are read right. Most frequent error: {truth} as {answer}, {errors.max()} times."
        )
        self._report()
        self.update()

    def show_shares(self, as_shares: bool) -> None:
        """Show shares of the row, or else counts."""
        self._as_shares = as_shares
        self.update()

    def choose(self, cell: Cell | None) -> None:
        """Pick a cell, as a click does."""
        if cell != self.chosen:
            self.chosen = cell
            self.update()
            self.cell_chosen.emit(cell)
            if cell is not None and self._shown is not None:
                self.setAccessibleDescription(describe(self._shown, *cell))

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint().expandedTo(QSize(576, (self._classes + 1) * 18))

    def minimumSizeHint(self) -> QSize:
        metrics = self._metrics()
        cell = metrics.horizontalAdvance("0000") + 2
        return QSize(self._names + self._classes * cell + self._accuracy, (self._classes + 1) * (metrics.height() - 1))

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(theme.tabular(theme.small(self.font())))

    @property
    def _names(self) -> int:
        """Pixels for the names of the rows."""
        return self._metrics().horizontalAdvance("is ↓  as →") + theme.GRID

    @property
    def _accuracy(self) -> int:
        """Pixels for the accuracies."""
        return self._metrics().horizontalAdvance("100.0 %") + 10 * theme.GRID

    def cell_rect(self, truth: int, answer: int) -> QRectF:
        """Where a cell stands, in the widget's coordinates; row -1 is the heading."""
        names, line = self._names, self._metrics().height()
        width = min(3 * line, (self.width() - names - self._accuracy) / self._classes)
        height = min(2.0 * line, self.height() / (self._classes + 1))
        ratio = self.devicePixelRatioF()
        left, top, right, bottom = (
            round(value * ratio) / ratio
            for value in (
                names + answer * width,
                (truth + 1) * height,
                names + (answer + 1) * width,
                (truth + 2) * height,
            )
        )
        return QRectF(QPointF(left, top), QPointF(right, bottom))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # a painter asks the program, not the widget
        painter.setFont(theme.tabular(theme.small(self.font())))
        self._paint_names(painter)
        if self._shown is not None:
            self._paint_cells(painter, self._shown)
            self._paint_accuracies(painter, self._shown)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        for cell, width in ((self._hovered, 1.5), (self.chosen, 2.5 if self.hasFocus() else 2)):
            if cell is not None:
                painter.setPen(QPen(accent, width))
                painter.drawRect(self.cell_rect(*cell).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()
        if self.hasFocus():
            last = self._classes - 1
            paint_focus(self, self.cell_rect(0, 0).united(self.cell_rect(last, last)).adjusted(-2, -2, 2, 2))

    def _paint_names(self, painter: QPainter) -> None:
        colours = self.palette()
        marked = self.chosen or self._hovered or (-1, -1)
        for digit in range(self._classes):
            for cell, axis in (((digit, -1), 0), ((-1, digit), 1)):
                role = QPalette.ColorRole.Highlight if digit == marked[axis] else QPalette.ColorRole.Text
                painter.setPen(colours.color(role))
                rect = self.cell_rect(*cell)
                if axis == 0:
                    rect.setLeft(rect.right() - 20)
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, str(digit))
        painter.setPen(colours.color(QPalette.ColorRole.PlaceholderText))
        corner = self.cell_rect(-1, -1)
        corner.setLeft(0)
        painter.drawText(corner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "true ↓ as →")
        right = self.cell_rect(-1, self._classes - 1)
        heading = QRectF(right.right() + 2 * theme.GRID, right.top(), self._accuracy - 2 * theme.GRID, right.height())
        painter.drawText(heading, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "read right")

    def _paint_cells(self, painter: QPainter, shown: Confusion) -> None:
        colours = self.palette()
        table = theme.colour_map("diverging", dark=theme.is_dark(colours))
        muted, grey = colours.color(QPalette.ColorRole.AlternateBase), colours.color(QPalette.ColorRole.PlaceholderText)
        values = shown.shares if self._as_shares else shown.counts
        errors = np.nan_to_num(np.where(np.eye(self._classes, dtype=bool), 0, values))
        most = max(1e-9, float(errors.max()))
        for truth, answer in np.ndindex(values.shape):
            rect = self.cell_rect(truth, answer)
            right, value = truth == answer, float(values[truth, answer])
            # The root lets a single error be seen beside a hundred.
            blue, green, red, _ = table[128 + round(127 * sqrt(float(errors[truth, answer]) / most))].tolist()
            colour = muted if right else QColor(red, green, blue)
            painter.fillRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), colour)
            if right or not value > 0:
                painter.setPen(grey)
            else:
                painter.setPen(theme.ink_on(colour))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._text(value))

    def _text(self, value: float) -> str:
        if not value > 0:
            return ""
        if not self._as_shares:
            return f"{value:.0f}"
        return "100" if value > 0.9995 else f"{value * 100:.1f}"

    def _paint_accuracies(self, painter: QPainter, shown: Confusion) -> None:
        colours = self.palette()
        room = painter.fontMetrics().horizontalAdvance("100.0 %") + theme.GRID
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        worst = int(np.nan_to_num(shown.accuracies, nan=2).argmin())
        for digit, share in enumerate(shown.accuracies.tolist()):
            cell = self.cell_rect(digit, self._classes - 1)
            row = QRectF(cell.right() + 2 * theme.GRID, cell.top(), self._accuracy - 2 * theme.GRID, cell.height())
            track = QRectF(row.left(), row.center().y() - 3, row.width() - room, 6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color(QPalette.ColorRole.AlternateBase))
            painter.drawRoundedRect(track, 3, 3)
            if not np.isfinite(share):
                continue
            painter.setBrush(colours.color(QPalette.ColorRole.PlaceholderText))
            painter.setClipRect(QRectF(track.left(), track.top(), track.width() * share, track.height()))
            painter.drawRoundedRect(track, 3, 3)
            painter.setClipping(False)
            role = QPalette.ColorRole.Text if digit == worst else QPalette.ColorRole.PlaceholderText
            painter.setPen(colours.color(role))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, f"{share * 100:.1f} %")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _cell_at(self, position: QPointF) -> Cell | None:
        every = np.ndindex(self._classes, self._classes)
        return next(((t, a) for t, a in every if self.cell_rect(t, a).contains(position)), None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hovered(self._cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hovered(None)

    def _set_hovered(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self._report()
            self.update()

    def _report(self) -> None:
        if self._hovered is None or self._shown is None:
            if self.underMouse():
                QToolTip.hideText()
            return
        corner = self.cell_rect(*self._hovered).bottomRight().toPoint()
        QToolTip.showText(self.mapToGlobal(corner), describe(self._shown, *self._hovered), self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            cell = self._cell_at(event.position())
            self.choose(None if cell == self.chosen else cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        arrow = ARROWS.get(Qt.Key(event.key()))
        if arrow is not None:
            here = self.chosen or (0, 0)
            row, column = (within(at + by, self._classes) for at, by in zip(here, arrow, strict=True))
            self.choose((row, column) if self.chosen else here)
        elif event.key() == Qt.Key.Key_Escape and self.chosen is not None:
            self.choose(None)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


def describe(confusion: Confusion, truth: int, answer: int) -> str:
    """Say one cell in words."""
    count, share = confusion.counts[truth, answer], confusion.shares[truth, answer]
    of = f", {share * 100:.1f} % of the {truth}s" if np.isfinite(share) else ""
    what = f"{truth} read right" if truth == answer else f"{truth} read as {answer}"
    return f"{what}: {count:,}{of}"
