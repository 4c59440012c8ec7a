"""How well the networks read: MNIST's test set, and real pen strokes of other people."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from mnist_gui import data, model_file
from mnist_gui.assets import SHIPPED_MODEL
from mnist_gui.nn import architectures
from mnist_gui.recipe import Recipe, recipe_for
from mnist_gui.training import evaluate, train

from . import strokes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from mnist_gui.data import Dataset
    from mnist_gui.nn.network import Network

SEEDS = range(5)
HEAD = ["reading", "measured", "wanted", ""]
ARCHITECTURES_HEAD = ["network", "parameters", "MNIST test", "pen strokes", "seconds to train"]


def rows(path: Path) -> Iterator[list[str]]:
    """Train the default recipe with five seeds, and on drawn digits alone; try the shipped model's steadiness."""
    samples, mnist = strokes.read(path), data.load("mnist")
    labels = np.array([sample.label for sample in samples])
    images = np.stack([sample.image() for sample in samples])

    results = []
    for seed in SEEDS:
        network, _ = _trained("notebook", mnist, replace(recipe_for("default", "notebook"), seed=seed))
        results.append(_figures(network, mnist, images, labels))
    tested, written, error, confident = (median(column) for column in zip(*results, strict=True))
    spread = ", ".join(f"{100 * result[0]:.2f}" for result in results)
    yield _row(f"default recipe, MNIST test, median of seeds 0 to 4 ({spread})", 100 * tested, "%", least=97)
    yield _row("pen strokes, median", 100 * written, "%", least=94)
    yield _row("expected calibration error on MNIST (15 bins), median", error, "", most=0.02)
    yield _row("pen strokes read wrongly with more than 0.9, median", 100 * confident, "%", most=1.5)

    alone = data.load("drawn")
    network, _ = _trained("notebook", alone, recipe_for("default", "notebook"))
    tested, written, *_ = _figures(network, mnist, images, labels)
    yield _row("trained on drawn digits alone, MNIST test", 100 * tested, "%", least=80)
    yield _row("trained on drawn digits alone, pen strokes", 100 * written, "%", least=88)

    network, _ = model_file.load(SHIPPED_MODEL)
    answers = _answers(network, images)
    for name, changed in {
        "at 40 % of the size, moved by 15 % of the canvas": {"scale": 0.4, "shift": 0.15},
        "the same, on whole pixels of a canvas of 400": {"scale": 0.4, "shift": 0.15, "grid": 400},
        "at a third of the size": {"scale": 1 / 3},
        "on whole pixels of a canvas of 720": {"grid": 720},
    }.items():
        others = np.stack([sample.image(**changed) for sample in samples])
        yield _row(
            f"shipped model, the same answer {name}",
            100 * (_answers(network, others) == answers).mean(),
            "%",
            least=99.5,
        )
    for factor in (0.5, 1.5):
        others = np.stack([sample.image(pen=factor * strokes.PEN_WIDTH) for sample in samples])
        change = 100 * abs((_answers(network, others) == labels).mean() - (answers == labels).mean())
        yield _row(f"shipped model, change of accuracy with {factor:g} times the pen width", change, "points", most=1)


def architecture_rows(path: Path) -> Iterator[list[str]]:
    """Train each architecture once with the recipe that suits it."""
    samples, mnist = strokes.read(path), data.load("mnist")
    labels = np.array([sample.label for sample in samples])
    images = np.stack([sample.image() for sample in samples])
    for name in architectures.ARCHITECTURES:
        network, seconds = _trained(name, mnist, recipe_for("default", name))
        tested, written, *_ = _figures(network, mnist, images, labels)
        yield [name, f"{network.parameters.size:,}", f"{tested:.2%}", f"{written:.2%}", f"{seconds:.0f}"]


def _trained(architecture: str, dataset: Dataset, recipe: Recipe) -> tuple[Network, float]:
    network = architectures.build(architecture, recipe.dtype)
    *_, last = (progress for progress in train(network, dataset, recipe) if progress is not None)
    return network, last.seconds


def _figures(
    network: Network, mnist: Dataset, images: NDArray[np.uint8], labels: NDArray[np.integer]
) -> tuple[float, float, float, float]:
    """Compute both accuracies, the calibration error, and the share of strokes that are wrong with confidence."""
    p = network.probabilities(mnist.test_images)
    confidence, right = p.max(axis=1), p.argmax(axis=1) == mnist.test_labels
    bins = np.minimum((confidence * 15).astype(int), 14)
    error = sum(abs(np.sum(right[bins == b]) - np.sum(confidence[bins == b])) for b in range(15)) / len(right)
    q = network.probabilities(images)
    wrong = q.argmax(axis=1) != labels
    accuracy = evaluate(network, images, labels).accuracy
    return float(right.mean()), accuracy, float(error), float((wrong & (q.max(axis=1) > 0.9)).mean())


def _answers(network: Network, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    return network.probabilities(images).argmax(axis=1)


def _row(name: str, value: float, unit: str, *, least: float | None = None, most: float | None = None) -> list[str]:
    holds = value >= least if least is not None else value <= most
    wanted = f"at least {least:g}" if least is not None else f"at most {most:g}"
    return [name, f"{value:.4g} {unit}".strip(), wanted, "yes" if holds else "NO"]
