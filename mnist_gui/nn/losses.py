"""Softmax cross-entropy: what a classifier is trained to make small."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_gui.nn.layer import Array


def softmax(logits: Array) -> Array:
    """Turn logits into probabilities.

    ``p[c] = exp(z[c]) / Σ exp(z)``, with the largest logit subtracted first so that nothing overflows.

    Parameters
    ----------
    logits : ndarray of float, shape (n, classes), or (classes,) for one image

    Returns
    -------
    ndarray of float, of the same shape
        Rows add up to 1.
    """
    p: Array = logits - np.maximum.reduce(logits, axis=-1, keepdims=True)
    np.exp(p, out=p)
    p /= np.add.reduce(p, axis=-1, keepdims=True)
    return p


def cross_entropy(probabilities: Array, labels: NDArray[np.integer[Any]]) -> Array:
    """Compute each image's loss, −log(probability of the true class).

    Probabilities are clipped to [1e-15, 1 − 1e-15], so that a certain error costs 34.5 and not infinity.

    Parameters
    ----------
    probabilities : ndarray of float, shape (n, classes)
    labels : ndarray of int, shape (n,)

    Returns
    -------
    ndarray of float, shape (n,)
    """
    of_truth: Array = probabilities[np.arange(labels.size), labels]
    losses: Array = -np.log(np.minimum(np.maximum(of_truth, 1e-15), 1 - 1e-15))
    return losses


def cross_entropy_gradient(probabilities: Array, labels: NDArray[np.integer[Any]], batch_size: int) -> Array:
    """Compute ∂(mean loss of the batch)/∂logits = (p − one-hot(label)) / batch size.

    Parameters
    ----------
    probabilities : ndarray of float, shape (n, classes)
        The softmax of the logits.
    labels : ndarray of int, shape (n,)
    batch_size : int
        Of the whole batch, of which these n images may be a part.

    Returns
    -------
    ndarray of float, shape (n, classes)
    """
    gradient: Array = probabilities - _one_hot(probabilities.shape[1], probabilities.dtype).take(labels, axis=0)
    gradient /= batch_size
    return gradient


@cache
def _one_hot(classes: int, dtype: np.dtype[Any]) -> Array:
    return np.eye(classes, dtype=dtype)
