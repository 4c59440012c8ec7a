"""Why something is no digit, as far as its geometry tells: nothing there, too small, several things, a plus sign."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Reason(StrEnum):
    """Why there is no digit, as it is said to a person."""

    NOTHING_DRAWN = "nothing drawn yet"
    NOTHING_ON_PAPER = "nothing on the paper"
    TOO_SMALL = "too small to read"
    TOO_MUCH_INK = "too much ink"
    SEVERAL = "several things: draw one digit"
    SIGN = "a sign, not a digit"


APART: Final = 0.12
"""What is further apart than this part of the height may be two things; strokes of one digit lie closer."""

TALL: Final = 0.45
"""Two things side by side are two digits if the lower is at least so high, as a part of the higher."""

ALIKE_APART: Final = 0.03
ALIKE_TALL: Final = 0.8
"""Things of nearly one height are parted by less: digits that are written close to each other."""

WIDEST: Final = 1.8
"""What is wider than so many times its height, and no straight line, is a word."""

MANY: Final = 7
"""No digit falls into so many things of its own."""

_FAINT: Final = 60  # of 255: paler edges of lines are left out
# Where the arms may meet, from the middle of the box.
_NEAR: Final = np.stack(np.meshgrid(*[np.arange(-3, 4, 1.5)] * 2), axis=-1).reshape(-1, 2)
_HALF_ARM: Final = 2.25  # half an arm's width in pixels, with what a hand's lines swing
_CROSS: Final = 0.95  # of the ink lies on the arms
_RULED: Final = 0.85  # of all ink
_THROUGH: Final = 0.75  # of the picture's length is inked along a rule
_SLANTS: Final = (0.0, -0.2, 0.2, -0.4, 0.4)  # along which two digits may lie beside each other


def several(pieces: Sequence[NDArray[np.number]], reach: float = 0) -> list[list[int]] | None:
    """Tell whether pieces of ink are several things rather than one digit.

    Two things side by side, or one above the other, have a gap between them that goes through all, and both are large.
    A 5's bar is not high and a 4's two strokes are hardly apart, so these stay one thing.

    Parameters
    ----------
    pieces : sequence of ndarray, each of shape (n, 2)
        Places (x, y) that have ink, in any unit, for each piece that hangs together.
    reach : float
        How far the ink reaches beyond these places: half a pen's width.

    Returns
    -------
    list of list of int, or None
        Which pieces belong to which thing, from left to right or from the top down; None if all are one thing.
    """
    if len(pieces) < 2:
        return None
    for slant in _SLANTS:
        boxes = np.array([_box(piece, slant) for piece in pieces]) + reach * np.array([-1, -1, 1, 1])
        things = _in_a_row(boxes, 0, ALIKE_APART, ALIKE_TALL)
        if things is None and slant == 0:  # a digit is half as wide as it is high
            things = _in_a_row(boxes, 0, APART, TALL) or _in_a_row(boxes, 1, 2 * APART, TALL)
        if things is not None:
            return things
    return None


def _box(piece: NDArray[np.number], slant: float) -> NDArray[np.float64]:
    """Left, top, right and bottom."""
    places = np.stack([piece[:, 0] + slant * piece[:, 1], piece[:, 1]], axis=1)
    return np.concatenate([places.min(axis=0), places.max(axis=0)])


def _in_a_row(boxes: NDArray[np.float64], axis: int, apart: float, tall: float) -> list[list[int]] | None:
    """Group boxes by the gaps along an axis; the groups that are large, if there are more than one."""
    order = np.argsort(boxes[:, axis], kind="stable")
    groups = [[int(order[0])]]
    end = boxes[order[0], axis + 2]
    across = max(float(np.ptp(boxes[:, [1 - axis, 3 - axis]])), 1e-9)
    for index in order[1:]:
        if boxes[index, axis] - end > apart * across:
            groups.append([])
        groups[-1].append(int(index))
        end = max(end, boxes[index, axis + 2])
    sizes = []
    for group in groups:
        size = float(np.ptp(boxes[np.ix_(group, [1 - axis, 3 - axis])]))
        if axis == 1:  # one above the other: a 5's bar is wide but not high
            size = min(size, 2 * float(np.ptp(boxes[np.ix_(group, [axis, axis + 2])])))
        sizes.append(size)
    large = [group for group, size in zip(groups, sizes, strict=True) if size >= tall * max(sizes)]
    return large if len(large) > 1 else None


def is_wide(width: float, height: float) -> bool:
    """Tell whether something is wider than a digit can be."""
    return width > WIDEST * height


def is_cross(image: NDArray[np.uint8]) -> bool:
    """Tell whether a prepared image is a plus or a times sign: four arms of like length from one place, and no more.

    Parameters
    ----------
    image : ndarray of uint8, shape (28, 28)

    Returns
    -------
    bool
        True for some six of ten such signs drawn by hand, and hardly ever for a digit.
    """
    rows, columns = np.nonzero(image > _FAINT)
    if not len(rows):
        return False
    weights = image[rows, columns] / 255
    # The arms meet near the middle of the box, but how far from it varies: many places are tried at once.
    middle = (rows.min() + rows.max()) / 2 + _NEAR[:, :1], (columns.min() + columns.max()) / 2 + _NEAR[:, 1:]
    y, x = rows - middle[0], columns - middle[1]
    distance, angle = np.hypot(x, y), np.arctan2(y, x)
    outer = weights * (distance > 0.3 * distance.max(axis=1, keepdims=True))
    turn = np.angle(np.sum(outer * np.exp(4j * angle), axis=1, keepdims=True)) / 4
    quarter = (angle - turn) / (np.pi / 2)
    arm = np.rint(quarter)
    on_arm = distance * np.abs(np.sin((quarter - arm) * np.pi / 2)) < _HALF_ARM
    arms = (arm.astype(int) % 4)[None] == np.arange(4)[:, None, None]
    lengths = np.max(np.where(arms & on_arm, distance, 0), axis=2)
    alike = lengths.min(axis=0) > np.maximum(0.4 * lengths.max(axis=0), 3)
    share = (weights * on_arm).sum(axis=1) / weights.sum()
    return bool((alike & (share > _CROSS)).any()) and not _has_hole(image)


def _has_hole(image: NDArray[np.uint8]) -> bool:
    paper = np.pad(image <= _FAINT, 1, constant_values=True)
    outside = np.zeros_like(paper)
    outside[0] = True
    while True:
        grown = outside.copy()
        grown[1:] |= outside[:-1]
        grown[:-1] |= outside[1:]
        grown[:, 1:] |= outside[:, :-1]
        grown[:, :-1] |= outside[:, 1:]
        grown &= paper
        if np.array_equal(grown, outside):
            return bool((paper & ~outside).sum() > 2)
        outside = grown


def is_ruling(cells: NDArray[np.intp], shape: tuple[int, int], *, lines: int = 2) -> bool:
    """Tell whether all ink is straight lines through the picture, such as the rules of empty paper.

    The picture is looked at along lines of each slight slope: rules become rows, or columns, that are full of ink.

    Parameters
    ----------
    cells : ndarray of int, shape (n, 2)
        Row and column of the inked cells.
    shape : tuple of int
        Rows and columns of the picture.
    lines : int
        So many must be parallel.
    """
    explained = np.zeros(len(cells), np.bool_)
    parallel = 0
    for axis in (0, 1):
        best = np.zeros(len(cells), np.bool_)
        found = 0
        across, along = cells[:, axis].astype(float), cells[:, 1 - axis] - shape[1 - axis] / 2
        for slope in np.linspace(-0.12, 0.12, 25):
            place = np.rint(across - slope * along).astype(int)
            place -= place.min()
            # How much of its length a line has ink on: cells of one line, each position along counted once.
            filled = np.zeros((place.max() + 1, shape[1 - axis]), np.bool_)
            filled[place, cells[:, 1 - axis]] = True
            full = (filled | np.roll(filled, 1, axis=0)).mean(axis=1) > _THROUGH
            thick = full | np.roll(full, 1) | np.roll(full, -1)
            on_line = thick[place]
            if on_line.sum() > best.sum():
                best, found = on_line, int((full & ~np.roll(full, 1)).sum())
        explained |= best
        parallel = max(parallel, found)
    return parallel >= lines and bool(explained.mean() > _RULED)
