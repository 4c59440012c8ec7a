"""The test set in the window: who is taken for whom, on which images, and when that is worked out anew."""

from __future__ import annotations

from time import perf_counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from mnist_gui.data import drawn
from mnist_gui.explain.confusion import Confusion
from mnist_gui.gui.pages.mistakes.page import TestSetPage
from mnist_gui.gui.training.panel import State
from mnist_gui.my_digits import MyDigit, MyDigits
from mnist_gui.nn import architectures

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.nn.network import Network

rng = np.random.default_rng(11)
IMAGES = rng.integers(0, 256, (1500, 28, 28), np.uint8)
LABELS = rng.integers(0, 10, 1500).astype(np.uint8)


def make_network(name: str = "notebook") -> Network:
    network = architectures.build(name)
    network.initialize(np.random.default_rng(2))
    return network


def progress(epochs: int) -> Any:
    return SimpleNamespace(epochs=(None,) * epochs)


class Counter:
    """Waits for answers of the page."""

    def __init__(self, page: TestSetPage, qtbot: QtBot) -> None:
        self.count, self._qtbot, self._page = 0, qtbot, page
        page._evaluator.finished.connect(self._note)

    def _note(self) -> None:
        self.count += 1

    def settle(self) -> int:
        self._qtbot.waitUntil(lambda: not self._page._evaluator.busy)
        count, self.count = self.count, 0
        return count


@pytest.fixture
def page(look: None, qtbot: QtBot) -> TestSetPage:
    page = TestSetPage()
    page.resize(1230, 260)
    qtbot.addWidget(page)
    with qtbot.waitExposed(page):
        page.show()
    return page


@pytest.fixture
def network() -> Network:
    return make_network()


@pytest.fixture
def shown(page: TestSetPage, network: Network, qtbot: QtBot) -> TestSetPage:
    page.show_source("noise", IMAGES, LABELS)
    page.show_network(network, None)
    Counter(page, qtbot).settle()
    return page


def places(page: TestSetPage) -> list[int]:
    model = page.thumbnails._images
    return [model.place(model.index(row)) for row in range(model.rowCount())]


def test_without_images_the_page_says_how_to_come_by_them(page: TestSetPage, network: Network, qtbot: QtBot) -> None:
    page.show_network(network, None)
    assert page.load_button.isVisible()
    with qtbot.waitSignal(page.data_requested):
        page.load_button.click()
    page.show_source("nothing", IMAGES[:0], LABELS[:0])
    assert page.load_button.isVisible()


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_every_architecture_is_followed(page: TestSetPage, qtbot: QtBot, name: str) -> None:
    network = make_network(name)
    page.show_source("noise", IMAGES, LABELS)
    page.show_network(network, None)
    Counter(page, qtbot).settle()
    expected = Confusion(network.probabilities(IMAGES), LABELS)
    np.testing.assert_array_equal(page.matrix._shown.counts, expected.counts)
    assert f"1,500 images · {expected.accuracy * 100:.2f} % read right" in page._matrix_part._note.text()
    assert places(page) == expected.mistakes().tolist()
    assert not page.grab().isNull()


def test_a_cell_is_clicked_and_shows_its_images(shown: TestSetPage, network: Network, qtbot: QtBot) -> None:
    expected = Confusion(network.probabilities(IMAGES), LABELS)
    truth, answer = np.argwhere(expected.counts * (1 - np.eye(10)) > 3)[0].tolist()
    centre = shown.matrix.cell_rect(truth, answer).center().toPoint()
    qtbot.mouseClick(shown.matrix, Qt.MouseButton.LeftButton, pos=centre)
    assert shown.matrix.chosen == (truth, answer)
    assert places(shown) == expected.read_as(truth, answer).tolist()
    assert shown._images_part._heading.text().startswith(f"{truth} read as {answer}: ")
    qtbot.mouseClick(shown.matrix, Qt.MouseButton.LeftButton, pos=centre)
    assert places(shown) == expected.mistakes().tolist()


def test_the_keyboard_walks_over_the_cells(shown: TestSetPage, qtbot: QtBot) -> None:
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Up):
        qtbot.keyClick(shown.matrix, key)
    assert shown.matrix.chosen == (0, 1)
    qtbot.keyClick(shown.matrix, Qt.Key.Key_Escape)
    assert shown.matrix.chosen is None


def test_an_image_is_chosen_by_mouse_and_keyboard(shown: TestSetPage, qtbot: QtBot) -> None:
    view = shown.thumbnails
    second = view.model().index(1, 0)
    with qtbot.waitSignal(shown.image_chosen) as chosen:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(second).center())
    assert chosen.args == [places(shown)[1]]
    with qtbot.waitSignal(shown.image_chosen) as chosen:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert chosen.args == [places(shown)[1]]


