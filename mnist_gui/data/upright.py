"""Takes slant, size and proportions out of a digit, so that a small network need not learn them.

Whoever writes with a slant, tall or wide, writes the same digits. A digit is sheared until it stands upright, scaled to
one size, and brought half way to equal sides. LeCun et al., "Gradient-based learning applied to document recognition",
1998, report results on images that were deslanted in this way apart from others, and so does this project: an accuracy
on upright images says so.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.data import caches
from mnist_gui.data.dataset import IMAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

SPREAD: Final = 5.0
"""Standard deviation of the ink along a digit's longer side, in pixels: that of a digit of MNIST fitted into 20×20."""

CENTRE: Final = 14.25
"""Where the centre of mass goes, from the field's edges: the same as in `mnist_gui.ink`."""

MOST_SLANT: Final = 1.0
"""The strongest shear that is taken out, in columns for each row: 45°, more than any hand leans. Without a bound, a
dash that rises a little would be sheared into a post."""

EDITION: Final = 1
"""To be raised with each change of the code that makes other pictures: those in people's caches are then made again."""

_LEAST_VARIANCE: Final = 0.1  # of a line of no width, in pixels²; a single pixel has 1/12
_AT_ONCE: Final = 64  # images whose coordinates stay in the cache; larger arrays are asked of the system, and cleared
_PLACES: Final = np.arange(IMAGE_SIZE, dtype=np.float32) - (IMAGE_SIZE - 1) / 2
_MIDDLE: Final = (IMAGE_SIZE - 1) / 2
_POWERS: Final = np.stack([np.ones_like(_PLACES), _PLACES, _PLACES**2], axis=1)


def make_upright(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Shear digits upright, bring them to one size and towards one proportion, and centre them.

    By the moments of the ink: mass m, means x̄ and ȳ, variances vx and vy, covariance c. A shear of ``s = c / vy``
    columns for each row takes the covariance out, and leaves a variance across of ``vx − c² / vy``. Then the standard
    deviation becomes `SPREAD` along the longer side and ``SPREAD · √(short / long)`` along the other: the ratio of the
    sides is its own square root afterwards, so that a 1 is still slim. The centre of mass goes to `CENTRE`.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        0 is paper, 255 is ink.

    Returns
    -------
    ndarray of uint8, shape (n, 28, 28)
        Sampled bilinearly, once. A blank image stays blank.
    """
    result = np.empty_like(images)
    for start in range(0, len(images), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        result[part] = _sample(images[part], *_lines(images[part]))
    return result


def cached_upright(images: NDArray[np.uint8]) -> Generator[None, None, NDArray[np.uint8]]:
    """Read what `make_upright` made of the same images before, or else make it and keep it in the user's cache.

    It hands over every few milliseconds, as a chance to stop, if there are some 1,000 images.
    """
    edition = hashlib.sha256(repr((EDITION, SPREAD, CENTRE, MOST_SLANT, np.__version__)).encode()).hexdigest()[:16]
    path = cache_folder() / edition / hashlib.sha256(images.tobytes()).hexdigest()
    content = caches.load(path, images.nbytes)
    yield
    if content is not None:
        return np.frombuffer(content, np.uint8).reshape(images.shape)
    result = make_upright(images)
    yield
    caches.store(path, result.tobytes())
    yield
    return result


def cache_folder() -> Path:
    """Say where upright images are kept; the folder need not exist."""
    return caches.folder() / "upright"


def _lines(images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Say where each row and each pixel of the results comes from.

    Returns
    -------
    rows : ndarray of float32, shape (n, 28)
        In the images: a shear along the rows and a stretch leave rows rows.
    columns : ndarray of float32, shape (n, 28, 28)
    """
    by_row = (images.reshape(-1, IMAGE_SIZE).astype(np.float32) @ _POWERS).reshape(len(images), IMAGE_SIZE, 3)
    moments = (_POWERS.T @ by_row)[..., None]  # [image, power of the row, power of the column]
    mass = np.maximum(moments[:, 0, 0], 1)
    y, x = moments[:, 1, 0] / mass, moments[:, 0, 1] / mass
    vy = np.maximum(moments[:, 2, 0] / mass - y**2, _LEAST_VARIANCE)
    covariance = moments[:, 1, 1] / mass - y * x
    slant = np.clip(covariance / vy, -MOST_SLANT, MOST_SLANT)
    # What a bounded shear leaves: var(x − s y) = vx − 2 s c + s² vy.
    vx = np.maximum(moments[:, 0, 2] / mass - x**2 - 2 * slant * covariance + slant**2 * vy, _LEAST_VARIANCE)
    height, width = np.sqrt(vy), np.sqrt(vx)
    longer, shorter = np.maximum(height, width), np.minimum(height, width)
    narrow = SPREAD * np.sqrt(shorter / longer)
    down = height / np.where(height >= width, SPREAD, narrow)  # rows of the image for each row of the result
    across = width / np.where(width > height, SPREAD, narrow)
    places = _PLACES - np.float32(CENTRE - IMAGE_SIZE / 2)
    rows = down * places
    columns = (x + slant * rows)[:, :, None] + (across * places)[:, None, :]
    return rows + (y + _MIDDLE), columns + _MIDDLE


def _sample(images: NDArray[np.uint8], rows: NDArray[np.float32], columns: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Look up pixels bilinearly: first between rows, all along them, and then between the pixels of these.

    That is the sampling of `mnist_gui.data.augment`, where each pixel has a row of its own, in half the time.
    """
    n, side, width = len(images), IMAGE_SIZE + 2, IMAGE_SIZE + 4
    # A pixel of paper all around, on which everything outside the field lands.
    padded = np.zeros((n, side, width), np.float32)
    padded[:, 1:-1, 1 : IMAGE_SIZE + 1] = images
    at = np.clip(rows + 1, 0, IMAGE_SIZE + 0.999)
    top = at.astype(np.intp)
    first = (top + np.arange(n)[:, None] * side).ravel()
    lines = padded.reshape(-1, width)
    between, below = lines.take(first, axis=0), lines.take(first + 1, axis=0)
    below -= between
    below *= (at - top).reshape(-1, 1)
    between += below
    across = np.clip(columns + 1, 0, IMAGE_SIZE + 0.999)
    left = across.astype(np.int32)
    across -= left
    left += (np.arange(n * IMAGE_SIZE, dtype=np.int32) * width).reshape(n, IMAGE_SIZE, 1)
    pixels = between.reshape(-1)
    result, right = pixels.take(left), pixels.take(left + 1)
    right -= result
    right *= across
    result += right
    result += 0.5
    return result.astype(np.uint8)
