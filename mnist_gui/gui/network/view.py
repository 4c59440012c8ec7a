"""The network, from what it sees to its answer: every filter, every map, every probability."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise, product
from math import floor, log2
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from mnist_gui.explain.arithmetic import ReceptiveField, receptive_field
from mnist_gui.explain.unlike import is_unlike
from mnist_gui.gui.network.column import Column
from mnist_gui.gui.network.digit_keys import DigitKeys
from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.network.probability_bars import ProbabilityBars
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.ink import Reason
from mnist_gui.nn.layers import AvgPool2D, Conv2D, ReLU, Sigmoid

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent, QShowEvent

    from mnist_gui.explain.arithmetic import Field
    from mnist_gui.gui.session import Session
    from mnist_gui.nn.layer import Layer
    from mnist_gui.nn.network import Network


_LEAST_GAP: Final = theme.GRID // 2  # pixels between columns
CLOSE: Final = 0.4  # the runner-up is named if it is at least so probable, relative to the answer


@dataclass(frozen=True, slots=True)
class _Stage:
    """A column of maps and where its values come from."""

    view: MapView
    column: Column
    layer: int  # whose activations it shows; of whose weights, if `filters`
    filters: bool = False
    bounded: bool = False  # values are in [0, 1]
    field: ReceptiveField | None = None  # of its cells


class NetworkView(Guarded, QWidget):
    """Shows what a network makes of one image, in reading order, whichever architecture it has."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # images become answers in this direction everywhere
        self._stages: list[_Stage] = []
        self._limits: dict[int, float] = {}
        self._crowded = False  # more columns than leave room for long headings
        self._compact = False  # less room than the headings need
        self._architecture: object = None
        self._outlined: Field | None = None
        self._connected: list[QRect] = []  # where the columns were when the connectors were laid
        self._connectors: list[tuple[QRect, list[QPainterPath]]] = []

        self._seen = MapView("ink", (1, 28, 28), pixel=12)
        self._seen.setObjectName("seenImage")
        self._seen_column = Column("seen", "28 × 28", self._seen, _SEEN_TIP)
        self._before_upright = False  # the drawing is shown as it was before it was made upright
        self._seen.cell_clicked.connect(self._show_before_or_after)
        self.bars = ProbabilityBars()
        bars_column = Column(
            "probabilities",
            "softmax of 10",
            self.bars,
            "The softmax turns the ten sums of the last layer into probabilities that add up to 1.",
        )
        self._bars_column = bars_column
        self._digit = QLabel("–")
        self._digit.setObjectName("predictedDigit")
        self._digit.setAlignment(Qt.AlignmentFlag.AlignCenter)
        font = self._digit.font()
        font.setPointSizeF(54)
        font.setBold(True)
        self._digit.setFont(font)
        figure = self._digit.fontMetrics().tightBoundingRect("0").size()
        self._digit.setMinimumSize(figure.width() + 3 * theme.GRID, figure.height() + theme.GRID)
        self.answer_column = Column("answer", "most probable", self._digit, _ANSWER_TIP)
        self._digit.setAccessibleName("Predicted digit: –")
        self.keys = DigitKeys()
        self.answer_column.add(self.keys)

        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(2 * theme.GRID, theme.GRID, 2 * theme.GRID, theme.GRID)
        self._layout.setSpacing(3 * theme.GRID)
        self._layout.addWidget(self._seen_column, 30)
        self._layout.addWidget(bars_column, 36)
        self._layout.addWidget(self.answer_column, 15)

        self.bars.digit_clicked.connect(session.why_asked)
        session.network_replaced.connect(self._limits.clear)  # while one network trains, its colours only ever widen
        session.changed.connect(self.refresh)
        session.explained.connect(self._outline)
        self.refresh()

    @property
    def answer(self) -> str:
        """The digit shown, or "–"."""
        return self._digit.text()

    def refresh(self) -> None:
        """Show the network that is looked at, and what it makes of the drawing; without one the maps are blank."""
        network, reading = self._session.network, self._session.reading
        if network.architecture != self._architecture or not self._stages:
            self._rebuild(network)
        self._head_seen()
        for index, stage in enumerate(self._stages):
            if stage.filters:
                self._show_filters(index, stage, network.layers[stage.layer])
            elif reading is None:
                stage.view.show_values(None, 0, 1)
            else:
                values = reading.activations[stage.layer]
                high = 1.0 if stage.bounded else self._limit(index, float(values.max()))
                stage.view.show_values(values.reshape(-1, *values.shape[-2:]), 0, high)
        if reading is None:
            self._seen.show_values(None, 0, 255)
            self.bars.show_probabilities(None)
            nothing = self._session.drawing.why_not()
            self.answer_column.set_shape(nothing if nothing == Reason.NOTHING_DRAWN else "no digit")
            self._show_answer("–", nothing)
        else:
            image = self._session.image if self._before_upright else reading.image
            assert image is not None
            self._seen.show_values(image[None].astype(np.float32), 0, 255)
            self.bars.show_probabilities(reading.probabilities)
            first, second = reading.ranked[:2]
            p = reading.probabilities
            remark = f"probability {p[first] * 100:.1f} %"
            if p[second] > CLOSE * p[first]:
                remark = f"{first}, or perhaps {second}"
            if strange := self._session.image is not None and is_unlike(self._session.image):
                remark = "unlike any digit"
            self.answer_column.set_shape(remark)
            self._show_answer(str(first), remark if strange else "")
        answered = QPalette.ColorRole.Highlight if reading is not None else QPalette.ColorRole.PlaceholderText
        self._digit.setForegroundRole(answered)

    def _head_seen(self) -> None:
        """Say whether what the network sees was made upright, or is shown as it was before."""
        upright = self._session.is_upright
        self._before_upright = self._before_upright and upright and self._session.reading is not None
        if self._before_upright:
            self._seen_column.set_heading("before upright", _UPRIGHT_TIP, "before")
        elif upright:
            self._seen_column.set_heading("seen, upright", _UPRIGHT_TIP, "upright")
        else:
            self._seen_column.set_heading("seen", _SEEN_TIP, "seen")

    def _show_before_or_after(self) -> None:
        """Show the drawing before it is made upright, or again after."""
        self._before_upright = not self._before_upright
        self.refresh()

    def _show_answer(self, answer: str, remark: str = "") -> None:
        if answer != self._digit.text():
            self._digit.setText(answer)
        name = f"Predicted digit: {answer}{remark and f' ({remark})'}"  # the name is all that is read out of a label
        if name != self._digit.accessibleName():
            self._digit.setAccessibleName(name)

    def _outline(self, question: object, field: Field | None) -> None:
        """Outline the cell of a map, (layer, (map, row, column)), and the part of the image that it depends on."""
        self._outlined = field
        self._seen.outline(field)
        for stage in self._stages:
            here = isinstance(question, tuple) and question[0] == stage.layer and not stage.filters
            number, row, column = question[1] if here else (0, 0, 0)  # type: ignore[index]
            stage.view.outline((row, column, 1, 1) if here else None, number)

    def _click(self, stage: _Stage, cell: tuple[int, int, int]) -> None:
        self._session.how_asked.emit((stage.layer, cell))

    def _hover(self, stage: _Stage, cell: tuple[int, int, int] | None) -> None:
        self._seen.outline(self._outlined if cell is None or stage.field is None else stage.field.at(*cell[1:]))
        self._session.pointed.emit(None if cell is None else (stage.layer, cell))

    def _limit(self, index: int, largest: float) -> float:
        """Return the end of a stage's colours: a round number that only grows: change is seen, not rescaled away."""
        power = 2.0 ** floor(log2(max(largest, 0.5)))
        needed = next(power * step for step in (1, 1.5, 2) if largest <= power * step)
        self._limits[index] = max(self._limits.get(index, 0), needed)
        return self._limits[index]

    def _show_filters(self, index: int, stage: _Stage, layer: Layer) -> None:
        assert isinstance(layer, Conv2D)
        limit = self._limit(index, float(np.abs(layer.weights).max()))
        filters, channels, k, _ = layer.weights.shape
        # A filter over several channels is shown as these side by side.
        maps = layer.weights.transpose(0, 2, 1, 3).reshape(filters, k, channels * k)
        stage.view.show_values(maps.copy(), -limit, limit)
        stage.column.set_shape(_filters_shape(layer) if self._crowded else f"{_filters_shape(layer)} · ±{limit:g}")

    def _rebuild(self, network: Network) -> None:
        """Lay out a column for each layer that has something to show."""
        self._architecture = network.architecture
        self._connected = []
        self._limits.clear()
        for stage in self._stages:
            self._layout.removeWidget(stage.column)
            stage.column.hide()  # it is deleted when the event loop comes to it
            stage.column.deleteLater()
        self._stages = []
        self._crowded = sum(isinstance(layer, Conv2D) for layer in network.layers) > 1
        convolutions = pools = 0
        for index, layer in enumerate(network.layers):
            after = network.layers[index + 1] if index + 1 < len(network.layers) else None
            if isinstance(layer, Conv2D):
                convolutions += 1
                number = "" if convolutions == 1 else str(convolutions)
                self._add_filters(index, layer, number)
                activated = isinstance(after, Sigmoid | ReLU)
                maps = index + 1 if activated else index
                self._add_maps(
                    maps,
                    network,
                    f"featureMapView{number}",
                    "maps" if self._crowded else "feature maps",
                    _MAP_TIP,
                    after,
                )
            elif isinstance(layer, AvgPool2D):
                pools += 1
                number = "" if pools == 1 else str(pools)
                bounded = network.layers[index - 1] if index else None
                self._add_maps(index, network, f"pooledView{number}", "pooled", _POOL_TIP, bounded)
        self._set_spacing()

    def _add_filters(self, index: int, layer: Conv2D, number: str) -> None:
        filters, channels, k, _ = layer.weights.shape
        view = MapView("diverging", (filters, k, channels * k), pixel=56, numbers=channels == 1)
        view.setObjectName(f"filterView{number}")
        column = Column("filters", _filters_shape(layer), view, _FILTER_TIP)
        self._add(_Stage(view, column, index, filters=True), 21)

    def _add_maps(
        self, index: int, network: Network, name: str, title: str, tip: str, activation: Layer | None
    ) -> None:
        maps, height, width = shape = network.layers[index].output_shape
        view = MapView("sequential", (maps, height, width), pixel=12)
        view.setObjectName(name)
        column = Column(title, _shape(shape), view, tip, short=title.removeprefix("feature "))
        field = receptive_field(network.layers[: index + 1])
        stage = _Stage(view, column, index, bounded=isinstance(activation, Sigmoid), field=field)
        view.setCursor(Qt.CursorShape.PointingHandCursor)
        view.cell_clicked.connect(partial(self._click, stage))
        view.cell_hovered.connect(partial(self._hover, stage))
        self._add(stage, 33 if width > 16 else 22)

    def _add(self, stage: _Stage, stretch: int) -> None:
        self._layout.insertWidget(self._layout.indexOf(self._bars_column), stage.column, stretch)
        self.setTabOrder(self._stages[-1].view if self._stages else self._seen, stage.view)
        self._stages.append(stage)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._set_spacing()
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._set_spacing()

    @property
    def _columns(self) -> list[Column]:
        return [self._seen_column, *(stage.column for stage in self._stages), self._bars_column, self.answer_column]

    def _room_for(self, *, compact: bool, gap: int) -> int:
        """Return the width that all columns need."""
        columns = self._columns
        needed = sum(column.least_width(compact) for column in columns) + (len(columns) - 1) * gap
        return needed + 2 * _margin(compact)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._room_for(compact=True, gap=_LEAST_GAP), self._layout.minimumSize().height())

    def _set_spacing(self) -> None:
        narrow = self.width() < (940 if self._crowded else 760)
        self._compact = self._room_for(compact=False, gap=theme.GRID) > self.width()
        for column in self._columns:
            column.set_compact(self._compact)
        wanted = (3 - narrow - (narrow and self._crowded)) * theme.GRID
        spare = self.width() - self._room_for(compact=self._compact, gap=0)
        gap = spare // (len(self._columns) - 1) // _LEAST_GAP * _LEAST_GAP
        self._layout.setSpacing(min(max(gap, _LEAST_GAP), wanted))
        self._layout.setContentsMargins(*((_margin(self._compact), theme.GRID) * 2))
        self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            QTimer.singleShot(0, self, self._set_spacing)  # when the columns have the new font

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the connectors, behind the columns."""
        columns = [self._seen_column, *(stage.column for stage in self._stages), self._bars_column]
        places = [column.geometry() for column in columns]
        if places != self._connected:
            self._connected, self._connectors = places, self._connect()
            self.update()  # of the old lines, too, only a part may be exposed
        painter: QPainter | None = None
        for gap, lines in self._connectors:
            if not event.region().intersects(gap):  # only maps have changed
                continue
            if painter is None:
                painter = QPainter(self)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(connector(self.palette(), len(lines)), 1.2))
            for line in lines:
                painter.drawPath(line)

    def _connect(self) -> list[tuple[QRect, list[QPainterPath]]]:
        """Lay lines from each map to those that are made of it, and say in which part of the view."""
        groups = [self._placed(self._seen, self._seen.map_rects())]
        groups += [self._placed(stage.view, stage.view.map_rects()) for stage in self._stages]
        groups.append([row.translated(-4, 0) for row in self._placed(self.bars, self.bars.row_rects())])
        connectors = []
        for before, after in pairwise(groups):
            gap = QRectF(
                QPointF(max(rect.right() for rect in before) + 2, 0),
                QPointF(min(rect.left() for rect in after) - 2, self.height()),
            )
            pairs = zip(before, after, strict=True) if len(before) == len(after) else product(before, after)
            connectors.append((gap.toRect(), [_line(start, end) for start, end in pairs]))
        return connectors

    def _placed(self, view: QWidget, rects: list[QRectF]) -> list[QRectF]:
        offset = QPointF(view.mapTo(self, view.rect().topLeft()))
        return [rect.translated(offset) for rect in rects]


def _margin(compact: bool) -> int:
    return theme.GRID if compact else 2 * theme.GRID


def connector(palette: QPalette, lines: int) -> QColor:
    """Return the colour of a connector that is one of so many."""
    colour = palette.color(QPalette.ColorRole.Dark)
    colour.setAlphaF(min(1.0, max(0.25, 48 / lines)))  # many lines together are as dark as few
    return colour


def _line(start: QRectF, end: QRectF) -> QPainterPath:
    a = QPointF(start.right() + 4, start.center().y())
    b = QPointF(end.left() - 4, end.center().y())
    middle = (a.x() + b.x()) / 2
    path = QPainterPath(a)
    path.cubicTo(QPointF(middle, a.y()), QPointF(middle, b.y()), b)
    return path


_ANSWER_TIP = (
    "The digit with the highest probability. The network knows ten digits and must choose one of them: what is unlike "
    "all of them is said to be so."
)
_SEEN_TIP = "What the network sees: the drawing cropped to its ink, fitted into 20 × 20 pixels and centred by mass."
_UPRIGHT_TIP = (
    "What the network sees: the drawing fitted into 20 × 20 pixels, then made upright: slant, size and half of its "
    "proportions are taken out, as with all digits that it learned from. Click the picture for before and after."
)
_FILTER_TIP = (
    "A filter is a small grid of weights that slides over the image; red weights add where there is ink, blue ones "
    "subtract."
)
_MAP_TIP = "A feature map holds a filter's answer at every place: dark where the image there looks like the filter."
_POOL_TIP = (
    "Average pooling keeps the mean of each 2 × 2 square: a quarter of the numbers, and small shifts matter less."
)


def _filters_shape(layer: Conv2D) -> str:
    filters, channels, k, _ = layer.weights.shape
    return _shape((filters, k, k) if channels == 1 else (filters, channels, k, k))


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) if len(shape) > 3 or shape[0] > 9 else " × ".join(map(str, shape))
