"""The view of the network: which cell the mouse is over, colours that stay, and any architecture."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hand import SEVEN, draw, on_screen
from painted import near, pixels
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QPaintEvent, QPalette, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolTip, QWidget
from stage import look, started

from mnist_gui.data.upright import make_upright
from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.network.probability_bars import ProbabilityBars
from mnist_gui.gui.network.view import NetworkView
from mnist_gui.gui.widgets import theme
from mnist_gui.nn import architectures
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, ReLU, Sigmoid

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow
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


def test_the_cell_under_the_mouse_is_framed_and_no_other(maps: MapView) -> None:
    maps.clearFocus()  # which is framed too
    plain = pixels(maps)
    QTest.mouseMove(maps, place_of(maps, 1, 2.5, 0.5))
    framed = np.abs(pixels(maps) - plain).max(axis=-1) > 40
    QToolTip.hideText()
    cell = maps.cell_rect(maps.map_rects()[1], 2, 0)
    assert box(framed) == pytest.approx((cell.top(), cell.left(), cell.bottom(), cell.right()), abs=2)


def test_an_outline_is_around_the_cells_that_it_names(maps: MapView) -> None:
    plain = pixels(maps)
    maps.outline((1, 1, 2, 3), 1)
    accent = near(pixels(maps), maps.palette().highlight().color(), 40) & (
        np.abs(pixels(maps) - plain).max(axis=-1) > 20
    )
    first, last = (maps.cell_rect(maps.map_rects()[1], *cell) for cell in ((1, 1), (2, 3)))
    assert box(accent) == pytest.approx((first.top(), first.left(), last.bottom(), last.right()), abs=2)
    maps.outline(None)
    np.testing.assert_array_equal(pixels(maps), plain)


def box(marked: np.ndarray) -> tuple[int, int, int, int]:
    """The top, left, bottom and right of what is marked."""
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    return rows[0], columns[0], rows[-1] + 1, columns[-1] + 1


def cells(view: MapView, index: int = 0) -> np.ndarray:
    """Mean colour of each cell of a map, shape (height, width, 3), its border left out."""
    seen, rect = pixels(view), view.map_rects()[index]
    height, width = view.values.shape[1:]
    colours = np.empty((height, width, 3))
    for row, column in np.ndindex(height, width):
        cell = view.cell_rect(rect, row, column).adjusted(2, 2, -2, -2).toRect()
        colours[row, column] = seen[cell.top() : cell.bottom() + 1, cell.left() : cell.right() + 1].mean(axis=(0, 1))
    return colours


@pytest.mark.parametrize("dark", [False, True])
def test_each_value_has_its_shade(qtbot: QtBot, dark: bool) -> None:
    """From paper to ink, and from blue over nothing to red: what the keys and the texts say of the colours."""
    values = np.linspace(-1, 1, 15).reshape(1, 3, 5)
    seen = {}
    for colours in ("ink", "sequential", "diverging"):
        view = MapView(colours, (1, 3, 5), pixel=40)
        qtbot.addWidget(view)
        view.setPalette(theme.palette(dark=dark))
        view.resize(220, 140)
        view.show_values(values, -1, 1)
        seen[colours] = cells(view).reshape(15, 3)
    for colours in ("ink", "sequential"):
        lightness = seen[colours] @ (0.3, 0.6, 0.1)
        assert (np.diff(lightness) > 0).all() if dark else (np.diff(lightness) < 0).all()
    red_over_blue = seen["diverging"][:, 0] - seen["diverging"][:, 2]
    assert (red_over_blue[:6] < -20).all()
    assert abs(red_over_blue[7]) < 15
    assert (red_over_blue[9:] > 20).all()
    middle = np.abs(seen["diverging"] - seen["diverging"][7]).sum(axis=1)
    assert (np.diff(middle[:8]) < 0).all()
    assert (np.diff(middle[7:]) > 0).all()


def written(view: MapView, index: int, row: int, column: int) -> np.ndarray:
    """What stands in a cell, as where it differs from the cell's own colour, its border left out."""
    cell = view.cell_rect(view.map_rects()[index], row, column).adjusted(3, 3, -3, -3).toRect()
    seen = pixels(view)[cell.top() : cell.bottom() + 1, cell.left() : cell.right() + 1]
    return np.abs(seen - seen[0, 0]).max(axis=-1) > 60


