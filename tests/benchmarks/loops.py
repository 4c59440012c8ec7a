"""The notebook's way to train: a Python loop over every image, filter, row and column, in float64.

Written for this project, and correctly: the gradient is divided by the batch size once, and the notebook's second
division is left to the rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_gui.nn.network import Network

    from .contenders import Batch

RATE = 0.01 / 32


class Loops:
    def __init__(self, start: Network, batch: Batch) -> None:
        self._filters, self._filter_bias, self._weights, self._bias = (part.copy() for part in start.named().values())
        self._batch = batch

    def step(self) -> float:
        x, n = self._batch.images.astype(np.float64), len(self._batch.labels)
        sigmoid = 1 / (1 + np.exp(-self._convolve(x)))
        pooled = _pool(sigmoid)
        features = pooled.reshape(n, -1)
        logits = features @ self._weights.T + self._bias
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(n), self._batch.labels]).mean()

        g = p.copy()
        g[np.arange(n), self._batch.labels] -= 1
        g /= n
        g_pooled = (g @ self._weights).reshape(pooled.shape)
        self._weights -= RATE * (g.T @ features)
        self._bias -= RATE * g.sum(axis=0)
        self._convolve_backward(x, _pool_backward(g_pooled) * sigmoid * (1 - sigmoid))
        return loss

    def _convolve(self, x: NDArray[Any]) -> NDArray[Any]:
        n, _, height, width = x.shape
        out = np.zeros((n, len(self._filters), height - 2, width - 2))
        for i in range(n):
            for f in range(len(self._filters)):
                for r in range(height - 2):
                    for c in range(width - 2):
                        patch = x[i, :, r : r + 3, c : c + 3]
                        out[i, f, r, c] = np.sum(patch * self._filters[f]) + self._filter_bias[f]
        return out

    def _convolve_backward(self, x: NDArray[Any], g: NDArray[Any]) -> None:
        d_filters, dx = np.zeros_like(self._filters), np.zeros_like(x)
        n, filters, height, width = g.shape
        for i in range(n):
            for f in range(filters):
                for r in range(height):
                    for c in range(width):
                        patch = x[i, :, r : r + 3, c : c + 3]
                        d_filters[f] += g[i, f, r, c] * patch
                        dx[i, :, r : r + 3, c : c + 3] += g[i, f, r, c] * self._filters[f]
        self._filters -= RATE * d_filters
        self._filter_bias -= RATE * g.sum(axis=(0, 2, 3))

    def parameters(self) -> NDArray[Any]:
        rows = np.concatenate([self._filters.reshape(len(self._filters), -1), self._filter_bias[:, None]], axis=1)
        return np.concatenate([rows.ravel(), self._weights.ravel(), self._bias])


def _pool(x: NDArray[Any]) -> NDArray[Any]:
    n, channels, height, width = x.shape
    out = np.zeros((n, channels, height // 2, width // 2))
    for i in range(n):
        for f in range(channels):
            for r in range(height // 2):
                for c in range(width // 2):
                    out[i, f, r, c] = np.mean(x[i, f, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2])
    return out


def _pool_backward(g: NDArray[Any]) -> NDArray[Any]:
    n, channels, height, width = g.shape
    dx = np.zeros((n, channels, 2 * height, 2 * width))
    for i in range(n):
        for f in range(channels):
            for r in range(height):
                for c in range(width):
                    dx[i, f, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2] += g[i, f, r, c] / 4
    return dx
