"""From a picture to the 28×28 that the network sees, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.ink import fit, reasons
from mnist_gui.ink.field import DIGIT_SIZE
from mnist_gui.ink.marks import cut_frames, digit_parts, things
from mnist_gui.ink.paper import Ink, find_ink
from mnist_gui.ink.parts import find_parts, keep_only
from mnist_gui.ink.reasons import Reason
from mnist_gui.picture_file import open_picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import PathLike

    from numpy.typing import NDArray
    from PIL import Image

    from mnist_gui.ink.parts import Part

READ_SIZE: Final = 512
"""Of a larger picture so many pixels a side are looked at."""

MAX_PICTURE_INK: Final = 0.8
"""What covers more than this part of the 20×20 box is a blot."""

THIN_RULE: Final = 0.035
"""A rule of empty paper is thinner than this part of the picture's longer side."""

BLOT: Final = 2.2
DOT: Final = 3.0
"""What is less than so many times as long as its lines are thick is a blot, or where it is small a dot."""

SMALL: Final = 0.15
"""A dot is smaller than this part of the picture's longer side."""

COLOUR_AHEAD: Final = 2.0
"""Colour is looked at before brightness where its range is so many times as wide."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step from a picture to what the network sees.

    Attributes
    ----------
    name : str
        What was done, e.g. "paper found".
    image : ndarray of uint8, shape (height, width)
        What came of it: ink as it is meant for the network, 0 for paper and 255 for ink. The first step's is the
        brightness of the picture instead, 0 for black.
    """

    name: str
    image: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class PictureSteps:
    """How a picture was read.

    Attributes
    ----------
    image : ndarray of uint8, shape (28, 28), or None
        What the network sees: 0 is paper, 255 is ink. None if there is no digit.
    reason : Reason or None
        Why there is no digit; None if there is one.
    steps : tuple of Step
        As far as the picture came.
    digits : tuple of ndarray of uint8, shape (28, 28)
        Where there are several things, each of them alone, from left to right or from the top down.
    """

    image: NDArray[np.uint8] | None
    reason: Reason | None
    steps: tuple[Step, ...]
    digits: tuple[NDArray[np.uint8], ...] = ()


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
        0 is paper, 255 is ink. None if there is no digit; `explain_picture` says why.
    """
    return explain_picture(image).image


def explain_picture(image: Image.Image) -> PictureSteps:
    """Do as `from_picture` does, and keep each step, and the reason where there is no digit.

    Parameters
    ----------
    image : PIL.Image.Image

    Returns
    -------
    PictureSteps
    """
    first: PictureSteps | None = None
    for brightness in _readings(image):
        seen = Step("brightness", np.clip(np.rint(brightness), 0, 255).astype(np.uint8))
        for ink in find_ink(brightness):
            result = _read(ink, seen)
            if result.image is not None or result.reason not in _MAYBE_OTHERWISE:
                return result
            first = first or result
        first = first or PictureSteps(None, Reason.NOTHING_ON_PAPER, (seen,))
    assert first is not None
    return first


_MAYBE_OTHERWISE: Final = (Reason.NOTHING_ON_PAPER, Reason.TOO_MUCH_INK, Reason.SEVERAL)
"""Reasons for which it is worth looking for other paper, or other ink."""


def _readings(image: Image.Image) -> Iterator[NDArray[np.float32]]:
    """Yield brightness as seen on white paper, 0 to 255, after colour if that shows more, and then opacity."""
    from PIL import Image

    def small(layer: Image.Image) -> NDArray[np.float32]:
        layer.thumbnail((READ_SIZE, READ_SIZE), Image.Resampling.BOX)
        return np.asarray(layer, np.float32)

    if image.mode.startswith(("I", "F")):  # 16 or 32 bits: nothing says which value is white
        values = small(image.convert("F"))
        low, high = values.min(), values.max()
        yield (values - low) * np.float32(255 / max(high - low, 1e-6))
        return
    opacity = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        opacity = image.getchannel("A")
        image = Image.alpha_composite(paper, image)
    brightness = small(image.convert("L"))
    colour = None if image.mode in ("L", "1", "LA") else _colour(small(image.convert("RGB").convert("YCbCr")))
    if colour is not None and _range(colour) > COLOUR_AHEAD * _range(brightness):
        yield colour
    yield brightness
    if opacity is not None:
        yield small(opacity)


def _colour(pixels: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Difference in colour, whatever the brightness, along the direction in which the picture has the most of it."""
    chroma = pixels[..., 1:].reshape(-1, 2)
    chroma = chroma - np.median(chroma, axis=0).astype(np.float32)
    if np.abs(chroma).max() < 24:
        return None
    direction = np.linalg.eigh(chroma.T @ chroma)[1][:, 1]
    plane: NDArray[np.float32] = np.clip(128 + chroma @ direction, 0, 255).astype(np.float32)
    return plane.reshape(pixels.shape[:2])


