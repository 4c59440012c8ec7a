"""The threads beside the window, the mailbox between, and how they end."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shiboken6

from mnist_gui import data
from mnist_gui.gui.training.loading_thread import LoadingThread
from mnist_gui.gui.training.mailbox import Mailbox
from mnist_gui.gui.training.trainer import State, Trainer
from mnist_gui.gui.training.training_thread import Job, TrainingThread
from mnist_gui.history import History
from mnist_gui.nn import architectures
from mnist_gui.training import RECIPES, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from PySide6.QtCore import QThread
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


def test_a_mailbox_keeps_the_newest_letter_only() -> None:
    mailbox: Mailbox[str] = Mailbox()
    assert mailbox.take() is None
    assert mailbox.put("old")
    assert not mailbox.put("newer")
    assert not mailbox.put("newest")
    assert mailbox.take() == "newest"
    assert mailbox.take() is None
    assert mailbox.put("next")


def job(folder: Path, epochs: int) -> Job:
    recipe = replace(RECIPES["default"], epochs=epochs)
    return Job("notebook", architectures.build("notebook").parameters, data.load(folder), recipe)


@pytest.fixture
def trainer(qapp: QApplication) -> Iterator[Trainer]:
    trainer = Trainer()
    yield trainer
    trainer.shut_down()


def test_a_busy_window_gets_only_the_newest_progress(
    trainer: Trainer, data_folder: Path, qtbot: QtBot, nothing_left: list[QThread]
) -> None:
    received: list[Progress] = []
    trainer.progressed.connect(received.append)
    trainer.start(job(data_folder, epochs=3), History())
    (thread,) = nothing_left
    assert thread.wait(20_000)  # the window does nothing else meanwhile
    assert received == []
    qtbot.waitUntil(lambda: trainer.state is State.IDLE)
    (progress,) = received
    assert progress.finished
    assert len(progress.epochs) == 3


def test_every_moment_is_in_the_history_though_few_are_shown(trainer: Trainer, data_folder: Path, qtbot: QtBot) -> None:
    history = History()
    received: list[Progress] = []
    trainer.progressed.connect(received.append)
    trainer.start(job(data_folder, epochs=3), history)
    qtbot.waitUntil(lambda: trainer.state is State.IDLE, timeout=20_000)
    assert len(history.snapshots) > len(received)
    assert [moment.step for moment in history.snapshots][:3] == [0, 1, 2]
    np.testing.assert_array_equal(history.snapshots[-1].parameters, received[-1].parameters)


@pytest.mark.parametrize("rests", [False, True])
def test_a_run_stops_between_two_steps_also_when_it_rests(data_folder: Path, qtbot: QtBot, rests: bool) -> None:
    thread = TrainingThread(job(data_folder, epochs=1000), History())
    with qtbot.waitSignal(thread.progress_waiting):
        thread.start()
    if rests:
        thread.pause()
        assert thread.paused
    thread.stop()
    assert thread.wait(5_000)
    progress = thread.mailbox.take()
    assert progress is not None  # where it stood
    assert not progress.finished


def test_only_one_thing_goes_on_at_a_time(
    trainer: Trainer, data_folder: Path, qtbot: QtBot, nothing_left: list[QThread]
) -> None:
    for _ in range(3):
        trainer.start(job(data_folder, epochs=1000), History())
    assert len(nothing_left) == 1
    trainer.stop()
    qtbot.waitUntil(lambda: trainer.state is State.IDLE)
    trainer.start(job(data_folder, epochs=1), History())
    assert len(nothing_left) == 2
    assert trainer.state is State.RUNNING


def test_a_thread_that_has_ended_is_let_go(
    trainer: Trainer, data_folder: Path, qtbot: QtBot, nothing_left: list[QThread]
) -> None:
    for _ in range(3):
        trainer.start(job(data_folder, epochs=1), History())
        qtbot.waitUntil(lambda: trainer.state is State.IDLE, timeout=20_000)
    qtbot.waitUntil(lambda: not any(shiboken6.isValid(thread) for thread in nothing_left))
    assert len(nothing_left) == 3


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED])
def test_shutting_down_ends_what_goes_on_and_says_where_it_stood(
    trainer: Trainer, data_folder: Path, qtbot: QtBot, nothing_left: list[QThread], state: State
) -> None:
    received: list[Progress] = []
    trainer.progressed.connect(received.append)
    trainer.start(job(data_folder, epochs=1000), History())
    qtbot.waitUntil(lambda: any(progress.step for progress in received))
    if state is State.PAUSED:
        trainer.pause()
    assert trainer.state is state
    steps = [progress.step for progress in received]
    trainer.shut_down()
    assert trainer.state is State.IDLE
    assert received[-1].step >= steps[-1]
    assert nothing_left[0].isFinished()


def test_a_load_that_is_cancelled_says_nothing(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    asked, go_on = Event(), Event()

    def load(source: str, *, progress: Callable[[int, int], None], as_stored: bool, whole: bool) -> None:
        progress(1, 10)
        asked.set()
        go_on.wait(20)
        progress(2, 10)
        raise AssertionError("it went on")

    monkeypatch.setattr(data, "load", load)
    thread = LoadingThread("mnist")
    said: list[object] = []
    thread.loaded.connect(said.append)
    thread.failed.connect(said.append)
    with qtbot.waitSignal(thread.progressed):
        thread.start()
    assert asked.wait(5)
    assert thread.mailbox.take() == (1, 10)
    thread.cancel()
    with qtbot.waitSignal(thread.finished):
        go_on.set()
    assert thread.wait(5_000)
    assert said == []


@pytest.mark.parametrize("fails", [False, True])
def test_what_comes_of_a_load_after_it_was_cancelled_is_not_told(
    monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, fails: bool
) -> None:
    go_on = Event()

    def load(source: str, *, progress: Callable[[int, int], None], as_stored: bool, whole: bool) -> str:
        go_on.wait(20)
        if fails:
            raise data.DataError("too late")
        return "a data set"

    monkeypatch.setattr(data, "load", load)
    trainer = Trainer()
    said: list[object] = []
    trainer.loading_failed.connect(lambda *words: said.append(words))
    trainer.with_data("mnist", said.append)
    trainer.stop()
    go_on.set()
    qtbot.waitUntil(lambda: trainer.state is State.IDLE)
    assert said == []


def test_a_failed_load_has_ended_when_it_is_told(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    """So that another attempt can begin at once."""
    attempts: list[str] = []

    def load(source: str, *, progress: Callable[[int, int], None], as_stored: bool, whole: bool) -> str:
        attempts.append(source)
        if len(attempts) == 1:
            raise data.DataError("not now")
        return "a data set"

    monkeypatch.setattr(data, "load", load)
    trainer = Trainer()
    got: list[object] = []

    def try_again(source: str) -> None:
        trainer.with_data(source, got.append)
        for thread in trainer.findChildren(LoadingThread):
            thread.wait()  # the second may be done before the end of the first is heard

    trainer.loading_failed.connect(try_again)
    trainer.with_data("mnist", got.append)
    qtbot.waitUntil(lambda: bool(got))
    assert got == ["a data set"]
    assert attempts == ["mnist", "mnist"]
    qtbot.waitUntil(lambda: trainer.state is State.IDLE)
    trainer.shut_down()
