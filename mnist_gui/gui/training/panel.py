"""Settings of a run, the buttons that steer it, and how far it is."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mnist_gui import notebook
from mnist_gui.gui.widgets import theme
from mnist_gui.nn.architectures import ARCHITECTURES
from mnist_gui.recipe import RECIPES, recipe_for

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from mnist_gui.training import Progress, Recipe

W = TypeVar("W", bound=QWidget)

_ROOMY = 1200  # pixels from which on all buttons are labelled
_PAUSE_TIP = "Pause: rest between two steps (Ctrl+P)"
_STOP_TIP = "Stop: end the run and keep what was learned (Ctrl+.)"
_RESET_TIP = "Reset: fresh weights from the seed, untrained"


class State(Enum):
    """What the panel's buttons may do."""

    IDLE = auto()
    LOADING = auto()
    RUNNING = auto()
    PAUSED = auto()


class TrainingPanel(QWidget):
    """Says what the person asks for; the window sees to it."""

    train_requested = Signal()
    pause_requested = Signal()
    resume_requested = Signal()
    stop_requested = Signal()
    reset_requested = Signal()
    folder_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = State.IDLE
        self._settings: list[QWidget] = []
        self._fields = QGridLayout()
        self._fields.setHorizontalSpacing(theme.GRID)
        self._fields.setVerticalSpacing(2)

        self.recipe_box = self._add(
            QComboBox(),
            "recipeBox",
            "Recipe",
            "How to train: the default reaches about 97 % in seconds; the notebook's reproduces a published run.",
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
            self.architecture_box.addItem(name.capitalize(), name)
        self.data_box = self._add(
            QComboBox(),
            "dataBox",
            "Data",
            "What to train on: MNIST's 60,000 scanned digits, digits drawn by rule, or a folder with four files like "
            "MNIST's.",
        )
        self.data_box.addItem("MNIST", "mnist")
        self.data_box.addItem("Drawn digits", "drawn")
        self.data_box.addItem("Folder…", None)
        self.epochs_box = self._add(
            QSpinBox(), "epochsBox", "Epochs", "How often the network sees every training image."
        )
        self.epochs_box.setRange(1, 1000)
        self.batch_size_box = self._add(
            QSpinBox(), "batchSizeBox", "Batch", "How many images each step of training looks at."
        )
        self.batch_size_box.setRange(1, 4096)
        self.learning_rate_box = self._add(
            QDoubleSpinBox(),
            "learningRateBox",
            "Rate",
            "The learning rate: how far each step goes down the gradient. Too high, and training diverges.",
        )
        self.learning_rate_box.setDecimals(4)
        self.learning_rate_box.setRange(0.0001, 1000)
        self.learning_rate_box.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        self.seed_box = self._add(
            QSpinBox(),
            "seedBox",
            "Seed",
            "Where the random numbers start: the same seed gives the same weights, bit for bit.",
        )
        self.seed_box.setRange(0, 2**31 - 1)

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
        self._status = QLabel("Ready to train")
        self._status.setFont(theme.tabular(theme.small(self.font())))
        self._status.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._status.setMinimumWidth(110)
        self._note = QLabel(notebook.FAULTS)
        self._note.setObjectName("notebookNote")
        self._note.setFont(theme.small(self.font()))
        self._note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._note.setWordWrap(True)
        self._note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()

        self.recipe_box.currentIndexChanged.connect(self._show_recipe)
        self.architecture_box.currentIndexChanged.connect(self._show_recipe)
        self.data_box.activated.connect(self._data_chosen)
        self.train_button.clicked.connect(self.train_requested)
        self.pause_button.clicked.connect(self._pause_or_resume)
        self.stop_button.clicked.connect(self.stop_requested)
        self.reset_button.clicked.connect(self.reset_requested)
        self._last_data = 0
        self._show_recipe()
        self.set_state(State.IDLE)

    def _add(self, widget: W, name: str, label: str, tip: str) -> W:
        widget.setObjectName(name)
        widget.setAccessibleName(label)
        widget.setAccessibleDescription(tip)
        widget.setToolTip(tip)
        heading = QLabel(label)
        heading.setFont(theme.small(self.font()))
        heading.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        heading.setBuddy(widget)
        heading.setToolTip(tip)
        column = len(self._settings)
        self._settings.append(widget)
        self._fields.addWidget(heading, 0, column)
        self._fields.addWidget(widget, 1, column)
        if isinstance(widget, QComboBox):
            widget.setFixedWidth(100)
        elif isinstance(widget, QAbstractSpinBox):
            widget.setFixedWidth(68 if isinstance(widget, QDoubleSpinBox) else 54)
            widget.setFont(theme.tabular(widget.font()))
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
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
        status.addWidget(self._status)
        status.addWidget(self.progress)
        status.addSpacing(theme.GRID // 2)
        top = QHBoxLayout()
        top.setSpacing(2 * theme.GRID)
        top.addLayout(self._fields)
        top.addLayout(buttons)
        top.setAlignment(buttons, Qt.AlignmentFlag.AlignBottom)
        top.addLayout(status, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID)
        layout.addLayout(top)
        layout.addWidget(self._note)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def architecture(self) -> str:
        """Return the name of the network to train."""
        return str(self.architecture_box.currentData())

    def show_architecture(self, name: str) -> None:
        """Set the box to the network that the window shows."""
        self.architecture_box.setCurrentIndex(self.architecture_box.findData(name))

    def recipe(self) -> Recipe:
        """Return what the person has set."""
        return replace(
            recipe_for(self.recipe_box.currentData(), self.architecture()),
            epochs=self.epochs_box.value(),
            batch_size=self.batch_size_box.value(),
            learning_rate=self.learning_rate_box.value(),
            seed=self.seed_box.value(),
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
        self._note.setVisible(recipe.as_notebook)

    def data_source(self) -> str:
        """Return "mnist", "drawn" or the path of a folder."""
        return self.data_box.itemData(self._last_data)

    def choose_data(self, source: str) -> None:
        """Choose a data source; a folder is added to the list."""
        index = self.data_box.findData(source)
        if index < 0:
            index = self.data_box.count() - 1
            self.data_box.insertItem(index, source.rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1], source)
            self.data_box.setItemData(index, source, Qt.ItemDataRole.ToolTipRole)
        self._last_data = index
        self.data_box.setCurrentIndex(index)

    def _data_chosen(self, index: int) -> None:
        if self.data_box.itemData(index) is None:  # "Folder…"
            self.data_box.setCurrentIndex(self._last_data)
            self.folder_requested.emit()
        else:
            self._last_data = index

    @property
    def state(self) -> State:
        """What is going on."""
        return self._state

    def set_state(self, state: State) -> None:
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
        """Name the buttons beside their icons where there is room for it."""
        roomy = self.width() >= _ROOMY
        for button, text in (
            (self.pause_button, "Resume" if self._state is State.PAUSED else "Pause"),
            (self.stop_button, "Stop"),
            (self.reset_button, "Reset"),
        ):
            button.setText(text if roomy else "")
            button.setAccessibleName(text)
        width = self.pause_button.fontMetrics().horizontalAdvance("Resume") + 52
        self.pause_button.setMinimumWidth(width if roomy else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._label_buttons()
        super().resizeEvent(event)

    def _pause_or_resume(self) -> None:
        (self.resume_requested if self._state is State.PAUSED else self.pause_requested).emit()

    def show_progress(self, progress: Progress) -> None:
        """Show where a run stands."""
        self.progress.setValue(round(1000 * progress.step / progress.steps))
        epoch = min(len(progress.epochs) + 1, progress.recipe.epochs)
        where = f"epoch {epoch}/{progress.recipe.epochs}"
        if self._state is State.PAUSED:  # what was done before the pause acted
            self.show_status(f"paused · {where}")
        else:
            self.show_status(f"{where} · {_duration(progress.seconds_left)} left" if progress.step else where)

    def show_status(self, text: str) -> None:
        """Say in a few words what is going on."""
        self._status.setText(text)

    def clear(self, status: str = "Ready to train") -> None:
        """Forget the run that was shown."""
        self.progress.setValue(0)
        self.show_status(status)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
