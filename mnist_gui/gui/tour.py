"""A short guided tour of the window: one card after another, each beside what it speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPalette, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QCloseEvent, QKeyEvent, QPaintEvent

_LETTERS = 46  # of a line on a card


@dataclass(frozen=True, slots=True)
class Stop:
    """What a card speaks of, and what it says."""

    widget: QWidget
    title: str
    text: str


class Tour(Guarded, QWidget):
    """Dims the window but for one part of it. Everything beneath can be used as always."""

    def __init__(self, window: QWidget, stops: Sequence[Stop]) -> None:
        super().__init__(window)
        self.setObjectName("tour")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._window, self._stops, self._at = window, list(stops), 0
        self._card = _Card(window)
        self._card.next_button.clicked.connect(lambda: self.go(1))
        self._card.back_button.clicked.connect(lambda: self.go(-1))
        self._card.skip_button.clicked.connect(self.close)
        self.destroyed.connect(self._card.deleteLater)
        window.installEventFilter(self)  # until it ends
        self.resize(window.size())
        self.show()
        self._show()

    @property
    def stop(self) -> Stop:
        """Where the tour is."""
        return self._stops[self._at]

    def go(self, by: int) -> None:
        """Go on, or back; after the last stop the tour ends."""
        if self._at + by >= len(self._stops):
            self.close()
            return
        self._at = max(0, self._at + by)
        self._show()

    def _show(self) -> None:
        self._card.show_stop(self.stop, self._at + 1, len(self._stops))
        self._card.adjustSize()
        self._card.move(self._place_of_card())
        self.raise_()
        self._card.raise_()
        self._card.show()
        self._card.next_button.setFocus()
        self.update()

    def _spot(self) -> QRect:
        widget = self.stop.widget
        return QRect(widget.mapTo(self._window, QPoint(0, 0)), widget.size()).adjusted(-6, -6, 6, 6)

    def _place_of_card(self) -> QPoint:
        """Beside the spot where there is room: right, left, below, above, else in the middle of it."""
        spot, card, room, gap = self._spot(), self._card.size(), self.rect(), 2 * theme.GRID
        middle = spot.center() - QPoint(card.width() // 2, card.height() // 2)
        for place in (
            QPoint(spot.right() + gap, middle.y()),
            QPoint(spot.left() - gap - card.width(), middle.y()),
            QPoint(middle.x(), spot.bottom() + gap),
            QPoint(middle.x(), spot.top() - gap - card.height()),
        ):
            inside = QPoint(
                min(max(place.x(), gap), room.width() - card.width() - gap),
                min(max(place.y(), gap), room.height() - card.height() - gap),
            )
            if not QRect(inside, card).intersects(spot):
                return inside
        return middle

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shade, hole = QPainterPath(), QPainterPath()
        shade.addRect(self.rect())
        hole.addRoundedRect(self._spot(), 10, 10)
        painter.fillPath(shade.subtracted(hole), QColor(0, 0, 0, 110))
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
        painter.drawPath(hole)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.resize(self._window.size())
            self._show()
        return False

    def closeEvent(self, event: QCloseEvent) -> None:
        self._window.removeEventFilter(self)
        self._card.hide()
        super().closeEvent(event)


class _Card(Guarded, QFrame):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAccessibleName("Guided tour")
        self._title, self._text, self._count = QLabel(), QLabel(), QLabel()
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._text.setWordWrap(True)
        theme.make_small(self._count)
        self._count.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.skip_button, self.back_button, self.next_button = (QPushButton(t) for t in ("Skip", "Back", "Next"))
        self.next_button.setProperty("accent", True)
        buttons = QHBoxLayout()
        buttons.addWidget(self._count)
        buttons.addStretch()
        for button in (self.skip_button, self.back_button, self.next_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * theme.GRID, 2 * theme.GRID, 2 * theme.GRID, 2 * theme.GRID)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addLayout(buttons)

    def show_stop(self, stop: Stop, number: int, of: int) -> None:
        self.setFixedWidth(_LETTERS * self.fontMetrics().averageCharWidth())
        self._title.setText(stop.title)
        self._text.setText(stop.text)
        self._count.setText(f"{number} of {of}")
        self.back_button.setEnabled(number > 1)
        self.skip_button.setVisible(number < of)
        self.next_button.setText("Done" if number == of else "Next")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.skip_button.click()
        else:
            super().keyPressEvent(event)


def stops(*, canvas: QWidget, network: QWidget, answer: QWidget, training: QWidget, views: QWidget) -> list[Stop]:
    """Describe the window, in the order in which a person meets its parts."""
    return [
        Stop(canvas, "Draw a digit", "With mouse, finger or stylus. The network reads it while you draw."),
        Stop(
            network,
            "Watch it being read",
            "From left to right: what the network sees, its filters, what they find in the image, the same made "
            "smaller, and ten probabilities. Hover over a cell to read its number; click it to see how it came about.",
        ),
        Stop(
            answer,
            "The answer",
            "The most probable digit. Click a bar to ask why this digit, and a second one to ask why not that. Is it "
            "wrong? Click the right digit, and teach it.",
        ),
        Stop(
            training,
            "Train it from nothing",
            "Click Train, and the network starts from random weights and learns from 60,000 images in seconds. Go on "
            "drawing meanwhile.",
        ),
        Stop(
            views,
            "Look closer",
            "Loss and accuracy come live, and the slider goes back to any moment of the run. The other views answer: "
            "why this digit? how this number? what if? which mistakes are left?",
        ),
    ]
