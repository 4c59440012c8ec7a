"""The ways in which people write the ten digits, as paths of a pen.

Each form is a few named places that a smooth curve goes through, on a page about 60 wide and 100 high, x to the right
and y down. They were set by hand after how digits are taught and written in America, Europe and Asia. A place marked
``*`` is a corner: the pen turns there, and only a hasty hand rounds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_SPACING: Final = 1.8
"""Distance between two samples of a path; 100 are at most 20 pixels, so that's about a dab of ink."""


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """One way to write a digit.

    The points of the path are linear in the places that it goes through, so any number of jittered places become paths
    in one product: ``sharp @ places``, or with rounded corners ``smooth @ places``.

    Attributes
    ----------
    share : float
        How common this form is among those of its digit, relative to the others.
    places : ndarray of float64, shape (k, 2)
        All places, stroke after stroke.
    ends : ndarray of bool, shape (k,)
        Where the pen comes down or goes up.
    sharp, smooth : ndarray of float64, shape (m, k)
        From places to points, about ``SAMPLE_SPACING`` apart.
    stroke_of : ndarray of int, shape (m,)
        Which stroke each point is part of, counted from 0.
    """

    share: float
    places: NDArray[np.float64]
    ends: NDArray[np.bool_]
    sharp: NDArray[np.float64]
    smooth: NDArray[np.float64]
    stroke_of: NDArray[np.intp]


@cache
def skeletons(digit: int) -> tuple[Skeleton, ...]:
    """All forms of a digit. They are made when first asked for, which takes some milliseconds."""
    return tuple(form(share, *strokes) for share, strokes in _FORMS[digit])


def form(share: float, *strokes: str) -> Skeleton:
    """Make a skeleton from the places of its strokes, e.g. ``"0,30 28,0* 28,100"``, from pen down to pen up."""
    words = [stroke.split() for stroke in strokes]
    owner = np.repeat(np.arange(len(words)), [len(stroke) for stroke in words])
    flat = [word for stroke in words for word in stroke]
    places = np.array([word.rstrip("*").split(",") for word in flat], np.float64)
    corners = np.array([word.endswith("*") for word in flat])
    ends = (np.diff(owner, prepend=-1) != 0) | (np.diff(owner, append=-1) != 0)
    sharp, stroke_of = _interpolate(places, owner, corners | ends)
    smooth, _ = _interpolate(places, owner, ends)
    return Skeleton(share, places, ends, sharp, smooth, stroke_of)


