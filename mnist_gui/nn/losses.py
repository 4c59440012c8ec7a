"""Softmax cross-entropy: what a classifier is trained to make small."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_gui.nn.layer import Array


@cache
def _identity(classes: int, dtype: np.dtype[Any]) -> Array:
    return np.eye(classes, dtype=dtype)


def softmax(logits: Array, out: Array | None = None) -> Array:
    """Turn logits into probabilities.

    ``p[c] = exp(z[c]) / Σ exp(z)``, with the largest logit subtracted first so that nothing overflows.

    Parameters
    ----------
    logits : ndarray of float, shape (classes, n)
    out : ndarray of the same shape and dtype, optional
        Where to put the result; may be `logits` itself.

    Returns
    -------
    ndarray of float, shape (classes, n)
        Columns add up to 1.
    """
    p: Array = np.subtract(logits, np.maximum.reduce(logits), out=out)
    np.exp(p, out=p)
    p /= np.add.reduce(p)
    return p


def cross_entropy(probabilities: Array, labels: NDArray[np.integer[Any]]) -> Array:
    """Compute each image's loss, −log(probability of the true class).

    Probabilities are clipped to [1e-15, 1 − 1e-15], so that a certain error costs 34.5 and not infinity.

    Parameters
    ----------
    probabilities : ndarray of float, shape (classes, n)
    labels : ndarray of int, shape (n,)

    Returns
    -------
    ndarray of float, shape (n,)
    """
    of_truth: Array = probabilities[labels, np.arange(labels.size)]
    losses: Array = -np.log(np.minimum(np.maximum(of_truth, 1e-15), 1 - 1e-15))
    return losses


def cross_entropy_gradient(
    probabilities: Array, labels: NDArray[np.integer[Any]], batch_size: int, out: Array | None = None
) -> Array:
    """Compute ∂(mean loss of the batch)/∂logits = (p − one-hot(label)) / batch size.

    Parameters
    ----------
    probabilities : ndarray of float, shape (classes, n)
        The softmax of the logits.
    labels : ndarray of int, shape (n,)
    batch_size : int
        Of the whole batch, of which these n images may be a part.
    out : ndarray of the same shape and dtype as `probabilities`, optional
        Where to put the result.

    Returns
    -------
    ndarray of float, shape (classes, n)
    """
    one_hot = _identity(len(probabilities), probabilities.dtype).take(labels, axis=1)
    gradient: Array = np.subtract(probabilities, one_hot, out=out)
    gradient /= batch_size
    return gradient
