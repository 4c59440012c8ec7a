"""Tells whether an image is unlike any digit, whichever network reads it.

A network that knows ten digits must answer with one of them, and is often sure of it for what it never saw: nine of
ten letters, signs and scribbles are read with more confidence than the most doubtful digit in a hundred. So a small
second network was taught to tell digits, from MNIST and drawn by rule, from what is made of the same lines but is no
digit (`mnist_gui.explain.unlike_training`). It looks at the image alone, and not at the network that reads it, which
changes with each step of training.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui import assets

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE: Final = 14
"""Side of the small upright image that is judged."""

SPREAD: Final = 2.5
"""Standard deviation of its ink along the longer axis, in its pixels."""

UNLIKE: Final = 0.5
"""Above this, something is said to be unlike any digit; below are 99 of 100 digits."""

_SMOOTH: Final = (0.25, 0.5, 0.25)  # before sampling every other pixel


def unlike(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Compute how unlike any digit images are.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        As `mnist_gui.ink` makes them: 0 is paper, 255 is ink.

    Returns
    -------
    ndarray of float32, shape (n,)
        0 for what is surely a digit, 1 for what is surely none; see `UNLIKE`.
    """
    values = features(images)
    *hidden, last = _layers()
    for weights, bias in hidden:
        values = np.maximum(values @ weights + bias, 0)
    weights, bias = last
    score: NDArray[np.float32] = 1 / (1 + np.exp(-np.clip(values @ weights + bias, -30, 30)[:, 0]))
    return score


def is_unlike(image: NDArray[np.uint8]) -> bool:
    """Tell whether one image, of shape (28, 28), is unlike any digit."""
    return bool(unlike(image[None])[0] > UNLIKE)


def features(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Make images small, upright and of one size and strength, so that only their form is left.

    The ink's mean goes to the middle, its covariance is sheared away, and its standard deviation is brought to
    `SPREAD` along the longer axis and to the root of the ratio of both along the shorter one.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)

    Returns
    -------
    ndarray of float32, shape (n, 196)
        Of length 1, or 0 where there is no ink.
    """
    side = images.shape[-1]
    places = np.arange(side, dtype=np.float32) - (side - 1) / 2
    ink = images.astype(np.float32)
    mass = np.maximum(ink.sum(axis=(1, 2)), 1e-6)
    rows, columns = ink.sum(axis=2) / mass[:, None], ink.sum(axis=1) / mass[:, None]
    y, x = rows @ places, columns @ places
    yy = np.maximum(rows @ places**2 - y**2, 0.1)
    xy = places @ (ink @ places / mass[:, None]).T - x * y
    slant = xy / yy
    xx = np.maximum(columns @ places**2 - x**2 - xy * slant, 0.1)
    down, across = np.sqrt(yy), np.sqrt(xx)
    ratio = np.sqrt(np.minimum(down, across) / np.maximum(down, across))
    down, across = (
        np.where(down >= across, down, down / ratio) / SPREAD,
        np.where(across > down, across, across / ratio) / SPREAD,
    )
    grid = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    at_y = y[:, None, None] + down[:, None, None] * grid[:, None] + 0 * grid
    at_x = x[:, None, None] + (slant * down)[:, None, None] * grid[:, None] + across[:, None, None] * grid
    small = _sample(_smooth(ink), at_y + (side - 1) / 2, at_x + (side - 1) / 2).reshape(len(images), -1)
    length = np.sqrt(np.sum(small**2, axis=1, keepdims=True))
    return np.asarray(small / np.maximum(length, 1e-6), np.float32)


def _smooth(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    before, middle, after = (np.float32(weight) for weight in _SMOOTH)
    padded = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    rows = before * padded[:, :-2] + middle * padded[:, 1:-1] + after * padded[:, 2:]
    return np.asarray(before * rows[:, :, :-2] + middle * rows[:, :, 1:-1] + after * rows[:, :, 2:])


def _sample(ink: NDArray[np.float32], y: NDArray[np.float32], x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Read images between their pixels, bilinearly; beyond their edges there is paper."""
    side = ink.shape[-1]
    padded = np.pad(ink, ((0, 0), (1, 2), (1, 2)))
    y, x = np.clip(y + 1, 0, side + 1), np.clip(x + 1, 0, side + 1)
    top, left = y.astype(np.intp), x.astype(np.intp)
    v, u = y - top, x - left
    which = np.arange(len(ink))[:, None, None]
    upper = (1 - u) * padded[which, top, left] + u * padded[which, top, left + 1]
    lower = (1 - u) * padded[which, top + 1, left] + u * padded[which, top + 1, left + 1]
    return np.asarray((1 - v) * upper + v * lower, np.float32)


@cache
def _layers() -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]:
    """Weights (inputs, outputs) and biases of each layer."""
    with np.load(assets.UNLIKE) as stored:
        count = len(stored.files) // 2
        return tuple(
            (stored[f"weights{i}"].astype(np.float32), stored[f"bias{i}"].astype(np.float32)) for i in range(count)
        )
