"""The guided tour: it shows, goes on, can be skipped, and is in nobody's way."""

import numpy as np
import pytest
from painted import pixels
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QPushButton, QWidget

from mnist_gui.gui.app import greet
from mnist_gui.gui.main_window import MainWindow
from mnist_gui.gui.tour import Stop, Tour


@pytest.fixture
def window(qtbot):
    window = QWidget()
    window.resize(900, 600)
    window.button = QPushButton("beneath", window)
    window.button.setGeometry(20, 20, 120, 40)
    window.label = QLabel("text", window)
    window.label.setGeometry(500, 400, 200, 100)
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def tour(window):
    return Tour(window, [Stop(window.button, "One", "First."), Stop(window.label, "Two", "Second.")])


@pytest.fixture
def main(qtbot):
    main = MainWindow()
    qtbot.addWidget(main)
    main.show()
    return main


def card_of(tour):
    frames = tour.parentWidget().findChildren(QFrame)
    return next(frame for frame in frames if frame.accessibleName() == "Guided tour")


def title_of(card):
    return card.findChildren(QLabel)[0].text()


def test_it_leads_from_stop_to_stop_and_ends(tour, qtbot):
    card = card_of(tour)
    assert title_of(card) == "One"
    assert not card.back_button.isEnabled()
    qtbot.mouseClick(card.next_button, Qt.MouseButton.LeftButton)
    assert title_of(card) == "Two"
    assert card.next_button.text() == "Done"
    qtbot.mouseClick(card.back_button, Qt.MouseButton.LeftButton)
    assert title_of(card) == "One"
    qtbot.mouseClick(card.next_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(tour.destroyed):
        qtbot.mouseClick(card.next_button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("how", ["click", "key"])
def test_it_can_be_skipped(tour, qtbot, how):
    card = card_of(tour)
    with qtbot.waitSignal(tour.destroyed):
        if how == "click":
            qtbot.mouseClick(card.skip_button, Qt.MouseButton.LeftButton)
        else:
            qtbot.keyClick(card.next_button, Qt.Key.Key_Escape)
    assert not card.isVisible()


def test_the_window_can_be_used_meanwhile(tour, window, qtbot):
    with qtbot.waitSignal(window.button.clicked):
        qtbot.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=QPoint(60, 40))


def test_it_dims_the_window_but_for_what_it_speaks_of(tour, window):
    card_of(tour).hide()
    dimmed = pixels(window)
    tour.hide()
    plain = pixels(window)
    darker = (plain - dimmed).mean(axis=-1)
    place = window.button.geometry()
    inside = darker[place.top() : place.bottom() + 1, place.left() : place.right() + 1]
    assert np.abs(inside).max() < 3
    assert darker[2:-2, 2:-2][darker[2:-2, 2:-2] > 30].size > 0.5 * darker.size


@pytest.mark.parametrize("size", [(900, 600), (700, 620), (1600, 1000)])
def test_the_card_stays_inside_and_off_what_it_speaks_of(tour, window, size):
    window.resize(*size)
    for _ in range(2):
        card = card_of(tour).geometry()
        assert window.rect().contains(card)
        spoken_of = tour.stop.widget
        assert not card.intersects(QRect(spoken_of.mapTo(window, QPoint(0, 0)), spoken_of.size()))
        if tour.stop.title == "One":
            tour.go(1)


def test_it_starts_by_itself_once(window, qtbot):
    started = []
    window.start_tour = lambda: started.append(True)
    greet(window)
    qtbot.waitUntil(lambda: started == [True])
    greet(window)
    QApplication.processEvents()
    assert started == [True]


def test_every_stop_of_the_window_shows(main, qtbot):
    main.start_tour()
    tour = main.findChild(Tour)
    titles = []
    while card_of(tour).next_button.text() != "Done" or not titles:
        titles.append(tour.stop.title)
        assert main.rect().contains(card_of(tour).geometry())
        assert tour.stop.widget.isVisible()
        tour.go(1)
    titles.append(tour.stop.title)
    assert tour.stop.widget.isVisible()
    assert len(set(titles)) == 5
    with qtbot.waitSignal(tour.destroyed):
        tour.go(1)
