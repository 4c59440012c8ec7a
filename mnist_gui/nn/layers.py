"""The layers: what each computes, and beside it the chain rule.

Images are (n, channels, height, width), all other values (n, values). These are the definitions, and what the window
explains; `fast` computes the same in fewer passes over memory, and is tested against them. Each can be tried alone::

    >>> layer = Conv2D(2, 3)
    >>> layer.build((1, 28, 28))
    >>> layer.initialize(np.random.default_rng(0))
    >>> maps = layer.forward(images)
    >>> d_images = layer.backward(np.ones_like(maps))  # if the loss were the sum of all maps
    >>> layer.gradients["weights"]

In `backward`, g stands for ∂loss/∂output, and d_x for ∂loss/∂x.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_gui.nn.layer import Layer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_gui.nn.layer import Array, Shape

__all__ = ["AvgPool2D", "Conv2D", "Dense", "Dropout", "Flatten", "Layer", "ReLU", "Sigmoid"]


class Weighted(Layer):
    """A layer with weights and a bias: fresh weights are uniform in ±gain / √fan_in, fresh biases 0."""

    gain: float

    @property
    def weights(self) -> Array:
        """The weights; the first axis is that of the outputs."""
        return self.parameters["weights"]

    @property
    def bias(self) -> Array:
        """The bias of each output, or of each map."""
        return self.parameters["bias"]

    def initialize(self, rng: np.random.Generator) -> None:
        limit = self.gain / sqrt(self.weights[0].size)
        self.weights[...] = rng.uniform(-limit, limit, self.weights.shape)
        self.bias[...] = 0


class Conv2D(Weighted):
    """A valid two-dimensional convolution (as everywhere in this field, a cross-correlation).

    ``output[n, f, r, c] = bias[f] + Σ weights[f, i, y, x] · input[n, i, r·stride + y, c·stride + x]``

    The sum runs over i, y and x. For each image that is one product of matrices, ``W P + bias``: W has a row of weights
    for each filter f, and P a column for each place (r, c) of the window, the patch of numbers below it. Backwards
    ``∂loss/∂W = Σₙ g Pᵀ``, ``∂loss/∂bias = Σ g`` and ``∂loss/∂P = Wᵀ g``. A pixel has the sum of its gradients in all
    the patches that it is in.

    Parameters
    ----------
    filters : int
        Number of filters, and so of feature maps.
    kernel_size : int
        Height and width of a filter.
    stride : int
    gain : float
        See `Weighted`.
    edges : bool
        Let fresh filters begin as rough edge detectors: each weight follows the cosine between its place in the
        kernel and the filter's direction, on a slightly negative ground, with noise. The directions are spread
        evenly over half a turn. With only two filters, chance otherwise decides how well a run ends.
    """

    kind = "conv"

    def __init__(
        self, filters: int, kernel_size: int, stride: int = 1, *, gain: float = 1.0, edges: bool = False
    ) -> None:
        self.filters, self.kernel_size, self.stride, self.gain, self.edges = filters, kernel_size, stride, gain, edges

    def build(self, shape: Shape) -> None:
        super().build(shape)
        channels, height, width = shape
        k = self.kernel_size
        if min(height, width) < k:
            raise ValueError(f"a {k}×{k} filter does not fit a {height}×{width} input")
        rows, columns, self.places = slide(k, self.stride, height, width)
        self.output_shape = (self.filters, rows, columns)
        self.parameters = {"weights": np.zeros((self.filters, channels, k, k)), "bias": np.zeros(self.filters)}

    def initialize(self, rng: np.random.Generator) -> None:
        super().initialize(rng)
        if self.edges:
            y, x = np.indices((self.kernel_size, self.kernel_size)) - (self.kernel_size - 1) / 2
            direction = np.pi * np.arange(self.filters)[:, None, None] / self.filters
            along = np.where(np.hypot(x, y), np.cos(np.arctan2(y, x) - direction), 0)
            self.weights[...] = 0.3 * self.weights + self.gain * (0.3 * along - 0.2)[:, None]

    def split(self, vector: Array) -> dict[str, Array]:
        rows = vector.reshape(self.filters, -1)  # in the network's vector, a filter's bias follows its weights
        return {"weights": rows[:, :-1].reshape(self.weights.shape), "bias": rows[:, -1]}

    def forward(self, x: Array, training: bool = False) -> Array:
        patches = np.stack([x[place] for place in self.places], axis=2)  # (n, i, yx, r, c)
        self.patches = patches.reshape(len(x), patches.shape[1] * patches.shape[2], -1)  # (n, iyx, rc)
        weights = self.weights.reshape(self.filters, -1)  # (f, iyx)
        return (weights @ self.patches + self.bias[:, None]).reshape(-1, *self.output_shape)

    def backward(self, g: Array) -> Array:
        n, filters, rows, columns = g.shape
        g = g.reshape(n, filters, rows * columns)
        weights = (g @ self.patches.swapaxes(1, 2)).sum(axis=0)
        self.gradients = {"weights": weights.reshape(self.weights.shape), "bias": g.sum(axis=(0, 2))}
        d_patches = (self.weights.reshape(filters, -1).T @ g).reshape(n, -1, len(self.places), rows, columns)
        d_x = np.zeros((n, *self.input_shape), d_patches.dtype)
        for i, place in enumerate(self.places):
            d_x[place] += d_patches[:, :, i]
        return d_x


class Sigmoid(Layer):
    """The logistic function, ``σ(z) = 1 / (1 + e⁻ᶻ) = (1 + tanh(z / 2)) / 2``, whose slope is σ (1 − σ).

    Unlike the notebook's, z is not clipped to ±15: tanh does not overflow, and its value there differs from 1 by
    less than 10⁻⁶.
    """

    kind = "sigmoid"

    def forward(self, z: Array, training: bool = False) -> Array:
        self.y = (1 + np.tanh(z / 2)) / 2
        return self.y

    def backward(self, g: Array) -> Array:
        return g * self.y * (1 - self.y)


class ReLU(Layer):
    """The rectifier, ``max(z, 0)``. Its slope is 1 where z > 0, else 0."""

    kind = "relu"

    def forward(self, z: Array, training: bool = False) -> Array:
        self.z = z
        return np.maximum(z, 0)

    def backward(self, g: Array) -> Array:
        return g * (self.z > 0)


class AvgPool2D(Layer):
    """The mean of each window. Each pixel in it has a share of 1 / size² in the mean, and so in its gradient.

    Parameters
    ----------
    size : int
        Height and width of a window.
    stride : int, optional
        Distance of two windows; by default they stand side by side. Rows and columns that fill no window are left out.
    """

    kind = "pool"

    def __init__(self, size: int, stride: int | None = None) -> None:
        self.size, self.stride = size, stride or size

    def build(self, shape: Shape) -> None:
        super().build(shape)
        channels, height, width = shape
        if min(height, width) < self.size:
            raise ValueError(f"a {self.size}×{self.size} pooling window does not fit a {height}×{width} input")
        rows, columns, self.places = slide(self.size, self.stride, height, width)
        self.output_shape = (channels, rows, columns)

    def forward(self, x: Array, training: bool = False) -> Array:
        self.x = x
        total: Any = sum(x[place] for place in self.places)
        means: Array = total / self.size**2
        return means

    def backward(self, g: Array) -> Array:
        d_x, share = np.zeros_like(self.x), g / self.size**2
        for place in self.places:
            d_x[place] += share
        return d_x


class Flatten(Layer):
    """Images as rows of values, channel by channel and row by row: (n, channels, height, width) as (n, values)."""

    kind = "flatten"

    def build(self, shape: Shape) -> None:
        super().build(shape)
        self.output_shape = (prod(shape),)

    def forward(self, x: Array, training: bool = False) -> Array:
        return x.reshape(-1, *self.output_shape)

    def backward(self, g: Array) -> Array:
        return g.reshape(-1, *self.input_shape)


class Dense(Weighted):
    """A fully connected layer, ``y = x Wᵀ + b``, whose weights W are (outputs, inputs).

    ``∂loss/∂W = gᵀ x``,  ``∂loss/∂b = Σₙ g``,  ``∂loss/∂x = g W``

    Parameters
    ----------
    outputs : int
    gain : float
        See `Weighted`.
    """

    kind = "dense"

    def __init__(self, outputs: int, *, gain: float = 1.0) -> None:
        self.outputs, self.gain = outputs, gain

    def build(self, shape: Shape) -> None:
        super().build(shape)
        (inputs,) = shape
        self.output_shape = (self.outputs,)
        self.parameters = {"weights": np.zeros((self.outputs, inputs)), "bias": np.zeros(self.outputs)}

    def forward(self, x: Array, training: bool = False) -> Array:
        self.x = x
        y: Array = x @ self.weights.T + self.bias
        return y

    def backward(self, g: Array) -> Array:
        self.gradients = {"weights": g.T @ self.x, "bias": g.sum(axis=0)}
        d_x: Array = g @ self.weights
        return d_x


class Dropout(Layer):
    """While training, zeroes each value with probability `rate` and scales the others by 1 / (1 − rate).

    Parameters
    ----------
    rate : float
        In [0, 1).

    References
    ----------
    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 2014.
    """

    kind = "dropout"

    def __init__(self, rate: float) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f"a dropout rate is in [0, 1), not {rate}")
        self.rate, self.rng = rate, np.random.default_rng(0)

    def initialize(self, rng: np.random.Generator) -> None:
        self.rng = np.random.default_rng(rng.integers(2**63))

    def keep(self, shape: Shape) -> NDArray[np.bool_]:
        """Draw which values of a batch, of the shape (n, …), are kept."""
        return self.rng.random(shape, np.float32) >= self.rate

    def forward(self, x: Array, training: bool = False) -> Array:
        self.mask: Array = self.keep(x.shape) / x.dtype.type(1 - self.rate) if training else np.ones_like(x)
        return x * self.mask

    def backward(self, g: Array) -> Array:
        return g * self.mask


def slide(size: int, stride: int, height: int, width: int) -> tuple[int, int, list[tuple[slice, slice, slice, slice]]]:
    """Slide a window of size × size over images, `stride` pixels at a time.

    Returns
    -------
    rows, columns : int
        How many places it comes to, down and across.
    places : list of size · size indices
        For each (y, x) in the window, an index that selects what lies there in all windows: the images, (n, channels,
        height, width), shifted by (y, x), as (n, channels, rows, columns).
    """
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    places = [
        np.s_[:, :, y : y + rows * stride : stride, x : x + columns * stride : stride]
        for y in range(size)
        for x in range(size)
    ]
    return rows, columns, places
