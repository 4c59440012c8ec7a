"""A slider through all of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QToolButton, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.history import index_at

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from mnist_gui.history import History, Snapshot

_PLAY_MS = 40


class TimeBar(QWidget):
    """Chooses a moment of a run, or the present, while the run goes on or afterwards."""

    moment_chosen = Signal(object)  # a Snapshot, or None for the present
    continue_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history: History | None = None
        self._snapshots: tuple[Snapshot, ...] = ()
        self._chosen: Snapshot | None = None

        self._back = self._button("stepBackButton", "back", "One moment back (←)")
        self._play = self._button("playRunButton", "play", "Play the run again (Space)")
        self._forward = self._button("stepForwardButton", "forward", "One moment forward (→)")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("timeSlider")
        self.slider.setAccessibleName("Moment of the run")
        self.slider.setToolTip("Go back to any moment of the run: filters, maps and answer are shown as they were")
        self.slider.setMinimumWidth(120)
        self._where = QLabel()
        self._where.setFont(theme.tabular(theme.small(self.font())))
        self._where.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        widest = self._where.fontMetrics().size(0, "step 0,000,000 · test 100.00 %")
        self._where.setFixedSize(widest)  # so that a new text does not have the window laid out anew
        self._continue = QPushButton("Continue from here")
        self._continue.setObjectName("continueButton")
        self._continue.setToolTip("Train on from this moment, with the settings above")

        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID // 2)
        for button in (self._back, self._play, self._forward):
            layout.addWidget(button)
        layout.addSpacing(theme.GRID)
        layout.addWidget(self.slider, 1)
        layout.addSpacing(theme.GRID)
        layout.addWidget(self._where)
        layout.addWidget(self._continue)

        self._timer = QTimer(self, interval=_PLAY_MS)
        self._timer.timeout.connect(lambda: self._move(1))
        self._back.clicked.connect(lambda: self._move(-1))
        self._forward.clicked.connect(lambda: self._move(1))
        self._play.clicked.connect(self.play)
        self.slider.valueChanged.connect(self._slid)
        self._continue.clicked.connect(self.continue_requested)
        self.set_history(None)

    def _button(self, name: str, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setIcon(theme.icon(icon))
        button.setIconSize(QSize(16, 16))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRepeat(icon != "play")
        return button

    @property
    def chosen(self) -> Snapshot | None:
        """The moment that is looked at; None is the present."""
        return self._chosen

    def set_history(self, history: History | None) -> None:
        """Take up a run, at its present."""
        self._timer.stop()
        self._history, self._chosen = history, None
        self.refresh()

    def set_running(self, running: bool) -> None:
        """Allow going on from a moment only while nothing is trained."""
        self._continue.setEnabled(not running and self._chosen is not None)
        self._running = running

    _running = _playing = False

    def refresh(self) -> None:
        """Take in what the run has added; a moment that is looked at stays where it is."""
        self._snapshots = self._history.snapshots if self._history else ()
        last = max(0, len(self._snapshots) - 1)
        index = last if self._chosen is None else index_at(self._snapshots, self._chosen.step)
        self.slider.blockSignals(True)
        self.slider.setRange(0, last)
        self.slider.setValue(index)
        self.slider.blockSignals(False)
        self.setEnabled(last > 0)
        self._say()

    def play(self) -> None:
        """Run through time from the chosen moment, or from the start; a second call stops."""
        if self._timer.isActive():
            self._timer.stop()
        elif len(self._snapshots) > 1:
            if self._chosen is None:
                self.slider.setValue(0)
            self._timer.start()
        self._say()

    def _move(self, by: int) -> None:
        self.slider.setValue(self.slider.value() + by)
        if self.slider.value() == self.slider.maximum():
            self._timer.stop()
            self._say()

    def _slid(self, index: int) -> None:
        self._chosen = None if index >= self.slider.maximum() else self._snapshots[index]
        self._say()
        self.moment_chosen.emit(self._chosen)

    def _say(self) -> None:
        if self._timer.isActive() != self._playing:  # a new icon is painted anew, even if it is the same
            self._playing = not self._playing
            self._play.setIcon(theme.icon("pause" if self._playing else "play"))
        self._back.setEnabled(self.slider.value() > 0)
        self._forward.setEnabled(self.slider.value() < self.slider.maximum())
        self.set_running(self._running)
        if not self._snapshots:
            self._where.setText("no run yet")
            return
        shown = self._chosen or self._snapshots[-1]
        accuracy = "" if shown.test_accuracy is None else f" · test {shown.test_accuracy * 100:.2f} %"
        self._where.setText(f"step {shown.step:,}{accuracy}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.play()
        else:
            super().keyPressEvent(event)
