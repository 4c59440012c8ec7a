"""The live charts of a run: loss and accuracy, training and test, over all of it."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolTip, QVBoxLayout, QWidget

from mnist_gui.gui.pages.page import Page
from mnist_gui.gui.training.time_bar import TimeBar
from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.cursor_keys import paint_focus, within
from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.gui.widgets.steady_label import SteadyLabel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QFocusEvent, QKeyEvent, QPaintEvent

    from mnist_gui.gui.session import Session

# Between the drawing of one chart and of the other. To paint a chart takes as long as all the rest of the window, and a
# long run moves it by a fraction of a pixel.
_REST_MS: Final = 80
_TRAINING: Final = QPalette.ColorRole.Highlight
_TEST: Final = QPalette.ColorRole.LinkVisited
READING_KEYS: Final = (
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End),
    *(Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
)


def style_plot(plot: pg.PlotWidget, widget: QWidget) -> None:
    """Give a plot a widget's colours and small type: pyqtgraph ignores the palette."""
    colours = widget.palette()
    plot.setBackground(colours.color(QPalette.ColorRole.Base))
    grey, line = colours.color(QPalette.ColorRole.PlaceholderText), colours.color(QPalette.ColorRole.Mid)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.enableAutoSIPrefix(False)
        axis.setPen(pg.mkPen(line))
        axis.setTextPen(pg.mkPen(grey))
        axis.setTickFont(theme.tabular(theme.small(widget.font())))
        axis.label.setFont(theme.small(widget.font()))
        axis.setStyle(hideOverlappingLabels=theme.GRID)  # or else the last label would be missing
        # An axis holds the grid and so lies under the curves: drawn again with each of them, it takes 2 of 3 ms.
        axis.setCacheMode(axis.CacheMode.DeviceCoordinateCache)
    plot.getAxis("left").setStyle(maxTickLevel=1)  # a third level is hardly seen, and takes 2 ms more to paint
    plot.showGrid(y=True, alpha=0.12)


