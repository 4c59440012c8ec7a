"""Digits drawn by rule: a pen follows a skeleton, with all that makes each hand and each attempt another.

This data set ships as code. Its images go the way of a person's drawing, from strokes through `mnist_gui.ink`, and it
holds the forms that MNIST's writers hardly made: the flagged 1, the barred 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.data.dataset import CLASSES, IMAGE_SIZE, Dataset
from mnist_gui.data.skeletons import Skeleton, skeletons
from mnist_gui.ink import THICKNESS, Stroke, render

if TYPE_CHECKING:
    from collections.abc import Iterator

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

KEPT: Final = 4  # drawn sets that stay in memory
_BATCH: Final = 128  # what a processor's cache holds


def load(train_size: int = TRAIN_SIZE, test_size: int = TEST_SIZE) -> Dataset:
    """Draw the data set, the same one every time.

    Parameters
    ----------
    train_size, test_size : int
        How many images each part has; some 7,000 are drawn a second.

    Returns
    -------
    Dataset
        Named ``"drawn"``. All digits are equally common.
    """
    return Dataset("drawn", *images(train_size, TRAIN_SEED), *images(test_size, TEST_SEED))


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
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % CLASSES).astype(np.uint8)
    result = np.empty((count, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for digit in range(CLASSES):
        forms = skeletons(digit)
        mine = np.flatnonzero(labels == digit)
        choice = rng.choice(len(forms), len(mine), p=_shares(forms))
        for index, skeleton in enumerate(forms):
            chosen = mine[choice == index]
            for start in range(0, len(chosen), _BATCH):
                batch = chosen[start : start + _BATCH]
                result[batch] = render(*_paths(skeleton, len(batch), rng), _thickness(len(batch), rng))
                yield
    for array in (result, labels):
        array.setflags(write=False)
    if len(_kept) == KEPT:
        del _kept[next(iter(_kept))]
    _kept[count, seed] = result, labels


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
    (points,), (widths,) = _paths(skeleton, 1, rng)
    widths = widths * _thickness(1, rng) * 5  # 20 pixels of the field are 100 units
    return [
        Stroke(points[skeleton.stroke_of == stroke], widths[skeleton.stroke_of == stroke])
        for stroke in np.unique(skeleton.stroke_of)
    ]


def _shares(forms: tuple[Skeleton, ...]) -> NDArray[np.float64]:
    shares = np.array([skeleton.share for skeleton in forms])
    return np.asarray(shares / shares.sum())


def _thickness(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Widths of the lines in pixels of the field, from a ballpoint's to a marker's."""
    return THICKNESS * np.exp(np.clip(rng.normal(0, THICKNESS_SPREAD, count), -0.45, 0.6))


def _paths(skeleton: Skeleton, count: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Follow a skeleton ``count`` times: points (count, m, 2) around the origin and relative pen widths (count, m)."""
    places = skeleton.places - skeleton.places.mean(axis=0)
    jitter = np.where(skeleton.ends, END_JITTER, PLACE_JITTER)[:, None]
    places = places + rng.normal(0, 1, (count, *places.shape)) * jitter
    haste = rng.random((count, 1, 1)) ** 2
    points = (1 - haste) * (skeleton.sharp @ places) + haste * (skeleton.smooth @ places)
    points = _lean(_warp(points, rng) + WOBBLE * _swing(points.shape, rng), rng)
    return points, 1 + PRESSURE * _swing((*points.shape[:2], 1), rng)[..., 0]


def _warp(points: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Stretch the page under each drawing unevenly, so that loops, waists and bars change together.

    The displacement is a sum of cosines over the page, as in a cosine transform, of decreasing amplitude.
    """
    places = points / (60, 100) + 0.5
    orders = np.arange(3)
    across, down = np.moveaxis(np.cos(np.pi * places[..., None] * orders), 2, 0)
    amplitude = WARP / np.maximum(1, orders + orders[:, None])
    waves = rng.normal(0, 1, (len(points), 2, 3, 3)) * amplitude
    moved: NDArray[np.float64] = points + np.einsum("nmi,naij,nmj->nma", across, waves, down, optimize=True)
    return moved


def _lean(points: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Give each drawing its proportions, slant and rotation."""
    deviations = np.array([ASPECT, SLANT, ROTATION])
    width, slant, angle = rng.normal(0, 1, (3, len(points), 1)) * deviations[:, None, None]
    x, y = points[..., 0] * np.exp(width), points[..., 1]
    x = x - (MEAN_SLANT + slant) * y
    return np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=-1)


def _swing(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Slow random swings of unit variance along each path: three waves with their own phases; shape (n, m, k)."""
    count, length, axes = shape
    along = np.linspace(0, 2 * np.pi, length)[:, None]
    waves = np.zeros(shape)
    for frequency in (1, 2, 3):
        waves += rng.normal(0, 1, (count, 1, axes)) * np.cos(frequency * along)
        waves += rng.normal(0, 1, (count, 1, axes)) * np.sin(frequency * along)
    return np.asarray(waves / np.sqrt(3))