def test_each_cell_has_its_own_number_and_its_sign(qtbot: QtBot) -> None:
    view = MapView("diverging", (2, 2, 2), pixel=56, numbers=True)
    qtbot.addWidget(view)
    view.resize(120, 260)
    values = np.array([[[0.25, -0.25], [0.25, 0.75]], [[-0.25, 0.25], [0.75, 0.25]]])
    view.show_values(values, -4, 4)  # pale: all numbers are written dark
    shapes = {}
    for index, row, column in np.ndindex(2, 2, 2):
        shape = written(view, index, row, column)
        assert shape.any()
        shapes.setdefault(values[index, row, column], []).append(shape)
    for same in shapes.values():
        assert all(np.array_equal(shape, same[0]) for shape in same)
    plus, minus, other = (shapes[value][0] for value in (0.25, -0.25, 0.75))
    assert box(minus)[3] - box(minus)[1] > box(plus)[3] - box(plus)[1] + 3  # the minus sign
    assert not np.array_equal(plus, other)


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


def test_what_is_seen_is_shown_from_paper_to_ink(view: NetworkView, session: Session) -> None:
    """Half an inked pixel is half dark: the shades are those of the image, neither stretched nor cut off."""
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 8:12], image[4:24, 16:20] = 128, 255
    palette = theme.palette(dark=False)
    view.setPalette(palette)
    look(session, started("notebook"), image)
    seen = view.findChild(MapView, "seenImage")
    light, half, full = cells(seen)[[14, 14, 14], [4, 10, 18]].mean(axis=1)
    paper, ink = palette.base().color().lightness(), palette.text().color().lightness()
    assert light == pytest.approx(paper, abs=6)
    assert full == pytest.approx(ink, abs=6)
    assert half == pytest.approx((paper + ink) / 2, abs=8)


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_each_column_shows_its_layers_numbers(view: NetworkView, session: Session, name: str) -> None:
    network, image = started(name), np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    look(session, network, image)
    shown = {
        each.objectName(): each.values
        for each in view.findChildren(MapView)
        if each.objectName().startswith(("featureMap", "pooled"))
    }
    activations = network.activations(image[None])
    expected = {}
    convolutions = pools = 0
    for layer, after, values, activated in zip(
        network.layers, network.layers[1:], activations, activations[1:], strict=False
    ):
        if isinstance(layer, Conv2D):
            convolutions += 1
            number = convolutions if convolutions > 1 else ""
            expected[f"featureMapView{number}"] = activated if isinstance(after, Sigmoid | ReLU) else values
        elif isinstance(layer, AvgPool2D):
            pools += 1
            expected[f"pooledView{pools if pools > 1 else ''}"] = values
    assert shown.keys() == expected.keys()
    for column, values in expected.items():
        np.testing.assert_array_equal(shown[column], values[0])


def test_lines_lead_from_each_map_to_what_is_made_of_it(view: NetworkView, session: Session) -> None:
    look(session, started("notebook"), None)
    seen = pixels(view)
    maps, pooled = (view.findChild(MapView, name) for name in ("featureMapView", "pooledView"))
    paper = view.palette().window().color()
    gap = slice(
        maps.mapTo(view, maps.map_rects()[0].topRight().toPoint()).x() + 8,
        pooled.mapTo(view, pooled.map_rects()[0].topLeft().toPoint()).x() - 8,
    )
    lines = ~near(seen[:, gap], paper, 6)
    assert lines.shape[1] > 4
    for before, after in zip(maps.map_rects(), pooled.map_rects(), strict=True):
        start = maps.mapTo(view, before.center().toPoint()).y()
        end = pooled.mapTo(view, after.center().toPoint()).y()
        assert lines[start - 2 : start + 3, 0].any()
        assert lines[end - 2 : end + 3, -1].any()
    assert lines.any(axis=0).all()


def test_the_answer_stands_out_and_a_dash_does_not(view: NetworkView, session: Session) -> None:
    look(session, started("notebook"), np.full((28, 28), 90, np.uint8))
    digit = view.findChild(QLabel, "predictedDigit")
    accent = digit.palette().highlight().color()
    assert near(pixels(digit), accent).sum() > 100
    look(session, None, None)
    assert near(pixels(digit), accent).sum() == 0


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


