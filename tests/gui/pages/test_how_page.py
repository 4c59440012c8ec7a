"""The page that works a number out: asking with the mouse and by keys, outlines, copying, worksheets."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import pytest
from hand import THREE, draw, on_screen
from PySide6.QtCore import QEvent, QPoint, QSizeF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton
from stage import bar, bring_on, look, started

from mnist_gui.explain import arithmetic
from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.pages import tabs
from mnist_gui.gui.pages.how import HowPage
from mnist_gui.nn import architectures

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from conftest import Messages
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.gui.session import Session


@pytest.fixture
def image() -> np.ndarray:
    return bar()


@pytest.fixture
def page(session: Session, qtbot: QtBot, image: np.ndarray) -> HowPage:
    page = HowPage(session)
    bring_on(page, session, qtbot)
    look(session, started("notebook"), image)
    return page


@pytest.fixture
def window(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """A window with a 3 on its canvas."""
    draw(window.canvas, on_screen(window.canvas, THREE))
    qtbot.waitUntil(lambda: window.session.up_to_date)
    return window


def texts(page: HowPage) -> str:
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def view(window: MainWindow, name: str) -> MapView:
    found = window.findChild(MapView, name)
    assert isinstance(found, MapView)
    return found


def place_of(maps: MapView, number: int, row: int, column: int) -> QPoint:
    return maps.cell_rect(maps.map_rects()[number], row, column).center().toPoint()


def click(maps: MapView, *cell: int) -> None:
    QTest.mouseClick(maps, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place_of(maps, *cell))


def test_it_says_what_to_click(page: HowPage, session: Session, image: np.ndarray) -> None:
    assert "Click a cell" in texts(page)
    look(session, None, None)
    assert "Draw a digit, then click" in texts(page)
    page.ask((1, (0, 3, 4)))
    assert "Draw a digit, then click" in texts(page)
    look(session, None, image)
    assert "Feature map 1, row 4, column 5" in texts(page)


def test_the_numbers_shown_are_the_networks(page: HowPage, image: np.ndarray) -> None:
    network = started("notebook")
    activations = network.activations(image[None])
    page.ask((1, (1, 10, 11)))
    assert arithmetic.number(activations[0][0][1, 10, 11]) in texts(page)
    assert arithmetic.number(activations[1][0][1, 10, 11]) in texts(page)
    grids = [view.values for view in page.card.findChildren(MapView) if view.isVisible()]
    assert [grid.shape for grid in grids] == [(1, 3, 3)] * 3
    page.ask((2, (0, 5, 6)))
    assert arithmetic.number(activations[2][0][0, 5, 6]) in texts(page)
    page.ask(6)
    assert "products" not in texts(page)
    for value in activations[-1][0]:
        assert arithmetic.number(value) in texts(page)


def test_a_click_on_a_cell_asks_how_and_outlines_what_it_sees(window: MainWindow) -> None:
    seen = view(window, "seenImage")
    click(view(window, "featureMapView"), 1, 9, 14)
    assert window.pages.currentWidget() is window.pages.page(tabs.HOW)
    assert "Feature map 2, row 10, column 15" in texts(window.pages.page(tabs.HOW))
    assert seen.outlined == (0, (9, 14, 3, 3))
    assert view(window, "featureMapView").outlined == (1, (9, 14, 1, 1))
    click(view(window, "pooledView"), 0, 4, 7)
    assert "Pooled map 1, row 5, column 8" in texts(window.pages.page(tabs.HOW))
    assert seen.outlined == (0, (8, 14, 4, 4))
    assert view(window, "featureMapView").outlined is None
    window.pages.setCurrentIndex(tabs.LEARNING)
    assert seen.outlined is None


def test_the_outline_and_the_card_follow_the_mouse(window: MainWindow) -> None:
    seen, maps = view(window, "seenImage"), view(window, "featureMapView")
    QTest.mouseMove(maps, place_of(maps, 0, 5, 6))
    assert seen.outlined == (0, (5, 6, 3, 3))  # with any page in sight
    click(maps, 0, 9, 14)
    QTest.mouseMove(maps, place_of(maps, 1, 3, 2))
    assert "Feature map 2, row 4, column 3" in texts(window.pages.page(tabs.HOW))
    assert seen.outlined == (0, (3, 2, 3, 3))
    QApplication.sendEvent(maps, QEvent(QEvent.Type.Leave))
    assert "Feature map 1, row 10, column 15" in texts(window.pages.page(tabs.HOW))
    assert seen.outlined == (0, (9, 14, 3, 3))


def test_a_bar_asks_how_while_the_page_is_in_sight(window: MainWindow) -> None:
    window.pages.setCurrentWidget(window.pages.page(tabs.HOW))
    bars = window.network_view.bars
    row = bars.row_rects()[3].center().toPoint()
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, row)
    assert window.pages.currentWidget() is window.pages.page(tabs.HOW)
    assert "Probability of 3" in texts(window.pages.page(tabs.HOW))


def test_keys_ask_too(page: HowPage) -> None:
    QTest.keyClick(page, Qt.Key.Key_Right)
    assert "Feature map 1, row 14, column 14" in texts(page)
    QTest.keyClick(page, Qt.Key.Key_Right)
    QTest.keyClick(page, Qt.Key.Key_Up)
    assert "Feature map 1, row 13, column 15" in texts(page)
    QTest.keyClick(page, Qt.Key.Key_PageDown)
    assert "Pooled map 1, row 13, column 13" in texts(page)
    for _ in range(3):
        QTest.keyClick(page, Qt.Key.Key_Down)
    assert "Pooled map 1, row 13, column 13" in texts(page)
    QTest.keyClick(page, Qt.Key.Key_PageUp)
    assert "Feature map 1" in texts(page)
    QTest.keyClick(page, Qt.Key.Key_7)
    assert "Probability of 7" in texts(page)
    QTest.keyClick(page, Qt.Key.Key_Right)
    assert "Probability of 8" in texts(page)


def test_it_copies_as_text(page: HowPage) -> None:
    page.ask((1, (0, 3, 4)))
    assert page.working is not None
    expected = arithmetic.as_text(page.working)
    clipboard = QGuiApplication.clipboard()
    page.copy_button.click()
    assert clipboard.text() == expected
    clipboard.clear()
    QTest.keyClick(page, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == expected


def test_another_architecture_drops_a_cell_that_it_has_not(page: HowPage, session: Session, image: np.ndarray) -> None:
    page.ask((1, (1, 25, 25)))
    smaller = started("deep")
    assert smaller.layers[1].output_shape[1] < 26
    look(session, smaller, image)
    assert "Click a cell" in texts(page)


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_every_architecture_is_explained_within_a_frame(
    page: HowPage, session: Session, image: np.ndarray, name: str
) -> None:
    network = started(name)
    look(session, network, image)
    questions = [(i, (0, 1, 2)) for i, layer in enumerate(network.layers) if arithmetic.can_explain(layer)]
    for question in [*questions, 3]:
        times = []
        for _ in range(5):
            start = perf_counter()
            page.ask(question)
            page.grab()
            times.append(perf_counter() - start)
        assert min(times) < 0.033
        assert page.working is not None
        assert page.working.title in texts(page)


@pytest.mark.parametrize("question", [(1, (0, 12, 13)), (2, (1, 6, 6)), 4])
def test_the_worksheet_has_a_page_to_fill_in_and_one_with_the_solution(page: HowPage, question: object) -> None:
    page.ask(question)
    document = page.worksheet()
    document.setPageSize(QSizeF(643, 971))  # of A4 at 96 dots per inch, within margins of 2 cm
    assert document.pageCount() == 2
    assert document.size().width() <= 643
    assert "Solution" in document.toPlainText()


def test_it_saves_as_pdf(page: HowPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page.ask((1, (0, 12, 13)))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "sheet"), ""))
    page.save_pdf()
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")


def test_a_pdf_that_cannot_be_saved_is_said_in_a_line(
    page: HowPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    page.ask(3)
    path = str(tmp_path / "nowhere" / "sheet.pdf")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (path, ""))
    page.save_pdf()
    assert len(messages.said) == 1
    assert path in messages.said[0]


def test_the_buttons_say_what_they_do(page: HowPage) -> None:
    page.ask(1)
    for name in ("copyWorking", "worksheetButton"):
        button = page.findChild(QPushButton, name)
        assert button is not None
        assert button.toolTip()
