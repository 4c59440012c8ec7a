"""Runs in the window: start, pause, stop, reset, divergence, closing; and the window meanwhile."""

from __future__ import annotations

import sys
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shiboken6
from hand import SEVEN, THREE, draw, on_screen
from painted import pixels
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from mnist_gui.data import load
from mnist_gui.errors import UserError
from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets import theme
from mnist_gui.nn import architectures
from mnist_gui.training import RECIPES, Recipe, initialize, recipe_for, train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Messages
    from PySide6.QtCore import QThread
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.nn.network import Network
    from mnist_gui.training import Progress

FOREVER = 1000  # epochs
TRAIN = "mnist_gui.gui.training.training_thread.train"


def click(window: MainWindow, name: str) -> None:
    QTest.mouseClick(window.findChild(QAbstractButton, name), Qt.MouseButton.LeftButton)


def enabled(window: MainWindow) -> set[str]:
    names = ("train", "pause", "stop", "reset")
    buttons = {name: window.findChild(QAbstractButton, f"{name}Button") for name in names}
    return {name for name, button in buttons.items() if button.isEnabled()}


def status(window: MainWindow) -> str:
    return window.training_panel.status.text()


@pytest.fixture
def running(ready: MainWindow, qtbot: QtBot) -> MainWindow:
    """A window in the middle of a run that doesn't end by itself."""
    ready.training_panel.epochs_box.setValue(FOREVER)
    click(ready, "trainButton")
    qtbot.waitUntil(lambda: ready.isWindowModified() and ready.session.checkpoint.record.epochs > 0.5, timeout=20_000)
    return ready


# From start to end


def test_a_run_fills_the_charts_and_changes_the_filters(ready: MainWindow, wait_for: Callable[[State], None]) -> None:
    before = ready.session.network.parameters.copy()
    filters = ready.findChild(QWidget, "filterView").grab().toImage()
    click(ready, "trainButton")
    assert ready.session.state is State.LOADING
    assert "loading" in status(ready)
    wait_for(State.IDLE)
    assert status(ready) == "finished: 2 epochs"
    assert ready.training_panel.progress.value() == ready.training_panel.progress.maximum()
    for chart in (ready.charts.loss, ready.charts.accuracy):
        steps, values = chart.training.getData()
        assert len(steps) == 40
        assert steps[-1] == pytest.approx(2)
        assert np.isfinite(values).all()
        assert chart.test.getData()[0].tolist() == [1, 2]
    assert ready.charts.loss.training.getData()[1][-1] < 2.3
    assert not np.array_equal(ready.session.network.parameters, before)
    assert ready.findChild(QWidget, "filterView").grab().toImage() != filters
    assert ready.windowTitle() == "untitled model[*] — mnist_gui"
    assert ready.isWindowModified()
    assert "bars: 640 images" in ready.data_label.text()
    assert ready.session.checkpoint.record.data == "bars"
    assert enabled(ready) == {"train", "reset"}


def test_the_result_is_that_of_the_generator(
    ready: MainWindow, wait_for: Callable[[State], None], data_folder: Path
) -> None:
    ready.training_panel.seed_box.setValue(5)
    click(ready, "trainButton")
    wait_for(State.IDLE)
    network = architectures.build("notebook")
    for _ in train(network, load(data_folder), ready.training_panel.recipe()):
        pass
    np.testing.assert_array_equal(ready.session.network.parameters, network.parameters)


def test_a_second_run_begins_at_once_and_anew(ready: MainWindow, wait_for: Callable[[State], None]) -> None:
    for _ in range(2):
        click(ready, "trainButton")
        wait_for(State.IDLE)
    assert ready.charts.loss.test.getData()[0].tolist() == [1, 2]
    first = ready.session.network.parameters.copy()
    click(ready, "trainButton")
    assert ready.session.state is State.RUNNING  # the data is still there
    wait_for(State.IDLE)
    np.testing.assert_array_equal(ready.session.network.parameters, first)


