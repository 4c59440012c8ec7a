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
from mnist_gui.picture_file import PictureError as PictureError
from mnist_gui.picture_file import open_picture as open_picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import PathLike

    from numpy.typing import NDArray
    from PIL import Image

DIGIT_SIZE: Final = 20
"""Side of the box that a digit fills, in pixels of the 28×28 field."""

THICKNESS: Final = 2.4
"""Width of a line of mean pressure, in pixels of the 28×28 field: the median of MNIST's training set."""

CENTRE: Final = 14.25
"""Where the centre of mass goes, from the field's edges. MNIST's makers moved it by whole pixels into the one after the
middle, so theirs lie evenly between 14 and 15; a quarter is as near to them as half a pixel from the middle allows."""

DAB_SPACING: Final = 0.5
"""Distance between the discs that make up a line, in pixels: the scallops between them are below 0.03 pixels."""

PRESSURE_RANGE: Final = (0.6, 1.5)
"""How far pressure may thin or thicken a line, relative to the drawing's mean width."""

MIN_EXTENT: Final = 0.5
"""A drawing whose longer side is less than so many pen widths is a dot. So few, because a person may draw small with a
thick pen: the pen's path then still tells what its blot would not."""

MAX_INK: Final = 0.55
"""A drawing that covers more than this part of the 20×20 box is a scribble, not a digit."""

PICTURE_THICKNESS: Final = (2.0, 3.0)
"""Thinner and thicker lines in a picture are brought here, in pixels of the 28×28 field."""

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


def from_file(path: str | PathLike[str]) -> NDArray[np.uint8] | None:
    """Turn a picture file of one digit into what the network sees: `open_picture`, then `from_picture`."""
    return from_picture(open_picture(path))


def from_picture(image: Image.Image) -> NDArray[np.uint8] | None:
    """Turn a picture of one digit into what the network sees.

    Parameters
    ----------
    image : PIL.Image.Image
        A photo, a scan, a screenshot or a saved drawing: dark on light or light on dark, any size and mode.

    Returns
    -------
    ndarray of uint8, shape (28, 28), or None
        0 is paper, 255 is ink. None if there is no digit: a blank picture, a dot, a scribble.
    """
    for brightness in _readings(image):
        coverage = _find_ink(brightness)
        digit = None if coverage is None else _fit_picture(_drop_specks(coverage))
        if digit is not None:
            return digit
    return None


def _readings(image: Image.Image) -> Iterator[NDArray[np.float32]]:
    """Brightness (0 to 255, at most 512 pixels a side) as a person would see it on white paper; then the opacity."""
    from PIL import Image

    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        layers = [Image.alpha_composite(paper, image).convert("L"), image.getchannel("A")]
    else:
        deep = image.mode.startswith(("I", "F"))
        layers = [image.convert("F" if deep else "L")]
    for layer in layers:
        layer.thumbnail((512, 512), Image.Resampling.BOX)
        values = np.asarray(layer, np.float32)
        if layer.mode == "F":  # 16 or 32 bits: nothing says which value is white
            low, high = values.min(), values.max()
            values = (values - low) * np.float32(255 / max(high - low, 1e-6))
        yield values


