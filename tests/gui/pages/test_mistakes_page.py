"""The test set in the window: who is taken for whom, on which images, and when that is worked out anew."""

from __future__ import annotations

from time import perf_counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from painted import near, pixels
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QMouseEvent, QPalette
from PySide6.QtWidgets import QApplication, QToolTip
from stage import bring_on, give, look, started

from mnist_gui.data import drawn
from mnist_gui.explain.confusion import Confusion
from mnist_gui.gui.pages import tabs
from mnist_gui.gui.pages.evaluator import Evaluator
from mnist_gui.gui.pages.mistakes.confusion_view import ConfusionView, describe
from mnist_gui.gui.pages.mistakes.page import MistakesPage
from mnist_gui.gui.training.trainer import State, Trainer
from mnist_gui.history import Snapshot
from mnist_gui.my_digits import MyDigit, MyDigits
from mnist_gui.nn import architectures

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.gui.session import Session
    from mnist_gui.nn.network import Network

rng = np.random.default_rng(11)
IMAGES = rng.integers(0, 256, (1500, 28, 28), np.uint8)
LABELS = rng.integers(0, 10, 1500).astype(np.uint8)


def progress(epochs: int) -> Any:
    return SimpleNamespace(epochs=(None,) * epochs)


class Counter:
    """Counts the answers that a page gets of its evaluator."""

    def __init__(self, page: MistakesPage, qtbot: QtBot) -> None:
        self._count, self._qtbot, self._evaluator = 0, qtbot, page.findChild(Evaluator)
        self._evaluator.finished.connect(self._note)

    def _note(self) -> None:
        self._count += 1

    def settle(self) -> int:
        """Wait until there is nothing to work out; return how many answers came since the last time."""
        self._qtbot.waitUntil(lambda: not self._evaluator.busy)
        count, self._count = self._count, 0
        return count


@pytest.fixture
def network() -> Network:
    return started("notebook", 2)


@pytest.fixture
def page(styled: None, session: Session, network: Network, qtbot: QtBot) -> MistakesPage:
    page = MistakesPage(session)
    bring_on(page, session, qtbot, (1230, 260))
    look(session, network, None)
    return page


@pytest.fixture
def shown(page: MistakesPage, session: Session, qtbot: QtBot) -> MistakesPage:
    give(session, IMAGES, LABELS)
    Counter(page, qtbot).settle()
    return page


def places(page: MistakesPage) -> list[int]:
    """Which images are listed, by their place in the set."""
    model = page.thumbnails.model()
    tips = [model.index(row, 0).data(Qt.ItemDataRole.ToolTipRole) for row in range(model.rowCount())]
    return [int(tip.split(":")[0].removeprefix("Image ").replace(",", "")) for tip in tips]


def counts(page: MistakesPage) -> np.ndarray:
    """The matrix as its tool tips say it."""
    tips = []
    for truth, answer in np.ndindex(10, 10):
        at = page.matrix.cell_rect(truth, answer).center()
        event = QMouseEvent(QEvent.Type.MouseMove, at, at, *[Qt.MouseButton.NoButton] * 2, Qt.KeyboardModifier(0))
        QApplication.sendEvent(page.matrix, event)
        tips.append(QToolTip.text())
    QToolTip.hideText()
    return np.array(tips).reshape(10, 10)


def expected_counts(confusion: Confusion) -> np.ndarray:
    return np.array([describe(confusion, *cell) for cell in np.ndindex(10, 10)]).reshape(10, 10)


def test_without_images_the_page_says_how_to_come_by_them(page: MistakesPage, session: Session, qtbot: QtBot) -> None:
    assert page.load_button.isVisible()
    with qtbot.waitSignal(session.data_wanted):
        page.load_button.click()
    give(session, IMAGES[:0], LABELS[:0])
    assert page.load_button.isVisible()
    give(session, IMAGES, LABELS)
    Counter(page, qtbot).settle()
    assert not page.load_button.isVisible()


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_every_architecture_is_followed(page: MistakesPage, session: Session, qtbot: QtBot, name: str) -> None:
    network = started(name, 2)
    give(session, IMAGES, LABELS)
    look(session, network, None)
    Counter(page, qtbot).settle()
    expected = Confusion(network.probabilities(IMAGES), LABELS)
    np.testing.assert_array_equal(counts(page), expected_counts(expected))
    assert f"1,500 images · {expected.accuracy * 100:.2f} % read right" in page.matrix_part.note.text()
    assert places(page) == expected.mistakes().tolist()
    assert not page.grab().isNull()


