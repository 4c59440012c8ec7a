"""The connected parts of a picture's ink, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELLS: Final = 128
"""The picture is seen in at most so many cells along its longer side: small gaps close, and it is quick."""

INKED: Final = 0.3
"""A cell counts as inked if one of its pixels is covered by more."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One connected piece of ink.

    Attributes
    ----------
    cells : ndarray of int, shape (n, 2)
        Row and column of its cells.
    amount : float
        Its ink, in cells.
    low, high : ndarray of int, shape (2,)
        First and last row and column of its box, both included.
    """

    cells: NDArray[np.intp]
    amount: float
    low: NDArray[np.intp]
    high: NDArray[np.intp]

    @property
    def height(self) -> int:
        """Of its box, in cells."""
        return int(self.high[0] - self.low[0]) + 1

    @property
    def width(self) -> int:
        """Of its box, in cells."""
        return int(self.high[1] - self.low[1]) + 1

    @property
    def extent(self) -> int:
        """The longer side of its box, in cells."""
        return max(self.height, self.width)

    def is_straight(self) -> bool:
        """Tell whether it is one thin straight line, by the spread of its cells along and across."""
        along, across = self.spread()
        return along > 2 and across < 0.03 * along + 0.7

    def spread(self) -> tuple[float, float]:
        """Length along its main axis, and standard deviation across it, in cells."""
        centred = self.cells - self.cells.mean(axis=0)
        axes = np.linalg.eigh(centred.T @ centred)[1]
        return float(np.ptp(centred @ axes[:, 1])) + 1, float((centred @ axes[:, 0]).std())


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """All connected parts of a picture's ink.

    Attributes
    ----------
    cell : int
        Side of a cell in pixels.
    shape : tuple of int
        Rows and columns of cells.
    parts : tuple of Part
        The one with the most ink first.
    """

    cell: int
    shape: tuple[int, int]
    parts: tuple[Part, ...]


def find_parts(coverage: NDArray[np.float32]) -> Parts:
    """Part the ink into connected pieces; cells that touch at a corner are connected.

    Parameters
    ----------
    coverage : ndarray of float32, shape (height, width)
        How much of each pixel is ink, 0 to 1.

    Returns
    -------
    Parts
    """
    cell = max(1, -(-max(coverage.shape) // CELLS))
    cells = _in_cells(coverage, cell)
    mask = cells.max(axis=(1, 3)) > INKED
    places = np.argwhere(mask)
    amounts = cells.sum(axis=(1, 3))[mask] / cell**2
    parts = _connected(places, amounts)
    return Parts(cell, mask.shape, tuple(sorted(parts, key=lambda part: -part.amount)))


def split(part: Part, chosen: NDArray[np.bool_]) -> list[Part]:
    """Return the connected pieces that some cells of a part make.

    Its ink counts as evenly spread.
    """
    return _connected(part.cells[chosen], np.full(int(chosen.sum()), part.amount / len(part.cells)))


def _connected(places: NDArray[np.intp], amounts: NDArray[np.floating]) -> list[Part]:
    """Group cells, given by row and column in that order, into connected parts."""
    if not len(places):
        return []
    places = places.astype(np.intp)
    mask = np.zeros(places.max(axis=0) + 1, np.bool_)
    mask[tuple(places.T)] = True
    of_cell = _label(mask)[tuple(places.T)]
    order = np.argsort(of_cell, kind="stable")
    ends = np.flatnonzero(np.diff(of_cell[order])) + 1
    return [
        Part(group, float(ink.sum()), group.min(axis=0), group.max(axis=0))
        for group, ink in zip(np.split(places[order], ends), np.split(amounts[order], ends), strict=True)
    ]


def keep_only(coverage: NDArray[np.float32], parts: Parts, kept: list[Part]) -> NDArray[np.float32]:
    """Return the ink of some parts alone, with the soft edges in the cells around them."""
    keep = np.zeros((parts.shape[0] + 2, parts.shape[1] + 2), np.bool_)
    others = keep.copy()
    for part in parts.parts:
        (keep if any(part is one for one in kept) else others)[tuple(part.cells.T + 1)] = True
    keep = keep[:-2] | keep[1:-1] | keep[2:]
    keep = keep[:, :-2] | keep[:, 1:-1] | keep[:, 2:]
    keep &= ~others[1:-1, 1:-1]
    cells = _in_cells(coverage, parts.cell)
    cleaned = (cells * keep[:, None, :, None]).reshape(cells.shape[0] * parts.cell, -1)
    return np.ascontiguousarray(cleaned[: coverage.shape[0], : coverage.shape[1]])


def _in_cells(coverage: NDArray[np.float32], cell: int) -> NDArray[np.float32]:
    height, width = (-(-side // cell) for side in coverage.shape)
    padded = np.zeros((height * cell, width * cell), np.float32)
    padded[: coverage.shape[0], : coverage.shape[1]] = coverage
    return padded.reshape(height, cell, width, cell)


def _label(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Give each inked cell the largest number in its part; cells without ink get 0."""
    mask = np.pad(mask, 1)
    width = mask.shape[1]
    number = np.cumsum(mask.ravel()).reshape(mask.shape) * mask
    pairs = []
    for step in (1, width - 1, width, width + 1):  # each cell with its neighbours to the right and below
        flat = number.ravel()
        both = (flat[:-step] > 0) & (flat[step:] > 0)
        pairs.append(np.stack([flat[:-step][both], flat[step:][both]]))
    one, other = np.concatenate(pairs, axis=1)
    label = np.arange(number.max() + 1)
    while True:
        largest = np.maximum(label[one], label[other])
        before = label.copy()
        np.maximum.at(label, one, largest)
        np.maximum.at(label, other, largest)
        np.maximum.at(label, before, label)  # the number that stands for a part moves with it
        label = label[label]
        if np.array_equal(label, before):
            return label[number][1:-1, 1:-1]