def _find_ink(brightness: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """How much of each pixel is ink, 0 to 1, or None where nothing stands out from the paper.

    The paper's brightness is a quadratic surface, because light falls unevenly on it. It is fitted by least squares,
    first through the picture's frame, then through all that lies within the noise.
    """
    height, width = brightness.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    step = max(1, max(height, width) // 64)
    sample, places = brightness[::step, ::step].ravel(), basis[::step, ::step].reshape(-1, 6)
    frame = np.abs(places[:, 1:3]).max(axis=1) > 0.8
    paper, known = np.full(len(sample), np.median(sample[frame])), frame
    for _ in range(6):
        noise = 1.5 * float(np.median(np.abs(sample - paper)[known])) + 1  # a normal distribution's MAD is 0.67 sigma
        known = np.abs(sample - paper) < 3 * noise
        surface = np.linalg.lstsq(places[known], sample[known], rcond=None)[0]
        paper = places @ surface
    contrast = brightness - basis @ surface
    contrast *= np.sign(np.sum(contrast**3)) or 1  # the ink may be darker or lighter
    noise = 1.5 * float(np.median(np.abs(sample - paper)[known]))
    # Between the means of ink and paper, found by repetition (Ridler and Calvard, 1978).
    threshold = contrast.max() / 2
    for _ in range(10):
        dark = contrast > threshold
        if dark.all() or not dark.any():
            return None
        threshold = (contrast[dark].mean() + contrast[~dark].mean()) / 2
    full = float(np.percentile(contrast[contrast > threshold], 90))
    if full < max(12, 8 * noise):
        return None
    coverage: NDArray[np.float32] = np.clip((contrast - 4 * noise) / (full - 4 * noise), 0, 1).astype(np.float32)
    return coverage


def _drop_specks(coverage: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keep only the connected parts that belong to the digit: not dust, nor a table's edge along the border."""
    cell = max(1, -(-max(coverage.shape) // 96))  # coarse cells bridge small gaps and make it quick
    height, width = (-(-side // cell) for side in coverage.shape)
    padded = np.zeros((height * cell, width * cell), np.float32)
    padded[: coverage.shape[0], : coverage.shape[1]] = coverage
    cells = padded.reshape(height, cell, width, cell)
    mask = np.pad(cells.max(axis=(1, 3)) > 0.3, 1)
    # Every inked cell takes the largest number among its neighbours, until each part has one number of its own.
    labels = np.where(mask, np.arange(mask.size).reshape(mask.shape), 0)
    while True:
        rows = np.maximum(np.maximum(labels[:-2], labels[1:-1]), labels[2:])
        spread = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:]) * mask[1:-1, 1:-1]
        if np.array_equal(spread, labels[1:-1, 1:-1]):
            break
        labels[1:-1, 1:-1] = spread
    amounts = np.bincount(spread.ravel(), cells.sum(axis=(1, 3)).ravel(), mask.size)
    amounts[0] = 0
    border = np.unique(np.concatenate([spread[0], spread[-1], spread[:, 0], spread[:, -1]]))
    inside = amounts.copy()
    inside[border] = 0
    if inside.max() > 0.1 * amounts.max():
        amounts = inside
    keep = (amounts > 0.05 * amounts.max())[labels]
    # The cells around a part hold its soft edge.
    keep = np.maximum(np.maximum(keep[:-2], keep[1:-1]), keep[2:])
    keep = np.maximum(np.maximum(keep[:, :-2], keep[:, 1:-1]), keep[:, 2:])
    cleaned: NDArray[np.float32] = (cells * keep[:, None, :, None]).reshape(padded.shape)
    return cleaned


def _fit_picture(coverage: NDArray[np.float32]) -> NDArray[np.uint8] | None:
    """Crop, fit and centre a clean picture's ink; None if it's a blot or a scribble."""
    from PIL import Image, ImageFilter

    inked = coverage > 0.1
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not len(rows):
        return None
    crop = coverage[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    extent = max(crop.shape)
    # A long line's area is length × thickness, its outline 2 × length.
    slope_y, slope_x = np.gradient(np.pad(crop, 2))
    thickness = 2 * crop.sum() / np.hypot(slope_x, slope_y).sum()
    if extent < 2.2 * thickness or extent < 4:
        return None
    picture = Image.fromarray(np.rint(crop * 255).astype(np.uint8))
    in_field = thickness * DIGIT_SIZE / extent
    correction = float(np.clip(in_field, *PICTURE_THICKNESS)) - in_field
    if abs(correction) > 0.25 and extent > IMAGE_SIZE:  # a smaller picture is too coarse for it
        fine = 8
        picture = _resize(picture, fine * (DIGIT_SIZE - correction))
        picture = Image.fromarray(np.pad(np.asarray(picture), fine * 2))
        size = 2 * round(fine * abs(correction) / 2) + 1
        picture = picture.filter(ImageFilter.MaxFilter(size) if correction > 0 else ImageFilter.MinFilter(size))
        picture = picture.crop(picture.getbbox())
    digit = np.asarray(_resize(picture, DIGIT_SIZE))
    if digit.sum() > 255 * 0.8 * DIGIT_SIZE**2:
        return None
    field = np.zeros((3 * IMAGE_SIZE, 3 * IMAGE_SIZE), np.uint8)
    height, width = digit.shape
    field[IMAGE_SIZE : IMAGE_SIZE + height, IMAGE_SIZE : IMAGE_SIZE + width] = digit
    # By whole pixels, as MNIST's makers did: a picture from MNIST stays where it is.
    left, top = np.floor(centre_of_mass(field[None])[0]).astype(int) - IMAGE_SIZE // 2
    return field[top : top + IMAGE_SIZE, left : left + IMAGE_SIZE].copy()


def _resize(picture: Image.Image, side: float) -> Image.Image:
    """Resize so that the longer side has ``side`` pixels."""
    from PIL import Image

    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.BILINEAR)
