"""From a clean picture's ink to the field: cropped, given MNIST's line width, fitted and centred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.data.dataset import IMAGE_SIZE
from mnist_gui.ink.field import DIGIT_SIZE, centre_of_mass

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

PICTURE_THICKNESS: Final = (2.0, 3.5)
"""Thinner and thicker lines in a picture are brought here, in pixels of the 28×28 field."""

LEAST_EXTENT: Final = 12
"""The lines of a smaller digit, in pixels, are left as they are: nothing could be thinned evenly."""

STEEPER: Final = 2
"""How much steeper the edges of enlarged lines are made, so that they move as a whole."""

FINE: Final = 8
"""Lines are thinned and thickened at so many times the field's resolution."""


def crop(coverage: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Cut the ink out of a picture; None if there is none."""
    inked = coverage > 0.1
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not len(rows):
        return None
    return coverage[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def thickness_of(ink: NDArray[np.float32]) -> float:
    """Mean width of the lines in pixels: a long line's area is length × width, its outline 2 × length."""
    slope_y, slope_x = np.gradient(np.pad(ink, 2))
    return float(2 * ink.sum() / np.hypot(slope_x, slope_y).sum())


def bring_to_width(ink: NDArray[np.float32], thickness: float) -> Image.Image:
    """Thin or thicken the lines of a cropped digit, where they are far from MNIST's.

    Returns
    -------
    PIL.Image.Image
        Grey, of any size, cropped to the ink.
    """
    from PIL import Image

    extent = max(ink.shape)
    picture = Image.fromarray(np.rint(ink * 255).astype(np.uint8))
    in_field = thickness * DIGIT_SIZE / extent
    correction = float(np.clip(in_field, *PICTURE_THICKNESS)) - in_field
    if abs(correction) <= 0.25 or extent <= LEAST_EXTENT:
        return picture
    enlarged = resize(picture, FINE * (DIGIT_SIZE - correction), Image.Resampling.BICUBIC)
    edges = STEEPER * (np.pad(np.asarray(enlarged), FINE * 2).astype(np.float32) - 127.5) + 127.5
    lines = _grow(np.clip(edges, 0, 255).astype(np.uint8), round(FINE * correction / 2))
    changed = Image.fromarray(lines)
    return changed.crop(changed.getbbox()) if lines.any() else picture


def _grow(lines: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """Let lines grow, or shrink by a negative reach, by so many pixels: by an octagon, which is nearly a disc."""
    pick = np.maximum if reach > 0 else np.minimum
    for step in range(abs(reach)):
        around = np.pad(lines, 1)
        grown = pick(pick(around[:-2, 1:-1], around[2:, 1:-1]), pick(around[1:-1, :-2], around[1:-1, 2:]))
        if step % 5 in (1, 3):
            corners = pick(pick(around[:-2, :-2], around[2:, 2:]), pick(around[:-2, 2:], around[2:, :-2]))
            grown = pick(grown, corners)
        lines = pick(lines, grown)
    return lines


def centre(picture: Image.Image) -> NDArray[np.uint8]:
    """Fit a cropped digit into the 20×20 box, and put its centre of mass in the middle of the field.

    Returns
    -------
    ndarray of uint8, shape (28, 28)
    """
    digit = np.asarray(resize(picture, DIGIT_SIZE))
    field = np.zeros((3 * IMAGE_SIZE, 3 * IMAGE_SIZE), np.uint8)
    height, width = digit.shape
    field[IMAGE_SIZE : IMAGE_SIZE + height, IMAGE_SIZE : IMAGE_SIZE + width] = digit
    # By whole pixels, as MNIST's makers did: a picture from MNIST stays where it is.
    left, top = np.floor(centre_of_mass(field[None])[0]).astype(int) - IMAGE_SIZE // 2
    return field[top : top + IMAGE_SIZE, left : left + IMAGE_SIZE].copy()


def resize(picture: Image.Image, side: float, by: Image.Resampling | None = None) -> Image.Image:
    """Resize so that the longer side has ``side`` pixels; bilinear unless another way is given."""
    from PIL import Image

    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.BILINEAR if by is None else by)
