"""The mailbox between a thread and the window, and how threads end."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import pytest

from mnist_gui import data
from mnist_gui.gui.training.panel import State
from mnist_gui.gui.training.threads import LoadingThread, Mailbox, TrainingThread
from mnist_gui.gui.training.trainer import Trainer
from mnist_gui.nn import architectures
from mnist_gui.training import RECIPES, Progress
from mnist_gui.training_process import Job, TrainingProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def test_a_busy_window_gets_only_the_newest_progress(data_folder: Path, qtbot: QtBot) -> None:
    trainer = Trainer()
    received: list[Progress] = []
    trainer.progressed.connect(received.append)
    trainer.start(job(data_folder, epochs=3))
    assert trainer._training is not None
    assert trainer._training.wait(20_000)  # the window does nothing else meanwhile
    assert received == []
    qtbot.waitUntil(lambda: trainer.state is State.IDLE)
    (progress,) = received
    assert progress.finished
    assert len(progress.epochs) == 3
    trainer.shut_down()


def test_a_run_stops_between_two_steps_also_when_it_rests(data_folder: Path, qtbot: QtBot) -> None:
    process = TrainingProcess()
    for rests in (False, True):
        process.begin()
        thread = TrainingThread(process, job(data_folder, epochs=1000))
        with qtbot.waitSignal(thread.progress_waiting):
            thread.start()
        if rests:
            thread.pause()
            assert thread.paused
        thread.stop()
        assert thread.wait(5_000)
    process.close()


def job(folder: Path, epochs: int) -> Job:
    recipe = replace(RECIPES["default"], epochs=epochs)
    return Job("notebook", architectures.build("notebook").parameters, data.load(folder), recipe)


def test_a_load_that_is_cancelled_says_nothing(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    asked, go_on = Event(), Event()

    def load(source: str, *, progress: Callable[[int, int], None]) -> None:
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
    with qtbot.waitSignal(thread.downloading):
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

    def load(source: str, *, progress: Callable[[int, int], None]) -> str:
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

    def load(source: str, *, progress: Callable[[int, int], None]) -> str:
        attempts.append(source)
        if len(attempts) == 1:
            raise data.DataError("not now")
        return "a data set"

    monkeypatch.setattr(data, "load", load)
    trainer = Trainer()
    got: list[object] = []
    trainer.loading_failed.connect(lambda source, _: trainer.with_data(source, got.append))
    trainer.with_data("mnist", got.append)
    qtbot.waitUntil(lambda: bool(got))
    assert got == ["a data set"]
    assert attempts == ["mnist", "mnist"]
    qtbot.waitUntil(lambda: trainer.state is State.IDLE)
    trainer.shut_down()