def _interpolate(
    places: NDArray[np.float64], owner: NDArray[np.intp], corners: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Matrix from places to points on the path, and each point's stroke.

    Cubic Hermite segments with Bessel's tangents: at a place the tangent is that of the parabola through it and its two
    neighbours, parametrised by the distances between them (de Boor, "A Practical Guide to Splines", chapter IV). At a
    corner each side has the tangent of its own straight line.
    """
    weights = np.eye(len(places))  # each row: a place, as a sum of places
    length = np.hypot(*np.diff(places, axis=0).T)
    slope = np.diff(weights, axis=0) / length[:, None]

    def tangent(place: int, segment: int) -> NDArray[np.float64]:
        if corners[place]:
            return np.asarray(slope[segment])
        before, after = length[place - 1], length[place]
        return np.asarray((after * slope[place - 1] + before * slope[place]) / (before + after))

    rows, stroke_of = [], []
    for i in np.flatnonzero(owner[1:] == owner[:-1]).tolist():
        u = np.linspace(0, 1, int(np.ceil(length[i] / SAMPLE_SPACING)) + 1)[:, None]
        start, stop = weights[i], weights[i + 1]
        bend = (1 - u) * tangent(i, i) - u * tangent(i + 1, i)
        points = (1 + 2 * u) * (1 - u) ** 2 * start + u**2 * (3 - 2 * u) * stop + length[i] * u * (1 - u) * bend
        rows.append(points)
        stroke_of += [owner[i]] * len(points)
    return np.concatenate(rows), np.array(stroke_of)


def _form(share: float, *strokes: str) -> tuple[float, tuple[str, ...]]:
    return share, strokes


_FORMS: Final[tuple[tuple[tuple[float, tuple[str, ...]], ...], ...]] = (
    (  # 0: closed, overlapping, open at the top, closed from the left, slashed
        _form(4, "30,0 8,16 0,52 10,88 30,100 52,86 60,48 52,14 30,0"),
        _form(3, "40,3 22,2 4,25 0,58 14,94 36,98 57,75 60,38 46,8 26,3 12,12"),
        _form(2, "34,2 12,14 0,50 10,88 32,100 54,84 60,48 54,16 44,6"),
        _form(2, "30,8 8,26 2,60 18,96 42,94 60,62 54,22 34,4 8,0"),
        _form(1, "40,0 8,12 0,38 26,62 60,58 76,34 66,8 40,0"),
        _form(0.4, "30,0 8,16 0,52 10,88 30,100 52,86 60,48 52,14 30,0", "62,6 30,50 -2,96"),
    ),
    (  # 1: plain, flagged, with a curved or a long flag, flag and foot, foot alone
        _form(5, "0,0 0,50 0,100"),
        _form(4, "0,30 28,0* 28,100"),
        _form(2, "0,26 14,18 28,0* 27,50 26,100"),
        _form(4, "0,46 36,0* 35,50 34,100"),
        _form(2, "4,22 26,0* 26,100", "2,100 26,100 52,99"),
        _form(0.7, "26,0 26,100", "2,100 26,100 50,99"),
        _form(1, "0,34 30,0* 31,50 30,100", "-6,100 30,100 66,97"),
    ),
    (  # 2: straight neck, loop, wave, like a Z, curled head
        _form(4, "2,22 14,4 34,0 52,14 48,38 28,66 0,98* 30,98 62,97"),
        _form(3, "4,20 16,3 38,2 50,20 42,48 20,82 6,93 2,82 14,76 34,90 50,98 64,92"),
        _form(2, "2,24 14,4 36,0 52,16 46,42 24,74 2,96* 16,89 38,98 62,92"),
        _form(1, "2,4 30,0 54,4* 28,50 0,98* 32,97 62,98"),
        _form(2, "10,34 2,20 16,2 38,0 54,18 44,48 0,98* 32,99 64,98"),
        _form(2, "6,22 24,2 46,6 44,34 18,74 4,94 0,84 16,76 40,86 70,88"),
        _form(3, "6,18 26,0 48,10 46,38 24,74 4,98 -4,84 14,70 36,82 64,88"),
        _form(2, "4,14 24,0 46,8 50,28 38,58 14,90 0,92 2,78 18,76 38,94 60,86"),
    ),
    (  # 3: round with a cusp, with a small loop, flat top, without a cusp
        _form(4, "4,12 20,0 42,6 46,24 36,40 18,47* 40,54 54,72 44,94 20,100 0,88"),
        _form(2, "4,10 26,0 46,12 40,34 24,48 14,47 22,42 44,54 54,76 36,98 12,98 0,86"),
        _form(2, "4,2 28,1 50,3* 34,22 20,42* 44,50 54,72 42,94 18,100 0,90"),
        _form(2, "4,12 24,0 46,14 42,36 28,46 46,58 52,78 34,98 10,98 0,90"),
    ),
    (  # 4: open and square, open and round, closed, crossing, in one stroke, in one stroke with a loop
        _form(3, "10,0 5,28 0,56* 30,57 60,54", "50,2 48,50 44,100"),
        _form(2, "6,0 0,32 8,54 28,54 48,40", "54,0 49,50 46,100"),
        _form(2.5, "44,0* 22,34 0,66* 30,66 62,65", "44,0 44,50 43,100"),
        _form(3, "32,0 15,30 0,58* 28,59 60,56", "42,30 38,66 34,100"),
        _form(2, "12,0 2,30 0,50* 24,48 46,14* 41,56 36,100"),
        _form(1.5, "54,56 28,58 2,58* 22,30 46,2* 43,50 40,100"),
        _form(1.5, "16,0 8,26 0,50 10,56 34,46 43,20* 37,60 30,100"),
        _form(4, "18,0 6,30 0,58* 24,58 48,56", "36,30 34,66 32,100"),
        _form(3, "22,0 8,28 0,54 12,62 32,56 46,50", "38,36 34,68 34,100"),
        _form(2, "14,0 4,32 2,56 18,60 34,54 38,32* 35,66 32,100"),
    ),
    (  # 5: one stroke, two strokes, like an S, a hook under a long roof
        _form(3, "54,0 35,1 16,2* 10,42* 34,36 54,56 48,86 24,100 0,90"),
        _form(3.5, "14,2 10,42* 32,36 52,54 48,84 22,100 0,90", "14,2 36,2 58,0"),
        _form(1.5, "54,2 24,4 8,24 28,44 48,64 40,92 14,100 0,88"),
        _form(1.5, "20,3 16,36 30,42 44,62 32,92 2,98", "20,3 42,2 64,0"),
        _form(2, "60,2 40,4 22,6* 16,40* 36,34 48,54 40,84 16,100 0,88"),
    ),
    (  # 6: bowed, hooked, straight with a small loop, with a large one
        _form(3, "42,0 18,22 2,62 14,96 40,94 50,74 36,56 14,62 4,78"),
        _form(2, "50,8 34,0 12,24 0,62 12,96 36,98 50,76 38,56 14,62 4,80"),
        _form(2, "36,0 14,36 2,76 16,100 38,92 40,72 24,64 6,78"),
        _form(2, "30,0 8,34 0,70 20,100 52,92 58,68 40,52 14,62 4,78"),
        _form(2, "24,0 6,34 2,70 22,98 54,94 64,74 46,60 18,74 8,84"),
        _form(3, "46,0 18,30 2,66 10,96 38,92 56,66 46,50 22,66 12,90"),
    ),
    (  # 7: plain, curved stem, serif, wavy roof, like a hook; each also barred
        _form(3, "0,4 28,3 54,2* 36,48 22,100"),
        _form(2, "0,4 28,2 54,2* 34,40 28,100"),
        _form(1, "0,20 3,3* 28,3 54,2* 34,50 22,100"),
        _form(1, "0,10 14,1 34,7 54,2* 36,48 24,100"),
        _form(1, "0,8 30,0 50,14 46,50 34,100"),
        _form(2, "0,18 4,4* 30,6 56,0* 32,44 14,100"),
        _form(2, "0,8 32,2 54,6 46,36 24,100"),
        _form(1.5, "0,14 40,8 66,2* 40,40 22,90"),
        _form(1.5, "0,34 4,6* 30,4 50,4* 46,50 44,100"),
        _form(1.5, "0,26 28,10 48,0* 24,50 0,100"),
        _form(4, "0,18 8,3 28,7 52,3* 36,46 24,100", "8,54 36,51 64,47"),
        _form(4, "6,16 12,4 30,6 52,2* 42,34 34,66 32,100", "8,58 36,56 66,50"),
        _form(3, "0,4 28,3 54,2* 36,48 22,100", "8,50 30,49 54,46"),
        _form(2, "0,4 28,2 54,2* 34,40 28,100", "8,52 30,50 54,48"),
        _form(1, "0,20 3,3* 28,3 54,2* 34,50 22,100", "10,52 32,50 54,48"),
        _form(1, "0,10 14,1 34,7 54,2* 36,48 24,100", "10,52 32,50 54,48"),
    ),
    (  # 8: begun at the right, begun at the top, with a free end, two circles
        _form(3, "48,10 28,0 8,12 16,36 38,54 52,76 36,99 12,94 4,74 22,52 44,34 52,16 44,6"),
        _form(2, "28,0 8,14 14,36 40,58 50,80 28,100 6,82 14,60 40,38 48,16 28,0"),
        _form(2, "50,6 26,2 10,18 20,40 42,60 46,86 24,100 4,86 10,62 34,40 56,4"),
        _form(1.5, "28,0 10,10 10,32 28,44 46,32 46,10 28,0", "28,44 6,58 4,86 28,100 52,86 50,58 28,44"),
        _form(2, "54,6 30,0 14,12 22,34 40,58 40,84 20,100 6,86 16,62 42,38 56,14 50,4"),
        _form(2, "30,0 16,8 14,24 30,42 44,62 44,86 28,100 14,88 14,66 30,44 44,24 44,8 30,0"),
        _form(1, "30,0 18,8 18,24 34,36 56,58 56,86 30,100 4,88 4,62 28,38 42,22 42,8 30,0"),
        _form(2, "30,0 6,10 6,34 30,56 44,74 42,92 30,100 18,92 18,74 32,56 56,34 54,10 30,0"),
        _form(2, "60,8 36,2 18,14 24,34 40,52 40,80 20,98 4,86 14,64 44,38 64,10"),
        _form(1.5, "52,4 12,4 18,26 34,52 34,84 22,100 16,84 28,52 52,8"),
    ),
    (  # 9: straight stem, curled tail, leaning stem, without a corner, wide curl
        _form(3, "48,20 30,2 6,14 4,38 26,50 46,32 49,10* 47,55 45,100"),
        _form(2, "48,18 30,1 6,12 4,36 26,46 46,30 50,10* 50,50 44,86 24,100 4,90"),
        _form(2, "46,14 28,0 4,18 8,42 30,46 50,12* 38,56 26,100"),
        _form(2, "46,18 28,2 6,14 6,40 28,48 47,30 50,20 46,60 34,100"),
        _form(1.5, "44,6 18,3 6,22 24,38 46,28 47,8* 50,50 34,92 4,96"),
        _form(2, "50,14 30,0 4,14 2,44 24,56 46,40 50,10* 48,60 46,100"),
        _form(1.5, "40,10 16,2 10,22 26,38 42,26 44,8* 48,50 30,92 0,94"),
        _form(3, "46,4 20,8 4,28 10,44 30,40 48,10* 32,56 16,100"),
        _form(1.5, "40,2 12,8 0,36 16,52 38,36 46,8* 44,50 42,100"),
        _form(4, "46,10 20,0 4,16 10,34 34,34 46,10* 48,54 44,88 24,98 -4,92"),
        _form(3, "44,14 24,0 8,14 12,34 32,36 44,10* 50,42 46,80 28,98 0,96"),
        _form(4, "44,8 22,0 8,12 14,30 34,32 44,18 48,8* 52,50 46,86 24,96 -4,98"),
    ),
)
"""The forms of each digit, 0 to 9: how common, and the places of each stroke."""
