"""From a drawing's strokes to the 28×28 that the network sees.

A drawing goes its way as vectors, so canvas size, position and pixel ratio can't matter, and its lines are given the
thickness that MNIST's have, so neither can the pen's width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.data.dataset import IMAGE_SIZE
from mnist_gui.ink import reasons
from mnist_gui.ink.field import CENTRE, DIGIT_SIZE, THICKNESS, centre_of_mass
from mnist_gui.ink.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DAB_SPACING: Final = 0.5
"""Distance between the discs that make up a line, in pixels: the scallops between them are below 0.03 pixels."""

PRESSURE_RANGE: Final = (0.6, 1.5)
"""How far pressure may thin or thicken a line, relative to the drawing's mean width."""

MIN_EXTENT: Final = 0.5
"""A drawing whose longer side is less than so many pen widths is a dot. So few, because a person may draw small with a
thick pen: the pen's path then still tells what its blot would not."""

MAX_INK: Final = 0.55
"""A drawing that covers more than this part of the 20×20 box is a scribble, not a digit."""

_BINOMIAL: Final = (1 / 16, 4 / 16, 6 / 16)  # of five weights the outer, the inner, and the one in the middle

_AT_ONCE: Final = 16  # drawings that are inked at once: their windows then stay in the cache, which is twice as fast

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
    image = _drawn(strokes)
    return None if isinstance(image, Reason) else image


def judge(strokes: Sequence[Stroke], image: NDArray[np.uint8] | None = None) -> Reason | None:
    """Tell why a drawing is no digit, as far as its geometry shows.

    Strokes that lie close to each other are one digit, so a 4 or a 5 is judged alike between its strokes and at its
    end.

    Parameters
    ----------
    strokes : sequence of Stroke
    image : ndarray of uint8, shape (28, 28), optional
        What `from_strokes` made of them; without it they are drawn once more.

    Returns
    -------
    Reason or None
        None where it may be a digit; `from_strokes` then has an image of it.
    """
    if image is None:
        drawn = _drawn(strokes)
        if isinstance(drawn, Reason):
            return drawn
        image = drawn
    strokes = [stroke for stroke in strokes if len(stroke.points)]
    if several_digits(strokes):
        return Reason.SEVERAL
    points = np.concatenate([stroke.points for stroke in strokes])
    width, height = np.ptp(points, axis=0)
    if reasons.is_wide(width, height) and len(strokes) > 1:
        return Reason.SEVERAL
    # An open 4 can have four arms too, but not if both its strokes are straight.
    crossed = len(strokes) == 2 and all(map(_is_straight, strokes)) and reasons.is_cross(image)
    return Reason.SIGN if crossed else None


def _is_straight(stroke: Stroke) -> bool:
    """Tell whether a stroke stays near the line from its beginning to its end."""
    chord = stroke.points[-1] - stroke.points[0]
    offset = stroke.points - stroke.points[0]
    length = float(np.hypot(*chord))
    away = np.abs(offset[:, 0] * chord[1] - offset[:, 1] * chord[0])
    return length > 0 and bool(away.max() < 0.15 * length**2)


def several_digits(strokes: Sequence[Stroke]) -> list[list[Stroke]]:
    """Part a drawing of several digits side by side, or one above the other; empty if it is one thing."""
    strokes = [stroke for stroke in strokes if len(stroke.points)]
    if len(strokes) < 2:
        return []
    half_width = float(np.mean(np.concatenate([stroke.widths for stroke in strokes]))) / 2
    groups = reasons.several([stroke.points for stroke in strokes], half_width)
    return [[strokes[index] for index in group] for group in groups or []]


def _drawn(strokes: Sequence[Stroke]) -> NDArray[np.uint8] | Reason:
    strokes = [stroke for stroke in strokes if len(stroke.points)]
    if not strokes:
        return Reason.NOTHING_DRAWN
    points = np.concatenate([stroke.points for stroke in strokes])
    extent = float(np.ptp(points, axis=0).max())
    if extent == 0 or extent < MIN_EXTENT * float(np.mean(np.concatenate([stroke.widths for stroke in strokes]))):
        return Reason.TOO_SMALL
    spacing = extent * DAB_SPACING / DIGIT_SIZE
    dabs = np.concatenate([_resample(stroke, spacing) for stroke in strokes])
    image: NDArray[np.uint8] = render(dabs[None, :, :2], dabs[None, :, 2])[0]
    return Reason.TOO_MUCH_INK if image.sum() > 255 * MAX_INK * DIGIT_SIZE**2 else image