def test_a_cell_is_clicked_and_shows_its_images(shown: MistakesPage, network: Network, qtbot: QtBot) -> None:
    expected = Confusion(network.probabilities(IMAGES), LABELS)
    truth, answer = np.argwhere(expected.counts * (1 - np.eye(10)) > 3)[0].tolist()
    centre = shown.matrix.cell_rect(truth, answer).center().toPoint()
    qtbot.mouseClick(shown.matrix, Qt.MouseButton.LeftButton, pos=centre)
    assert shown.matrix.chosen == (truth, answer)
    assert places(shown) == expected.read_as(truth, answer).tolist()
    assert shown.images_part.heading.text().startswith(f"{truth} read as {answer}: ")
    qtbot.mouseClick(shown.matrix, Qt.MouseButton.LeftButton, pos=centre)
    assert places(shown) == expected.mistakes().tolist()


def test_the_keyboard_walks_over_the_cells(shown: MistakesPage, qtbot: QtBot) -> None:
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Up):
        qtbot.keyClick(shown.matrix, key)
    assert shown.matrix.chosen == (0, 1)
    qtbot.keyClick(shown.matrix, Qt.Key.Key_Escape)
    assert shown.matrix.chosen is None


def test_an_image_is_chosen_by_mouse_and_keyboard(shown: MistakesPage, session: Session, qtbot: QtBot) -> None:
    view = shown.thumbnails
    second = view.model().index(1, 0)
    index = places(shown)[1]
    for choose in (
        lambda: qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(second).center()),
        lambda: qtbot.keyClick(view, Qt.Key.Key_Return),
    ):
        session.drawing.image = None
        choose()
        np.testing.assert_array_equal(session.drawing.image, IMAGES[index])
        assert session.drawing.caption == f"test image {index:,} · label {LABELS[index]}"


def test_a_thousand_thumbnails_are_shown_in_an_instant(shown: MistakesPage) -> None:
    network = started("notebook", 2)
    confusion = Confusion(network.probabilities(IMAGES), LABELS)
    times = []
    for start in range(5):
        begin = perf_counter()
        shown.thumbnails.show_images(IMAGES, confusion, np.arange(start, start + 1000))
        shown.thumbnails.grab()
        times.append(perf_counter() - begin)
    assert min(times) < 0.1  # measured: a tenth of that


def test_shares_can_be_shown(shown: MistakesPage) -> None:
    before = shown.matrix.grab().toImage()
    shown.shares_box.click()
    assert shown.matrix.grab().toImage() != before


def test_the_more_often_it_is_taken_for_another_the_redder_the_cell(styled: None, qtbot: QtBot) -> None:
    labels = np.repeat(np.arange(10), 100)
    answers = labels.copy()
    mistaken = {(3, 5): 40, (5, 3): 1, (9, 4): 10}
    for (truth, answer), count in mistaken.items():
        answers[np.flatnonzero(labels == truth)[:count]] = answer
    view = ConfusionView()
    qtbot.addWidget(view)
    view.resize(600, 260)
    view.show_confusion(Confusion(np.eye(10)[answers], labels.astype(np.uint8)))
    seen = pixels(view)
    redness = np.empty((10, 10))
    for truth, answer in np.ndindex(10, 10):
        corner = view.cell_rect(truth, answer).topLeft().toPoint()
        red, _, blue = seen[corner.y() + 3, corner.x() + 3]  # beside the number
        redness[truth, answer] = red - blue
    ranked = sorted(mistaken, key=mistaken.get)
    assert (np.diff([redness[cell] for cell in ranked]) > 20).all()
    assert redness[ranked[0]] > 10  # a single one can be seen
    others = [redness[cell] for cell in np.ndindex(10, 10) if cell not in mistaken]
    assert max(others) < 5


def test_a_bar_says_how_many_of_a_digit_are_read_right(styled: None, qtbot: QtBot) -> None:
    labels = np.repeat(np.arange(10), 100)
    answers = labels.copy()
    shares = np.array([1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.0])
    for digit, share in enumerate(shares):
        answers[np.flatnonzero(labels == digit)[: round(100 * (1 - share))]] = (digit + 1) % 10
    view = ConfusionView()
    qtbot.addWidget(view)
    view.resize(600, 300)
    view.show_confusion(Confusion(np.eye(10)[answers], labels.astype(np.uint8)))
    seen = pixels(view)
    grey, empty = (
        view.palette().color(role) for role in (QPalette.ColorRole.PlaceholderText, QPalette.ColorRole.AlternateBase)
    )
    for digit, share in enumerate(shares):
        cell = view.cell_rect(digit, 9)
        line = seen[round(cell.center().y()), round(cell.right()) + 8 :]
        track = np.flatnonzero(near(line, grey, 4) | near(line, empty, 4))
        track = track[: np.argmax(np.diff(track, append=10**6) > 1) + 1]  # up to the figure
        assert len(track) > 30
        assert near(line[track], grey, 4).mean() == pytest.approx(share, abs=1.5 / len(track))


