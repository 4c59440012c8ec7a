"""The page that says why a digit: its questions, its sum, its colours, and the way to it from the bars."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hand import THREE, draw, on_screen
from painted import pixels
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from stage import bar, bring_on, look, started

from mnist_gui.explain import evidence
from mnist_gui.explain.arithmetic import number
from mnist_gui.explain.reading import read
from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.pages import tabs
from mnist_gui.gui.pages.why import WhyPage
from mnist_gui.nn import architectures
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Flatten, ReLU

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.gui.session import Session
    from mnist_gui.nn.layer import Layer
    from mnist_gui.nn.network import Network


def hidden_layer() -> list[Layer]:
    """A network that has no exact evidence."""
    return [Conv2D(4, 3), ReLU(), AvgPool2D(2), Flatten(), Dense(16), ReLU(), Dense(10)]


@pytest.fixture
def network() -> Network:
    return started("notebook")


@pytest.fixture
def image() -> np.ndarray:
    return bar()


@pytest.fixture
def page(session: Session, qtbot: QtBot) -> WhyPage:
    page = WhyPage(session)
    bring_on(page, session, qtbot)
    return page


def texts(page: WhyPage) -> list[str]:
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def proof(page: WhyPage) -> str:
    label = page.findChild(QLabel, "whyProof")
    assert isinstance(label, QLabel)
    return label.text()


def test_nothing_drawn_says_what_to_do(page: WhyPage, session: Session, network: Network, image: np.ndarray) -> None:
    hint = "Draw a digit, and see what speaks for it and against it."
    assert texts(page) == [hint]
    look(session, network, image)
    assert hint not in texts(page)
    look(session, network, None)
    assert texts(page) == [hint]


def test_the_terms_and_the_logit_are_shown(
    page: WhyPage, session: Session, network: Network, image: np.ndarray
) -> None:
    look(session, network, image)
    answer = int(network.probabilities(image[None])[0].argmax())
    found = evidence.exact(network, read(network, image), answer)
    shown = texts(page)
    for value in (*found.totals, found.rest, found.total):
        assert number(value) in shown
    assert {"filter 1", "filter 2", "bias", f"together, for {answer}"} <= set(shown)
    assert number(found.logit) in proof(page)
    assert "✓" in proof(page)
    assert "338 products" in proof(page)


def test_the_answer_is_asked_about_until_another_digit_is(
    page: WhyPage, session: Session, network: Network, image: np.ndarray
) -> None:
    look(session, network, image)
    first, second = read(network, image).ranked[:2]
    assert page.digit_box.currentText() == f"the answer, {first}"
    assert page.against_box.itemText(1) == f"the runner-up, {second}"
    page.against_box.setCurrentIndex(1)
    assert f"for {first}, not {second}" in texts(page)
    assert number(evidence.exact(network, read(network, image), first, second).logit) in proof(page)
    page.ask(4)
    assert "together, for 4" in texts(page)
    page.compare(9)
    assert "for 4, not 9" in texts(page)
    look(session, network, image.T.copy())
    assert "for 4, not 9" in texts(page)


def test_red_lies_where_it_speaks_for_the_digit_and_blue_where_against(
    page: WhyPage, session: Session, network: Network, image: np.ndarray
) -> None:
    look(session, network, image)
    page.ask(7)
    overlay = page.findChild(MapView, "evidenceOverlay")
    assert isinstance(overlay, MapView)
    (rect,) = overlay.map_rects()
    shot = overlay.grab().toImage()
    summed = evidence.exact(network, read(network, image), 7).summed
    for index, redder in ((summed.argmax(), True), (summed.argmin(), False)):
        row, column = divmod(int(index), 13)
        pixel = rect.width() / 28
        colour = QColor(
            shot.pixel(int(rect.left() + (2 + 2 * column) * pixel), int(rect.top() + (2 + 2 * row) * pixel))
        )
        assert (colour.red() > colour.blue()) == redder


def test_evidence_lies_over_the_pixels_that_it_is_of(page: WhyPage, session: Session, network: Network) -> None:
    """A blank drawing's evidence is even over each map's field, and so its coloured square is where the field is."""
    look(session, network, np.full((28, 28), 255, np.uint8))
    page.ask(7)
    found = evidence.exact(network, session.reading, 7)
    overlay = page.findChild(MapView, "evidenceOverlay")
    (rect,) = overlay.map_rects()
    pixel = rect.width() / 28
    top, left, height, width = (pixel * side for side in found.place)
    frame = rect.adjusted(2, 2, -2, -2).toRect()
    seen = pixels(overlay)[frame.top() : frame.bottom(), frame.left() : frame.right()]
    coloured = np.abs(seen - seen[0, 0]).max(axis=-1) > 6  # the corner is in no field
    rows, columns = np.flatnonzero(coloured.mean(axis=1) > 0.3), np.flatnonzero(coloured.mean(axis=0) > 0.3)
    for found_at, start, length in ((rows + 2, top, height), (columns + 2, left, width)):
        assert found_at[0] == pytest.approx(start, abs=0.7 * pixel)
        assert found_at[-1] == pytest.approx(start + length, abs=0.7 * pixel)


def test_pixels_are_named_an_approximation(
    qtbot: QtBot, page: WhyPage, session: Session, network: Network, image: np.ndarray
) -> None:
    look(session, network, image)
    page.method_box.setCurrentIndex(1)
    assert "approximation" in proof(page)
    qtbot.waitUntil(lambda: {"gradient × pixel", "the rest"} <= set(texts(page)))
    assert "filter 1" not in texts(page)
    page.method_box.setCurrentIndex(0)
    assert "approximation" not in proof(page)


def test_a_network_without_exact_evidence_says_so(
    page: WhyPage, session: Session, network: Network, image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(architectures.ARCHITECTURES, "hidden layer", hidden_layer)
    look(session, started("hidden layer"), image)
    assert "no exact sum exists" in proof(page)
    assert page.method_box.isHidden()
    look(session, network, image)
    assert not page.method_box.isHidden()
    assert "338 products" in proof(page)


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_every_architecture_is_shown_within_a_frame(
    page: WhyPage, session: Session, image: np.ndarray, name: str
) -> None:
    network = started(name)
    times = []
    for _ in range(5):
        start = perf_counter()
        look(session, network, image)
        page.grab()
        times.append(perf_counter() - start)
    assert min(times) < 0.033
    assert number(network.activations(image[None])[-1].max()) in proof(page)


def test_a_click_on_a_bar_asks_why_and_a_second_one_compares(window: MainWindow) -> None:
    draw(window.canvas, on_screen(window.canvas, THREE))
    bars = window.network_view.bars
    rows = [row.center().toPoint() for row in bars.row_rects()]
    page = window.pages.page(tabs.WHY)

    def click(digit: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> tuple[int, int | None]:
        QTest.mouseClick(bars, Qt.MouseButton.LeftButton, modifier, rows[digit])
        return page.digit_box.currentData(), page.against_box.currentData()

    assert click(8) == (8, None)
    assert window.pages.currentWidget() is page
    assert click(3, Qt.KeyboardModifier.ControlModifier) == (8, 3)
    assert click(1) == (1, None)
    assert click(2, Qt.KeyboardModifier.ShiftModifier) == (1, 2)
    assert click(6) == (6, None)
    assert click(9) == (6, 9)
    window.pages.setCurrentWidget(window.charts)
    page.ask(4)
    assert click(0) == (0, None)  # what was asked before does not count from another view
    assert page.against_box.currentIndex() == 0


def test_another_network_has_colours_of_its_own(page: WhyPage, session: Session, image: np.ndarray) -> None:
    def limit() -> float:
        (legend,) = [text for text in texts(page) if "full colour at" in text]
        return float(legend.rsplit("±", 1)[1])

    strong = started("notebook")
    strong.parameters[:] *= 100
    look(session, strong, image)
    assert limit() > 3
    look(session, started("notebook"), image)
    assert limit() < 1  # or else nothing would be seen of weak evidence
