"""From a drawing or a picture to the 28×28 that the network sees, made as MNIST was made.

MNIST's makers cropped each digit to its ink, fitted it into 20×20 pixels with its aspect kept, and put its centre of
mass in the middle of a 28×28 field (LeCun et al., "Gradient-based learning applied to document recognition", 1998,
section III.A). A drawing goes the same way as vectors, so canvas size, position and pixel ratio can't matter, and its
lines are given the thickness that MNIST's have, so neither can the pen's width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.data.dataset import IMAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DIGIT_SIZE: Final = 20
"""Side of the box that a digit fills, in pixels of the 28×28 field."""

THICKNESS: Final = 2.4
"""Width of a line of mean pressure, in pixels of the 28×28 field: the median of MNIST's training set."""

DAB_SPACING: Final = 0.5
"""Distance between the discs that make up a line, in pixels: the scallops between them are below 0.03 pixels."""

PRESSURE_RANGE: Final = (0.6, 1.5)
"""How far pressure may thin or thicken a line, relative to the drawing's mean width."""

MIN_EXTENT: Final = 1.5
"""A drawing whose longer side is less than so many pen widths is a dot, not a digit."""

MAX_INK: Final = 0.55
"""A drawing that covers more than this part of the 20×20 box is a scribble, not a digit."""

_MARGIN: Final = 14  # room around the field, so that no dab needs clipping before the centre of mass is known


@dataclass(frozen=True, slots=True)
class Stroke:
    """One line from pen down to pen up.

    Attributes
    ----------
    points : ndarray of float, shape (n, 2)
        Where the pen was, x to the right and y down, in any unit.
    widths : ndarray of float, shape (n,)
        The pen's diameter at each point, in the same unit; pressure changes it.

    Raises
    ------
    ValueError
        If the shapes don't fit each other, or a number isn't finite.
    """

    points: NDArray[np.floating]
    widths: NDArray[np.floating]

    def __post_init__(self) -> None:
        if self.points.shape != (len(self.widths), 2) or self.widths.ndim != 1:
            raise ValueError(f"a stroke needs (n, 2) points and n widths: {self.points.shape}, {self.widths.shape}")
        if not (np.isfinite(self.points).all() and np.isfinite(self.widths).all()):
            raise ValueError("a stroke's points and widths must be finite")


def from_strokes(strokes: Sequence[Stroke]) -> NDArray[np.uint8] | None:
    """Turn a drawing into what the network sees.

    Parameters
    ----------
    strokes : sequence of Stroke
        All strokes of one digit. Their unit, position and mean width don't change the result.

    Returns
    -------
    ndarray of uint8, shape (28, 28), or None
        0 is paper, 255 is ink. None if there is no digit: an empty canvas, a dot, a canvas full of ink.
    """
    strokes = [stroke for stroke in strokes if len(stroke.points)]
    if not strokes:
        return None
    points = np.concatenate([stroke.points for stroke in strokes])
    extent = float(np.ptp(points, axis=0).max())
    if extent == 0 or extent < MIN_EXTENT * float(np.mean(np.concatenate([stroke.widths for stroke in strokes]))):
        return None
    spacing = extent * DAB_SPACING / DIGIT_SIZE
    dabs = np.concatenate([_resample(stroke, spacing) for stroke in strokes])
    image: NDArray[np.uint8] = render(dabs[None, :, :2], dabs[None, :, 2])[0]
    return None if image.sum() > 255 * MAX_INK * DIGIT_SIZE**2 else image


def _resample(stroke: Stroke, spacing: float) -> NDArray[np.float64]:
    """Points and widths (x, y, width) along a stroke at even distances of at most ``spacing``, both ends included."""
    steps = np.hypot(*np.diff(stroke.points, axis=0).T)
    distance = np.concatenate(([0.0], np.cumsum(steps)))
    at = np.linspace(0, distance[-1], int(np.ceil(distance[-1] / spacing)) + 1)
    return np.stack([np.interp(at, distance, column) for column in (*stroke.points.T, stroke.widths)], axis=1)


