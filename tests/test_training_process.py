"""Training in another process comes to the same, can be steered, and neither process outlives the other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from multiprocessing.context import SpawnProcess
from time import monotonic, sleep
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from mnist_gui import training_process
from mnist_gui.data import Dataset
from mnist_gui.errors import UserError
from mnist_gui.nn import architectures
from mnist_gui.recipe import Recipe
from mnist_gui.training import DivergenceError, train
from mnist_gui.training_process import Job, TrainingProcess, TrainingProcessError

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = Recipe(epochs=2, batch_size=8)
ENDLESS = replace(SHORT, epochs=1_000_000)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (100, 28, 28), np.uint8)
    labels = rng.integers(0, 10, 100, np.uint8)
    return Dataset("noise", images, labels, images[:30], labels[:30])


@pytest.fixture(scope="module")
def kept_process() -> Iterator[TrainingProcess]:
    process = TrainingProcess()
    yield process
    process.close()


@pytest.fixture
def process(kept_process: TrainingProcess) -> TrainingProcess:
    """One for all tests: that it does many runs is part of the bargain."""
    kept_process.begin()
    return kept_process


def job(dataset: Dataset, recipe: Recipe = SHORT, architecture: str = "notebook", **more: object) -> Job:
    return Job(architecture, architectures.build(architecture).parameters, dataset, recipe, **more)


@pytest.mark.parametrize("architecture", ["notebook", "deep"])
@pytest.mark.parametrize("fresh", [True, False])
def test_it_comes_to_the_same(process: TrainingProcess, dataset: Dataset, architecture: str, fresh: bool) -> None:
    start = np.random.default_rng(1).normal(0, 0.1, architectures.build(architecture).parameters.size)
    (*_, there) = process.follow(replace(job(dataset, architecture=architecture), parameters=start, fresh=fresh))
    network = architectures.build(architecture)
    network.parameters[:] = start
    *_, here = train(network, dataset, SHORT, fresh=fresh)
    assert here is not None
    assert there.finished
    assert there.epochs == here.epochs
    np.testing.assert_array_equal(there.parameters, here.parameters)
    np.testing.assert_array_equal(there.loss_curve, here.loss_curve)


def test_what_it_sends_is_read_only(process: TrainingProcess, dataset: Dataset) -> None:
    for progress in process.follow(job(dataset)):
        for array in (progress.parameters, progress.curve_steps, progress.loss_curve, progress.accuracy_curve):
            assert not array.flags.writeable


def half(dataset: Dataset) -> Dataset:
    return replace(dataset, train_images=dataset.train_images[::2], train_labels=dataset.train_labels[::2])


def test_the_data_set_is_prepared_there(process: TrainingProcess, dataset: Dataset) -> None:
    *_, progress = process.follow(job(dataset, prepare=half))
    assert progress.steps_per_epoch == 7


def test_pause_resume_and_stop(process: TrainingProcess, dataset: Dataset) -> None:
    run = process.follow(job(dataset, ENDLESS))
    next(run)
    process.pause()
    before = cpu_seconds(process)
    sleep(0.2)
    rested = cpu_seconds(process)
    sleep(0.3)
    assert cpu_seconds(process) - rested < 0.1
    assert rested - before < 0.2
    process.resume()
    steps = [progress.step for progress, _ in zip(run, range(200), strict=False)]
    assert steps == sorted(steps)
    process.pause()
    process.stop()
    assert not any(progress.finished for progress in run)


def cpu_seconds(process: TrainingProcess) -> float:
    assert process._process is not None
    times = psutil.Process(process._process.pid).cpu_times()
    return times.user + times.system


def test_a_command_for_one_run_does_not_reach_the_next(process: TrainingProcess, dataset: Dataset) -> None:
    list(process.follow(job(dataset)))
    process.stop()
    process.pause()
    process.begin()
    *_, last = process.follow(job(dataset))
    assert last.finished


def test_a_run_that_is_stopped_before_it_starts_does_nothing(process: TrainingProcess, dataset: Dataset) -> None:
    process.stop()
    assert sum(1 for _ in process.follow(job(dataset, ENDLESS))) <= 1


def test_what_is_wrong_there_is_raised_here(process: TrainingProcess, dataset: Dataset) -> None:
    with pytest.raises(DivergenceError, match="diverged at step"):
        list(process.follow(job(dataset, replace(SHORT, epochs=20, learning_rate=1e9))))
    process.begin()
    with pytest.raises(UserError, match="not enough memory"):
        list(process.follow(job(dataset, prepare=want_too_much)))
    for prepare in (stumble, lose_a_file):  # the second is what a broken connection raises, too
        process.begin()
        with pytest.raises(TrainingProcessError, match=f"in {prepare.__name__}"):
            list(process.follow(job(dataset, prepare=prepare)))


def want_too_much(dataset: Dataset) -> Dataset:
    return replace(dataset, train_images=np.empty((1 << 50, 28, 28), np.uint8))


def stumble(dataset: Dataset) -> Dataset:
    return dataset.no_such_thing  # type: ignore[attr-defined, no-any-return]


def lose_a_file(dataset: Dataset) -> Dataset:
    raise FileNotFoundError(dataset.name)


def test_a_run_that_is_given_up_is_not_in_the_way_of_the_next(dataset: Dataset) -> None:
    process = TrainingProcess()
    process.begin()
    run = process.follow(job(dataset, ENDLESS))
    next(run)
    run.close()
    process.begin()
    *_, last = process.follow(job(dataset))
    assert last.finished
    process.close()


def test_a_process_that_does_not_start_is_told_and_tried_again(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    process = TrainingProcess()
    with monkeypatch.context() as broken:
        broken.setattr(SpawnProcess, "start", refuse)
        for _ in range(2):
            with pytest.raises(UserError, match=r"Training can't be started: .* unavailable"):
                process.begin()
        process.close()
    process.begin()
    *_, last = process.follow(job(dataset))
    assert last.finished
    process.close()


def test_a_process_that_hangs_is_ended_by_force(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_process, "PATIENCE", 0.2)
    process = TrainingProcess()
    process.begin()
    run = process.follow(job(dataset, ENDLESS))
    next(run)
    assert process._process is not None
    os.kill(process._process.pid, signal.SIGSTOP)
    process.close()


def test_the_next_run_is_sound_after_the_process_was_killed(dataset: Dataset) -> None:
    process = TrainingProcess()
    process.begin()
    run = process.follow(job(dataset, ENDLESS))
    next(run)
    assert process._process is not None
    process._process.kill()
    with pytest.raises(UserError, match="ended from outside"):
        list(run)
    process.stop()  # says nothing to anybody
    process.begin()
    *_, last = process.follow(job(dataset))
    assert last.finished
    process._process.kill()  # between two runs
    process._process.join()
    process.begin()
    *_, last = process.follow(job(dataset))
    assert last.finished
    process.close()
    process.close()


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("end", ["close", "exit", "kill"])
def test_it_does_not_outlive_its_master(end: str, paused: bool) -> None:
    code = f"""
import os, signal, sys
import numpy as np
from mnist_gui import training_process
from mnist_gui.data import Dataset
from mnist_gui.nn import architectures
from mnist_gui.recipe import Recipe
from mnist_gui.training_process import Job, TrainingProcess, TrainingProcessError
images, labels = np.zeros((100, 28, 28), np.uint8), np.zeros(100, np.uint8)
process = TrainingProcess()
process.begin()
recipe = Recipe(epochs=1_000_000)
parameters = architectures.build("notebook").parameters
run = process.follow(Job("notebook", parameters, Dataset("zeros", images, labels, images, labels), recipe))
next(run)
if {paused}:
    process.pause()
print(process._process.pid, flush=True)
if {end!r} == "close":
    process.close()
elif {end!r} == "kill":
    os.kill(os.getpid(), signal.SIGTERM)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == (-signal.SIGTERM if end == "kill" and os.name == "posix" else 0), done.stderr
    assert "Traceback" not in done.stderr
    waited = monotonic()
    while runs(int(done.stdout)):
        assert monotonic() - waited < 10
        sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
