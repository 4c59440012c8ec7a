"""The slider through a run, on a session without a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from mnist_gui.gui.training.time_bar import TimeBar
from mnist_gui.gui.training.trainer import State
from mnist_gui.history import History
from mnist_gui.training import RECIPES, Epoch, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.gui.session import Session

SIZE = 3410  # parameters of the notebook's network


def run_of(steps: Iterable[int]) -> History:
    history, nothing = History(), np.empty(0)
    for step in steps:
        epochs = (Epoch(0.4, 0.9, 0.3, 0.951),) if step >= 1875 else ()
        parameters = np.full(SIZE, float(step))
        history.add(Progress(RECIPES["default"], step, 18_750, epochs, 0, 0, nothing, nothing, nothing, parameters))
    return history


@pytest.fixture
def bar(session: Session, qtbot: QtBot) -> TimeBar:
    bar = TimeBar(session)
    qtbot.addWidget(bar)
    with qtbot.waitExposed(bar):
        bar.show()
    return bar


@pytest.fixture
def take(bar: TimeBar, session: Session) -> Callable[[Iterable[int]], History]:
    """Give the session a run with moments at these steps."""

    def take(steps: Iterable[int]) -> History:
        session.history = history = run_of(steps)
        bar.refresh()
        return history

    return take


def test_without_a_run_there_is_nothing_to_choose(bar: TimeBar, session: Session) -> None:
    assert not bar.isEnabled()
    assert bar.where.text() == "no run yet"
    assert session.moment is None


def test_a_moment_is_chosen_and_the_end_is_the_present(
    bar: TimeBar, session: Session, take: Callable[[Iterable[int]], History]
) -> None:
    present = session.network.parameters.copy()
    take([0, 100, 2000, 5000])
    bar.slider.setValue(1)
    assert session.moment is not None
    assert session.moment.step == 100
    assert bar.where.text() == "epoch 0.05 · step 100"
    np.testing.assert_array_equal(session.network.parameters, 100)
    bar.slider.setValue(2)
    assert bar.where.text() == "epoch 1.07 · step 2,000 · test 95.10 %"
    bar.slider.setValue(3)
    assert session.moment is None
    np.testing.assert_array_equal(session.network.parameters, present)


def test_a_moment_stays_while_the_run_goes_on(
    bar: TimeBar, session: Session, take: Callable[[Iterable[int]], History]
) -> None:
    history = take([0, 100, 2000])
    bar.slider.setValue(1)
    for snapshot in run_of(range(3000, 9000, 500)).snapshots:
        history.snapshots = (*history.snapshots, snapshot)
    bar.refresh()
    assert session.moment is not None
    assert session.moment.step == 100
    assert bar.slider.value() == 1
    assert bar.slider.maximum() == len(history.snapshots) - 1


def test_the_present_stays_the_present_while_the_run_goes_on(
    bar: TimeBar, session: Session, take: Callable[[Iterable[int]], History], qtbot: QtBot
) -> None:
    history = take([0, 100])
    history.snapshots = (*history.snapshots, *run_of([200]).snapshots)
    with qtbot.assertNotEmitted(session.present_changed):
        bar.refresh()
    assert bar.slider.value() == 2
    assert session.moment is None


def test_space_plays_to_the_end(
    bar: TimeBar, session: Session, take: Callable[[Iterable[int]], History], qtbot: QtBot
) -> None:
    take([0, 100, 2000, 5000])
    seen: list[int | None] = []
    session.present_changed.connect(lambda: seen.append(session.moment and session.moment.step))
    qtbot.keyClick(bar.slider, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: seen == [0, 100, 2000, None])
    bar.play()  # it had stopped, and so begins anew
    assert seen[4:] == [0]


def test_the_slider_goes_where_the_session_looks(
    bar: TimeBar, session: Session, take: Callable[[Iterable[int]], History], qtbot: QtBot
) -> None:
    history = take([0, 100, 2000, 5000])
    bar.play()
    session.look_at(history.snapshots[2])
    assert bar.slider.value() == 2
    with qtbot.assertNotEmitted(session.present_changed, wait=120):  # three times as long as it takes to play on
        assert "step 2,000" in bar.where.text()
    session.look_at(None)
    assert bar.slider.value() == bar.slider.maximum()


def test_the_buttons_go_one_moment_back_and_forward(
    bar: TimeBar, session: Session, take: Callable[[Iterable[int]], History]
) -> None:
    take([0, 100, 2000])
    back, forward = (bar.findChild(QToolButton, name) for name in ("stepBackButton", "stepForwardButton"))
    assert not forward.isEnabled()
    steps = []
    for button in (back, back, forward, forward):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        steps.append(session.moment and session.moment.step)
    assert steps == [100, 0, 100, None]
    assert back.isEnabled()


def test_going_on_is_offered_for_a_past_moment_while_nothing_runs(
    ready: MainWindow, wait_for: Callable[[State], None], qtbot: QtBot
) -> None:
    bar = ready.charts.time_bar
    ready.training_panel.train()
    wait_for(State.IDLE)
    assert not bar.continue_button.isEnabled()
    bar.slider.setValue(1)
    assert bar.continue_button.isEnabled()
    ready.training_panel.epochs_box.setValue(1000)
    then = ready.session.network.parameters.copy()
    began: list[np.ndarray] = []
    ready.session.run_replaced.connect(lambda: began.append(ready.session.network.parameters.copy()))
    bar.continue_button.click()
    np.testing.assert_array_equal(began[0], then)
    wait_for(State.RUNNING)
    qtbot.waitUntil(lambda: bar.slider.maximum() > 1, timeout=20_000)
    bar.slider.setValue(0)
    assert ready.session.moment is not None
    assert not bar.continue_button.isEnabled()
    ready.session.trainer.stop()
    wait_for(State.IDLE)
    assert bar.continue_button.isEnabled()
