"""A run as a person meets it: the wait before the first step, and what the whole costs beside its bare steps."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np

from mnist_gui import data
from mnist_gui.data import caches, mnist
from mnist_gui.nn.optimizers import SGD
from mnist_gui.recipe import recipe_for
from mnist_gui.training import initialize, train

from . import contenders
from .contenders import UnavailableError
from .report import Comparison
from .timing import Timings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mnist_gui.data import Dataset

WHOLE_RUNS = 3  # a round of them takes some 20 seconds
FIRST_STEPS = 7


def first_step(rounds: int) -> list[Comparison]:
    """Time the way from the call of `train` to the first progress with a step, beside reading MNIST's four files."""
    against = "reading MNIST's four files"
    seconds: dict[str, list[float]] = {"empty": [], "full": [], against: []}
    with _own_cache() as cache:
        for _ in range(min(rounds, FIRST_STEPS) + 1):
            start = perf_counter()
            dataset = _mnist()
            seconds[against].append(perf_counter() - start)
            shutil.rmtree(cache, ignore_errors=True)
            for state in ("empty", "full"):
                seconds[state].append(_run(dataset, until_first_step=True))
    timings = Timings({name: np.array(values[1:]) for name, values in seconds.items()})  # the first was for warming up
    return [
        Comparison.of(timings, f"from train() to the first step, caches {state}", against, 3, ours=state)
        for state in ("empty", "full")
    ]


def whole(rounds: int) -> list[Comparison]:
    """Time whole runs of the default recipe, tests and all, beside their steps alone."""
    dataset, against = _mnist(), "its bare steps"
    seconds: dict[str, list[float]] = {"empty": [], "full": [], against: []}
    with _own_cache() as cache:
        for _ in range(min(rounds, WHOLE_RUNS)):
            shutil.rmtree(cache, ignore_errors=True)
            for state in ("empty", "full"):
                seconds[state].append(_run(dataset))
            seconds[against].append(_bare_steps(dataset))
    timings = Timings({name: np.array(values) for name, values in seconds.items()})
    return [
        Comparison.of(timings, f"a whole run of the default recipe, caches {state}", against, limit, ours=state)
        for state, limit in (("empty", 1.6), ("full", 1.25))
    ]


def _mnist() -> Dataset:
    if mnist.find() is None:
        raise UnavailableError("runs: MNIST is not at hand")
    return data.load("mnist")


@contextmanager
def _own_cache() -> Iterator[Path]:
    """Keep what is cached in a folder of this benchmark, not in the person's."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        with mock.patch.object(caches, "folder", return_value=cache):
            yield cache


def _run(dataset: Dataset, *, until_first_step: bool = False) -> float:
    network = contenders.network()
    start = perf_counter()
    for progress in train(network, dataset, recipe_for("default", "notebook")):
        if until_first_step and progress and progress.step:
            break
    return perf_counter() - start


def _bare_steps(dataset: Dataset) -> float:
    """Time as many steps as the recipe has, on images that lie in order as the numbers that the network takes."""
    recipe, network = recipe_for("default", "notebook"), contenders.network()
    count = len(dataset.train_images) + recipe.drawn
    images = np.resize(dataset.train_images[:, None] / np.float32(255), (count, 1, 28, 28))
    labels = np.resize(dataset.train_labels, count)
    initialize(network, recipe)
    optimizer = SGD(network.parameters, momentum=recipe.momentum, nesterov=True)
    start = perf_counter()
    for _ in range(recipe.epochs):
        for first in range(0, count, recipe.batch_size):
            part = slice(first, first + recipe.batch_size)
            network.backpropagate(images[part], labels[part])
            optimizer.step(network.gradients, 0.01)
    return perf_counter() - start
