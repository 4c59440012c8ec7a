"""Slightly bent copies of images: the same digit, a little turned, leaning, larger, shifted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.data.dataset import IMAGE_SIZE

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Standard deviations.
ROTATION: Final = 0.12  # radians
SHEAR: Final = 0.12
SCALE: Final = 0.08  # of the logarithm of each side
SHIFT: Final = 0.7  # pixels

_AT_ONCE: Final = 64  # images whose coordinates stay in the cache; larger arrays are asked of the system, and cleared


def warp(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Give each image a random affine map of its own.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
    rng : Generator

    Returns
    -------
    ndarray of uint8, shape (n, 28, 28)
        Sampled bilinearly; what comes from outside the field is paper.
    """
    result = np.empty_like(images)
    for start in range(0, len(images), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        maps, shifts = _affine_maps(len(images[part]), rng)
        result[part] = sample(images[part], maps, shifts)
    return result


def _affine_maps(n: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw n maps from the result's coordinates (row, column), about the middle, to the image's."""
    turn, shear = rng.normal(0, ROTATION, n), rng.normal(0, SHEAR, n)
    scale = np.exp(rng.normal(0, SCALE, (2, n)))
    cosine, sine = np.cos(turn), np.sin(turn)
    rotations = np.array([[cosine, -sine], [sine, cosine]])
    stretches = np.array([[scale[0], np.zeros(n)], [shear, scale[1]]])
    maps = np.einsum("ijn,jkn->nik", rotations, stretches)
    return maps.astype(np.float32), rng.normal(0, SHIFT, (n, 2, 1)).astype(np.float32)


def sample(images: NDArray[np.uint8], maps: NDArray[np.float32], shifts: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Look up each pixel of the results at a place of the images, bilinearly.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        Few hundreds at once: all their coordinates are in memory together.
    maps : ndarray of float32, shape (n, 2, 2)
    shifts : ndarray of float32, shape (n, 2, 1)
        Pixel (row, column) of a result, counted from the middle of the field, is looked up at map @ pixel + shift.

    Returns
    -------
    ndarray of uint8, shape (n, 28, 28)
        What comes from outside the field is paper.
    """
    n, middle, padded_size = len(images), (IMAGE_SIZE - 1) / 2, IMAGE_SIZE + 2
    grid = np.indices((IMAGE_SIZE, IMAGE_SIZE), np.float32).reshape(2, -1) - middle
    # One pixel of paper all around, on which everything outside the field lands.
    at = np.clip(maps @ grid + shifts + (middle + 1), 0, IMAGE_SIZE + 0.999)
    row, column = at[:, 0], at[:, 1]
    top, left = row.astype(np.int32), column.astype(np.int32)
    down, across = row - top, column - left
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).reshape(-1)
    corner = top * padded_size + left + np.arange(n, dtype=np.int32)[:, None] * padded_size**2
    above = padded.take(corner) * (1 - across) + padded.take(corner + 1) * across
    below = padded.take(corner + padded_size) * (1 - across) + padded.take(corner + padded_size + 1) * across
    blended: NDArray[np.float32] = above * (1 - down) + below * down + 0.5
    return blended.astype(np.uint8).reshape(images.shape)
