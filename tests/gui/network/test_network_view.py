"""The view of the network: which cell the mouse is over, colours that stay, and any architecture."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF
from PySide6.QtGui import QPaintEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolTip, QWidget
from stage import look, started

from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.network.probability_bars import ProbabilityBars
from mnist_gui.gui.network.view import NetworkView
from mnist_gui.nn import architectures
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, ReLU, Sigmoid

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.session import Session
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
    corner = view.cell_rect(view.map_rects()[index], 0, 0)
    return QPointF(corner.left() + corner.width() * column, corner.top() + corner.height() * row).toPoint()


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
                    assert maps.cell_at(QPointF(x, y)) == (index, row, column)
        assert maps.cell_at(rect.bottomRight()) in ((index, 2, 3), None)
    assert maps.cell_at(QPointF(-5, -5)) is None


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
        maps.cell_at(QPointF(x, size[1] / 2))


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


@pytest.fixture
def view(session: Session, qtbot: QtBot) -> NetworkView:
    view = NetworkView(session)
    qtbot.addWidget(view)
    view.resize(1100, 460)
    with qtbot.waitExposed(view):
        view.show()
    return view


@pytest.mark.parametrize("kinds", [KINDS, list(architectures.ARCHITECTURES)], ids=["lists of layers", "offered"])
def test_any_architecture_is_shown_one_after_the_other(
    view: NetworkView, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, kinds: list[str]
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    for kind in KINDS:
        monkeypatch.setitem(architectures.ARCHITECTURES, kind, partial(layers_of, kind))
    for kind in kinds:
        network = started(kind)
        for shown in (None, image):
            look(session, network, shown)
            view.grab()
        assert view.answer == str(network.probabilities(image[None]).argmax())
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # the columns of the one before
        maps = view.findChildren(MapView)
        for each in maps:
            qtbot.waitUntil(each.isVisible)
            assert each.accessibleName()
        filters = [each for each in maps if each.objectName().startswith("filterView")]
        assert len(filters) == sum(isinstance(layer, Conv2D) for layer in network.layers)


def test_colours_stay_while_a_network_changes_a_little(view: NetworkView, session: Session) -> None:
    network = started("notebook")
    look(session, network, None)
    filters = view.findChild(MapView, "filterView")
    high = filters.high
    session.edit(network.parameters / 2, "halve")
    assert filters.high == high
    session.edit(network.parameters * 50, "blow up")
    assert filters.high > high
    look(session, network, None)  # another network, whatever its parameters
    assert filters.high == high


def test_a_changing_answer_moves_nothing(view: NetworkView, session: Session) -> None:
    view.resize(900, 420)
    network, rng = started("notebook"), np.random.default_rng(0)
    places = set()
    for scale in (0, 1, 300):
        network.parameters[:] *= scale or 1
        for image in (None, np.zeros((28, 28), np.uint8), rng.integers(0, 256, (28, 28), np.uint8)):
            look(session, network, image)
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


def test_of_equals_the_smaller_digit_is_the_answer_everywhere(view: NetworkView, session: Session) -> None:
    look(session, architectures.build("notebook"), np.full((28, 28), 9, np.uint8))
    assert view.answer == "0"
    assert view.bars.accessibleDescription().startswith("0: 10.0%")
    assert "0, or perhaps 1" in [label.text() for label in view.answer_column.findChildren(QLabel)]


@pytest.mark.parametrize("way", [("notebook", "wide"), ("wide", "notebook"), ("notebook", "deep", "relu")])
def test_the_connectors_are_those_of_the_network(session: Session, qtbot: QtBot, way: tuple[str, ...]) -> None:
    """The lines between the columns are laid anew: the view looks as one that has shown nothing else."""
    pictures = []
    for names in (way, way[-1:]):
        view = NetworkView(session)
        qtbot.addWidget(view)
        view.resize(900, 360)
        for name in names:
            look(session, architectures.build(name), None)
            with qtbot.waitExposed(view):
                view.show()
            painted = Painted(view)
            view.update()
            qtbot.waitUntil(lambda painted=painted: bool(painted.regions))
        pictures.append(view.grab().toImage())
    assert pictures[0] == pictures[1]


def test_only_the_bars_that_look_different_are_painted_anew(qtbot: QtBot) -> None:
    bars = ProbabilityBars()
    qtbot.addWidget(bars)
    bars.resize(190, 220)
    with qtbot.waitExposed(bars):
        bars.show()
    bars.clearFocus()  # as the only widget it has it, and frames a row
    shares = np.zeros(10)
    for digit in (3, 4, 3):
        shares[:] = 0
        shares[digit], shares[8] = 0.7, 0.3
        bars.show_probabilities(shares.copy())
        QApplication.processEvents()
    shown = bars.grab().toImage()
    fresh = ProbabilityBars()
    qtbot.addWidget(fresh)
    fresh.resize(bars.size())
    fresh.show_probabilities(shares)
    assert shown == fresh.grab().toImage()
    painted = Painted(bars)
    bars.show_probabilities(shares + 1e-5)
    QApplication.processEvents()
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
