"""How well the networks read: MNIST's test set, and real pen strokes of other people."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from mnist_gui import data, model_file
from mnist_gui.assets import SHIPPED_MODEL, shipped_model
from mnist_gui.nn import architectures
from mnist_gui.recipe import Recipe, recipe_for
from mnist_gui.training import train

from . import strokes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from mnist_gui.data import Dataset
    from mnist_gui.nn.network import Network

SEEDS = range(5)
HEAD = ["reading", "measured", "wanted", ""]
ARCHITECTURES_HEAD = ["network", "parameters", "images", "MNIST test", "pen strokes", "without", "seconds to train"]
TURN = np.radians(20)


def rows(path: Path) -> Iterator[list[str]]:
    """Train the default recipe with five seeds, and on drawn digits alone; try the shipped model's steadiness."""
    samples, mnist = strokes.read(path), data.load("mnist")
    labels = np.array([sample.label for sample in samples])
    images = np.stack([sample.image() for sample in samples])

    recipe = recipe_for("default", "notebook")
    results = []
    for seed in SEEDS:
        network, _ = _trained("notebook", mnist, replace(recipe, seed=seed))
        results.append(_figures(network, recipe, mnist, images, labels))
    tested, written, error, error_written, confident = (median(column) for column in zip(*results, strict=True))
    spread = ", ".join(f"{100 * result[0]:.2f}" for result in results)
    yield _row(f"default recipe, upright: MNIST test, median of seeds 0 to 4 ({spread})", 100 * tested, "%", least=98.2)
    yield _row("pen strokes, median", 100 * written, "%", least=97.2)
    yield _row("expected calibration error on MNIST (15 bins), median", error, "", most=0.015)
    yield _row("expected calibration error on pen strokes, median", error_written, "", most=0.015)
    yield _row("pen strokes read wrongly with more than 0.9, median", 100 * confident, "%", most=0.9)

    alone = data.load("drawn")
    network, _ = _trained("notebook", alone, recipe)
    tested, written, *_ = _figures(network, recipe, mnist, images, labels)
    yield _row("trained on drawn digits alone, upright: MNIST test", 100 * tested, "%", least=80)
    yield _row("trained on drawn digits alone, upright: pen strokes", 100 * written, "%", least=88)

    yield from _turned_rows(samples, labels)
    network, _ = model_file.load(SHIPPED_MODEL)
    answers = _answers(network, recipe.prepare(images))
    for name, changed in {
        "at 40 % of the size, moved by 15 % of the canvas": {"scale": 0.4, "shift": 0.15},
        "the same, on whole pixels of a canvas of 400": {"scale": 0.4, "shift": 0.15, "grid": 400},
        "at a third of the size": {"scale": 1 / 3},
        "on whole pixels of a canvas of 720": {"grid": 720},
    }.items():
        others = np.stack([sample.image(**changed) for sample in samples])
        yield _row(
            f"shipped model, the same answer {name}",
            100 * (_answers(network, recipe.prepare(others)) == answers).mean(),
            "%",
            least=99.5,
        )
    for factor in (0.5, 1.5):
        others = np.stack([sample.image(pen=factor * strokes.PEN_WIDTH) for sample in samples])
        right = _answers(network, recipe.prepare(others)) == labels
        change = 100 * abs(right.mean() - (answers == labels).mean())
        yield _row(f"shipped model, change of accuracy with {factor:g} times the pen width", change, "points", most=0.3)


def architecture_rows(path: Path) -> Iterator[list[str]]:
    """Train each architecture once with the recipe that suits it, and beside it without, or with, upright images."""
    samples, mnist = strokes.read(path), data.load("mnist")
    labels = np.array([sample.label for sample in samples])
    images = np.stack([sample.image() for sample in samples])
    for name in architectures.ARCHITECTURES:
        recipe = recipe_for("default", name)
        other = replace(recipe, upright=not recipe.upright)
        network, seconds = _trained(name, mnist, recipe)
        tested, written, *_ = _figures(network, recipe, mnist, images, labels)
        twin, _ = _trained(name, mnist, other)
        tested_else, written_else, *_ = _figures(twin, other, mnist, images, labels)
        way, way_else = ("upright", "as they are") if recipe.upright else ("as they are", "upright")
        figures = [f"{tested:.2%}", f"{written:.2%}", f"{tested_else:.2%}, {written_else:.2%} ({way_else})"]
        yield [name, f"{network.parameters.size:,}", way, *figures, f"{seconds:.0f}"]


def _turned_rows(samples: list[strokes.Sample], labels: NDArray[np.integer]) -> Iterator[list[str]]:
    """Slant and turn the strokes either way, for each network that ships."""
    tan, cos, sin = np.tan(TURN), np.cos(TURN), np.sin(TURN)
    for name in architectures.ARCHITECTURES:
        network, record = model_file.load(shipped_model(name))
        for what, least, maps in (
            ("slanted", 96, [[[1, 0], [tan, 1]], [[1, 0], [-tan, 1]]]),
            ("turned", 89, [[[cos, sin], [-sin, cos]], [[cos, -sin], [sin, cos]]]),
        ):
            worst = 1.0
            for rows in maps:
                images = np.stack([sample.mapped(np.array(rows)).image() for sample in samples])
                worst = min(worst, float((_answers(network, record.recipe.prepare(images)) == labels).mean()))
            wanted = least if name == "notebook" else None
            yield _row(f"shipped {name}, strokes {what} by 20°, the worse of both ways", 100 * worst, "%", least=wanted)


def _trained(architecture: str, dataset: Dataset, recipe: Recipe) -> tuple[Network, float]:
    network = architectures.build(architecture, recipe.dtype)
    *_, last = (progress for progress in train(network, dataset, recipe) if progress is not None)
    return network, last.seconds


def _figures(
    network: Network, recipe: Recipe, mnist: Dataset, images: NDArray[np.uint8], labels: NDArray[np.integer]
) -> tuple[float, float, float, float, float]:
    """Compute both accuracies, both calibration errors, and the share of strokes that are wrong with confidence."""
    p, q = (network.probabilities(recipe.prepare(some)) for some in (mnist.test_images, images))
    right, written = p.argmax(axis=1) == mnist.test_labels, q.argmax(axis=1) == labels
    confident = float((~written & (q.max(axis=1) > 0.9)).mean())
    errors = _calibration_error(p, right), _calibration_error(q, written)
    return float(right.mean()), float(written.mean()), *errors, confident


def _calibration_error(probabilities: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    confidence = probabilities.max(axis=1)
    bins = np.minimum((confidence * 15).astype(int), 14)
    return float(sum(abs(np.sum(right[bins == b]) - np.sum(confidence[bins == b])) for b in range(15)) / len(right))


def _answers(network: Network, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    return network.probabilities(images).argmax(axis=1)


def _row(name: str, value: float, unit: str, *, least: float | None = None, most: float | None = None) -> list[str]:
    if least is None and most is None:
        return [name, f"{value:.4g} {unit}".strip(), "–", ""]
    holds = value >= least if least is not None else value <= most
    wanted = f"at least {least:g}" if least is not None else f"at most {most:g}"
    return [name, f"{value:.4g} {unit}".strip(), wanted, "yes" if holds else "NO"]
