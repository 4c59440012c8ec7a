"""Ten probabilities as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPalette
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.cursor_keys import ARROWS, PRESS, paint_focus, within
from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent

_BAR_HEIGHT = 14


class ProbabilityBars(Guarded, QWidget):
    """One row for each digit: its name, a bar, and the probability in percent. The answer stands out."""

    digit_clicked = Signal(int, bool)  # the digit, and whether to compare it with the one before: Ctrl or Shift is down

    def __init__(self, classes: int = 10, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("probabilityBars")
        self.setAccessibleName("Probabilities")
        self._classes = classes
        self.probabilities: NDArray | None = None
        self._shown = [""] * classes  # in percent
        self._description = ""  # of all bars
        self._answer: int | None = None
        self._cursor: int | None = None  # the digit that is read by keys
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click a digit to ask why, and a second one to compare")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_probabilities(self, probabilities: NDArray | None) -> None:
        """Show an array of shape (classes,) that adds up to 1, or empty bars for None."""
        before, answered, self.probabilities = self._shown, self._answer, probabilities
        if probabilities is None:
            description = "No digit yet"
            self._shown, self._answer = [""] * self._classes, None
        else:
            ranked = sorted(range(self._classes), key=lambda digit: -probabilities[digit])
            description = ", ".join(f"{digit}: {probabilities[digit]:.1%}" for digit in ranked[:3])
            self._shown, self._answer = [f"{100 * share:.1f} %" for share in probabilities.tolist()], ranked[0]
        self._description = description
        self._tell()
        # Only what looks different is painted again: at a pen move most digits stay at 0.0 %.
        accents = {answered, self._answer} if answered != self._answer else set()
        for digit, row in enumerate(self.row_rects()):
            if before[digit] != self._shown[digit] or digit in accents:
                self.update(row.toAlignedRect())

    def sizeHint(self) -> QSize:
        return QSize(190, self._classes * 22)

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance("0100.0 %") + 5 * theme.GRID, self._classes * (metrics.ascent() + 2))

    def row_rects(self) -> list[QRectF]:
        """Where each digit's row stands, in the widget's coordinates."""
        height = min(self.height() / self._classes, 30.0)
        top = (self.height() - height * self._classes) / 2
        return [QRectF(0, top + i * height, self.width(), height) for i in range(self._classes)]

    def _tell(self) -> None:
        """Let a screen reader say the row of the cursor, or else the most probable digits."""
        row = None if self._cursor is None or self.probabilities is None else self._cursor
        text = self._description if row is None else f"{row}: {self._shown[row]}"
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)

    def _go_to(self, digit: int | None) -> None:
        self._cursor = digit
        self._tell()
        self.update()
        if digit is not None:
            corner = self.row_rects()[digit].bottomLeft().toPoint()
            QToolTip.showText(self.mapToGlobal(corner), self.accessibleDescription(), self)
        else:
            QToolTip.hideText()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, here = Qt.Key(event.key()), self._cursor or 0
        if key in ARROWS and ARROWS[key][0]:
            self._go_to(within(here + ARROWS[key][0], self._classes))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._go_to(0 if key == Qt.Key.Key_Home else self._classes - 1)
        elif key in PRESS:
            comparing = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
            self.digit_clicked.emit(here, bool(comparing))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._go_to(self._answer or 0)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._go_to(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        comparing = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        for digit, row in enumerate(self.row_rects()):
            if row.contains(event.position()):
                self.digit_clicked.emit(digit, bool(comparing))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # a painter asks the program, not the widget
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self.palette()
        plain = theme.tabular(self.font())
        bold = QFont(plain)
        bold.setBold(True)
        painter.setFont(bold)
        metrics = painter.fontMetrics()
        label, value = metrics.horizontalAdvance("0") + theme.GRID, metrics.horizontalAdvance("100.0 %") + theme.GRID
        accent, text, grey, empty = map(
            colours.color,
            (
                QPalette.ColorRole.Highlight,
                QPalette.ColorRole.Text,
                QPalette.ColorRole.PlaceholderText,
                QPalette.ColorRole.AlternateBase,
            ),
        )
        for digit, row in enumerate(self.row_rects()):
            if not event.region().intersects(row.toAlignedRect()):
                continue
            accented = digit == self._answer
            painter.setFont(bold if accented else plain)
            painter.setPen(accent if accented else text)
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, str(digit))
            height = min(_BAR_HEIGHT, row.height() - 4)
            track = QRectF(label, row.center().y() - height / 2, row.width() - label - value, height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(empty)
            painter.drawRoundedRect(track, 3, 3)
            if self.probabilities is None:
                continue
            share = float(self.probabilities[digit])
            filled = QRectF(track)
            filled.setWidth(track.width() * share)
            if filled.width() > 0.1:  # of ten, few: this is painted at each pen move
                painter.setBrush(accent if accented else grey)
                painter.setClipRect(filled)
                painter.drawRoundedRect(track, 3, 3)
                painter.setClipping(False)
            painter.setPen(text if accented else grey)
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._shown[digit])
        painter.end()
        if self._cursor is not None:
            paint_focus(self, self.row_rects()[self._cursor])