def _resample(stroke: Stroke, spacing: float) -> NDArray[np.float64]:
    """Points and widths (x, y, width) along a stroke at even distances of at most ``spacing``, both ends included.

    They are smoothed over about one distance: a mouse counts whole pixels, and in a small drawing that shows.
    """
    steps = np.hypot(*np.diff(stroke.points, axis=0).T)
    distance = np.concatenate(([0.0], np.cumsum(steps)))
    at = np.linspace(0, distance[-1], int(np.ceil(distance[-1] / spacing)) + 1)
    path = np.stack([np.interp(at, distance, column) for column in (*stroke.points.T, stroke.widths)], axis=1)
    # Mirrored through the ends, so that they stay where they are.
    beyond = np.minimum([2, 1], len(path) - 1)
    padded = np.concatenate([2 * path[0] - path[beyond], path, 2 * path[-1] - path[-1 - beyond[::-1]]])
    outer, inner, middle = _BINOMIAL
    smooth: NDArray[np.float64] = outer * (padded[:-4] + padded[4:])
    smooth += inner * (padded[1:-3] + padded[3:-1])
    smooth += middle * path
    return smooth


def render(
    points: NDArray[np.floating], widths: NDArray[np.floating], thickness: float | NDArray[np.floating] = THICKNESS
) -> NDArray[np.uint8]:
    """Fit drawings into the field, centre them, and ink them.

    Parameters
    ----------
    points : ndarray of float, shape (n, m, 2)
        Where the pen touched in each of n drawings, evenly and no further apart than about ``DAB_SPACING`` pixels of
        the result. A shorter drawing may repeat points.
    widths : ndarray of float, shape (n, m)
        The pen's diameter at those points. Only the ratio to the drawing's mean matters.
    thickness : float, or ndarray of float, shape (n,)
        How wide a line of mean pressure becomes, in pixels of the result.

    Returns
    -------
    ndarray of uint8, shape (n, 28, 28)
        0 is paper, 255 is ink.
    """
    mean_width = widths.mean(axis=1, keepdims=True)
    pressure = np.divide(widths, mean_width, out=np.ones_like(widths, dtype=np.float64), where=mean_width > 0)
    radii = np.reshape(thickness, (-1, 1)) / 2 * np.clip(pressure, *PRESSURE_RANGE)
    low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    # The ink reaches beyond the pen's path by half a line on either side; that counts towards the 20×20.
    scale = (DIGIT_SIZE - 2 * radii.max(axis=1))[:, None, None] / (high - low).max(axis=2, keepdims=True)
    centred = (points - (low + high) / 2) * scale + IMAGE_SIZE / 2
    # Overlapping lines make the mass something that only the inked field knows, so it's inked once to find it.
    draft = _ink(centred, radii)
    return np.rint(255 * _ink(centred + CENTRE - centre_of_mass(draft)[:, None], radii)).astype(np.uint8)


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
    edge = radii[..., None, None].astype(np.float32) + 0.5
    first = (np.arange(count)[:, None] * side + corner[..., 1].astype(np.intp) + _MARGIN) * side
    first += corner[..., 0].astype(np.intp) + _MARGIN
    window = (reach[:, None] * side + reach).astype(np.intp)
    for start in range(0, count, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        coverage = offset[part, :, 0, None, :] + offset[part, :, 1, :, None]
        np.sqrt(coverage, out=coverage)
        np.subtract(edge[part], coverage, out=coverage)
        np.clip(coverage, 0, 1, out=coverage)
        np.maximum.at(field, (first[part, :, None, None] + window).ravel(), coverage.ravel())
    return field.reshape(count, side, side)[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
