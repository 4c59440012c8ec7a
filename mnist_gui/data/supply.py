"""The images of a run as its network sees them, made a thousand at a time when the first epoch comes to them.

So the first step need not wait until 20,000 digits are drawn and 80,000 images are made upright, and later epochs find
them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mnist_gui.data import drawn
from mnist_gui.data.upright import cached_upright, make_upright

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import Any

    from numpy.typing import NDArray


class Supply:
    """Labelled images: those of a data set, and after them digits drawn by rule.

    A block is a thousand images or fewer. Of the data set's images, each block takes some from all over it, so that one
    that is sorted by label is mixed. Of the drawn digits, it takes consecutive ones, as they are drawn and cached.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        The data set's.
    labels : ndarray of uint8, shape (n,)
    upright : bool
        Make all of them upright, see `mnist_gui.data.upright`.
    more : int
        How many drawn digits join them.
    prepared : int
        How many of the images, the last of them, are as they should be. What else there is then differs from run to
        run, and stays out of the user's cache.

    Attributes
    ----------
    images : ndarray of uint8, shape (n + more, 28, 28)
        Where `make` was not asked for an image yet, anything.
    labels : ndarray of uint8, shape (n + more,)
    own : int
        How many of them are the data set's.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.uint8],
        *,
        upright: bool = False,
        more: int = 0,
        prepared: int = 0,
    ) -> None:
        self.own, self._upright = len(images), upright
        self._source: NDArray[np.uint8] | None = images
        self._raw = self.own - prepared if upright else 0  # so many of the first are to be made upright
        self._cached = not prepared
        self._own_blocks = -(-self._raw // drawn.BLOCK)
        drawn_blocks = -(-more // drawn.BLOCK)
        there = self._own_blocks + drawn_blocks  # stands for a block of images that are there from the beginning
        self._missing = np.arange(there + 1) < there
        self.images, self.labels = images, labels
        if there:
            self.images = np.empty((self.own + more, *images.shape[1:]), np.uint8)
            self.labels = np.concatenate([labels, drawn.labels(more, drawn.TRAIN_SEED)])
            self.images[self._raw : self.own] = images[self._raw :]
        raw, rest = np.arange(self._raw) % max(1, self._own_blocks), np.arange(self.own - self._raw)
        own_block = np.concatenate([raw, np.full(len(rest), there)])
        self._block = np.concatenate([own_block, self._own_blocks + np.arange(more) // drawn.BLOCK])
        # In the first epoch as many parts follow one another as the kind with fewer blocks has of them.
        self._parts = min([count for count in (self._own_blocks, drawn_blocks) if count], default=1)
        raw_part = raw * self._parts // max(1, self._own_blocks)
        drawn_part = np.arange(more) // drawn.BLOCK * self._parts // max(1, drawn_blocks)
        self._part = np.concatenate([raw_part, rest % self._parts, drawn_part])

    def arrange(self, order: NDArray[np.int64]) -> NDArray[np.int64]:
        """Arrange the first epoch's order so that its parts ask for few blocks each, and all kinds are in all parts.

        Parameters
        ----------
        order : ndarray of int, shape (n + more,)
            All images, in an order drawn at random.

        Returns
        -------
        ndarray of int, shape (n + more,)
            Within a part in the order in which they were. The same whatever is made already.
        """
        return order if self._parts == 1 else order[np.argsort(self._part[order], kind="stable")]

    def make(self, indices: NDArray[np.integer[Any]]) -> Iterator[None]:
        """Make these images, or get them from the user's cache, if they are not there yet; hand over in between."""
        blocks = self._block[indices]
        missing = blocks[self._missing[blocks]]
        if missing.size:
            for block in np.unique(missing).tolist():
                yield from self._make(block)
                self._missing[block] = False
            if not self._missing.any():
                self._source = None  # need not stay in memory if nobody else keeps it

    def _make(self, block: int) -> Generator[None, None, None]:
        if block < self._own_blocks:
            assert self._source is not None
            place = slice(block, self._raw, self._own_blocks)
            images = self._source[place]
        else:
            number = block - self._own_blocks
            first = self.own + number * drawn.BLOCK
            place = slice(first, first + drawn.BLOCK)
            images, _ = yield from drawn.block(drawn.TRAIN_SEED, number)
            images = images[: len(self.images[place])]
        if self._upright and self._cached and len(images) == drawn.BLOCK:
            images = yield from cached_upright(images)
        elif self._upright:
            images = make_upright(images)
        self.images[place] = images
