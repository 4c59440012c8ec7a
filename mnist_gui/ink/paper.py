"""Finds the ink on paper that is unevenly lit, as a photo's is.

There are three ideas of paper, and a picture is tried with one after the other. *Smooth* paper's brightness is a
quadratic surface, as where light falls from one side. *Uneven* paper is whatever is left when lines are painted over
with what lies around them: it may have a shadow with an edge, or end at a dark table. A picture that is cropped to the
digit has hardly any paper, and is parted into its *two greys*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mnist_gui.ink.fit import thickness_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LEAST_CONTRAST: Final = 12
"""Ink differs from the paper by at least so many of 256 grey levels, and by eight times the paper's noise."""

WIDEST_LINES: Final = (0.12, 0.22, 0.35)
"""What is wider than this part of the picture's longer side is no line, but a part of the ground: a table, a shadow.
The narrowest that fits is taken, since it paints over the least."""

_UNEVEN: Final = 0.3  # of the ink's contrast: where the ground differs by more from a smooth surface, it isn't one
_UNEVEN_SHARE: Final = 0.04  # of the picture
_MOST: Final = 0.5  # of the picture; more than that is ground and not ink
_MOST_LIGHT: Final = 0.4  # likewise, for what is lighter than its ground
_DARKEST: Final = 30.0  # grey levels: a darker ground counts as this dark
_FAR_LESS: Final = 0.3  # of the contrast on smooth paper
_THICK: Final = 0.2  # of the picture's shorter side
_TWO_GREYS: Final = 3.7  # distance of two greys in deviations within them; an even slope of light has 3.46


class Ink(NamedTuple):
    """What was found on the paper.

    Attributes
    ----------
    coverage : ndarray of float32, shape (height, width)
        How much of each pixel is ink, 0 to 1.
    contrast : float
        Between full ink and the paper, in grey levels.
    paper : ndarray of float32, shape (height, width)
        The paper's brightness, as it would be without ink.
    """

    coverage: NDArray[np.float32]
    contrast: float
    paper: NDArray[np.float32]


def find_ink(brightness: NDArray[np.float32]) -> Iterator[Ink]:
    """Find what may be ink, the likeliest first; nothing where nothing stands out from the paper.

    Parameters
    ----------
    brightness : ndarray of float32, shape (height, width)
        0 to 255. The ink may be darker or lighter than the paper.

    Yields
    ------
    Ink
    """
    smooth = _on_smooth_paper(brightness)
    if smooth is not None and not _ground_is_uneven(brightness, smooth):
        yield smooth
        return
    longer = max(brightness.shape)
    *narrow, widest = (part * longer for part in WIDEST_LINES)
    wide, darker = _on_uneven_paper(brightness, widest)
    if wide is not None and smooth is not None and wide.contrast < _FAR_LESS * smooth.contrast:
        wide = None  # the soft edge of something that is too wide
    grey = _of_two_greys(brightness)
    other = wide or smooth or grey
    for width in narrow:
        uneven = _on_ground(brightness, width, darker=darker)
        # Where a line is painted over itself, little is left of its contrast.
        if uneven is not None and (other is None or uneven.contrast > 0.75 * other.contrast):
            yield uneven
    for found in (wide, smooth, grey):
        if found is not None:
            yield found