class Plot(Guarded, pg.PlotWidget):  # type: ignore[misc]
    """A plot that says by which keys its points are to be read, and shows that it has the focus."""

    key_pressed = Signal(object)  # a Qt.Key
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in READING_KEYS:
            self.key_pressed.emit(key)
        else:
            QWidget.keyPressEvent(self, event)  # pyqtgraph's own would keep what is not for it

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            paint_focus(self.viewport(), QRectF(self.viewport().rect()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()


class Chart(Guarded, QWidget):
    """One quantity against epochs: a line for the training batches, a line with points for the test set.

    Follows the data until the person zooms or drags; a double click follows it again. By keys, Left and Right go from
    point to point, Page Up and Page Down from epoch to epoch, Home and End to the ends. `top` is where the axis at the
    left ends before there is a run, and for all of it where the quantity is bounded.
    """

    def __init__(self, name: str, title: str, figure: str, top: float, tip: str, *, bounded: bool = False) -> None:
        super().__init__()
        self._figure, self._top, self._bounded = figure, top, bounded
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # as time runs
        heading, by_epoch = QLabel(title), QLabel("by epoch")
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        self.training_label, self.test_label = SteadyLabel(), SteadyLabel()
        self.training_label.setForegroundRole(_TRAINING)
        self.test_label.setForegroundRole(_TEST)
        self.plot = Plot(enableMenu=False)
        self.plot.key_pressed.connect(self._read)
        self.plot.left.connect(lambda: self._read_at(None))
        self.plot.setObjectName(name)
        self.plot.setAccessibleName(f"{title} chart")
        self.plot.setAccessibleDescription(tip)
        self.plot.hideButtons()
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        self.plot.getViewBox().sigRangeChangedManually.connect(self._zoomed)
        # Width 1 on purpose: wider antialiased lines cost fifty times as much to paint.
        self.training = self.plot.plot(antialias=True)
        self.test = self.plot.plot(antialias=True, symbol="o", symbolSize=5)
        legend = QHBoxLayout()
        legend.setSpacing(theme.GRID // 2)
        for label in (heading, by_epoch, self.training_label, self.test_label):
            label.setToolTip(tip)
            legend.addWidget(label)
        legend.insertSpacing(2, theme.GRID)
        legend.insertSpacing(4, theme.GRID)
        legend.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID // 2)
        layout.addLayout(legend)
        layout.addWidget(self.plot, 1)
        self._moment = pg.InfiniteLine(angle=90)
        self._moment.hide()
        self.plot.addItem(self._moment, ignoreBounds=True)
        self.hint = QLabel("Click Train and watch it learn", self.plot)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        over = QVBoxLayout(self.plot)
        over.addWidget(self.hint)
        self._moment_shown: float | None = None  # the moment that is looked at, in epochs
        self._cursor: float | None = None  # the moment that is read by keys, in epochs
        self._told = tip
        self._fitted: object = None  # limits at the left, and epochs, as they were set last
        self._tested = 0  # epochs in the test curve
        self._style()
        self.clear(10)

    def show_curves(
        self, x: np.ndarray, training: np.ndarray, epochs: Sequence[int], test: Sequence[float], total: int
    ) -> None:
        """Show both curves, with x in epochs; `total` is where the axis ends until the person zooms."""
        self.hint.hide()
        self.training.setData(x, training)
        if len(epochs) != self._tested:
            self._tested = len(epochs)
            self.test.setData(np.asarray(epochs, float), np.asarray(test, float))
        self._shown = (np.append(training, test), total)
        self._curves = ((x, training), (np.asarray(epochs, float), np.asarray(test, float)))
        if self._follows:
            self._fit()
        self._write()

    def clear(self, epochs: int) -> None:
        """Forget the run; show empty axes for a run of so many epochs."""
        self.training.setData([], [])
        self.test.setData([], [])
        self._tested = 0
        self.hint.show()
        self._shown = (np.empty(0), epochs)
        self._curves = ((nothing := np.empty(0), nothing), (nothing, nothing))
        self._cursor = None
        self._show_line()
        self.follow()

    def begin(self) -> None:
        """Hide the hint: a run is on its way."""
        self.hint.hide()

    def expect(self, epochs: int) -> None:
        """Make room for a run of so many epochs, unless one is shown."""
        if self.hint.isVisibleTo(self):
            self.clear(epochs)

    def show_moment(self, epoch: float | None) -> None:
        """Draw a line through a moment, in epochs, and give its values; None is the present and needs no line."""
        self._moment_shown = epoch
        self._show_line()

    def _show_line(self) -> None:
        at = self._at
        self._moment.setVisible(at is not None)
        if at is not None:
            self._moment.setValue(at)
        self._write()

    @property
    def _at(self) -> float | None:
        """The moment whose values are given, in epochs; None is the present."""
        return self._moment_shown if self._cursor is None else self._cursor

    def _read(self, key: Qt.Key) -> None:
        """Go to another point of the curves, and say its values."""
        (x, _), (epochs, _) = self._curves
        if not len(x):
            return
        here = float(x[-1]) if self._at is None else self._at
        points = epochs if key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) and len(epochs) else x
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            place = 0 if key == Qt.Key.Key_Home else len(points) - 1
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_PageUp):
            place = int(np.searchsorted(points, here, "right"))
        else:
            place = int(np.searchsorted(points, here)) - 1
        self._read_at(float(points[within(place, len(points))]))

    def _read_at(self, epoch: float | None) -> None:
        """Draw the line through a moment that is read by keys, in epochs, and say its values; None ends that."""
        self._cursor = epoch
        self._show_line()
        self.plot.viewport().update()
        if epoch is None:
            self.plot.setAccessibleDescription(self._told)
            QToolTip.hideText()
            return
        values = [label.text().lstrip("━● ") for label in (self.training_label, self.test_label)]
        text = f"epoch {epoch:.2f}: {', '.join(values)}"
        self.plot.setAccessibleDescription(text)
        corner = self.plot.mapFromScene(self.plot.plotItem.vb.mapViewToScene(pg.Point(epoch, self._fitted_bottom())))
        QToolTip.showText(self.plot.mapToGlobal(corner), text, self.plot)

    def _fitted_bottom(self) -> float:
        return float(self.plot.viewRange()[1][0])

    def follow(self) -> None:
        """Show all of the run again, and whatever comes."""
        self._follows, self._fitted = True, None
        self._fit()

    def _zoomed(self) -> None:
        self._follows = False

    def _clicked(self, event: object) -> None:
        if event.double():  # type: ignore[attr-defined]
            self.follow()

    def _fit(self) -> None:
        values, epochs = self._shown
        limits = self._limits(float(values.min()), float(values.max())) if values.size else (0.0, self._top)
        shown = (limits, epochs)
        if shown != self._fitted:
            self._fitted = shown
            self.plot.setYRange(*limits, padding=0.04)
            self.plot.setXRange(0, epochs, padding=0.02)

    def _limits(self, low: float, high: float) -> tuple[float, float]:
        """Choose round ends for the axis at the left, which then stays for most of a run: it is slow to paint."""
        step = 10.0 ** floor(log10(max(high - low, 0.01 * self._top)))
        # Beyond the values on either side: they may all be the same.
        bottom = 0.0 if low < high / 2 else max(0.0, step * (ceil(low / step) - 1))
        top = self._top if self._bounded else min(step * (floor(high / step) + 1), max(high, self._top))
        return bottom, top

    def _write(self) -> None:
        """Give the curves' values at the moment that is looked at."""
        (x, training), (epochs, test) = self._curves
        moment = np.inf if self._at is None else self._at
        at_training = self._value(
            training, int(np.searchsorted(x, moment)) + 1 if moment else 0
        )  # the point it lies in
        at_test = self._value(test, int(np.searchsorted(epochs, moment, "right")))
        self.training_label.setText(f"━ training {at_training}")
        self.test_label.setText(f"●━ test {at_test}")

    def _value(self, values: np.ndarray, known: int) -> str:
        """Return the last of the first `known` values."""
        known = min(known, len(values))
        return self._figure.format(values[known - 1]) if known else "–"

    def _style(self) -> None:
        style_plot(self.plot, self)
        metrics = QFontMetrics(theme.small(self.font()))
        self.plot.getAxis("left").setWidth(metrics.horizontalAdvance("0.000") + 2 * theme.GRID)
        self.plot.setMinimumHeight(4 * metrics.height())
        colour = self.palette().color
        accent, other = colour(_TRAINING), colour(_TEST)
        self.training.setPen(pg.mkPen(accent, width=1))
        self.test.setPen(pg.mkPen(other, width=1))
        self.test.setSymbolBrush(other)
        self.test.setSymbolPen(None)
        self._moment.setPen(pg.mkPen(colour(QPalette.ColorRole.Text), width=1))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._style()
        super().changeEvent(event)


class Charts(Page):
    """Loss and accuracy side by side, over a slider through the run."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.loss = Chart(
            "lossPlot",
            "Loss",
            "{:.3f}",
            2.5,
            "Cross-entropy: how surprised the network is by the true digit. Guessing costs 2.3; certainty costs 0.",
        )
        self.accuracy = Chart(
            "accuracyPlot",
            "Accuracy",
            "{:.2f} %",
            100,
            "The share of digits read right: of the training batches on their way, and of the test set, which the "
            "network never trains on.",
            bounded=True,
        )
        self.time_bar = TimeBar(session)
        self._expected = 10  # epochs of the next run
        self._stale: list[Chart] = []  # those that do not show the session's progress yet
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._draw_next)
        side_by_side = QHBoxLayout()
        side_by_side.setSpacing(3 * theme.GRID)
        side_by_side.addWidget(self.loss, 1)
        side_by_side.addWidget(self.accuracy, 1)
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, theme.GRID // 2, 0, theme.GRID // 2)
        layout.setSpacing(theme.GRID // 2)
        layout.addLayout(side_by_side, 1)
        layout.addWidget(self.time_bar)
        session.run_replaced.connect(self._show_run)
        session.progressed.connect(self._show_progress)
        session.present_changed.connect(self._show_moment)
        session.trainer.state_changed.connect(self._show_state)

    def expect(self, epochs: float) -> None:
        """Make room for a run of so many epochs, unless one is shown."""
        self._expected = epochs = int(epochs)
        self.loss.expect(epochs)
        self.accuracy.expect(epochs)

    def _show_run(self) -> None:
        """Show the curves of the run that the session has come to, or empty axes."""
        self._stale.clear()
        self._rest.stop()
        self.loss.clear(self._expected)
        self.accuracy.clear(self._expected)
        if self._session.checkpoint.progress is not None:
            self._stale = [self.loss, self.accuracy]
            self._draw_all()
        self.time_bar.refresh()

    def _show_progress(self) -> None:
        """Show all that a run has come to, in one chart now and in the other a moment later."""
        self._stale += [chart for chart in (self.loss, self.accuracy) if chart not in self._stale]
        if not self._rest.isActive():
            self._draw_next()

    def _draw_all(self) -> None:
        while self._stale:
            self._draw_next()

    def _draw_next(self) -> None:
        progress = self._session.checkpoint.progress
        if not self._stale or progress is None:
            return
        self._rest.start()
        chart = self._stale.pop(0)
        x = progress.curve_steps / progress.steps_per_epoch
        finished = range(1, len(progress.epochs) + 1)
        if chart is self.loss:
            curve, tested = progress.loss_curve, [e.test_loss for e in progress.epochs]
            self.time_bar.refresh()
        else:
            curve, tested = 100 * progress.accuracy_curve, [100 * e.test_accuracy for e in progress.epochs]
        chart.show_curves(x, curve, finished, tested, progress.recipe.epochs)

    def _show_state(self, state: State) -> None:
        if state is State.RUNNING:
            self.loss.begin()
            self.accuracy.begin()
        elif state is State.IDLE:
            self._draw_all()

    def _show_moment(self) -> None:
        """Draw a line through both charts at the moment that is looked at."""
        moment = self._session.moment
        for chart in (self.loss, self.accuracy):
            chart.show_moment(None if moment is None else moment.epoch)