@pytest.mark.parametrize("dark", [False, True])
def test_a_bar_is_as_long_as_its_probability(qtbot: QtBot, dark: bool) -> None:
    bars = ProbabilityBars()
    qtbot.addWidget(bars)
    bars.setPalette(theme.palette(dark=dark))
    bars.resize(300, 300)
    empty, accent, grey = (
        bars.palette().color(role)
        for role in (QPalette.ColorRole.AlternateBase, QPalette.ColorRole.Highlight, QPalette.ColorRole.PlaceholderText)
    )
    lines = [round(row.center().y()) for row in bars.row_rects()]
    tracks = near(pixels(bars)[lines], empty, 2)
    left, right = np.flatnonzero(tracks.all(axis=0))[[0, -1]]
    assert right - left > 150
    shares = np.array([0.05, 0.0, 0.1, 0.02, 0.4, 0.2, 0.08, 0.15, 0.0, 0.0])
    bars.show_probabilities(shares)
    within = pixels(bars)[lines, left : right + 1]
    for digit, share in enumerate(shares):
        filled = near(within[digit], accent if digit == 4 else grey, 4)
        assert filled.sum() / len(filled) == pytest.approx(share, abs=0.012)
        assert filled[: filled.sum()].all()  # from the left
        assert near(within[digit], empty, 4).sum() + filled.sum() >= len(filled) - 1


def test_bars_are_written_to_a_tenth_of_a_percent(qtbot: QtBot) -> None:
    """Two that differ in that much look different."""
    bars = ProbabilityBars()
    qtbot.addWidget(bars)
    bars.resize(300, 300)
    row = bars.row_rects()[3].toRect()
    looks = []
    for share in (0.1231, 0.1241, 0.1239):
        shares = np.full(10, (1 - share) / 9)
        shares[3] = share
        bars.show_probabilities(shares)
        looks.append(pixels(bars)[row.top() : row.bottom(), -60:])
    assert not np.array_equal(looks[0], looks[1])
    np.testing.assert_array_equal(looks[1], looks[2])


def test_of_equals_the_smaller_digit_is_the_answer_everywhere(view: NetworkView, session: Session) -> None:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 13:15] = 255  # a 1, to be like a digit
    look(session, architectures.build("notebook"), image)
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


def test_what_is_seen_says_that_it_is_upright_and_shows_what_was_before(session: Session, qtbot: QtBot) -> None:
    view = NetworkView(session)
    qtbot.addWidget(view)
    view.resize(1000, 300)
    with qtbot.waitExposed(view):
        view.show()
    slanted = np.zeros((28, 28), np.uint8)
    for row in range(5, 23):
        slanted[row, 19 - row // 2 : 22 - row // 2] = 255
    upright, seen = make_upright(slanted[None]), view.findChild(MapView, "seenImage")

    def headings() -> list[str]:
        return [label.text() for label in view.findChildren(QLabel)]

    look(session, started("notebook"), slanted)
    assert "seen" in headings()
    np.testing.assert_array_equal(seen.values[0], slanted)
    QTest.mouseClick(seen, Qt.MouseButton.LeftButton)  # there is no other to show
    np.testing.assert_array_equal(seen.values[0], slanted)
    look(session, started("notebook"), slanted, upright=True)
    assert "seen, upright" in headings()
    np.testing.assert_array_equal(seen.values, upright)
    assert "upright" in seen.accessibleName()
    QTest.mouseClick(seen, Qt.MouseButton.LeftButton)
    assert "before upright" in headings()
    np.testing.assert_array_equal(seen.values[0], slanted)
    np.testing.assert_array_equal(session.reading.image, upright[0])  # what the network sees stays
    QTest.keyClick(seen, Qt.Key.Key_Return)
    np.testing.assert_array_equal(seen.values, upright)


class Painted(QObject):
    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.regions: list[QRegion] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if isinstance(event, QPaintEvent):
            self.regions.append(event.region())
        return False


def test_what_is_no_digit_is_told_apart(window: MainWindow, qtbot: QtBot) -> None:
    """Nothing, a dot, several digits, a letter: each in the words that fit."""
    canvas, view = window.canvas, window.network_view

    def said() -> tuple[str, str]:
        qtbot.waitUntil(lambda: window.session.up_to_date)
        return view.answer, canvas.why_not()

    assert said() == ("–", "nothing drawn yet")
    draw(canvas, on_screen(canvas, [(0.5, 0.5), (0.5, 0.501)]))
    assert said() == ("–", "too small to read")
    assert "too small to read" in window.findChild(QWidget, "predictedDigit").accessibleName()
    canvas.clear()
    for left in (0.0, 0.5):
        draw(canvas, on_screen(canvas, [(left + 0.45 * x, 0.25 + 0.45 * y) for x, y in SEVEN]))
    assert said() == ("–", "several things: draw one digit")
    canvas.clear()
    draw(canvas, on_screen(canvas, SEVEN))
    assert said() == ("7", "")
    assert "unlike" not in view.answer_column.text
    canvas.clear()
    draw(canvas, on_screen(canvas, [(0.15, 0.25), (0.3, 0.75), (0.5, 0.4), (0.7, 0.75), (0.85, 0.25)]))  # a W
    assert said()[0] != "–"
    assert view.answer_column.text == "unlike any digit"
