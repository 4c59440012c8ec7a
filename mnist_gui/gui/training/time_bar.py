"""A slider through all of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QToolButton, QWidget

from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.gui.widgets.steady_label import SteadyLabel
from mnist_gui.history import index_at

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from mnist_gui.gui.session import Session
    from mnist_gui.history import Snapshot

_PLAY_MS = 40


class TimeBar(Guarded, QWidget):
    """Chooses a moment of a run, or the present, while the run goes on or afterwards."""

    continue_requested = Signal()  # from the moment that is looked at

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # as time runs in the charts above
        self._snapshots: tuple[Snapshot, ...] = ()

        self._back = self._button("stepBackButton", "back", "One moment back (←)")
        self._play = self._button("playRunButton", "play", "Play the run again (Space)")
        self._forward = self._button("stepForwardButton", "forward", "One moment forward (→)")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("timeSlider")
        self.slider.setAccessibleName("Moment of the run")
        self.slider.setToolTip("Go back to any moment of the run: filters, maps and answer are shown as they were")
        self.slider.setMinimumWidth(120)
        self.where = SteadyLabel("epoch 1000.00 · step 0,000,000 · test 100.00 %")
        self.where.setFont(theme.tabular(self.font()))
        theme.make_small(self.where)
        self.where.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.continue_button = QPushButton("Continue from here")
        self.continue_button.setObjectName("continueButton")
        self.continue_button.setToolTip("Train on from this moment, with the settings above")

        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID // 2)
        for button in (self._back, self._play, self._forward):
            layout.addWidget(button)
        layout.addSpacing(theme.GRID)
        layout.addWidget(self.slider, 1)
        layout.addSpacing(theme.GRID)
        layout.addWidget(self.where)
        layout.addWidget(self.continue_button)

        self._timer = QTimer(self, interval=_PLAY_MS)
        self._timer.timeout.connect(lambda: self._move(1))
        self._back.clicked.connect(lambda: self._move(-1))
        self._forward.clicked.connect(lambda: self._move(1))
        self._play.clicked.connect(self.play)
        self.slider.valueChanged.connect(self._slid)
        self.continue_button.clicked.connect(self.continue_requested)
        session.run_replaced.connect(self._timer.stop)
        session.present_changed.connect(self._follow)
        session.trainer.state_changed.connect(self._say)
        self.refresh()

    def _button(self, name: str, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setIcon(theme.icon(icon))
        button.setIconSize(QSize(16, 16))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRepeat(icon != "play")
        return button

    _playing = False

    def refresh(self) -> None:
        """Take in what the run has added; a moment that is looked at stays where it is."""
        history = self._session.history
        self._snapshots = history.snapshots if history else ()
        last = max(0, len(self._snapshots) - 1)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, last)
            self.slider.setValue(self._index())
        self.setEnabled(last > 0)
        self._say()

    def _index(self) -> int:
        """Return where the slider is when it is at the moment that is looked at."""
        moment = self._session.moment
        return max(0, len(self._snapshots) - 1) if moment is None else index_at(self._snapshots, moment.step)

    def _follow(self) -> None:
        """Go where the session looks, also when it was not led there from here."""
        if self.slider.value() != self._index():
            self._timer.stop()
            self.refresh()
        else:
            self._say()

    def play(self) -> None:
        """Run through time from the chosen moment, or from the start; a second call stops."""
        if self._timer.isActive():
            self._timer.stop()
        elif len(self._snapshots) > 1:
            if self._session.moment is None:
                self.slider.setValue(0)
            self._timer.start()
        self._say()

    def _move(self, by: int) -> None:
        self.slider.setValue(self.slider.value() + by)
        if self.slider.value() == self.slider.maximum():
            self._timer.stop()
            self._say()

    def _slid(self, index: int) -> None:
        self._session.look_at(None if index >= self.slider.maximum() else self._snapshots[index])

    def _say(self) -> None:
        if self._timer.isActive() != self._playing:  # a new icon is painted again, even if it is the same
            self._playing = not self._playing
            self._play.setIcon(theme.icon("pause" if self._playing else "play"))
        self._back.setEnabled(self.slider.value() > 0)
        self._forward.setEnabled(self.slider.value() < self.slider.maximum())
        moment = self._session.moment
        self.continue_button.setEnabled(self._session.state is State.IDLE and moment is not None)
        if not self._snapshots:
            self.where.setText("no run yet")
        elif moment is None and self._session.checkpoint.edited:
            self.where.setText("now, edited by hand")
        else:
            self.where.setText((moment or self._snapshots[-1]).describe())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.play()
        else:
            super().keyPressEvent(event)