def _on_smooth_paper(brightness: NDArray[np.float32]) -> Ink | None:
    """Fit a quadratic surface by least squares, first through the picture's edge, then through all near it."""
    height, width = brightness.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    step = max(1, max(height, width) // 64)
    sample, places = brightness[::step, ::step].ravel(), basis[::step, ::step].reshape(-1, 6)
    edge = np.abs(places[:, 1:3]).max(axis=1) > 0.8
    paper, known = np.full(len(sample), np.median(sample[edge])), edge
    for _ in range(6):
        noise = 1.5 * float(np.median(np.abs(sample - paper)[known])) + 1  # a normal distribution's MAD is 0.67 sigma
        known = np.abs(sample - paper) < 3 * noise
        surface = np.linalg.lstsq(places[known], sample[known], rcond=None)[0]
        paper = places @ surface
    noise = 1.5 * float(np.median(np.abs(sample - paper)[known]))
    whole = (basis @ surface).astype(np.float32)
    contrast = brightness - whole
    contrast *= np.sign(np.sum(contrast**3)) or 1  # the ink may be darker or lighter
    return _ink(contrast, noise, whole)


def _ink(contrast: NDArray[np.float32], noise: float, paper: NDArray[np.float32], scale: float = 1) -> Ink | None:
    """Measure coverage between the paper's noise and the ink's full contrast; None if that is too little.

    `scale` is what makes grey levels of the contrast.
    """
    dark = contrast > _threshold(contrast)
    if dark.all() or not dark.any():
        return None
    full = float(np.percentile(contrast[dark], 90))
    if full < max(LEAST_CONTRAST / scale, 8 * noise):
        return None
    coverage = np.clip((contrast - 4 * noise) / (full - 4 * noise), 0, 1).astype(np.float32)
    return Ink(coverage, full * scale, paper)


def _threshold(values: NDArray[np.float32]) -> float:
    """Between the means of two groups, found by repetition (Ridler and Calvard, 1978)."""
    threshold = float(values.max()) / 2
    for _ in range(10):
        high = values > threshold
        if high.all() or not high.any():
            break
        threshold = float(values[high].mean() + values[~high].mean()) / 2
    return threshold


def _ground_is_uneven(brightness: NDArray[np.float32], ink: Ink) -> bool:
    """Tell whether something too wide for a line stands out from smooth paper as the ink does."""
    side = min(brightness.shape)
    if thickness_of(ink.coverage) > _THICK * side or ink.coverage.mean() > _MOST:
        return True
    ground = _ground(
        brightness, WIDEST_LINES[-1] * side, darker=bool(_mean_ink(brightness, ink) < _mean_paper(brightness, ink))
    )
    return bool((np.abs(ground - ink.paper) > _UNEVEN * ink.contrast).mean() > _UNEVEN_SHARE)


def _mean_ink(brightness: NDArray[np.float32], ink: Ink) -> float:
    return float(np.average(brightness - ink.paper, weights=ink.coverage))


def _mean_paper(brightness: NDArray[np.float32], ink: Ink) -> float:
    return float(np.average(brightness - ink.paper, weights=1 - ink.coverage))


def _ground(brightness: NDArray[np.float32], widest: float, *, darker: bool) -> NDArray[np.float32]:
    """Paint over all lines that are darker (or lighter) than what lies around them.

    This is a closing with a square: the brightest value within a window around each pixel, and of these the darkest.

    Parameters
    ----------
    brightness : ndarray of float32, shape (height, width)
    widest : float
        Side of the window in pixels.
    darker : bool

    Returns
    -------
    ndarray of float32, shape (height, width)
    """
    from PIL import Image, ImageFilter

    grey = Image.fromarray(np.clip(np.rint(brightness), 0, 255).astype(np.uint8))
    soft = np.asarray(grey.filter(ImageFilter.BoxBlur(1)))  # against noise
    reach = max(1, round(widest) // 2)
    around = soft if darker else 255 - soft
    painted = 255 - _brightest(255 - _brightest(around, reach), reach)
    return (painted if darker else 255 - painted).astype(np.float32)


def _brightest(values: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """Largest value within a square of ``2 * reach + 1`` pixels a side around each."""
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (reach, reach)
        rows = np.moveaxis(np.pad(values, pad), axis, 0)
        length, covered = values.shape[axis], 1
        while covered < 2 * reach + 1:  # the maximum over twice as many, from two that overlap
            step = min(covered, 2 * reach + 1 - covered)
            rows = np.maximum(rows[:-step], rows[step:])
            covered += step
        values = np.moveaxis(rows[:length], 0, axis)
    return values


def _on_uneven_paper(brightness: NDArray[np.float32], widest: float) -> tuple[Ink | None, bool]:
    """Measure what is darker, or lighter, than the painted-over ground; also tell whether it is the darker.

    Of the two the one is taken that has the less ink, for lines are thin; but light ink must be by far the likelier.
    """
    dark, light = (_on_ground(brightness, widest, darker=darker) for darker in (True, False))
    if light is None or light.coverage.mean() > _MOST_LIGHT:
        return dark, True
    if dark is None:
        return light, False
    lighter = light.coverage.mean() < 0.4 * dark.coverage.mean() and light.contrast > 0.6 * dark.contrast
    return (light, False) if lighter else (dark, True)


def _on_ground(brightness: NDArray[np.float32], widest: float, *, darker: bool) -> Ink | None:
    """Measure what differs from the ground, as a part of the ground's brightness; None if that isn't thin lines.

    In a shadow paper and ink darken alike, so their ratio stays; but on a table that is darker than half the paper,
    the grain of the wood must not count for more than a line on the paper.
    """
    ground = _ground(brightness, widest, darker=darker)
    level = max(_DARKEST, float(np.median(ground)))
    difference = ground - brightness if darker else brightness - ground
    contrast = (difference / np.maximum(ground, level / 2)).astype(np.float32)
    paper = contrast[contrast < _threshold(contrast)]
    if not len(paper):
        return None
    middle = np.median(paper)
    noise = 1.5 * float(np.median(np.abs(paper - middle)))
    ink = _ink(contrast - middle, noise, ground, level)
    if ink is None or thickness_of(ink.coverage) > 0.5 * widest:
        return None
    return ink


def _of_two_greys(brightness: NDArray[np.float32]) -> Ink | None:
    """Part the pixels into the two greys that most of them have; the ink is the darker, unless it is most of all."""
    brightest = float(brightness.max())
    contrast = brightest - brightness
    dark = contrast > _threshold(contrast)
    if dark.all() or not dark.any():
        return None
    low, high = contrast[~dark], contrast[dark]
    within = float(np.sqrt((low.var() * len(low) + high.var() * len(high)) / contrast.size))
    if high.mean() - low.mean() < max(2 * LEAST_CONTRAST, _TWO_GREYS * within):
        return None
    if dark.mean() > 0.65:
        contrast, low, high = -contrast, -high, -low
    ground = float(np.percentile(low, 30))
    full = float(np.percentile(high, 70))
    coverage = np.clip((contrast - ground) / (full - ground) * 1.2 - 0.2, 0, 1).astype(np.float32)
    return Ink(coverage, full - ground, np.full_like(brightness, brightest - ground))
