"""The window: it puts the panels together, and is the only module that knows them all."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QByteArray, QEvent, QSettings, Qt, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMessageBox,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mnist_gui.assets import ASSETS
from mnist_gui.gui.drawing.panel import DrawPanel
from mnist_gui.gui.menus import Menus
from mnist_gui.gui.model import Model
from mnist_gui.gui.model_files import ModelFiles
from mnist_gui.gui.network.view import NetworkView
from mnist_gui.gui.pages.tabs import Explorer
from mnist_gui.gui.training.charts import Charts
from mnist_gui.gui.training.data_source import DataDesk
from mnist_gui.gui.training.panel import State, TrainingPanel
from mnist_gui.gui.training.trainer import Trainer
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.steady_label import SteadyLabel
from mnist_gui.nn import architectures
from mnist_gui.runs import Run
from mnist_gui.training import RECIPES, initialize
from mnist_gui.training_process import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PySide6.QtGui import QCloseEvent, QPaintEvent

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.gui.views import Views
    from mnist_gui.history import History, Snapshot
    from mnist_gui.nn.network import Network
    from mnist_gui.training import Progress, Recipe

PEN_MS = 8  # from what has been learned until it is shown, or until a pen moves: one redraw then serves both
SEEN_MS = 30  # from the first paint until the person sees it; what is out of sight is built then
MODEL_WIDTH = 500  # pixels for what the status bar says of the model: a file's name may be long
PICTURE_FILES = "Pictures (*.png *.jpg *.jpeg *.webp *.bmp *.gif *.tif *.tiff);;All files (*)"


class MainWindow(QMainWindow):
    """Draw, network, train: everything in sight at once."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowIcon(QIcon(str(ASSETS / "icon.svg")))
        self.model = Model()
        self.trainer = Trainer(self)
        self.draw_panel = DrawPanel()
        self.canvas = self.draw_panel.canvas
        self.network_view = NetworkView()
        self.training_panel = TrainingPanel()
        self.charts = Charts()
        self.explorer = Explorer()
        self.explorer.set_pages(0, [self.charts])
        self._last_progress: Progress | None = None  # of the run that is on
        self._past: Network | None = None  # what is shown instead of the model's, while the person looks back
        self._model_label, self._data_label = SteadyLabel(), QLabel("no images loaded yet")
        self.statusBar().addWidget(self._model_label)
        self.statusBar().addPermanentWidget(self._data_label)
        self.statusBar().setSizeGripEnabled(False)
        # One redraw for all pen events that arrived since the last: a fast pen can't queue work.
        self._redraw = QTimer(self, singleShot=True)
        self._pen_moved = False  # since the last redraw
        self._painted = False
        self._redraw.timeout.connect(self._show_network)
        self._lay_out()
        self.data_desk = DataDesk(self, self.trainer, self.training_panel)
        self.model_files = ModelFiles(self)
        self.menus = Menus(self)
        self._connect()
        self.training_panel.show_recipe(RECIPES["default"])
        self.explorer.show_network(self.model.network, None)
        self.network_view.show_network(self.model.network, None)
        self._describe_model()
        self._restore()

    @cached_property
    def views(self) -> Views:
        """The pages behind the tabs."""
        from mnist_gui.gui.views import Views  # the window is painted without them

        return Views(self)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(theme.GRID)
        top.addWidget(_panel(self.draw_panel), 3)
        top.addWidget(_panel(self.network_view), 8)
        bottom = QWidget()
        lower = QVBoxLayout(bottom)
        lower.setContentsMargins(2 * theme.GRID, theme.GRID, 2 * theme.GRID, theme.GRID // 2)
        lower.setSpacing(theme.GRID // 2)
        lower.addWidget(self.training_panel)
        lower.addWidget(self.explorer, 1)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(theme.GRID, theme.GRID // 2, theme.GRID, 0)
        layout.setSpacing(theme.GRID)
        layout.addLayout(top, 11)
        layout.addWidget(_panel(bottom), 10)
        self.setCentralWidget(centre)
        self.setMinimumSize(960, 620)
        self.resize(1280, 800)

    def _connect(self) -> None:
        self.canvas.drawing_changed.connect(self._follow_pen)
        self.canvas.picture_failed.connect(self.say)
        self.data_desk.said.connect(self.say)
        self.draw_panel.open_requested.connect(self.open_picture)
        self.draw_panel.sample_requested.connect(self.show_sample)
        self.explorer.currentChanged.connect(self._build_views)
        network = self.network_view
        network.bars.digit_clicked.connect(lambda digit, compare: self.views.ask_about_digit(digit, compare))
        network.cell_clicked.connect(lambda cell: self.views.ask_how(cell))
        network.keys.digit_named.connect(lambda digit: self.views.teaching.name_drawing(digit))
        panel = self.training_panel
        panel.epochs_box.valueChanged.connect(self.charts.expect)
        self.charts.time_bar.moment_chosen.connect(self._show_moment)
        self.charts.time_bar.continue_requested.connect(self._continue_from_moment)
        panel.train_requested.connect(self.train)
        panel.pause_requested.connect(self.trainer.pause)
        panel.resume_requested.connect(self.trainer.resume)
        panel.stop_requested.connect(self.trainer.stop)
        panel.reset_requested.connect(self.reset)
        panel.architecture_box.currentIndexChanged.connect(self._architecture_chosen)
        self.trainer.state_changed.connect(self._show_state)
        self.trainer.progressed.connect(self._show_progress)
        self.trainer.downloaded.connect(self._show_download)
        self.trainer.data_loaded.connect(self._show_data)
        self.trainer.training_failed.connect(self._training_failed)

    # --- the drawing ---

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UpdateRequest and self._pen_moved:
            self._show_network()  # now, so that the ink and what is made of it are painted at once
        return super().event(event)

    def _follow_pen(self) -> None:
        self._pen_moved = True
        self._redraw.start(0)

    def _show_network(self) -> None:
        self._pen_moved = False
        self._redraw.stop()
        image = self.canvas.seen()
        network = self._past or self.model.network
        self.network_view.show_network(network, image)
        self.explorer.show_network(network, image)
        self.views.teaching.show_drawing(image)

    def open_picture(self) -> None:
        """Let the person choose a picture of a digit."""
        path, _ = QFileDialog.getOpenFileName(self, "Open picture", "", PICTURE_FILES)
        if path:
            self.canvas.open_picture(path)

    def show_sample(self) -> None:
        """Put a random test image on the canvas, with its true label."""
        self.data_desk.use(self._show_sample_of)

    def _show_sample_of(self, dataset: Dataset) -> None:
        self.show_test_image(int(np.random.default_rng().integers(len(dataset.test_images))))

    def show_test_image(self, index: int) -> None:
        """Put a test image on the canvas, with its true label."""
        dataset = self.trainer.dataset
        assert dataset is not None
        label = dataset.test_labels[index]
        self.canvas.set_picture(dataset.test_images[index], f"test image {index:,} · label {label}")

    # --- training ---

    def train(self) -> None:
        """Train from nothing, with the panel's settings."""
        self._train(fresh=True)

    def train_on(self) -> None:
        """Train the present network further, with the panel's settings."""
        self._train(fresh=False)

    def _train(self, *, fresh: bool) -> None:
        if self.trainer.state is State.IDLE:
            self.data_desk.use(lambda dataset: self._start(dataset, fresh=fresh))

    def _start(self, dataset: Dataset, *, fresh: bool) -> None:
        self.start(dataset, self.training_panel.recipe(), fresh=fresh)

    def start(
        self,
        dataset: Dataset,
        recipe: Recipe,
        *,
        fresh: bool,
        prepare: Callable[[Dataset], Dataset] | None = None,
    ) -> None:
        """Train from nothing, or train the present network on; `prepare` makes of the data set what it trains on."""
        if not self.trainer.can_start():
            return
        before = self.model.network
        architecture = self.training_panel.architecture() if fresh else before.architecture
        same = architecture == before.architecture
        if same and self.views.what_if_page.freezes_filters:
            recipe = replace(recipe, freeze_filters=True)
            self.say("The filters are frozen: see What if?")
        self.model.start(architecture, recipe, dataset.name, unsaved=self.model.changed and not fresh)
        if same:
            self.model.network.parameters[:] = before.parameters
        parameters = self.model.network.parameters.copy()
        if fresh and not recipe.freeze_filters:  # what the run begins with, to be seen until it says where it stands
            initialize(self.model.network, recipe, len(dataset.train_images))
        self.network_view.reset_scales()
        self._clear_run()
        self.charts.begin()
        self.model_changed()
        self.trainer.start(Job(architecture, parameters, dataset, recipe, fresh, prepare))
        self.charts.time_bar.set_history(self.trainer.history)

    def show_history(self, history: History) -> None:
        """Offer to look back at a run that was kept with the model."""
        self.trainer.history = history
        self.charts.time_bar.set_history(history)

    def _show_moment(self, snapshot: Snapshot | None) -> None:
        """Show the network as it was at a moment of the run; None is the present."""
        self._past = None
        if snapshot is not None:
            self._past = architectures.build(self.model.network.architecture)
            self._past.parameters[:] = snapshot.parameters
        self.charts.show_moment(snapshot)
        self._show_network()

    def _continue_from_moment(self) -> None:
        """Train on from the moment that is looked at."""
        snapshot = self.charts.time_bar.chosen
        if snapshot is not None and self.trainer.state is State.IDLE:
            self.model.network.parameters[:] = snapshot.parameters
            self.train_on()

    def _clear_run(self) -> None:
        self._past = self.trainer.history = None
        self.training_panel.clear()
        self.charts.clear(self.training_panel.epochs_box.value())

    def reset(self) -> None:
        """Take fresh, untrained weights from the seed."""
        if not self.model_files.may_discard():
            return
        recipe = self.training_panel.recipe()
        self.model.reset(self.training_panel.architecture(), recipe, self.training_panel.data_source())
        self.network_view.reset_scales()
        self._clear_run()
        self.model_changed()

    def _architecture_chosen(self) -> None:
        if self.training_panel.architecture() != self.model.network.architecture:
            self.training_panel.clear("Train or Reset to see this network")

    def _show_progress(self, progress: Progress) -> None:
        self._last_progress = progress
        self.model.follow(progress)
        self.training_panel.show_progress(progress)
        self.charts.show_progress(progress)
        self._describe_model()
        self.views.teaching.model_changed()
        self._redraw.start(PEN_MS)

    def _show_state(self, state: State) -> None:
        before = self.training_panel.state
        self.training_panel.set_state(state)
        self.menus.show_state(state)
        self.charts.time_bar.set_running(state is not State.IDLE)
        if state is State.LOADING:
            self.training_panel.show_status("loading the images …")
        elif state is State.PAUSED:
            self.training_panel.show_status("paused")
        elif state is State.RUNNING and before is not State.PAUSED:
            self.training_panel.show_status("preparing the images …")
        elif state is State.IDLE and before is State.LOADING:
            self.training_panel.show_status("Ready to train")
            self.training_panel.progress.setValue(0)
        elif state is State.IDLE:
            self.charts.finish()
            self._list_run()
            record = self.model.record
            epochs, whole = record.epochs, record.epochs >= record.recipe.epochs
            self.training_panel.show_status(
                f"finished: {epochs:g} epochs" if whole else f"stopped at epoch {epochs:.1f}"
            )

    def _list_run(self) -> None:
        if self._last_progress is not None and self._last_progress.step:
            self.views.runs_page.add_run(
                Run(self.model.network.architecture, self.model.record.data, self._last_progress)
            )
        self._last_progress = None

    def _training_failed(self, message: str) -> None:
        QMessageBox.warning(self, "Training stopped", message)

    # --- data ---

    def _show_download(self, done: int, total: int) -> None:
        self.training_panel.show_status(f"downloading · {done / 1e6:.1f} of {total / 1e6:.1f} MB")
        self.training_panel.progress.setValue(round(1000 * done / total))

    def _show_data(self, dataset: Dataset) -> None:
        self._data_label.setText(f"{dataset.title}: {len(dataset.train_images):,} images")

    # --- the model ---

    def edit_network(self, parameters: NDArray[np.floating]) -> None:
        """Take other parameters than training left, those of the moment that is looked at included."""
        if self.trainer.state is State.IDLE:
            self._past = None
            self.model.edit(parameters)
            self.charts.time_bar.slider.setValue(self.charts.time_bar.slider.maximum())
            self.model_changed()

    def show_model(self, model: Model) -> None:
        """Take a model that the window had before."""
        self.model = model
        self.model_replaced()

    def model_replaced(self) -> None:
        """Show a model that took the place of another."""
        self.training_panel.show_architecture(self.model.network.architecture)
        self.network_view.reset_scales()
        self._clear_run()
        self.model_changed()

    def model_changed(self) -> None:
        """Show what the model has become."""
        self._describe_model()
        self.views.teaching.model_changed()
        self._show_network()

    def _describe_model(self) -> None:
        text = self._model_label.fontMetrics().elidedText(
            self.model.describe(), Qt.TextElideMode.ElideMiddle, MODEL_WIDTH
        )
        self._model_label.setText(text)
        self.setWindowTitle(f"{self.model.name}[*] — mnist_gui")
        self.setWindowModified(self.model.changed)

    # --- the window ---

    def start_tour(self) -> None:
        """Lead a new person through the window."""
        from mnist_gui.gui import tour  # most starts do without it

        tour.Tour(
            self,
            tour.stops(
                canvas=self.canvas,
                network=self.network_view,
                answer=self.network_view.answer_column,
                training=self.training_panel,
                views=self.explorer,
            ),
        )

    def say(self, message: str) -> None:
        """Say something in the status bar, for a while."""
        self.statusBar().showMessage(message, 8000)

    def _restore(self) -> None:
        settings = QSettings()
        # The file may have been edited, or be of another version.
        geometry = settings.value("geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        with suppress(TypeError, ValueError):
            self.draw_panel.pen_width.setValue(int(settings.value("pen")))
        with suppress(TypeError, ValueError):
            self.explorer.setCurrentIndex(int(settings.value("view")))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(SEEN_MS, self, self._build_views)

    def _build_views(self) -> None:
        assert self.views

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.model_files.may_discard():
            event.ignore()
            return
        self.hide()  # a mirror that stays silent may keep the download's thread for seconds
        self.trainer.shut_down()
        settings = QSettings()
        settings.setValue("geometry", self.saveGeometry())
        settings.setValue("pen", self.draw_panel.pen_width.value())
        settings.setValue("view", self.explorer.currentIndex())
        super().closeEvent(event)


def _panel(content: QWidget) -> QFrame:
    frame = QFrame()
    frame.setObjectName("panel")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(content)
    frame.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
    return frame