def test_it_is_worked_out_anew_only_for_other_parameters(shown: MistakesPage, session: Session, qtbot: QtBot) -> None:
    counter = Counter(shown, qtbot)
    for _ in range(5):
        look(session, None, None)
    assert counter.settle() == 0
    session.edit(session.network.parameters * 2, "double")
    assert counter.settle() == 1


def test_training_is_followed_at_the_end_of_each_epoch(
    shown: MistakesPage, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter(shown, qtbot)
    monkeypatch.setattr(Trainer, "state", State.RUNNING)
    session.trainer.state_changed.emit(State.RUNNING)
    counter.settle()
    answers = []
    for epochs in (0, 0, 0, 1, 1, 2, 2):
        parameters = session.checkpoint.parameters * 1.01
        look(session, replace_parameters(session, parameters), None)
        session.progressed.emit(progress(epochs))
        session.show_now()
        answers.append(counter.settle())
    assert answers == [1, 0, 0, 1, 0, 1, 0]
    look(session, replace_parameters(session, session.checkpoint.parameters * 1.01), None)
    monkeypatch.setattr(Trainer, "state", State.IDLE)
    session.trainer.state_changed.emit(State.IDLE)
    assert counter.settle() == 1


def replace_parameters(session: Session, parameters: np.ndarray) -> Network:
    network = session.checkpoint.build()
    network.parameters[:] = parameters
    return network


def test_an_unseen_page_works_nothing_out(shown: MistakesPage, session: Session, qtbot: QtBot) -> None:
    counter = Counter(shown, qtbot)
    shown.hide()
    session.edit(session.network.parameters * 2, "double")
    session.trainer.state_changed.emit(State.IDLE)
    assert counter.settle() == 0
    shown.show()
    shown.refresh()
    assert counter.settle() == 1


def test_it_shows_the_moment_that_is_looked_at(
    shown: MistakesPage, session: Session, network: Network, qtbot: QtBot
) -> None:
    then = started("notebook", 7)
    session.look_at(Snapshot(5, 0.1, None, then.parameters.copy()))
    session.show_now()
    Counter(shown, qtbot).settle()
    for of in (then, network):
        Counter(shown, qtbot).settle()
        assert places(shown) == Confusion(of.probabilities(IMAGES), LABELS).mistakes().tolist()
        session.look_at(None)
        session.show_now()


def test_a_chosen_image_is_put_on_the_windows_canvas(
    ready: MainWindow, wait_for: Callable[[State], None], qtbot: QtBot
) -> None:
    page = ready.pages.page(tabs.MISTAKES)
    ready.pages.setCurrentWidget(page)
    page.load_button.click()
    wait_for(State.IDLE)
    qtbot.waitUntil(lambda: page.matrix.isVisible())
    index = places(page)[0]
    page.thumbnails.activated.emit(page.thumbnails.model().index(0, 0))
    dataset = ready.session.dataset
    np.testing.assert_array_equal(ready.canvas.seen(), dataset.test_images[index])
    assert ready.canvas.caption == f"test image {index:,} · label {dataset.test_labels[index]}"


def test_the_page_follows_a_run_in_the_window(
    ready: MainWindow, wait_for: Callable[[State], None], qtbot: QtBot
) -> None:
    page = ready.pages.page(tabs.MISTAKES)
    ready.pages.setCurrentWidget(page)
    ready.training_panel.train()
    wait_for(State.IDLE)
    Counter(page, qtbot).settle()
    dataset = ready.session.dataset
    expected = Confusion(ready.session.network.probabilities(dataset.test_images), dataset.test_labels)
    np.testing.assert_array_equal(counts(page), expected_counts(expected))


def test_the_persons_digits_can_be_looked_at_instead(ready: MainWindow, qtbot: QtBot) -> None:
    page, window = ready.pages.page(tabs.MISTAKES), ready
    window.pages.setCurrentWidget(page)
    give(window.session, IMAGES, LABELS)
    assert page.own_box.isHidden()
    images, labels = drawn.images(20, seed=9)
    for image, label in zip(images, labels, strict=True):
        MyDigits().add(MyDigit(int(label), image.copy()))
    page.came_into_sight.emit()
    assert not page.own_box.isHidden()
    page.own_box.click()
    qtbot.waitUntil(lambda: "My digits · 20 images" in page.matrix_part.note.text())
    page.thumbnails.image_chosen.emit(3)
    np.testing.assert_array_equal(window.canvas.seen(), MyDigits().all()[3].image)
    assert window.canvas.caption == f"my digit · label {MyDigits().all()[3].label}"
    page.own_box.click()
    qtbot.waitUntil(lambda: "test set" in page.matrix_part.note.text())


def test_without_digits_there_is_no_choice(page: MistakesPage) -> None:
    page.show_own_digits(np.empty((0, 28, 28), np.uint8), np.empty(0, np.uint8))
    assert page.own_box.isHidden()
    assert not page.own_box.isChecked()
