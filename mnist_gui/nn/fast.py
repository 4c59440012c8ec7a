"""The same layers in fewer passes over memory: what training, evaluation and many images at once run.

A plan is made from a network's list of layers for batches of one size. It has a faster step for a convolution, alone or
with its activation and pooling, and for some other layers; the rest run as they are defined. Steps take and give what
the layers do, (n, channels, height, width) or (n, values). In memory the batch is last: each shift of a convolution and
each row of pooling windows is then a block, which is what NumPy is fast at. Buffers are made once and used again, so
what a step gives is good until its next call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mnist_gui.nn.conv_block import ConvBlock, add_up, empty
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Dropout, ReLU, Sigmoid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mnist_gui.nn.layer import Array, Layer

    Gradients = dict[str, Array]  # by name, views that `backward` fills


class Step(Protocol):
    """One or several layers, for one batch size."""

    def forward(self, x: Array, training: bool = False) -> Array:
        """Compute the outputs of a batch."""

    def backward(self, g: Array) -> Array | None:
        """Fill the gradients of the parameters and return that of the inputs, or None if nobody asks for it."""


class Plan:
    """The steps of a network for batches of n images.

    Parameters
    ----------
    layers : sequence of Layer
        Built and bound to their parameters. A layer that runs as defined keeps what it saw last, so that a network
        belongs to one thread.
    gradients : sequence of dict of str to ndarray
        For each layer, by name, where `backward` puts ∂loss/∂parameters.
    n : int
    dtype : dtype
        Of the parameters, and of all arrays here.
    """

    def __init__(self, layers: Sequence[Layer], gradients: Sequence[Gradients], n: int, dtype: np.dtype[Any]) -> None:
        x = empty(*layers[0].input_shape, n, dtype=dtype)
        self._columns, self._images = x.reshape(-1, n), np.moveaxis(x, -1, 0)
        self._steps: list[Step] = []
        for part in blocks(layers):
            block, theirs = layers[part], gradients[part]
            # What comes before all parameters needs no gradient.
            first = not any(gradients[: part.start])
            if type(block[0]) is Conv2D:
                self._steps.append(ConvBlock(block[0], block[1:], theirs[0], n, dtype, first=first))
            elif type(block[0]) is Dense:
                self._steps.append(FastDense(block[0], theirs[0], n, dtype, first=first))
            elif type(block[0]) is AvgPool2D:
                self._steps.append(FastPool(block[0], n, dtype))
            elif type(block[0]) is Sigmoid:
                self._steps.append(FastSigmoid(block[0], n, dtype))
            elif type(block[0]) is Dropout:
                self._steps.append(FastDropout(block[0], n, dtype))
            else:
                self._steps.append(AsDefined(block[0], theirs[0], dtype, first=first))

    def forward(self, images: NDArray[Any], training: bool = False) -> Array:
        """Compute the logits, (n, classes), of n images, with their numbers in [0, 1]."""
        np.copyto(self._columns, images.reshape(len(images), -1).T, casting="same_kind")
        x = self._images
        for step in self._steps:
            x = step.forward(x, training)
        return x

    def backward(self, g: Array) -> None:
        """Fill the gradients from ∂loss/∂logits, (n, classes)."""
        gradient: Array | None = g
        for step in reversed(self._steps):
            if gradient is None:
                break
            gradient = step.backward(gradient)


def blocks(layers: Sequence[Layer]) -> Iterator[slice]:
    """Divide layers into blocks, each one step of a plan: a convolution takes its activation and its pooling along."""
    start = 0
    while start < len(layers):
        stop = start + 1
        if type(layers[start]) is Conv2D:
            if stop < len(layers) and type(layers[stop]) in (Sigmoid, ReLU):
                stop += 1
            if stop < len(layers):
                pool = layers[stop]
                stop += type(pool) is AvgPool2D and pool.stride == pool.size
        yield slice(start, stop)
        start = stop


class AsDefined:
    """Any layer, in its own words."""

    def __init__(self, layer: Layer, gradients: Gradients, dtype: np.dtype[Any], *, first: bool) -> None:
        self._layer, self._gradients, self._dtype, self._first = layer, gradients, dtype, first

    def forward(self, x: Array, training: bool = False) -> Array:
        return np.asarray(self._layer.forward(x, training), self._dtype)

    def backward(self, g: Array) -> Array | None:
        if self._first and not self._gradients:
            return None
        d_x = self._layer.backward(g)
        for name, gradient in self._gradients.items():
            gradient[...] = self._layer.gradients[name]
        return None if self._first else np.asarray(d_x, self._dtype)


class FastDense:
    """A dense layer with the batch last in memory."""

    def __init__(self, dense: Dense, gradients: Gradients, n: int, dtype: np.dtype[Any], *, first: bool) -> None:
        self._weights, self._bias = dense.weights, dense.bias[:, None]
        self._d_weights, self._d_bias = gradients["weights"], gradients["bias"]
        self._y = empty(dense.outputs, n, dtype=dtype)
        self._d_x = None if first else empty(*dense.input_shape, n, dtype=dtype)
        self._ones = np.ones(n, dtype)

    def forward(self, x: Array, training: bool = False) -> Array:
        self._x = x
        np.dot(self._weights, x.T, out=self._y)  # matmul takes longer over a single image
        np.add(self._y, self._bias, out=self._y)
        return self._y.T

    def backward(self, g: Array) -> Array | None:
        # With the few gradients of an image side by side, the product is twice as fast.
        np.matmul(np.ascontiguousarray(g).T, self._x, out=self._d_weights)
        np.matmul(g.T, self._ones, out=self._d_bias)
        return None if self._d_x is None else np.matmul(self._weights.T, g.T, out=self._d_x).T


class FastPool:
    """Pooling that no convolution takes along: sums over the rows of a window, and then over the columns of these.

    That is size additions for each direction instead of size² for both.
    """

    def __init__(self, pool: AvgPool2D, n: int, dtype: np.dtype[Any]) -> None:
        (c, height, width), (_, rows, columns) = pool.input_shape, pool.output_shape
        self._share = np.array(1 / pool.size**2, dtype)
        self._rows = [np.s_[:, i : i + (rows - 1) * pool.stride + 1 : pool.stride] for i in range(pool.size)]
        self._sums, self._means = empty(c, rows, width, n, dtype=dtype), empty(c, rows, columns, n, dtype=dtype)
        self._d_x, self._shares = empty(c, height, width, n, dtype=dtype), np.empty_like(self._means)
        self._columns = [
            self._sums[:, :, j : j + (columns - 1) * pool.stride + 1 : pool.stride] for j in range(pool.size)
        ]

    def forward(self, x: Array, training: bool = False) -> Array:
        x = x.transpose(1, 2, 3, 0)
        add_up(*(x[rows] for rows in self._rows), out=self._sums)
        add_up(*self._columns, out=self._means)
        np.multiply(self._means, self._share, out=self._means)
        return self._means.transpose(3, 0, 1, 2)

    def backward(self, g: Array) -> Array:
        np.multiply(g.transpose(1, 2, 3, 0), self._share, out=self._shares)
        self._sums.fill(0)
        for column in self._columns:
            column += self._shares
        self._d_x.fill(0)
        for rows in self._rows:
            self._d_x[rows] += self._sums
        return self._d_x.transpose(3, 0, 1, 2)


class FastSigmoid:
    """A sigmoid that no convolution takes along, without new arrays."""

    def __init__(self, layer: Sigmoid, n: int, dtype: np.dtype[Any]) -> None:
        self._y, self._d_z = (np.moveaxis(empty(*layer.input_shape, n, dtype=dtype), -1, 0) for _ in range(2))
        self._half, self._one = np.array(0.5, dtype), np.array(1, dtype)

    def forward(self, z: Array, training: bool = False) -> Array:
        np.multiply(z, self._half, out=self._y)
        np.tanh(self._y, out=self._y)
        np.multiply(self._y, self._half, out=self._y)
        np.add(self._y, self._half, out=self._y)
        return self._y

    def backward(self, g: Array) -> Array:
        np.subtract(self._one, self._y, out=self._d_z)
        np.multiply(self._d_z, self._y, out=self._d_z)
        np.multiply(self._d_z, g, out=self._d_z)
        return self._d_z


class FastDropout:
    """Dropout with its mask laid out as the values are."""

    def __init__(self, layer: Dropout, n: int, dtype: np.dtype[Any]) -> None:
        self._layer = layer
        self._mask, self._y, self._d_x = (
            np.moveaxis(empty(*layer.input_shape, n, dtype=dtype), -1, 0) for _ in range(3)
        )

    def forward(self, x: Array, training: bool = False) -> Array:
        if not training:
            return x
        np.divide(self._layer.keep(x.shape), self._mask.dtype.type(1 - self._layer.rate), out=self._mask)
        np.multiply(x, self._mask, out=self._y)
        return self._y

    def backward(self, g: Array) -> Array:
        np.multiply(g, self._mask, out=self._d_x)
        return self._d_x
