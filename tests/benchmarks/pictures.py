"""How well pictures are read, people's and those made by rule; and what is said of that which is no digit."""

from __future__ import annotations

from collections import Counter, defaultdict
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from mnist_gui import ink, model_file
from mnist_gui.explain.unlike import is_unlike

from .. import made_pictures
from . import strokes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from PIL import Image

    from mnist_gui.nn.network import Network
    from mnist_gui.recipe import Recipe

SEED = 2026
EACH = 50
DRAWINGS = 1350

HEAD = ["pictures", "read right", "of", "without a digit", "ms each"]
NO_DIGIT_HEAD = ["no digit", "said so", "of", "in these words"]


def rows(model: Path, folder: Path | None) -> Iterator[list[str]]:
    """Read each folder of people's pictures, where there are some, and each kind that is made by rule."""
    network, record = model_file.load(model)
    recipe = record.recipe
    if folder is not None:
        total = np.zeros(3, int)
        for inside in sorted(path for path in folder.iterdir() if path.is_dir()):
            files = sorted(path for path in inside.iterdir() if path.name[0].isdigit())
            counts, seconds = _read(network, recipe, ((int(path.name[0]), ink.open_picture(path)) for path in files))
            total += counts
            yield _row(inside.name, counts, seconds)
        yield _row("all folders", total)
    total = np.zeros(3, int)
    for kind in made_pictures.DIGITS:
        counts, seconds = _read(network, recipe, made_pictures.digits(kind, EACH, SEED))
        total += counts
        yield _row(f"made: {kind}", counts, seconds)
    yield _row("all that are made", total)


def no_digit_rows(path: Path | None) -> Iterator[list[str]]:
    """Judge pictures and drawings that are no digit, and digits that people drew, where there are some."""
    for kind in made_pictures.NO_DIGITS:
        results = [ink.explain_picture(picture) for picture in made_pictures.no_digits(kind, EACH, SEED)]
        reasons = Counter(str(result.reason) for result in results if result.reason is not None)
        yield [f"picture: {kind}", f"{reasons.total()}", f"{EACH}", _in_words(reasons)]
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, drawing in made_pictures.other_drawings(DRAWINGS, SEED):
        found[kind.split()[0]][_said(drawing)] += 1
    for family, words in found.items():
        yield _no_digit_row(f"drawing: {family}", words)
    yield _no_digit_row("drawings together", sum(found.values(), Counter()))
    if path is not None:
        pen = strokes.PEN_WIDTH
        drawings = [
            [ink.Stroke(stroke, np.full(len(stroke), pen)) for stroke in sample.strokes]
            for sample in strokes.read(path)
        ]
        yield _no_digit_row("digits that people drew", Counter(map(_said, drawings)))


def _read(network: Network, recipe: Recipe, pictures: Iterable[tuple[int, Image.Image]]) -> tuple[np.ndarray, float]:
    """Count right answers, pictures, and those without a digit; also the seconds that reading took."""
    counts, seconds = np.zeros(3, int), 0.0
    for label, picture in pictures:
        start = perf_counter()
        image = ink.from_picture(picture)
        seconds += perf_counter() - start
        right = image is not None and int(network.probabilities(recipe.prepare(image[None])).argmax()) == label
        counts += [right, 1, image is None]
    return counts, seconds


def _row(name: str, counts: np.ndarray, seconds: float | None = None) -> list[str]:
    right, count, nothing = map(int, counts)
    each = "" if seconds is None else f"{1e3 * seconds / max(1, count):.0f}"
    return [name, f"{right} ({right / max(1, count):.1%})", f"{count}", f"{nothing}", each]


def _said(drawing: list[ink.Stroke]) -> str:
    reason = ink.judge(drawing)
    if reason is not None:
        return str(reason)
    image = ink.from_strokes(drawing)
    return "unlike any digit" if image is not None and is_unlike(image) else ""


def _no_digit_row(name: str, words: Counter[str]) -> list[str]:
    said = Counter({word: count for word, count in words.items() if word})
    return [name, f"{said.total()} ({said.total() / words.total():.1%})", f"{words.total()}", _in_words(said)]


def _in_words(words: Counter[str]) -> str:
    return ", ".join(f"{word}: {count}" for word, count in words.most_common())
