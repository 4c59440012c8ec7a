"""What teaching is worth: each writer teaches two of each digit, and the network reads the writer's others."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from mnist_gui import data, ink, learning, model_file
from mnist_gui.data import mnist
from mnist_gui.training import evaluate, train

from .contenders import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from mnist_gui.data import Dataset

TAUGHT = 2  # of each digit
PEN_WIDTH = 0.07  # of the digit's height; it hardly matters
HEAD = ["teaching, mean of all writers", "before", "after", "change", ""]


@dataclass(frozen=True)
class Writer:
    images: NDArray[np.uint8]  # (n, 28, 28)
    labels: NDArray[np.uint8]  # (n,)

    def split(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Say which of the digits are taught, the first of each, and which are to be read afterwards."""
        taught = np.zeros(len(self.labels), bool)
        for digit in range(10):
            taught[np.flatnonzero(self.labels == digit)[:TAUGHT]] = True
        return taught, ~taught


@dataclass(frozen=True)
class Result:
    others: tuple[float, float]  # accuracy on the writer's digits that were not taught, before and after
    taught: tuple[float, float]
    mnist: tuple[float, float]
    seconds: float


def writers(strokes: Path) -> list[Writer]:
    """Read writers from JSON: {"samples": [{"label", "writer", "strokes": [[[x, y], …], …]}, …]}, gzipped or plain."""
    content = strokes.read_bytes()
    samples = json.loads(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)["samples"]
    by_writer: dict[object, list[tuple[NDArray[np.uint8], int]]] = {}
    for sample in samples:
        points = [np.array(stroke, float) for stroke in sample["strokes"]]
        width = PEN_WIDTH * np.ptp(np.concatenate(points), axis=0).max()
        image = ink.from_strokes([ink.Stroke(stroke, np.full(len(stroke), width)) for stroke in points])
        if image is not None:  # nobody can teach what the canvas does not take for a digit
            by_writer.setdefault(sample["writer"], []).append((image, sample["label"]))
    return [
        Writer(np.array([image for image, _ in mine]), np.array([label for _, label in mine], np.uint8))
        for mine in by_writer.values()
    ]


def lessons(hands: list[Writer], model: Path, tests: Dataset, rest: Dataset) -> Iterator[Result]:
    """Teach a fresh copy of a model by each writer in turn, mixed with the rest."""
    for writer in hands:
        network, record = model_file.load(model)
        taught, others = writer.split()
        parts = [
            (record.recipe.prepare(images), labels)
            for images, labels in (
                (writer.images[others], writer.labels[others]),
                (writer.images[taught], writer.labels[taught]),
                (tests.test_images, tests.test_labels),
            )
        ]
        before = [evaluate(network, *part).accuracy for part in parts]
        start = perf_counter()
        images, labels, upright = writer.images[taught], writer.labels[taught], record.recipe.upright
        lesson = learning.lesson(rest, images, labels, np.random.default_rng(len(labels)), upright=upright)
        for _ in train(network, lesson, learning.recipe_for(network, rest, upright=upright), fresh=False):
            pass
        seconds = perf_counter() - start
        after = [evaluate(network, *part).accuracy for part in parts]
        yield Result(*zip(before, after, strict=True), seconds=seconds)


def rows(strokes: Path | None, model: Path) -> Iterator[list[str]]:
    """Make the lines of the table."""
    if strokes is None:
        raise UnavailableError("teaching: --strokes names no file")
    if mnist.find() is None:
        raise UnavailableError("teaching: MNIST is not at hand")
    hands, tests = writers(strokes), data.load("mnist")
    for rest, among in ((tests, "among MNIST's"), (learning.NOTHING, "with no data at hand")):
        yield from summarize(among, list(lessons(hands, model, tests, rest)))


def summarize(among: str, results: list[Result]) -> Iterator[list[str]]:
    others, taught, mnists = (
        100 * np.array([getattr(result, part) for result in results]) for part in ("others", "taught", "mnist")
    )
    gains, losses = np.diff(others)[:, 0], np.diff(mnists)[:, 0]
    counts = f"{len(results)} writers: {(gains > 0).sum()} better, {(gains < 0).sum()} worse"
    for name, values, note in (
        ("the writer's other digits", others, counts),
        ("the taught digits", taught, ""),
        ("MNIST's test set", mnists, f"mean at least -0.5; worst writer {losses.min():+.2f}"),
    ):
        before, after = values.mean(axis=0)
        yield [f"{name}, {among}", f"{before:.2f} %", f"{after:.2f} %", f"{after - before:+.2f}", note]
    seconds = [result.seconds for result in results]
    yield [f"seconds of a lesson, {among}", "", f"{np.median(seconds):.2f}", "", f"longest {max(seconds):.2f}"]
