"""Digits drawn by rule: a pen follows a skeleton, with all that makes each hand and each attempt another.

This data set ships as code. Its images go the way of a person's drawing, from strokes through `mnist_gui.ink`, and it
holds the forms that MNIST's writers hardly made: the flagged 1, the barred 7.

It is drawn in blocks of a thousand, each from a seed of its own, so that any part of it can be drawn at any time. The
blocks of the data set itself stay in the user's cache.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.data import caches
from mnist_gui.data.dataset import CLASSES, IMAGE_SIZE, Dataset
from mnist_gui.data.skeletons import Skeleton, skeletons
from mnist_gui.ink import CENTRE, DIGIT_SIZE, THICKNESS, Stroke, render
from mnist_gui.ink.strokes import DAB_SPACING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

TRAIN_SIZE: Final = 40_000
TEST_SIZE: Final = 5_000
TRAIN_SEED: Final = 1
TEST_SEED: Final = 2

# Standard deviations, where nothing else is said, in the units of the skeletons: a digit is 100 high. Wilder
# digits than these would teach more of MNIST where it's missing, but cost accuracy where it's there.
PLACE_JITTER: Final = 2.0
END_JITTER: Final = 4.0
SLANT: Final = 0.17  # of the shear, x per y
MEAN_SLANT: Final = 0.12  # most hands lean to the right
ROTATION: Final = 0.08  # radians
ASPECT: Final = 0.15  # of the logarithm of width by height
WARP: Final = 4.5  # amplitude of the page's uneven stretch
WOBBLE: Final = 1.2  # amplitude of the slow swings along the path
PRESSURE: Final = 0.12  # part of the pen's width
THICKNESS_SPREAD: Final = 0.25  # of the logarithm

BLOCK: Final = 1000
"""Digits that are drawn from one seed."""

EDITION: Final = 1
"""To be raised with each change of the code that draws other digits: those in people's caches are then drawn again."""

KEPT: Final = 4  # drawn sets that stay in memory
_GROUP: Final = 128  # digits that are bent and leant at once: what a processor's cache holds
_INKED: Final = 32  # digits that are inked at once: the pens of so few are alike, and a thin pen's dabs are small


@cache
def _columns() -> dict[str, slice]:
    """Say which part of a digit's row of normally distributed numbers decides what; their forms are laid out for it."""
    places = 2 * max(len(skeleton.places) for digit in range(CLASSES) for skeleton in skeletons(digit))
    sizes = {"places": places, "wobble": 12, "pressure": 6, "warp": 18, "lean": 3, "pen": 1}
    ends = np.cumsum([0, *sizes.values()]).tolist()
    return dict(zip(sizes, map(slice, ends, ends[1:]), strict=False))


def _row() -> int:
    """Count the numbers in such a row."""
    return int(_columns()["pen"].stop)


def load(train_size: int = TRAIN_SIZE, test_size: int = TEST_SIZE, *, whole: bool = True) -> Dataset:
    """Draw the data set, the same one every time.

    Parameters
    ----------
    train_size, test_size : int
        How many images each part has; some 10,000 are drawn a second.
    whole : bool
        Draw all of it now, and not the training images when a run comes to them.

    Returns
    -------
    Dataset
        Named ``"drawn"``. All digits are equally common.
    """
    train, test = images(train_size if whole else 0, TRAIN_SEED), images(test_size, TEST_SEED)
    return Dataset("drawn", *train, *test, digits=True, to_draw=0 if whole else train_size)


_kept: dict[tuple[int, int], tuple[NDArray[np.uint8], NDArray[np.uint8]]] = {}
"""What `images` returned last, by its arguments."""


