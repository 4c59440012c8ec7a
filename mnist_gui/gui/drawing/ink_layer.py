"""The ink on the canvas's paper: how much of it covers each pixel, grown piece by piece as the pen moves."""

from __future__ import annotations

from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QColor

_FLATNESS: Final = 0.1  # how far a curve may lie from the pieces that it's drawn with, in pixels


class InkLayer:
    """How much ink covers each pixel of the paper, grown piece by piece.

    A stroke is inked in short pieces while it is drawn. Painted over one another, their soft edges would add up to hard
    ones, so of all pieces the strongest counts. A pen move costs the same whatever is there already.

    Parameters
    ----------
    side : int
        Of the paper, in pixels of the device.
    corner : float
        Radius of the paper's corners, in logical pixels.
    ratio : float
        Pixels of the device in each logical one.
    color : QColor
        Of the ink.

    Attributes
    ----------
    image : QImage
        The ink to be painted onto the paper.
    """

    def __init__(self, side: int, corner: float, ratio: float, color: QColor) -> None:
        self.side, corner = side, corner * ratio
        self.image = QImage(side, side, QImage.Format.Format_Indexed8)
        self.image.setColorTable(shades(color))
        self.image.setDevicePixelRatio(ratio)
        self.image.fill(0)
        # The array is a view of the picture's memory, which is the picture's own as long as nothing changes that but
        # the array: any other change of the picture may move it.
        self._coverage = np.asarray(self.image.bits(), np.uint8).reshape(side, -1)[:, :side]
        beyond = np.maximum(np.abs(np.arange(side) + 0.5 - side / 2) - (side / 2 - corner), 0)
        self._paper = _soften(corner - np.hypot(beyond, beyond[:, None]))

    def add(self, line: NDArray[np.float64]) -> None:
        """Ink a line through points with diameters (x, y, width), shape (n, 3), in pixels of the device.

        What lies off the paper is left out.
        """
        for (x, y, width), (next_x, next_y, next_width) in pairwise(line.tolist()):
            reach = max(width, next_width) / 2 + 1
            left, right = max(floor(min(x, next_x) - reach), 0), min(ceil(max(x, next_x) + reach), self.side)
            top, bottom = max(floor(min(y, next_y) - reach), 0), min(ceil(max(y, next_y) + reach), self.side)
            if left >= right or top >= bottom:
                continue
            dx, dy = next_x - x, next_y - y
            from_x = np.arange(left, right, dtype=np.float32) + (0.5 - x)
            from_y = np.arange(top, bottom, dtype=np.float32)[:, None] + (0.5 - y)
            # The nearest point of the piece, 0 at its start and 1 at its end.
            nearest = np.clip((from_x * dx + from_y * dy) / (dx * dx + dy * dy or 1), 0, 1)
            distance = np.sqrt((from_x - nearest * dx) ** 2 + (from_y - nearest * dy) ** 2)
            new = _soften((width + nearest * (next_width - width)) / 2 - distance)
            part = np.s_[top:bottom, left:right]
            np.maximum(self._coverage[part], np.minimum(new, self._paper[part]), out=self._coverage[part])


def _soften(depth: NDArray[np.floating]) -> NDArray[np.uint8]:
    """How much of a pixel is covered, 0 to 255, whose centre lies so deep (in pixels) within an edge."""
    return (np.clip(depth + 0.5, 0, 1) * 255).astype(np.uint8)


def shades(color: QColor) -> list[int]:
    """List a colour from transparent to opaque in 256 steps, as Qt's numbers 0xAARRGGBB."""
    return [alpha << 24 | color.rgb() & 0xFFFFFF for alpha in range(256)]


def smooth(line: NDArray[np.float64], segments: slice = slice(None)) -> NDArray[np.float64]:
    """Make a smooth line of the pen's moves.

    Parameters
    ----------
    line : ndarray of float64, shape (n, 3)
        Points and diameters (x, y, width) in pixels.
    segments : slice
        Which of the n segments are wanted. Each is a quadratic Bézier curve that has one of the pen's points as control
        point and ends in the middle between it and the next. So a further point changes the last segment only.

    Returns
    -------
    ndarray of float64, shape (m, 3)
        Points so near to one another that straight pieces between them look like the curve.
    """
    ends = knots(line)
    start, control, end = ends[:-1][segments], line[segments], ends[1:][segments]
    bend = np.hypot(*(start - 2 * control + end)[:, :2].T) / 4
    pieces = np.maximum(np.ceil(np.sqrt(bend / _FLATNESS)), 1).astype(int)
    of = np.repeat(np.arange(len(pieces)), pieces)
    t = ((np.arange(len(of)) + 1 - (np.cumsum(pieces) - pieces)[of]) / pieces[of])[:, None]
    curve = (1 - t) ** 2 * start[of] + 2 * t * (1 - t) * control[of] + t**2 * end[of]
    return np.concatenate([start[:1], curve])


def knots(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where segments of a line (n, 3) end: at its ends, and in the middle between its points; shape (n + 1, 3)."""
    return np.concatenate([line[:1], (line[:-1] + line[1:]) / 2, line[-1:]])