def test_a_thousand_thumbnails_are_shown_in_an_instant(shown: TestSetPage) -> None:
    network = make_network()
    confusion = Confusion(network.probabilities(IMAGES), LABELS)
    times = []
    for start in range(5):
        begin = perf_counter()
        shown.thumbnails.show_images(IMAGES, confusion, np.arange(start, start + 1000))
        shown.thumbnails.grab()
        times.append(perf_counter() - begin)
    assert min(times) < 0.1  # measured: a tenth of that


def test_shares_can_be_shown(shown: TestSetPage) -> None:
    before = shown.matrix.grab().toImage()
    shown.shares_box.click()
    assert shown.matrix.grab().toImage() != before


def test_it_is_worked_out_anew_only_for_other_parameters(shown: TestSetPage, network: Network, qtbot: QtBot) -> None:
    counter = Counter(shown, qtbot)
    for _ in range(5):
        shown.show_network(network, None)
    assert counter.settle() == 0
    network.parameters *= 2
    shown.show_network(network, None)
    assert counter.settle() == 1


def test_training_is_followed_at_the_end_of_each_epoch(shown: TestSetPage, network: Network, qtbot: QtBot) -> None:
    counter = Counter(shown, qtbot)
    shown.set_busy(True)
    counter.settle()
    counts = []
    for epochs in (0, 0, 0, 1, 1, 2, 2):
        network.parameters *= 1.01
        shown.show_progress(progress(epochs))
        shown.show_network(network, None)
        counts.append(counter.settle())
    assert counts == [1, 0, 0, 1, 0, 1, 0]
    network.parameters *= 1.01
    shown.set_busy(False)
    assert counter.settle() == 1


def test_an_unseen_page_works_nothing_out(shown: TestSetPage, network: Network, qtbot: QtBot) -> None:
    counter = Counter(shown, qtbot)
    shown.hide()
    network.parameters *= 2
    shown.show_network(network, None)
    shown.set_busy(True)
    assert counter.settle() == 0


def test_a_chosen_image_is_put_on_the_windows_canvas(
    ready: MainWindow, wait_for: Callable[[State], None], qtbot: QtBot
) -> None:
    page = ready.views.test_set_page
    ready.explorer.setCurrentWidget(page)
    page.load_button.click()
    wait_for(State.IDLE)
    qtbot.waitUntil(lambda: page.matrix.isVisible())
    index = places(page)[0]
    page.thumbnails.activated.emit(page.thumbnails.model().index(0, 0))
    dataset = ready.trainer.dataset
    np.testing.assert_array_equal(ready.canvas.seen(), dataset.test_images[index])
    assert ready.canvas._drawing.caption == f"test image {index:,} · label {dataset.test_labels[index]}"


def test_the_page_follows_a_run_in_the_window(
    ready: MainWindow, wait_for: Callable[[State], None], qtbot: QtBot
) -> None:
    page = ready.views.test_set_page
    ready.explorer.setCurrentWidget(page)
    ready.train()
    wait_for(State.RUNNING)
    wait_for(State.IDLE)
    qtbot.waitUntil(lambda: not page._evaluator.busy)
    expected = Confusion(ready.model.network.probabilities(page._source.images), page._source.labels)
    np.testing.assert_array_equal(page.matrix._shown.counts, expected.counts)


def test_the_persons_digits_can_be_looked_at_instead(ready: MainWindow, qtbot: QtBot) -> None:
    page, window = ready.views.test_set_page, ready
    window.explorer.setCurrentWidget(page)
    page.show_source("noise, test set", IMAGES, LABELS)
    assert page.own_box.isHidden()
    images, labels = drawn.images(20, seed=9)
    for image, label in zip(images, labels, strict=True):
        MyDigits().add(MyDigit(int(label), image.copy()))
    window.views.teaching._refresh()
    assert not page.own_box.isHidden()
    page.own_box.click()
    qtbot.waitUntil(lambda: "My digits · 20 images" in page._matrix_part._note.text())
    page._choose_image(3)
    assert window.canvas.seen() is not None
    assert window.canvas._drawing.caption.startswith("my digit")
    page.own_box.click()
    qtbot.waitUntil(lambda: "test set" in page._matrix_part._note.text())


def test_without_digits_there_is_no_choice(page: TestSetPage) -> None:
    page.show_own_digits(np.empty((0, 28, 28), np.uint8), np.empty(0, np.uint8))
    assert page.own_box.isHidden()
    assert not page.own_box.isChecked()
