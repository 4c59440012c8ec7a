"""The view of the network: which cell the mouse is over, colours that stay, and any architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF
from PySide6.QtGui import QPaintEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolTip, QWidget

from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.network.probability_bars import ProbabilityBars
from mnist_gui.gui.network.view import NetworkView
from mnist_gui.nn import architectures
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, ReLU, Sigmoid
from mnist_gui.nn.network import Network

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from mnist_gui.nn.layer import Layer


@pytest.fixture
def maps(qtbot: QtBot) -> MapView:
    """Two maps of 3 rows and 4 columns, one above the other, that count from 0."""
    view = MapView("sequential", (2, 3, 4), pixel=40)
    qtbot.addWidget(view)
    view.resize(160, 300)
    with qtbot.waitExposed(view):
        view.show()
    view.show_values(np.arange(24.0).reshape(2, 3, 4), 0, 24)
    return view


def place_of(view: MapView, index: int, row: float, column: float) -> QPoint:
    rect = view.map_rects()[index]
    _, height, width = view._shape
    return QPointF(rect.left() + rect.width() * column / width, rect.top() + rect.height() * row / height).toPoint()


def test_the_cell_under_the_mouse_says_its_number(maps: MapView) -> None:
    hovered: list[object] = []
    maps.cell_hovered.connect(hovered.append)
    QTest.mouseMove(maps, place_of(maps, 1, 2.5, 1.5))
    assert hovered == [(1, 2, 1)]
    assert QToolTip.text() == "2 of 2 · row 3, column 2 = 21"
    maps.show_values(-np.arange(24.0).reshape(2, 3, 4) / 1000, -1, 0)  # as while training goes on
    assert QToolTip.text() == "2 of 2 · row 3, column 2 = −0.021"
    QTest.mouseMove(maps, QPoint(0, 0))
    assert hovered[-1] is None
    QToolTip.hideText()


def test_every_cell_is_found_also_at_its_edges(maps: MapView) -> None:
    for index in range(2):
        rect = maps.map_rects()[index]
        for row in range(3):
            for column in range(4):
                for within in (0.01, 0.5, 0.99):
                    x = rect.left() + (column + within) * rect.width() / 4
                    y = rect.top() + (row + within) * rect.height() / 3
                    assert maps._cell_at(QPointF(x, y)) == (index, row, column)
        assert maps._cell_at(rect.bottomRight()) in ((index, 2, 3), None)
    assert maps._cell_at(QPointF(-5, -5)) is None


def test_each_cell_has_its_colour(maps: MapView) -> None:
    maps.show_values(np.eye(3, 4)[None].repeat(2, 0), 0, 1)
    image = maps.grab().toImage()
    colours = {
        (row, column): image.pixelColor(place_of(maps, 1, row + 0.5, column + 0.5)).name()
        for row in range(3)
        for column in range(4)
    }
    assert len({colours[i, i] for i in range(3)}) == 1
    assert len(set(colours.values())) == 2


@pytest.mark.parametrize("size", [(1, 1), (5, 400), (400, 5), (40, 60), (3000, 20)])
def test_a_view_of_any_size_can_be_painted_and_hovered(maps: MapView, size: tuple[int, int]) -> None:
    maps.resize(*size)
    maps.grab()
    for x in range(0, size[0], 50):
        maps._cell_at(QPointF(x, size[1] / 2))


def test_numbers_that_aren_t_finite_are_painted(maps: MapView) -> None:
    values = np.full((2, 3, 4), np.nan)
    values[0, 0] = np.inf
    maps.show_values(values, 0, 1)
    assert not maps.grab().isNull()


def layers_of(kind: str) -> list[Layer]:
    match kind:
        case "large filters, stride, relu":
            return [Conv2D(3, 5, stride=2), ReLU(), Flatten(), Dense(10)]
        case "two convolutions":
            return [Conv2D(8, 3), ReLU(), AvgPool2D(2), Conv2D(16, 3), ReLU(), AvgPool2D(2), Flatten(), Dense(10)]
        case "no activation":
            return [Conv2D(2, 3), AvgPool2D(2), Flatten(), Dense(10)]
        case "hidden layer and dropout":
            return [Conv2D(4, 3), Sigmoid(), AvgPool2D(2), Flatten(), Dense(20), ReLU(), Dropout(0.5), Dense(10)]
        case _:
            return [Flatten(), Dense(10)]


KINDS = ["large filters, stride, relu", "two convolutions", "no activation", "hidden layer and dropout", "one layer"]


def test_any_architecture_is_shown_one_after_the_other(qtbot: QtBot) -> None:
    view = NetworkView()
    qtbot.addWidget(view)
    view.resize(1100, 460)
    with qtbot.waitExposed(view):
        view.show()
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (28, 28), np.uint8)
    for kind in KINDS:
        network = Network(layers_of(kind), architecture=kind)
        network.initialize(rng)
        for shown in (None, image):
            view.show_network(network, shown)
            view.grab()
        assert view.answer == str(network.probabilities(image[None]).argmax())
        convolutions = sum(isinstance(layer, Conv2D) for layer in network.layers)
        assert len([s for s in view._stages if s.filters]) == convolutions
        for stage in view._stages:
            qtbot.waitUntil(stage.view.isVisible)
            assert stage.view.accessibleName()
    for name in architectures.ARCHITECTURES:
        network = architectures.build(name)
        network.initialize(rng)
        view.show_network(network, image)
        view.grab()
        assert view.answer == str(network.probabilities(image[None]).argmax())


def test_colours_stay_while_a_network_changes_a_little(qtbot: QtBot) -> None:
    view = NetworkView()
    qtbot.addWidget(view)
    network = architectures.build("notebook")
    network.initialize(np.random.default_rng(0))
    view.show_network(network, None)
    filters = view.findChild(MapView, "filterView")
    high = filters._high
    network.parameters[:] /= 2
    view.show_network(network, None)
    assert filters._high == high
    network.parameters[:] *= 100
    view.show_network(network, None)
    assert filters._high > high
    view.reset_scales()
    network.parameters[:] /= 100
    view.show_network(network, None)
    assert filters._high < 100 * high


def test_a_changing_answer_moves_nothing(qtbot: QtBot) -> None:
    view = NetworkView()
    qtbot.addWidget(view)
    view.resize(900, 420)
    with qtbot.waitExposed(view):
        view.show()
    network = architectures.build("notebook")
    rng = np.random.default_rng(0)
    network.initialize(rng)
    places = set()
    for scale in (0, 1, 300):
        network.parameters[:] *= scale or 1
        for image in (None, np.zeros((28, 28), np.uint8), rng.integers(0, 256, (28, 28), np.uint8)):
            view.show_network(network, image)
            view.grab()
            places.add(tuple(child.geometry().getRect() for child in view.children() if isinstance(child, QWidget)))
    assert len(places) == 1


def test_bars_stand_for_probabilities(qtbot: QtBot) -> None:
    bars = ProbabilityBars()
    qtbot.addWidget(bars)
    bars.resize(300, 300)
    empty = bars.grab().toImage()
    p = np.full(10, 0.02)
    p[4] = 0.82
    bars.show_probabilities(p)
    assert bars.grab().toImage() != empty
    assert bars.accessibleDescription().startswith("4: 82.0%")
    bars.show_probabilities(None)
    assert bars.grab().toImage() == empty
    assert bars.accessibleDescription() == "No digit yet"


def test_of_equals_the_smaller_digit_is_the_answer_everywhere(qtbot: QtBot) -> None:
    view = NetworkView()
    qtbot.addWidget(view)
    view.show_network(architectures.build("notebook"), np.full((28, 28), 9, np.uint8))
    assert view.answer == "0"
    assert view.bars._answer == 0
    assert view.answer_column._shape.text() == "0, or perhaps 1"


@pytest.mark.parametrize("way", [("notebook", "wide"), ("wide", "notebook"), ("notebook", "deep", "relu")])
def test_the_connectors_are_those_of_the_network(qtbot: QtBot, way: tuple[str, ...]) -> None:
    shown, fresh = NetworkView(), NetworkView()
    for view, names in ((shown, way), (fresh, way[-1:])):
        qtbot.addWidget(view)
        view.resize(900, 360)
        for name in names:
            view.show_network(architectures.build(name), None)
            with qtbot.waitExposed(view):
                view.show()
            qtbot.wait(20)
    assert [len(lines) for _, lines in shown._connectors] == [len(lines) for _, lines in fresh._connectors]
    assert shown.grab().toImage() == fresh.grab().toImage()


def test_only_the_bars_that_look_different_are_painted_anew(qtbot: QtBot) -> None:
    bars = ProbabilityBars()
    qtbot.addWidget(bars)
    bars.resize(190, 220)
    with qtbot.waitExposed(bars):
        bars.show()
    shares = np.zeros(10)
    for digit in (3, 4, 3):
        shares[:] = 0
        shares[digit], shares[8] = 0.7, 0.3
        bars.show_probabilities(shares.copy())
        qtbot.wait(1)
    shown = bars.grab().toImage()
    fresh = ProbabilityBars()
    qtbot.addWidget(fresh)
    fresh.resize(bars.size())
    fresh.show_probabilities(shares)
    assert shown == fresh.grab().toImage()
    painted = Painted(bars)
    bars.show_probabilities(shares + 1e-5)
    qtbot.wait(5)
    assert painted.regions == []
    shares[8], shares[9] = 0.2, 0.1
    bars.show_probabilities(shares)
    qtbot.waitUntil(lambda: bool(painted.regions))
    rows = bars.row_rects()
    assert not painted.regions[0].intersects(rows[3].toRect())
    assert painted.regions[0].contains(rows[9].center().toPoint())


class Painted(QObject):
    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.regions: list[QRegion] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if isinstance(event, QPaintEvent):
            self.regions.append(event.region())
        return False
