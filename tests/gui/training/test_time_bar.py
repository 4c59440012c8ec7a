"""The slider through a run, alone and in the window."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from mnist_gui.gui.training.time_bar import TimeBar
from mnist_gui.history import History
from mnist_gui.training import RECIPES, Epoch, Progress


def run_of(steps):
    history, nothing = History(), np.empty(0)
    for step in steps:
        epochs = (Epoch(0.4, 0.9, 0.3, 0.951),) if step >= 1875 else ()
        history.add(
            Progress(RECIPES["default"], step, 18_750, epochs, 0, 0, nothing, nothing, nothing, np.full(4, float(step)))
        )
    return history


@pytest.fixture
def bar(qtbot):
    bar = TimeBar()
    qtbot.addWidget(bar)
    bar.show()
    return bar


def test_without_a_run_there_is_nothing_to_choose(bar):
    assert not bar.isEnabled()
    assert bar.chosen is None


def test_a_moment_is_chosen_and_the_end_is_the_present(bar, qtbot):
    bar.set_history(run_of([0, 100, 2000, 5000]))
    with qtbot.waitSignal(bar.moment_chosen) as chosen:
        bar.slider.setValue(1)
    assert chosen.args[0].step == 100
    assert bar._where.text() == "step 100"
    bar.slider.setValue(2)
    assert bar._where.text() == "step 2,000 · test 95.10 %"
    with qtbot.waitSignal(bar.moment_chosen) as chosen:
        bar.slider.setValue(3)
    assert chosen.args == [None]


def test_a_moment_stays_while_the_run_goes_on(bar):
    history = run_of([0, 100, 2000])
    bar.set_history(history)
    bar.slider.setValue(1)
    for snapshot in run_of(range(3000, 9000, 500)).snapshots:
        history.snapshots = (*history.snapshots, snapshot)
    bar.refresh()
    assert bar.chosen.step == 100
    assert bar.slider.value() == 1
    assert bar.slider.maximum() == len(history.snapshots) - 1


def test_the_present_stays_the_present_while_the_run_goes_on(bar, qtbot):
    history = run_of([0, 100])
    bar.set_history(history)
    history.snapshots = (*history.snapshots, *run_of([200]).snapshots)
    with qtbot.assertNotEmitted(bar.moment_chosen):
        bar.refresh()
    assert bar.slider.value() == 2
    assert bar.chosen is None


def test_space_plays_to_the_end(bar, qtbot):
    bar.set_history(run_of([0, 100, 2000, 5000]))
    seen = []
    bar.moment_chosen.connect(lambda moment: seen.append(moment and moment.step))
    qtbot.keyClick(bar.slider, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: seen == [0, 100, 2000, None])
    assert not bar._timer.isActive()


def test_going_on_is_offered_for_a_past_moment_while_nothing_runs(bar, qtbot):
    bar.set_history(run_of([0, 100, 2000]))
    assert not bar._continue.isEnabled()
    bar.slider.setValue(1)
    assert bar._continue.isEnabled()
    bar.set_running(True)
    assert not bar._continue.isEnabled()
    bar.set_running(False)
    with qtbot.waitSignal(bar.continue_requested):
        bar._continue.click()
