"""Which digits a network takes for which others, and on which images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_gui.nn.layer import Array


@dataclass(frozen=True, eq=False)  # without slots, which cached properties don't go with
class Confusion:
    """The answers of a network to labelled images, sorted by truth and answer.

    Attributes
    ----------
    probabilities : ndarray of float, shape (n, classes)
    labels : ndarray of int, shape (n,)
    """

    probabilities: Array
    labels: NDArray[np.integer[Any]]

    @cached_property
    def answers(self) -> NDArray[np.int64]:
        """The most probable digit of each image, of shape (n,)."""
        answers: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return answers

    @cached_property
    def confidences(self) -> Array:
        """The probability of each answer, of shape (n,)."""
        confidences: Array = self.probabilities.max(axis=1)
        return confidences

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many images of digit [row] are read as [column], of shape (classes, classes)."""
        classes = self.probabilities.shape[1]
        pairs = self.labels.astype(np.int64) * classes + self.answers
        return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)

    @cached_property
    def shares(self) -> Array:
        """The counts as shares of their row, in [0, 1]; NaN for a digit of which there is no image."""
        totals = self.counts.sum(axis=1, keepdims=True)
        shares: Array = np.divide(self.counts, totals, out=np.full(self.counts.shape, np.nan), where=totals > 0)
        return shares

    @property
    def accuracies(self) -> Array:
        """The share of each digit's images that are read right, of shape (classes,)."""
        accuracies: Array = self.shares.diagonal()
        return accuracies

    @property
    def accuracy(self) -> float:
        """The share of all images that are read right; NaN if there are none."""
        return float(self.counts.trace() / self.counts.sum()) if len(self.labels) else float("nan")

    def read_as(self, truth: int, answer: int) -> NDArray[np.int64]:
        """Find the images of one digit that are read as another.

        Returns
        -------
        ndarray of int, shape (count,)
            Places in `labels`. Mistakes come with the most confident first; right answers, of which the doubtful ones
            are of interest, with the least confident first.
        """
        found = np.flatnonzero((self.labels == truth) & (self.answers == answer))
        return self._sorted(found, descending=truth != answer)

    def mistakes(self) -> NDArray[np.int64]:
        """Find all images that are read wrong, the most confident mistakes first, as `read_as` does."""
        return self._sorted(np.flatnonzero(self.labels != self.answers), descending=True)

    def _sorted(self, found: NDArray[np.int64], *, descending: bool) -> NDArray[np.int64]:
        confidences = self.confidences[found]
        return found[np.argsort(-confidences if descending else confidences, kind="stable")]
