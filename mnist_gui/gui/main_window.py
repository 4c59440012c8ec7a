"""The window: it lays out the panels and connects them with the session; they know neither it nor one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from mnist_gui.assets import ASSETS
from mnist_gui.gui import settings
from mnist_gui.gui.drawing.canvas import Canvas
from mnist_gui.gui.drawing.panel import DrawingPanel
from mnist_gui.gui.menus import Menus
from mnist_gui.gui.model_files import ModelFiles
from mnist_gui.gui.network.view import NetworkView
from mnist_gui.gui.pages.tabs import Pages
from mnist_gui.gui.session import Session
from mnist_gui.gui.teaching import Teaching
from mnist_gui.gui.training.charts import Charts
from mnist_gui.gui.training.panel import TrainingPanel
from mnist_gui.gui.widgets import background, messages, theme
from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.gui.widgets.steady_label import SteadyLabel

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QCloseEvent, QKeyEvent, QPaintEvent

    from mnist_gui.data.dataset import Dataset

DEFAULT_SIZE: Final = QSize(1280, 800)
SEEN_MS: Final = 30  # from the first paint until the person sees it; what is out of sight is built then
NETWORK_WIDTH: Final = 500  # pixels for what the status bar says of the network: a file's name may be long


class MainWindow(Guarded, QMainWindow):
    """Draw, network, train: everything in sight at once."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowIcon(QIcon(str(ASSETS / "icon.svg")))
        self.canvas = Canvas()
        self.session = Session(self.canvas, self)
        self.drawing_panel = DrawingPanel(self.session, self.canvas)
        self.network_view = NetworkView(self.session)
        self.training_panel = TrainingPanel(self.session)
        self.charts = Charts(self.session)
        self.teaching = Teaching(self.session, self.training_panel.data_source, self.network_view.keys, self)
        self.pages = Pages(self.session, self.charts, self.teaching)
        self.model_files = ModelFiles(self.session, self)
        self.network_label, self.data_label = SteadyLabel(), QLabel("no images loaded yet")
        self.statusBar().addWidget(self.network_label)
        self.statusBar().addPermanentWidget(self.data_label)
        self.statusBar().setSizeGripEnabled(False)
        self._painted = False
        self._lay_out()
        self.menus = Menus(
            self,
            self.session,
            self.drawing_panel,
            self.training_panel,
            self.pages,
            self.teaching,
            self.model_files,
            self.start_tour,
        )
        self.training_panel.epochs_box.valueChanged.connect(self.charts.expect)
        self.charts.time_bar.continue_requested.connect(self.training_panel.train_on)
        self.session.said.connect(self._say)
        self.session.learned_nothing.connect(self._disappoint)
        self.session.present_changed.connect(self._describe)
        self.session.trainer.data_loaded.connect(self._describe_data)
        self.session.trainer.training_failed.connect(self._training_failed)
        self._describe()
        self._restore()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(theme.GRID)
        top.addWidget(_panel(self.drawing_panel), 3)
        top.addWidget(_panel(self.network_view), 8)
        bottom = QWidget()
        lower = QVBoxLayout(bottom)
        lower.setContentsMargins(2 * theme.GRID, theme.GRID, 2 * theme.GRID, theme.GRID // 2)
        lower.setSpacing(theme.GRID // 2)
        lower.addWidget(self.training_panel)
        lower.addWidget(self.pages, 1)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(theme.GRID, theme.GRID // 2, theme.GRID, 0)
        layout.setSpacing(theme.GRID)
        layout.addLayout(top, 11)
        layout.addWidget(_panel(bottom), 10)
        around = QScrollArea()  # with very large text in a small window all is still reached
        around.setFrameShape(QFrame.Shape.NoFrame)
        around.setWidgetResizable(True)
        around.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        around.setWidget(centre)
        for widget in (around.viewport(), centre):
            widget.setAutoFillBackground(False)
        self.setCentralWidget(around)
        self.setMinimumSize(960, 620)

    def _describe(self) -> None:
        """Say in title and status bar which network is shown, and of which moment."""
        checkpoint, moment = self.session.checkpoint, self.session.moment
        text = checkpoint.describe() if moment is None else f"{checkpoint.name} at {moment.describe()}"
        metrics = self.network_label.fontMetrics()
        self.network_label.setText(metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, NETWORK_WIDTH))
        self.setWindowTitle(f"{checkpoint.name}[*] — mnist_gui")
        self.setWindowModified(checkpoint.unsaved)

    def _describe_data(self, dataset: Dataset) -> None:
        self.data_label.setText(f"{dataset.title}: {dataset.train_size:,} images")

    def _training_failed(self, message: str) -> None:
        messages.warn(self, "Training stopped", message)

    def _disappoint(self, verdict: str) -> None:
        QTimer.singleShot(0, self, lambda: messages.warn(self, "The network learned nothing", verdict))

    def _say(self, message: str) -> None:
        """Say something in the status bar, for a while."""
        self.statusBar().showMessage(message, 8000)

    def open(self, path: Path) -> None:
        """Open a model, or put a picture on the canvas."""
        if path.suffix == ".safetensors":
            self.model_files.open_file(path)
        else:
            self.canvas.open_picture(path)

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
                views=self.pages,
            ),
        )

    def _restore(self) -> None:
        remembered = settings.load()
        self.drawing_panel.pen_width.setValue(remembered.pen)
        self.pages.setCurrentIndex(remembered.page)
        left, top, width, height = remembered.place
        screen = self.screen().availableGeometry()
        frame = QSize(0, self.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight))
        self.resize(
            (QSize(width, height) if width > 0 and height > 0 else DEFAULT_SIZE).boundedTo(screen.size() - frame)
        )
        place = QRect(QPoint(left, top), self.size())
        if width > 0 and any(each.availableGeometry().contains(place) for each in QGuiApplication.screens()):
            self.move(left, top)
        if remembered.maximized:
            self.setWindowState(Qt.WindowState.WindowMaximized)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(SEEN_MS, self, self.pages.build)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press the button that has the focus by Enter too; Qt does so only in dialogs."""
        button = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(button, QAbstractButton):
            if not event.isAutoRepeat():
                button.click()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            QTimer.singleShot(0, self, theme.follow_system_font)  # when all widgets have the new font

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.model_files.may_close():
            event.ignore()
            return
        self.hide()  # a mirror that stays silent may keep the download's thread for seconds
        self.session.trainer.shut_down()
        background.wait_for_all()
        self.session.edits.clear()  # or else its end would still tell pages of it
        place = self.normalGeometry().translated(self.pos() - self.geometry().topLeft())
        settings.remember(
            place=(place.x(), place.y(), place.width(), place.height()),
            maximized=self.isMaximized(),
            pen=self.drawing_panel.pen_width.value(),
            page=self.pages.currentIndex(),
        )
        super().closeEvent(event)


def _panel(content: QWidget) -> QFrame:
    frame = QFrame()
    frame.setObjectName("panel")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(content)
    frame.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
    return frame
