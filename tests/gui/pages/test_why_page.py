"""The page that says why a digit: its questions, its sum, its colours, and the way to it from the bars."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hand import THREE, draw, on_screen
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from mnist_gui.explain import evidence
from mnist_gui.explain.arithmetic import number
from mnist_gui.gui.main_window import MainWindow
from mnist_gui.gui.pages.why import WhyPage
from mnist_gui.nn import architectures
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Flatten, ReLU
from mnist_gui.nn.network import Network

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.network.map_view import MapView


def hidden_layer() -> Network:
    """A network that has no exact evidence."""
    layers = [Conv2D(4, 3), ReLU(), AvgPool2D(2), Flatten(), Dense(16), ReLU(), Dense(10)]
    return started(Network(layers, architecture="hidden layer"))


def started(network: Network) -> Network:
    network.initialize(np.random.default_rng(0))
    return network


@pytest.fixture
def network() -> Network:
    return started(architectures.build("notebook"))


@pytest.fixture
def image() -> np.ndarray:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 12:16] = 255
    return image


@pytest.fixture
def page(qtbot: QtBot) -> WhyPage:
    page = WhyPage()
    qtbot.addWidget(page)
    page.resize(1230, 250)
    with qtbot.waitExposed(page):
        page.show()
    return page


def texts(page: WhyPage) -> list[str]:
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def proof(page: WhyPage) -> str:
    label = page.findChild(QLabel, "whyProof")
    assert isinstance(label, QLabel)
    return label.text()


def test_nothing_drawn_says_what_to_do(page: WhyPage, network: Network, image: np.ndarray) -> None:
    hint = "Draw a digit, and see what speaks for it and against it."
    assert texts(page) == [hint]
    page.show_network(network, image)
    assert hint not in texts(page)
    page.show_network(network, None)
    assert texts(page) == [hint]


def test_the_terms_and_the_logit_are_shown(page: WhyPage, network: Network, image: np.ndarray) -> None:
    page.show_network(network, image)
    answer = int(network.probabilities(image[None])[0].argmax())
    found = evidence.exact(network, image, answer)
    shown = texts(page)
    for value in (*found.totals, found.rest, found.total):
        assert number(value) in shown
    assert {"filter 1", "filter 2", "bias", f"together, for {answer}"} <= set(shown)
    assert number(found.logit) in proof(page)
    assert "✓" in proof(page)
    assert "338 products" in proof(page)


def test_the_answer_is_asked_about_until_another_digit_is(page: WhyPage, network: Network, image: np.ndarray) -> None:
    page.show_network(network, image)
    first, second = evidence.ranked(network, image)[:2]
    assert page.digit_box.currentText() == f"the answer, {first}"
    assert page.against_box.itemText(1) == f"the runner-up, {second}"
    page.against_box.setCurrentIndex(1)
    assert f"for {first}, not {second}" in texts(page)
    assert number(evidence.exact(network, image, first, second).logit) in proof(page)
    page.ask(4)
    assert "together, for 4" in texts(page)
    page.compare(9)
    assert "for 4, not 9" in texts(page)
    page.show_network(network, image.T.copy())
    assert "for 4, not 9" in texts(page)


def test_red_lies_where_it_speaks_for_the_digit_and_blue_where_against(
    page: WhyPage, network: Network, image: np.ndarray
) -> None:
    page.show_network(network, image)
    page.ask(7)
    overlay: MapView = page.addition._overlay
    (rect,) = overlay.map_rects()
    shot = overlay.grab().toImage()
    summed = evidence.exact(network, image, 7).summed
    for index, redder in ((summed.argmax(), True), (summed.argmin(), False)):
        row, column = divmod(int(index), 13)
        pixel = rect.width() / 28
        colour = QColor(
            shot.pixel(int(rect.left() + (2 + 2 * column) * pixel), int(rect.top() + (2 + 2 * row) * pixel))
        )
        assert (colour.red() > colour.blue()) == redder


def test_pixels_are_named_an_approximation(qtbot: QtBot, page: WhyPage, network: Network, image: np.ndarray) -> None:
    page.show_network(network, image)
    page.method_box.setCurrentIndex(1)
    assert "approximation" in proof(page)
    qtbot.waitUntil(lambda: {"gradient × pixel", "the rest"} <= set(texts(page)))
    assert "filter 1" not in texts(page)
    page.method_box.setCurrentIndex(0)
    assert "approximation" not in proof(page)


def test_a_network_without_exact_evidence_says_so(page: WhyPage, network: Network, image: np.ndarray) -> None:
    page.show_network(hidden_layer(), image)
    assert "no exact sum exists" in proof(page)
    assert page.method_box.isHidden()
    page.show_network(network, image)
    assert not page.method_box.isHidden()
    assert "338 products" in proof(page)


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_every_architecture_is_shown_within_a_frame(page: WhyPage, image: np.ndarray, name: str) -> None:
    network = started(architectures.build(name))
    times = []
    for _ in range(5):
        start = perf_counter()
        page.show_network(network, image)
        page.grab()
        times.append(perf_counter() - start)
    assert min(times) < 0.033
    assert number(network.activations(image[None])[-1].max()) in proof(page)


def test_a_click_on_a_bar_asks_why_and_a_second_one_compares(qtbot: QtBot) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    draw(window.canvas, on_screen(window.canvas, THREE))
    bars = window.network_view.bars
    rows = [row.center().toPoint() for row in bars.row_rects()]
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rows[8])
    assert window.explorer.currentWidget() is window.views.why_page
    assert window.views.why_page.digit_box.currentData() == 8
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, rows[3])
    assert window.views.why_page.digit_box.currentData() == 8
    assert window.views.why_page.against_box.currentData() == 3
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rows[1])
    assert window.views.why_page.against_box.currentIndex() == 0
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, rows[2])
    assert (window.views.why_page.digit_box.currentData(), window.views.why_page.against_box.currentData()) == (1, 2)
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rows[6])
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rows[9])
    assert (window.views.why_page.digit_box.currentData(), window.views.why_page.against_box.currentData()) == (6, 9)
    window.explorer.setCurrentWidget(window.charts)
    window.views.why_page.ask(4)
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rows[0])
    assert window.views.why_page.digit_box.currentData() == 0  # what was asked before does not count from another view
    assert window.views.why_page.against_box.currentIndex() == 0