def render(points: NDArray[np.floating], widths: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Fit drawings into the field, centre them, and ink them.

    Parameters
    ----------
    points : ndarray of float, shape (n, m, 2)
        Where the pen touched in each of n drawings, evenly and no further apart than about ``DAB_SPACING`` pixels of
        the result. A shorter drawing may repeat points.
    widths : ndarray of float, shape (n, m)
        The pen's diameter at those points. Only the ratio to the drawing's mean matters.

    Returns
    -------
    ndarray of uint8, shape (n, 28, 28)
        0 is paper, 255 is ink.
    """
    mean_width = widths.mean(axis=1, keepdims=True)
    pressure = np.divide(widths, mean_width, out=np.ones_like(widths, dtype=np.float64), where=mean_width > 0)
    radii = THICKNESS / 2 * np.clip(pressure, *PRESSURE_RANGE)
    low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    # The ink reaches beyond the pen's path by half a line on either side; that counts towards the 20×20.
    scale = (DIGIT_SIZE - 2 * radii.max(axis=1))[:, None, None] / (high - low).max(axis=2, keepdims=True)
    centred = (points - (low + high) / 2) * scale + IMAGE_SIZE / 2
    # Overlapping lines make the mass something that only the inked field knows, so it's inked once to find it.
    draft = _ink(centred, radii)
    return np.rint(255 * _ink(centred + IMAGE_SIZE / 2 - centre_of_mass(draft)[:, None], radii)).astype(np.uint8)


def centre_of_mass(images: NDArray[np.generic]) -> NDArray[np.float64]:
    """Mean place (x, y) of the ink, in pixels from the top left corner of the field, so that its middle is 14.

    Parameters
    ----------
    images : ndarray, shape (n, 28, 28)
        Images that each hold some ink.

    Returns
    -------
    ndarray of float64, shape (n, 2)
    """
    places = np.arange(images.shape[-1]) + 0.5
    columns, rows = images.sum(axis=1, dtype=np.float64), images.sum(axis=2, dtype=np.float64)
    centre: NDArray[np.float64] = np.stack([columns @ places, rows @ places], axis=1) / columns.sum(axis=1)[:, None]
    return centre


def _ink(points: NDArray[np.float64], radii: NDArray[np.float64]) -> NDArray[np.float32]:
    """Set round dabs of ink on a field for each drawing.

    A pixel is covered by ``radius - distance + 1/2`` of a dab's ink, between 0 and 1: the disc's edge is smoothed over
    one pixel. Where dabs overlap, the strongest counts.

    Parameters
    ----------
    points : ndarray of float64, shape (n, m, 2)
        Dabs' centres in pixels.
    radii : ndarray of float64, shape (n, m)
        Dabs' radii in pixels.

    Returns
    -------
    ndarray of float32, shape (n, 28, 28)
        Coverage, 0 to 1.
    """
    count, side = len(points), IMAGE_SIZE + 2 * _MARGIN
    field = np.zeros(count * side * side, np.float32)
    # Each dab has a small window of pixels; squared distances along x and y are broadcast against each other.
    reach = np.arange(np.ceil(2 * radii.max()) + 1)
    corner = np.floor(points - radii.max())
    offset = ((corner + 0.5 - points)[..., None] + reach).astype(np.float32) ** 2
    distance = np.sqrt(offset[:, :, 0, None, :] + offset[:, :, 1, :, None])
    coverage = np.clip(radii[..., None, None].astype(np.float32) + 0.5 - distance, 0, 1)
    first = (np.arange(count)[:, None] * side + corner[..., 1].astype(np.intp) + _MARGIN) * side
    first += corner[..., 0].astype(np.intp) + _MARGIN
    window = (reach[:, None] * side + reach).astype(np.intp)
    np.maximum.at(field, (first[..., None, None] + window).ravel(), coverage.ravel())
    return field.reshape(count, side, side)[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