def _range(plane: NDArray[np.float32]) -> float:
    """Range of the values, but for one in 500 at either end."""
    return float(np.subtract(*np.percentile(plane[::2, ::2], (99.8, 0.2))))


def _read(ink: Ink, seen: Step) -> PictureSteps:
    """Go from the ink on the paper to the field."""
    steps = [seen, Step("paper found", _grey(ink.coverage))]

    def none(reason: Reason, digits: tuple[NDArray[np.uint8], ...] = ()) -> PictureSteps:
        return PictureSteps(None, reason, tuple(steps), digits)

    found = cut_frames(find_parts(ink.coverage))
    if not found.parts:
        return none(Reason.NOTHING_ON_PAPER)
    thin = fit.thickness_of(ink.coverage) < THIN_RULE * max(ink.coverage.shape)
    if thin and _is_ruling(found.parts, found.shape, lines=3):  # two are a frame's
        return none(Reason.NOTHING_ON_PAPER)
    if len(things(found.parts)) >= reasons.MANY:
        return none(Reason.SEVERAL)
    kept = digit_parts(found)
    if not kept or (thin and _is_ruling(kept, found.shape, lines=2)):
        return none(Reason.NOTHING_ON_PAPER)
    clean = keep_only(ink.coverage, found, kept)
    steps.append(Step("marks dropped", _grey(clean)))
    groups = reasons.several([part.cells[:, ::-1] for part in kept])
    if groups is not None:
        alone = [keep_only(ink.coverage, found, [kept[index] for index in group]) for group in groups]
        return none(Reason.SEVERAL, tuple(fit.centre(picture) for picture in map(_fitted, alone) if picture))
    cropped = fit.crop(clean)
    if cropped is None:
        return none(Reason.NOTHING_ON_PAPER)
    steps.append(Step("cropped", _grey(cropped)))
    thickness, extent = fit.thickness_of(cropped), max(cropped.shape)
    if extent < 4:
        return none(Reason.TOO_SMALL)
    height, width = cropped.shape
    small = extent < SMALL * max(clean.shape)
    if extent < (DOT if small else BLOT) * thickness:
        return none(Reason.TOO_SMALL if small else Reason.TOO_MUCH_INK)
    if reasons.is_wide(width, height):
        straight = all(part.is_straight() for part in kept)
        return none(Reason.SIGN if straight else Reason.SEVERAL)
    fitted = fit.bring_to_width(cropped, thickness)
    steps.append(Step("line width", np.asarray(fitted)))
    image = fit.centre(fitted)
    if image.sum() > 255 * MAX_PICTURE_INK * DIGIT_SIZE**2:
        return none(Reason.TOO_MUCH_INK)
    if reasons.is_cross(image):
        return none(Reason.SIGN)
    steps.append(Step("centred", image))
    return PictureSteps(image, None, tuple(steps))


def _is_ruling(parts: Sequence[Part], shape: tuple[int, int], lines: int) -> bool:
    return reasons.is_ruling(np.concatenate([part.cells for part in parts]), shape, lines=lines)


def _fitted(coverage: NDArray[np.float32]) -> Image.Image | None:
    cropped = fit.crop(coverage)
    return None if cropped is None else fit.bring_to_width(cropped, fit.thickness_of(cropped))


def _grey(coverage: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(coverage * 255).astype(np.uint8)