def test_training_on_begins_where_the_network_is(ready: MainWindow, wait_for: Callable[[State], None]) -> None:
    click(ready, "trainButton")
    wait_for(State.IDLE)
    learned = ready.session.network.parameters.copy()
    loss = ready.session.checkpoint.record.test_loss
    ready.training_panel.learning_rate_box.setValue(0.0001)
    ready.training_panel.train_on()
    wait_for(State.IDLE)
    assert 0 < np.abs(ready.session.network.parameters - learned).max() < 0.05
    assert ready.session.checkpoint.record.test_loss == pytest.approx(loss, rel=0.05)
    assert ready.isWindowModified()


def test_training_on_without_a_step_changes_nothing(
    ready: MainWindow, wait_for: Callable[[State], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    click(ready, "trainButton")
    wait_for(State.IDLE)
    before, runs = ready.session.checkpoint, ready.session.runs
    texts = (status(ready), ready.network_label.text(), ready.charts.loss.training_label.text())
    monkeypatch.setattr(TRAIN, lambda *_, **__: iter(()))
    ready.training_panel.train_on()
    assert ready.session.checkpoint is not before
    wait_for(State.IDLE)
    assert ready.session.checkpoint is before
    assert ready.session.runs == runs
    assert ready.isWindowModified()
    assert (status(ready), ready.network_label.text(), ready.charts.loss.training_label.text()) == texts
    assert len(ready.charts.loss.training.getData()[0]) == 40
    assert ready.charts.time_bar.isEnabled()


def test_the_notebook_s_recipe_tells_of_its_faults_and_trains_in_float64(
    ready: MainWindow, wait_for: Callable[[State], None]
) -> None:
    note = ready.findChild(QWidget, "notebookNote")
    assert not note.isVisibleTo(ready)
    box = ready.training_panel.recipe_box
    box.setCurrentIndex(box.findData("notebook"))
    assert note.isVisibleTo(ready)
    assert "divides the gradient by the batch size twice" in note.text()
    assert ready.training_panel.recipe() == RECIPES["notebook"]
    ready.training_panel.epochs_box.setValue(1)
    click(ready, "trainButton")
    wait_for(State.IDLE)
    assert ready.session.network.dtype == np.float64
    assert ready.session.checkpoint.record.recipe.as_notebook
    draw(ready.canvas, on_screen(ready.canvas, THREE))
    box.setCurrentIndex(box.findData("default"))
    assert not note.isVisibleTo(ready)


# Meanwhile


def test_the_drawing_is_read_again_while_training_goes_on(running: MainWindow, qtbot: QtBot) -> None:
    draw(running.canvas, on_screen(running.canvas, SEVEN))
    seen: set[bytes] = set()

    def reads_on() -> bool:
        probabilities = running.network_view.bars.probabilities
        if probabilities is not None:
            seen.add(probabilities.tobytes())
        return len(seen) > 5

    qtbot.waitUntil(reads_on, timeout=20_000)
    assert running.network_view.answer in "0123456789"
    assert running.session.state is State.RUNNING
    assert f"/{FOREVER}" in status(running)
    assert "left" in status(running)


def test_pause_rests_and_resume_goes_on(running: MainWindow, qtbot: QtBot, wait_for: Callable[[State], None]) -> None:
    assert enabled(running) == {"pause", "stop"}
    click(running, "pauseButton")
    wait_for(State.PAUSED)
    assert enabled(running) == {"pause", "stop"}
    assert running.training_panel.pause_button.accessibleName() == "Resume"
    letters = []

    def rests() -> bool:
        letters.append(running.session.checkpoint.record.epochs)
        return len(letters) > 30 and len(set(letters[-20:])) == 1

    qtbot.waitUntil(rests)
    assert status(running).startswith("paused")
    draw(running.canvas, on_screen(running.canvas, THREE))  # the window lives
    qtbot.waitUntil(lambda: running.network_view.answer != "–")
    click(running, "pauseButton")
    wait_for(State.RUNNING)
    qtbot.waitUntil(lambda: running.session.checkpoint.record.epochs > letters[-1], timeout=20_000)
    assert running.training_panel.pause_button.accessibleName() == "Pause"


def test_the_bar_is_as_long_as_what_is_done_and_the_button_shows_what_it_will_do(
    running: MainWindow, wait_for: Callable[[State], None], qtbot: QtBot
) -> None:
    panel = running.training_panel
    rests = pixels(panel.pause_button)
    click(running, "pauseButton")
    wait_for(State.PAUSED)
    assert np.abs(pixels(panel.pause_button.icon().pixmap(16, 16).toImage()) - pixels_of("play")).max() == 0
    assert not np.array_equal(pixels(panel.pause_button), rests)
    panel.progress.setValue(0)
    running.session.progressed.emit(running.session.checkpoint.progress)
    done = running.session.checkpoint.progress
    assert panel.progress.value() / panel.progress.maximum() == pytest.approx(done.step / done.steps, abs=0.001)
    half = replace(done, step=done.steps // 2)
    running.session.progressed.emit(half)
    assert panel.progress.value() / panel.progress.maximum() == pytest.approx(0.5, abs=0.001)
    click(running, "pauseButton")
    assert np.abs(pixels(panel.pause_button.icon().pixmap(16, 16).toImage()) - pixels_of("pause")).max() == 0


def pixels_of(icon: str) -> np.ndarray:
    return pixels(theme.icon(icon).pixmap(16, 16).toImage())


@pytest.mark.parametrize("paused", [False, True])
def test_stop_keeps_what_was_learned(running: MainWindow, wait_for: Callable[[State], None], paused: bool) -> None:
    if paused:
        click(running, "pauseButton")
    click(running, "stopButton")
    wait_for(State.IDLE)
    assert status(running).startswith("stopped at epoch ")
    assert enabled(running) == {"train", "reset"}
    untrained = architectures.build("notebook")
    initialize(untrained, running.training_panel.recipe())
    assert not np.allclose(running.session.network.parameters, untrained.parameters)
    assert running.isWindowModified()
    assert len(running.charts.loss.training.getData()[0]) > 0
    newest = running.session.history.snapshots[-1]
    np.testing.assert_array_equal(newest.parameters, running.session.network.parameters)


def test_train_twice_is_one_run(ready: MainWindow, nothing_left: list[QThread]) -> None:
    ready.training_panel.epochs_box.setValue(FOREVER)
    click(ready, "trainButton")
    click(ready, "trainButton")
    ready.training_panel.train()
    ready.training_panel.train_on()
    assert len(nothing_left) == 1


def test_train_again_while_running_is_ignored(running: MainWindow, nothing_left: list[QThread]) -> None:
    epochs = running.session.checkpoint.record.epochs
    running.training_panel.train()
    running.training_panel.train_on()
    QTest.keyClick(running, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert len(nothing_left) == 2  # one loaded, one trains
    assert running.session.checkpoint.record.epochs >= epochs


def test_settings_wait_for_the_next_run(running: MainWindow) -> None:
    panel = running.training_panel
    for box in (panel.recipe_box, panel.data_box, panel.epochs_box, panel.batch_size_box, panel.seed_box):
        assert not box.isEnabled()
    panel.seed_box.setValue(99)
    panel.learning_rate_box.setValue(7)
    assert running.session.checkpoint.record.recipe.seed == 0
    assert running.session.checkpoint.record.recipe.learning_rate == RECIPES["default"].learning_rate
    assert running.session.checkpoint.progress.recipe == running.session.checkpoint.record.recipe


def test_shortcuts_steer_the_run(ready: MainWindow, qtbot: QtBot, wait_for: Callable[[State], None]) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    ready.activateWindow()
    ready.training_panel.epochs_box.setValue(FOREVER)
    QTest.keyClick(ready, Qt.Key.Key_T, control)
    wait_for(State.RUNNING)
    QTest.keyClick(ready, Qt.Key.Key_P, control)
    wait_for(State.PAUSED)
    QTest.keyClick(ready, Qt.Key.Key_P, control)
    wait_for(State.RUNNING)
    QTest.keyClick(ready, Qt.Key.Key_Period, control)
    wait_for(State.IDLE)


# Reset


def test_reset_takes_fresh_weights_from_the_seed(window: MainWindow) -> None:
    window.training_panel.seed_box.setValue(3)
    click(window, "resetButton")
    network = architectures.build("notebook")
    initialize(network, window.training_panel.recipe())
    np.testing.assert_array_equal(window.session.network.parameters, network.parameters)
    assert "untrained" in window.network_label.text()
    assert not window.isWindowModified()


def test_reset_asks_nothing_and_what_was_learned_stays_in_runs(
    ready: MainWindow, wait_for: Callable[[State], None], messages: Messages
) -> None:
    click(ready, "trainButton")
    wait_for(State.IDLE)
    learned = ready.session.checkpoint
    click(ready, "resetButton")
    assert messages.said == []
    assert ready.session.runs == (learned,)
    assert not ready.isWindowModified()
    assert not np.array_equal(ready.session.network.parameters, learned.parameters)
    assert ready.charts.loss.training.getData()[0] is None
    assert status(ready) == "Ready to train"


# What goes wrong


class Ruinous(Recipe):
    """No rate that can be set takes this network's loss out of floating point's range, so one that can't be is here."""

    __slots__ = ()

    def rates(self, steps: int) -> np.ndarray:
        return np.where(np.arange(steps) < 60, 0.1, np.inf)


def test_a_rate_that_diverges_is_explained_and_the_good_parameters_stay(
    ready: MainWindow,
    wait_for: Callable[[State], None],
    messages: Messages,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    monkeypatch.setattr(ready.training_panel, "recipe", lambda: Ruinous(epochs=FOREVER))
    click(ready, "trainButton")
    qtbot.waitUntil(lambda: bool(messages.said), timeout=20_000)
    wait_for(State.IDLE)
    (message,) = messages.said
    assert "diverged at step" in message
    assert "too high" in message
    assert np.isfinite(ready.session.network.parameters).all()
    draw(ready.canvas, on_screen(ready.canvas, THREE))
    qtbot.waitUntil(lambda: ready.network_view.answer in set("0123456789"))
    assert status(ready) == "stopped at epoch 3.0"
    assert ready.session.checkpoint.record.test_accuracy is not None
    assert enabled(ready) == {"train", "reset"}


@pytest.mark.parametrize("error", [UserError("There is not enough memory"), MemoryError()])
def test_why_a_run_failed_is_told(
    error: Exception,
    ready: MainWindow,
    wait_for: Callable[[State], None],
    messages: Messages,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    def train(*_: object, **__: object) -> Iterator[Progress]:
        raise error
        yield

    monkeypatch.setattr(TRAIN, train)
    click(ready, "trainButton")
    qtbot.waitUntil(lambda: bool(messages.said), timeout=20_000)
    wait_for(State.IDLE)
    assert "not enough memory" in messages.said[0]


@pytest.mark.parametrize("architecture", ["notebook", "deep"])
def test_what_a_run_begins_with_is_shown_before_it_says_where_it_stands(
    ready: MainWindow, wait_for: Callable[[State], None], monkeypatch: pytest.MonkeyPatch, architecture: str
) -> None:
    go_on = Event()

    def train(*_: object, **__: object) -> Iterator[Progress]:
        go_on.wait(20)
        return iter(())

    monkeypatch.setattr(TRAIN, train)
    box = ready.training_panel.architecture_box
    box.setCurrentIndex(box.findData(architecture))
    before = ready.session.checkpoint
    ready.training_panel.seed_box.setValue(4)
    click(ready, "trainButton")
    wait_for(State.RUNNING)
    network = architectures.build(architecture)
    initialize(network, ready.training_panel.recipe())
    np.testing.assert_array_equal(ready.session.network.parameters, network.parameters)
    assert ready.windowTitle().startswith("untitled")
    assert "untrained" in ready.network_label.text()
    assert not ready.charts.loss.hint.isVisible()
    go_on.set()
    wait_for(State.IDLE)
    assert ready.session.checkpoint is before  # nothing came of it
    assert ready.windowTitle().startswith("shipped model")
    assert ready.training_panel.architecture() == architecture
    assert ready.charts.loss.hint.isVisible()
    assert status(ready) == "Ready to train"


def test_choosing_a_network_shows_it_trained_and_loses_nothing(
    running: MainWindow, wait_for: Callable[[State], None]
) -> None:
    click(running, "stopButton")
    wait_for(State.IDLE)
    run, box = running.session.checkpoint, running.training_panel.architecture_box
    box.setCurrentIndex(box.findData("wide"))
    assert running.session.network.architecture == "wide"
    assert running.session.checkpoint.record.test_accuracy > 0.98
    assert running.training_panel.recipe() == recipe_for("default", "wide")
    assert run in running.session.runs
    running.session.take_back(run)
    assert running.training_panel.architecture() == "notebook"
    assert running.session.checkpoint is run


def test_after_stop_the_keyboard_is_not_at_reset(running: MainWindow, wait_for: Callable[[State], None]) -> None:
    running.activateWindow()
    running.training_panel.stop_button.setFocus()
    click(running, "stopButton")
    wait_for(State.IDLE)
    assert running.focusWidget() is running.training_panel.train_button


def test_a_run_that_fails_at_once_changes_nothing(
    ready: MainWindow,
    messages: Messages,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    wait_for: Callable[[State], None],
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise UserError("Training can't be started")

    before = ready.session.checkpoint
    monkeypatch.setattr(TRAIN, refuse)
    click(ready, "trainButton")
    qtbot.waitUntil(lambda: messages.said == ["Training can't be started"])
    wait_for(State.IDLE)
    assert ready.session.checkpoint is before
    np.testing.assert_array_equal(ready.session.network.parameters, before.parameters)
    assert ready.session.runs == ()


def test_a_fault_in_the_training_thread_is_reported_and_the_window_goes_on(
    running: MainWindow,
    messages: Messages,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    wait_for: Callable[[State], None],
) -> None:
    reported: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, _: reported.append(f"{kind.__name__}: {error}"))

    def fail(network: Network, *_: object, **__: object) -> Iterator[Progress | None]:
        yield None
        raise ZeroDivisionError("in a test")

    click(running, "stopButton")
    wait_for(State.IDLE)
    learned = running.session.checkpoint
    with monkeypatch.context() as patch:
        patch.setattr(TRAIN, fail)
        click(running, "trainButton")
        qtbot.waitUntil(lambda: bool(reported))
        wait_for(State.IDLE)
    assert reported == ["ZeroDivisionError: in a test"]
    assert running.session.checkpoint is learned
    assert enabled(running) == {"train", "reset"}
    draw(running.canvas, on_screen(running.canvas, THREE))
    qtbot.waitUntil(lambda: running.network_view.answer != "–")
    running.training_panel.epochs_box.setValue(1)
    click(running, "trainButton")
    wait_for(State.IDLE)
    assert status(running) == "finished: 1 epoch"
    assert len(reported) == 1


# Closing


def test_what_goes_wrong_while_it_closes_is_not_told(
    ready: MainWindow,
    messages: Messages,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    nothing_left: list[QThread],
    wait_for: Callable[[State], None],
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise UserError("too late")

    click(ready, "trainButton")
    wait_for(State.IDLE)
    monkeypatch.setattr(TRAIN, refuse)
    click(ready, "trainButton")
    assert nothing_left[-1].wait(5000)  # its failure is on the way to the window
    messages.answers = ["Discard"]
    assert ready.close()
    asked = len(messages.said)
    for _ in range(3):
        QApplication.processEvents()
    assert len(messages.said) == asked == 1


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("answer", ["Discard", "Save", "Cancel"])
def test_closing_in_the_middle_of_a_run_asks_and_ends_the_thread(
    running: MainWindow,
    messages: Messages,
    choose: Callable[[Path], None],
    tmp_path: Path,
    nothing_left: list[QThread],
    paused: bool,
    answer: str,
) -> None:
    if paused:
        click(running, "pauseButton")
    messages.answers = [answer]
    choose(tmp_path / "kept")
    closed = running.close()
    assert closed == (answer != "Cancel")
    assert (tmp_path / "kept.safetensors").exists() == (answer == "Save")
    assert "lost" in messages.said[0]
    alive = [thread for thread in nothing_left if shiboken6.isValid(thread) and thread.isRunning()]
    assert bool(alive) == (answer == "Cancel")


def test_closing_while_data_is_loaded_waits_for_it(ready: MainWindow, nothing_left: list[QThread]) -> None:
    click(ready, "trainButton")
    assert ready.session.state is State.LOADING
    assert ready.close()
    assert ready.session.state is State.IDLE
    assert len(nothing_left) == 1


def test_closing_asks_nothing_where_nothing_was_trained(window: MainWindow, messages: Messages) -> None:
    assert window.close()
    assert messages.said == []
