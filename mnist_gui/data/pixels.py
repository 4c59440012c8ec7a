"""Pixels of any type, range and number, brought to 28×28 bytes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mnist_gui.data.dataset import IMAGE_SIZE, DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_SIDE: Final = 1024
"""Images of more pixels a side are refused."""


class Pixels:
    """Converts the images of one file, block by block. The first block decides on the range of all.

    Parameters
    ----------
    name : str
        What errors call the file.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.range: tuple[float, float] | None = None
        """The values of black and white, once they are known."""

    def __call__(self, block: NDArray[Any]) -> NDArray[np.uint8]:
        """Convert one block.

        Parameters
        ----------
        block : ndarray of numbers, shape (n, height, width)
            At least one image.

        Returns
        -------
        ndarray of uint8, shape (n, 28, 28)

        Raises
        ------
        DataError
            If values aren't from 0 to 255, from 0 to 1, from -1 to 1 or, as whole numbers, from 0 to 65,535.
        """
        if block.dtype != np.uint8:
            block = self._to_bytes(block)
        elif self.range is None:
            self.range = (0, 255)
        return block if block.shape[1:] == (IMAGE_SIZE, IMAGE_SIZE) else fit(block)

    def _to_bytes(self, block: NDArray[Any]) -> NDArray[np.uint8]:
        low, high = float(block.min()), float(block.max())
        whole = block.dtype.kind in "iub"
        if self.range is None:
            unit = block.dtype.kind in "fb"  # whole numbers 0 and 1 are told apart later, by all of the images
            ranges = [(0, 1), (-1, 1), (0, 255)] if unit else [(0, 255), (0, 65_535)]
            fitting = [limits for limits in ranges if limits[0] <= low and high <= limits[1]]
            if not fitting:
                raise DataError(f"{self.name} has pixels from {low:g} to {high:g}; expected 0 to 255 or 0 to 1")
            self.range = fitting[0]
        black, white = self.range
        if not (black <= low and high <= white):  # which not-a-number fails as well
            raise DataError(f"{self.name} has pixels from {low:g} to {high:g} after others from {black} to {white}")
        if whole and self.range == (0, 255):
            return block.astype(np.uint8)
        scaled = (block.astype(np.float32) - np.float32(black)) * np.float32(255 / (white - black))
        return np.asarray(np.rint(scaled), np.uint8)


def fit(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale images to 28×28 with their proportions kept: by area where they are larger, linearly where smaller.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width)

    Returns
    -------
    ndarray of uint8, shape (n, 28, 28)
        What an oblong image leaves free has the brightness of the frames.
    """
    _, height, width = images.shape
    longer = max(height, width)
    rows, columns = (max(1, round(IMAGE_SIZE * side / longer)) for side in (height, width))
    scaled = resampling(height, rows) @ images.astype(np.float32) @ resampling(width, columns).T
    paper = np.median(np.concatenate([images[:, 0].ravel(), images[:, -1].ravel()])) if rows != columns else 0
    fitted = np.full((len(images), IMAGE_SIZE, IMAGE_SIZE), paper, np.uint8)
    top, left = (IMAGE_SIZE - rows) // 2, (IMAGE_SIZE - columns) // 2
    fitted[:, top : top + rows, left : left + columns] = np.rint(scaled)
    return fitted


@cache
def resampling(before: int, after: int) -> NDArray[np.float32]:
    """Weights, shape (after, before), that turn a line of pixels into a longer or shorter one; each row sums to 1."""
    if after >= before:
        at = np.clip((np.arange(after) + 0.5) * before / after - 0.5, 0, before - 1)
        weights = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(before)))
    else:
        edges = np.arange(after + 1) * before / after
        starts = np.arange(before)
        weights = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
        weights = np.maximum(0, weights)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
