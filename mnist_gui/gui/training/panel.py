"""Settings of a run, the buttons that steer it, and how far it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mnist_gui import notebook
from mnist_gui.gui.training.data_box import DataBox
from mnist_gui.gui.training.data_source import DataSource
from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.gui.widgets.number_field import NumberField
from mnist_gui.gui.widgets.wrapped_label import WrappedLabel
from mnist_gui.nn.architectures import ARCHITECTURES, title
from mnist_gui.recipe import LIMITS, RECIPES, recipe_for

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from mnist_gui.gui.session import Session
    from mnist_gui.training import Progress, Recipe

W = TypeVar("W", bound=QWidget)


_ICON = 40  # pixels of a button around its text: the icon, padding and borders
_PAUSE_TIP = "Pause: rest between two steps (Ctrl+P)"
_STOP_TIP = "Stop: end the run and keep what was learned (Ctrl+.)"
_RESET_TIP = "Reset: fresh weights from the seed, untrained"


class TrainingPanel(Guarded, QWidget):
    """Asks the session for runs, and shows how far the present one is."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._state = State.IDLE
        self._settings: list[QWidget] = []
        self._fields = QGridLayout()
        self._fields.setHorizontalSpacing(theme.GRID)
        self._fields.setVerticalSpacing(2)

        self.recipe_box = self._add(
            QComboBox(),
            "recipeBox",
            "Recipe",
            "How to train: the default reaches about 98 % in seconds, on digits made upright (97 % as they are); the "
            "notebook's reproduces a published run.",
        )
        for name in RECIPES:
            self.recipe_box.addItem(name.capitalize(), name)
        self.architecture_box = self._add(
            QComboBox(),
            "architectureBox",
            "Network",
            "Which layers: the notebook's; with rectifiers; eight filters wide; or deep, with two convolutions.",
        )
        for name in ARCHITECTURES:
            self.architecture_box.addItem(title(name), name)
        self.data_box = self._add(
            DataBox(),
            "dataBox",
            "Data",
            "What to train on: MNIST's 60,000 scanned digits, digits drawn by rule, or a folder or file with a data "
            "set of your own.",
        )
        self.data_source = DataSource(session, self.data_box, self)
        self.epochs_box = self._add(
            NumberField(*LIMITS["epochs"], whole=True),
            "epochsBox",
            "Epochs",
            "How often the network sees every training image.",
        )
        self.batch_size_box = self._add(
            NumberField(*LIMITS["batch_size"], whole=True),
            "batchSizeBox",
            "Batch",
            "How many images each step of training looks at.",
        )
        self.learning_rate_box = self._add(
            NumberField(*LIMITS["learning_rate"]),
            "learningRateBox",
            "Rate",
            "The learning rate: how far each step goes down the gradient. Too high, and training diverges.",
        )
        self.learning_rate_box.setStepType(NumberField.StepType.AdaptiveDecimalStepType)
        self.seed_box = self._add(
            NumberField(*LIMITS["seed"], whole=True),
            "seedBox",
            "Seed",
            "Where the random numbers start: the same seed gives the same weights, bit for bit.",
        )

        self.train_button = self._button(
            "trainButton", "Train", "play", "Train from nothing: fresh weights from the seed (Ctrl+T)"
        )
        self.train_button.setProperty("accent", True)
        self.train_button.setIcon(theme.icon("play", QPalette.ColorRole.HighlightedText))
        self.pause_button = self._button("pauseButton", "Pause", "pause", _PAUSE_TIP)
        self.stop_button = self._button("stopButton", "Stop", "stop", _STOP_TIP)
        self.reset_button = self._button("resetButton", "Reset", "reset", _RESET_TIP)

        self.progress = QProgressBar()
        self.progress.setObjectName("trainingProgress")
        self.progress.setAccessibleName("Training progress")
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 1000)
        self.status = WrappedLabel("Ready to train")
        self.status.setFont(theme.tabular(self.font()))
        theme.make_small(self.status)
        self.status.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.notebook_note = WrappedLabel(notebook.FAULTS)
        self.notebook_note.setObjectName("notebookNote")
        theme.make_small(self.notebook_note)
        self.notebook_note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.notebook_note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()

        self.recipe_box.currentIndexChanged.connect(self._show_recipe)
        self.architecture_box.currentIndexChanged.connect(self._show_recipe)
        self.architecture_box.currentIndexChanged.connect(self._architecture_chosen)
        self.train_button.clicked.connect(self.train)
        self.pause_button.clicked.connect(self.pause_or_resume)
        self.stop_button.clicked.connect(session.trainer.stop)
        self.reset_button.clicked.connect(self.reset)
        session.run_replaced.connect(self._show_run)
        session.progressed.connect(self._show_progress)
        session.trainer.state_changed.connect(self._show_state)
        session.trainer.loading.connect(self._show_loading)
        self.show_recipe(RECIPES["default"])
        self._show_recipe()
        self._set_state(State.IDLE)

    def _add(self, widget: W, name: str, label: str, tip: str) -> W:
        widget.setObjectName(name)
        widget.setAccessibleName(label)
        widget.setAccessibleDescription(tip)
        widget.setToolTip(tip)
        heading = QLabel(label)
        theme.make_small(heading)
        heading.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        heading.setBuddy(widget)
        heading.setToolTip(tip)
        column = len(self._settings)
        self._settings.append(widget)
        self._fields.addWidget(heading, 0, column)
        self._fields.addWidget(widget, 1, column)
        if isinstance(widget, NumberField):
            widget.refused.connect(self._session.said)
        return widget

    def _button(self, name: str, text: str, icon: str, tip: str) -> QPushButton:
        button = QPushButton(theme.icon(icon), text)
        button.setObjectName(name)
        button.setToolTip(tip)
        button.setAccessibleDescription(tip)
        return button

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        for button in (self.train_button, self.pause_button, self.stop_button, self.reset_button):
            buttons.addWidget(button)
        status = QVBoxLayout()
        status.setSpacing(theme.GRID // 2)
        status.addStretch()
        status.addWidget(self.status)
        status.addWidget(self.progress)
        status.addSpacing(theme.GRID // 2)
        self._steering = QHBoxLayout()
        self._steering.setSpacing(2 * theme.GRID)
        self._steering.addLayout(buttons)
        self._steering.setAlignment(buttons, Qt.AlignmentFlag.AlignBottom)
        self._steering.addLayout(status, 1)
        settings = QHBoxLayout()
        settings.addLayout(self._fields)
        settings.addStretch()
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.addLayout(settings)
        self._top.addLayout(self._steering, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID)
        layout.addLayout(self._top)
        layout.addWidget(self.notebook_note)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def architecture(self) -> str:
        """Return the name of the network to train."""
        return str(self.architecture_box.currentData())

    def _show_architecture(self, name: str) -> None:
        """Set the box to the network that the window shows."""
        self.architecture_box.setCurrentIndex(self.architecture_box.findData(name))

    def recipe(self) -> Recipe:
        """Return what the person has set."""
        for field in (self.epochs_box, self.batch_size_box, self.learning_rate_box, self.seed_box):
            field.interpretText()  # what is still being typed
        return replace(
            recipe_for(self.recipe_box.currentData(), self.architecture()),
            epochs=int(self.epochs_box.value()),
            batch_size=int(self.batch_size_box.value()),
            learning_rate=self.learning_rate_box.value(),
            seed=int(self.seed_box.value()),
        )

    def show_recipe(self, recipe: Recipe) -> None:
        """Set the fields to a recipe's values."""
        self.recipe_box.setCurrentIndex(max(0, self.recipe_box.findData(recipe.name)))
        self.epochs_box.setValue(recipe.epochs)
        self.batch_size_box.setValue(recipe.batch_size)
        self.learning_rate_box.setValue(recipe.learning_rate)
        self.seed_box.setValue(recipe.seed)

    def _show_recipe(self) -> None:
        recipe = recipe_for(self.recipe_box.currentData(), self.architecture())
        self.show_recipe(recipe)
        self.notebook_note.setVisible(recipe.as_notebook)

    # --- what is asked for ---

    def train(self) -> None:
        """Train from nothing, with these settings."""
        if self._session.state is State.IDLE:
            self.data_source.use(lambda dataset: self._session.train(dataset, self.architecture(), self.recipe()))

    def train_on(self) -> None:
        """Train the network that is looked at further, with these settings."""
        if self._session.state is State.IDLE:
            self.data_source.use(lambda dataset: self._session.train_on(dataset, self.recipe()))

    def reset(self) -> None:
        """Take fresh, untrained weights from the seed."""
        if self._session.state is State.IDLE:
            self._session.reset(self.architecture(), self.recipe(), self.data_box.source())

    def pause_or_resume(self) -> None:
        """Let the run rest, or go on."""
        trainer = self._session.trainer
        (trainer.resume if self._state is State.PAUSED else trainer.pause)()

    # --- what is shown ---

    def _architecture_chosen(self) -> None:
        """Show the chosen network at once, as it was trained for the program; what was there stays in Runs."""
        if self.architecture() != self._session.checkpoint.record.architecture and self._session.state is State.IDLE:
            self._session.open_shipped(self.architecture())

    def _show_run(self) -> None:
        """Take up the network and the run that the session has come to."""
        self._show_architecture(self._session.checkpoint.record.architecture)
        self._show_end()

    def _show_state(self, state: State) -> None:
        before = self._state
        self._set_state(state)
        if state is State.LOADING:
            self._show_status("loading the images …")
        elif state is State.PAUSED:
            self._show_status("paused")
        elif state is State.RUNNING:
            progress = self._session.checkpoint.progress
            if before is State.PAUSED and progress is not None:
                self._show_progress(progress)
            else:
                self._show_status("preparing the images …")
        else:
            self._show_end()

    def _show_end(self) -> None:
        """Say how the run ended that led to the present network, if one of this sitting did."""
        progress = self._session.checkpoint.progress
        if progress is None:
            self._clear()
            return
        self.progress.setValue(round(1000 * progress.step / progress.steps))
        epochs = progress.recipe.epochs
        finished = "finished: 1 epoch" if epochs == 1 else f"finished: {epochs} epochs"
        stopped = f"stopped at epoch {progress.step / progress.steps_per_epoch:.1f}"
        self._show_status(finished if progress.finished else stopped)

    def _show_loading(self, done: int, total: int) -> None:
        doing = "downloading" if self._session.trainer.downloads else "loading"
        self._show_status(f"{doing} · {done / 1e6:.1f} of {total / 1e6:.1f} MB")
        self.progress.setValue(round(1000 * done / total))

    def _set_state(self, state: State) -> None:
        """Enable what makes sense now."""
        self._state = state
        idle = state is State.IDLE
        stopped = self.stop_button.hasFocus() and idle
        for field in self._settings:
            field.setEnabled(idle)
        self.train_button.setEnabled(idle)
        self.reset_button.setEnabled(idle)
        self.pause_button.setEnabled(state in (State.RUNNING, State.PAUSED))
        self.stop_button.setEnabled(not idle)
        if stopped:
            self.train_button.setFocus()  # or else it would go on to Reset, one key press from losing the run
        paused = state is State.PAUSED
        self.pause_button.setIcon(theme.icon("play" if paused else "pause"))
        self.pause_button.setToolTip("Resume: go on (Ctrl+P)" if paused else _PAUSE_TIP)
        self._label_buttons()

    def _label_buttons(self) -> None:
        """Lay all out in one line or two, and name the buttons beside their icons, as there is room for it."""
        metrics = self.fontMetrics()
        texts = (
            (self.pause_button, "Resume" if self._state is State.PAUSED else "Pause"),
            (self.stop_button, "Stop"),
            (self.reset_button, "Reset"),
        )
        bare = self._bare_width()
        labels = sum(metrics.horizontalAdvance(f" {text}") for text in ("Resume", "Stop", "Reset"))
        fields = self._fields.sizeHint().width() + 2 * theme.GRID
        in_line = fields + bare <= self.width()
        directions = QBoxLayout.Direction
        direction = directions.LeftToRight if in_line else directions.TopToBottom
        if direction != self._top.direction():
            self._top.setDirection(direction)
            self.updateGeometry()
        spacing = (2 if in_line else 1) * theme.GRID
        if spacing != self._top.spacing():  # or else it asks for another layout, which leads here again, for ever
            self._top.setSpacing(spacing)
        roomy = (fields if in_line else 0) + bare + labels <= self.width()
        for button, text in texts:
            button.setText(text if roomy else "")
            button.setAccessibleName(text)
        # Nothing beside it moves when it says Resume.
        self.pause_button.setMinimumWidth(metrics.horizontalAdvance(" Resume") + _ICON if roomy else 0)

    def _bare_width(self) -> int:
        """Return the room that the buttons need without names, with the status beside them."""
        status = 18 * self.fontMetrics().averageCharWidth()
        return self.train_button.sizeHint().width() + 3 * (_ICON + theme.GRID) + 2 * theme.GRID + status

    def minimumSizeHint(self) -> QSize:
        """Narrow enough for two lines."""
        return QSize(max(self._fields.minimumSize().width(), self._bare_width()), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._label_buttons()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # a field has another width, or the font is another
            self._label_buttons()
        return super().event(event)

    def _show_progress(self, progress: Progress) -> None:
        """Show where a run stands."""
        self.progress.setValue(round(1000 * progress.step / progress.steps))
        epoch = min(len(progress.epochs) + 1, progress.recipe.epochs)
        where = f"epoch {epoch}/{progress.recipe.epochs}"
        if self._state is State.PAUSED:  # what was done before the pause acted
            self._show_status(f"paused · {where}")
        else:
            self._show_status(f"{where} · {_duration(progress.seconds_left)} left" if progress.step else where)

    def _show_status(self, text: str) -> None:
        """Say in a few words what is going on."""
        self.status.setText(text)

    def _clear(self, status: str = "Ready to train") -> None:
        """Forget the run that was shown."""
        self.progress.setValue(0)
        self._show_status(status)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