def images(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw digits as the network sees them, or return those that were drawn before.

    Parameters
    ----------
    count : int
        How many; all digits are equally common.
    seed : int
        The same seed draws the same digits.

    Returns
    -------
    images : ndarray of uint8, shape (count, 28, 28)
        0 is paper, 255 is ink. Read-only.
    labels : ndarray of uint8, shape (count,)
        Read-only.
    """
    for _ in prepare(count, seed):
        pass
    return _kept[count, seed]


def prepare(count: int, seed: int) -> Iterator[None]:
    """Draw what `images` will return, and hand over every few milliseconds, as a chance to stop."""
    if (count, seed) in _kept:
        return
    result = np.empty((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    labels = np.empty(count, np.uint8)
    for number in range(-(-count // BLOCK)):
        drawn, digits = yield from block(seed, number)
        part = slice(number * BLOCK, (number + 1) * BLOCK)
        result[part], labels[part] = drawn[: len(result[part])], digits[: len(result[part])]
    for array in (result, labels):
        array.setflags(write=False)
    if len(_kept) == KEPT:
        del _kept[next(iter(_kept))]
    _kept[count, seed] = result, labels


def cache_folder() -> Path:
    """Say where the data set's blocks are kept; the folder need not exist."""
    return caches.folder() / "drawn"


def block(seed: int, number: int) -> Generator[None, None, tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Draw a block as `draw_block` does; those of the data set come from the cache, or else are kept there."""
    sizes = {TRAIN_SEED: TRAIN_SIZE, TEST_SEED: TEST_SIZE}
    if number * BLOCK >= sizes.get(seed, 0):
        return (yield from draw_block(seed, number))
    path = cache_folder() / _edition() / f"{seed}-{number}"
    content = caches.load(path, BLOCK * (IMAGE_SIZE**2 + 1))
    if content is not None:
        yield
        values = np.frombuffer(content, np.uint8)
        return values[:-BLOCK].reshape(BLOCK, IMAGE_SIZE, IMAGE_SIZE), values[-BLOCK:]
    images, labels = yield from draw_block(seed, number)
    caches.store(path, images.tobytes() + labels.tobytes())
    return images, labels


@cache
def _edition() -> str:
    """Name all that decides on how digits are drawn, apart from the code: `EDITION` stands for that."""
    spreads = (PLACE_JITTER, END_JITTER, SLANT, MEAN_SLANT, ROTATION, ASPECT, WARP, WOBBLE, PRESSURE, THICKNESS_SPREAD)
    decisive = repr((EDITION, spreads, BLOCK, THICKNESS, CENTRE, DIGIT_SIZE, DAB_SPACING, np.__version__)).encode()
    for digit in range(CLASSES):
        decisive += b"".join(skeleton.sharp.tobytes() + skeleton.places.tobytes() for skeleton in skeletons(digit))
    return hashlib.sha256(decisive).hexdigest()[:16]


def draw_block(seed: int, number: int) -> Generator[None, None, tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Draw a thousand digits, and hand over every few milliseconds, as a chance to stop.

    Parameters
    ----------
    seed : int
        Of the set.
    number : int
        Of the block: digit i of the set is digit i mod ``BLOCK`` of block i // ``BLOCK``. Nothing else decides on it.

    Returns
    -------
    images : ndarray of uint8, shape (BLOCK, 28, 28)
    labels : ndarray of uint8, shape (BLOCK,)
        Each ten in a row are the ten digits in some order.
    """
    rng = np.random.default_rng([seed, number])
    labels = _labels(rng)
    choices, haste = rng.random(BLOCK), rng.random(BLOCK, np.float32)
    normals = rng.standard_normal((BLOCK, _row()), np.float32)
    forms: list[tuple[Skeleton, NDArray[np.intp]]] = []
    for digit in range(CLASSES):
        mine = np.flatnonzero(labels == digit)
        limits = np.cumsum(_shares(skeletons(digit)))
        form = np.minimum(np.searchsorted(limits, choices[mine], side="right"), len(limits) - 1)
        forms += [(skeleton, mine[form == index]) for index, skeleton in enumerate(skeletons(digit))]
    forms.sort(key=lambda each: len(each[0].stroke_of))  # paths of about one length are padded to one array
    images = np.empty((BLOCK, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    group: list[tuple[Skeleton, NDArray[np.intp]]] = []
    for index, (skeleton, mine) in enumerate(forms):
        group.append((skeleton, mine))
        if sum(len(members) for _, members in group) >= _GROUP or index == len(forms) - 1:
            yield from _draw_group(group, haste, normals, images)
            group = []
    return images, labels


def labels(count: int, seed: int) -> NDArray[np.uint8]:
    """Tell which digits `images` returns, shape (count,), without drawing them."""
    numbers = range(-(-count // BLOCK))
    blocks = [_labels(np.random.default_rng([seed, number])) for number in numbers]
    return np.concatenate([np.empty(0, np.uint8), *blocks])[:count]


def _labels(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Choose a block's digits, the first thing that its random numbers decide."""
    tens = np.tile(np.arange(CLASSES, dtype=np.uint8), (BLOCK // CLASSES, 1))
    return rng.permuted(tens, axis=1).ravel()


def _draw_group(
    group: list[tuple[Skeleton, NDArray[np.intp]]],
    haste: NDArray[np.float32],
    normals: NDArray[np.float32],
    images: NDArray[np.uint8],
) -> Iterator[None]:
    """Draw some of a block's digits into its images: those of a few skeletons, of which each has its digits."""
    members = np.concatenate([mine for _, mine in group])
    if not len(members):
        return
    points = np.empty((len(members), max(len(skeleton.stroke_of) for skeleton, _ in group), 2), np.float32)
    widths = np.empty(points.shape[:2], np.float32)
    first = 0
    for skeleton, mine in group:
        part, length = slice(first, first + len(mine)), len(skeleton.stroke_of)
        points[part, :length], widths[part, :length] = _paths(skeleton, haste[mine], normals[mine])
        points[part, length:], widths[part, length:] = (
            points[part, length - 1 : length],
            widths[part, length - 1 : length],
        )
        first += len(mine)
    yield
    points, pens = _bend(points, normals[members]), _thickness(normals[members])
    order = np.argsort(pens, kind="stable")
    for start in range(0, len(order), _INKED):
        batch = order[start : start + _INKED]
        images[members[batch]] = render(points[batch], widths[batch], pens[batch])
        yield


def draw(digit: int, rng: np.random.Generator) -> list[Stroke]:
    """Draw one digit as a person would on a canvas.

    Parameters
    ----------
    digit : int
        0 to 9.
    rng : numpy.random.Generator
        Decides on the form and on everything that varies.

    Returns
    -------
    list of Stroke
        In the order in which the pen makes them; the digit is about 100 units high, around the origin.
    """
    forms = skeletons(digit)
    return draw_form(forms[rng.choice(len(forms), p=_shares(forms))], rng)


def draw_form(skeleton: Skeleton, rng: np.random.Generator) -> list[Stroke]:
    """Draw one form of a digit, or of anything else that `skeletons.form` can describe, as `draw` does."""
    haste = rng.random(1, np.float32)
    more = max(0, skeleton.places.size - _columns()["places"].stop)  # than a digit has
    normals = rng.standard_normal((1, _row() + more), np.float32)
    paths, (widths,) = _paths(skeleton, haste, normals)
    (points,) = _bend(paths, normals)
    widths = widths * _thickness(normals) * 5  # 20 pixels of the field are 100 units
    return [
        Stroke(points[skeleton.stroke_of == stroke], widths[skeleton.stroke_of == stroke])
        for stroke in np.unique(skeleton.stroke_of)
    ]


def _shares(forms: tuple[Skeleton, ...]) -> NDArray[np.float64]:
    shares = np.array([skeleton.share for skeleton in forms])
    return np.asarray(shares / shares.sum())


def _part(normals: NDArray[np.float32], what: str) -> NDArray[np.float32]:
    """Return the normally distributed numbers that decide on this, shape (n, size)."""
    return normals[:, _columns()[what]]


def _thickness(normals: NDArray[np.float32]) -> NDArray[np.float32]:
    """Widths of the lines in pixels of the field, from a ballpoint's to a marker's."""
    spread = np.clip(_part(normals, "pen")[:, 0] * np.float32(THICKNESS_SPREAD), -0.45, 0.6)
    return np.asarray(np.float32(THICKNESS) * np.exp(spread))


def _paths(
    skeleton: Skeleton, haste: NDArray[np.float32], normals: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Follow a skeleton n times: points (n, m, 2) around the origin and relative pen widths (n, m)."""
    count, length = len(haste), len(skeleton.stroke_of)
    places = (skeleton.places - skeleton.places.mean(axis=0)).astype(np.float32)
    jitter = np.where(skeleton.ends, END_JITTER, PLACE_JITTER)[:, None].astype(np.float32)
    moves = np.concatenate([_part(normals, "places"), normals[:, _row() :]], axis=1)
    places = places + moves[:, : places.size].reshape(count, *places.shape) * jitter
    hasty = (haste**2)[:, None, None]
    points = (1 - hasty) * (skeleton.sharp.astype(np.float32) @ places)
    points += hasty * (skeleton.smooth.astype(np.float32) @ places)
    waves = _waves(length)
    points += waves @ (np.float32(WOBBLE) * _part(normals, "wobble").reshape(count, 6, 2))
    return points, 1 + np.float32(PRESSURE) * (_part(normals, "pressure") @ waves.T)


@cache
def _waves(length: int) -> NDArray[np.float32]:
    """Three slow waves along a path, cosines and sines, shape (length, 6).

    With normally distributed amplitudes their sum is a swing of unit variance at each point.
    """
    along = np.linspace(0, 2 * np.pi, length)[:, None] * (1, 2, 3)
    return np.asarray(np.concatenate([np.cos(along), np.sin(along)], axis=1) / np.sqrt(3), np.float32)


def _bend(points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bend the page under each drawing, then give it its proportions, slant and rotation."""
    points = points + _warp(points, _part(normals, "warp"))
    deviations = np.array([ASPECT, SLANT, ROTATION], np.float32)
    width, slant, angle = (_part(normals, "lean") * deviations).T[:, :, None]
    x, y = points[..., 0] * np.exp(width), points[..., 1]
    x = x - (np.float32(MEAN_SLANT) + slant) * y
    return np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=-1)


def _warp(points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far each point moves where the page is stretched, so that loops, waists and bars change together.

    The displacement is a sum of cosines over the page, as in a cosine transform, of decreasing amplitude.
    """
    turns = np.float32(np.pi) * (points / np.array([60, 100], np.float32) + np.float32(0.5))
    once = np.cos(turns)
    twice = 2 * once * once - 1
    across = np.stack([np.ones_like(once[..., 0]), once[..., 0], twice[..., 0]], axis=-1)
    order = np.arange(3)
    amplitude = (WARP / np.maximum(1, order + order[:, None])).astype(np.float32)
    waves = normals.reshape(-1, 2, 3, 3) * amplitude
    # One product over the orders across; those down are few, and the first of them is 1.
    along = across @ waves.transpose(0, 2, 3, 1).reshape(-1, 3, 6)
    moved: NDArray[np.float32] = along[..., 0:2] + along[..., 2:4] * once[..., 1:] + along[..., 4:6] * twice[..., 1:]
    return moved
