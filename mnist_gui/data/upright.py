"""Takes slant, size and proportions out of a digit, so that a small network need not learn them.

Whoever writes with a slant, tall or wide, writes the same digits. A digit is sheared until it stands upright, scaled to
one size, and brought half way to equal sides. LeCun et al., "Gradient-based learning applied to document recognition",
1998, report results on images that were deslanted in this way apart from others, and so does this project: an accuracy
on upright images says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.data.augment import sample
from mnist_gui.data.dataset import IMAGE_SIZE

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPREAD: Final = 5.0
"""Standard deviation of the ink along a digit's longer side, in pixels: that of a digit of MNIST fitted into 20×20."""

CENTRE: Final = 14.25
"""Where the centre of mass goes, from the field's edges: the same as in `mnist_gui.ink`."""

MOST_SLANT: Final = 1.0
"""The strongest shear that is taken out, in columns for each row: 45°, more than any hand leans. Without a bound, a dash
that rises a little would be sheared into a post."""

_LEAST_VARIANCE: Final = 0.1  # of a line of no width, in pixels²; a single pixel has 1/12
_AT_ONCE: Final = 256  # images whose coordinates stay in the processor's cache
_PLACES: Final = np.arange(IMAGE_SIZE, dtype=np.float32) - (IMAGE_SIZE - 1) / 2
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
        result[part] = sample(images[part], *_maps(images[part]))
    return result


def _maps(images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the maps from the results' coordinates (row, column), about the middle, to the images'; see `sample`."""
    by_row = (images.reshape(-1, IMAGE_SIZE).astype(np.float32) @ _POWERS).reshape(len(images), IMAGE_SIZE, 3)
    moments = _POWERS.T @ by_row  # [image, power of the row, power of the column]
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
    maps = np.zeros((len(images), 2, 2), np.float32)
    maps[:, 0, 0], maps[:, 1, 0], maps[:, 1, 1] = down, slant * down, across
    centre = np.full((2, 1), CENTRE - IMAGE_SIZE / 2, np.float32)
    return maps, np.stack([y, x], axis=1)[:, :, None] - maps @ centre
