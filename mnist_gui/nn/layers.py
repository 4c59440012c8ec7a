"""The layers of a network, each forward beside its backward.

Inside the network arrays run (channels, height, width, batch). With the batch last, every shift of a convolution and
every pooling window is a contiguous block of memory, which is what NumPy is fast at.

Two linear steps of `Sigmoid` are done by its neighbours, which do them on far fewer numbers; see there.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mnist_gui.nn.convolution import Conv2D
from mnist_gui.nn.layer import Layer, PerBatchSize, Viewed, Weighted, empty

if TYPE_CHECKING:
    from mnist_gui.nn.layer import Array, Shape

__all__ = ["AvgPool2D", "Conv2D", "Dense", "Dropout", "Flatten", "ReLU", "Sigmoid"]


class Sigmoid(Layer):
    """The logistic function σ(z) = 1 / (1 + e⁻ᶻ), by way of the hyperbolic tangent.

    σ(z) = (1 + tanh(z / 2)) / 2, and tanh is the fastest way to it in NumPy. Its two linear steps are left to the
    neighbours where these can do them on fewer numbers: a `Weighted` layer before halves its weights instead of its
    outputs, and an `AvgPool2D` after maps its means instead of its inputs. Between the two stands the bare tanh,
    in place: one pass over memory instead of four.

    Unlike the notebook's, z is not clipped to ±15: tanh does not overflow, and its value there differs from 1 by
    less than 10⁻⁶.
    """

    kind = "sigmoid"
    elementwise = True

    def link(self, before: Layer | None, after: Layer | None) -> None:
        super().link(before, after)
        self._halved_before = isinstance(before, Weighted)
        self._mapped_after = isinstance(after, AvgPool2D)
        if isinstance(before, Weighted):
            before.output_scale = 0.5
        if isinstance(after, AvgPool2D):
            after.input_scale, after.input_shift = 0.5, 0.5
        self._tanh = PerBatchSize(self._make_output)
        self._output = PerBatchSize(self._make_output)
        self._one, self._half = np.ones((), self.dtype), np.array(0.5, self.dtype)

    def forward(self, x: Array, training: bool = False) -> Array:
        n = x.shape[-1]
        self._t = x if self._halved_before else np.multiply(x, 0.5, out=self._tanh[n])
        np.tanh(self._t, out=self._t)
        if self._mapped_after:
            return self._t
        y = np.multiply(self._t, 0.5, out=self._output[n])
        return np.add(y, 0.5, out=y)

    def backward(self, gradient: Array, need_input: bool = True) -> Array:
        # With t = tanh(u), u = z / 2 and y = (1 + t) / 2:  ∂t/∂u = 1 − t²;  ∂u/∂z and ∂y/∂t are ½ each, and belong
        # to whoever does that step. In place, as nobody needs t again: what is at work then fits the cache.
        t = self._t
        np.multiply(t, t, out=t)
        np.subtract(self._one, t, out=t)
        np.multiply(t, gradient, out=t)
        steps = (not self._halved_before) + (not self._mapped_after)
        if steps:
            t *= 0.5**steps
        return t

    def infer(self, x: Array) -> Array:
        y: Array = np.multiply(x, self._half)
        np.tanh(y, out=y)
        y *= self._half
        y += self._half
        return y


class ReLU(Layer):
    """The rectifier, max(z, 0)."""

    kind = "relu"
    elementwise = True

    def link(self, before: Layer | None, after: Layer | None) -> None:
        super().link(before, after)
        # In place where the layer before does not look at its output again: fewer buffers stay in the cache.
        self._in_place = isinstance(before, Weighted)
        self._output = PerBatchSize(self._make_output)
        self._gradient = PerBatchSize(self._make_output)
        self._passed = PerBatchSize(lambda n: np.empty(self._output[n].shape, np.bool_))

    def forward(self, x: Array, training: bool = False) -> Array:
        self._y = np.maximum(x, 0, out=x if self._in_place else self._output[x.shape[-1]])
        return self._y

    def backward(self, gradient: Array, need_input: bool = True) -> Array:
        # ∂y/∂z is 1 where z > 0, else 0
        n = gradient.shape[-1]
        passed, out = self._passed[n], self._gradient[n]
        np.greater(self._y, 0, out=passed)
        return np.multiply(passed, gradient, out=out)

    def infer(self, x: Array) -> Array:
        return np.maximum(x, 0)


class _PoolBuffers:
    def __init__(self, layer: AvgPool2D, n: int) -> None:
        channels, height, width = layer.output_shape
        _, in_height, in_width = layer.input_shape
        self.input_parts = Viewed(layer.rows_of_windows)
        # Forwards the sums along the height alone, backwards the gradient spread along the width alone.
        self.rows = empty((channels, height, in_width, n), layer.dtype)
        self.row_parts = [self.rows[:, :, layer.window(j, width)] for j in range(layer.size)]
        self.output = empty((channels, height, width, n), layer.dtype)
        if layer.grouped:
            # The rows of a window are alike: a view repeats them, without writing the larger array.
            self.gradient = np.broadcast_to(self.rows, (layer.size, *self.rows.shape))
        else:
            self.gradient = empty((channels, in_height, in_width, n), layer.dtype)


class AvgPool2D(Layer):
    """The mean of each size×size window.

    The sums run along the height first and along the width of what remains, which is size additions for each
    direction instead of size² for both.

    Where the windows tile the maps of a convolution, it is asked to write the first rows of all windows, then the
    second ones, and so on (`Layer.row_groups`). The first sum, and the spreading of the gradient, then run over whole
    blocks of memory, which NumPy does twice as fast as row by row. The scale of the gradient is left to it, too.

    Parameters
    ----------
    size : int
        Height and width of a window.
    stride : int, optional
        Distance of two windows; by default they stand side by side.

    Attributes
    ----------
    input_scale, input_shift : float
        The inputs are taken as input_scale · x + input_shift; `Sigmoid` sets this, see there.
    grouped : bool
        Whether the inputs come in groups of rows.
    """

    kind = "pool"

    def __init__(self, size: int, stride: int | None = None) -> None:
        self.size, self.stride = size, stride or size
        self.input_scale, self.input_shift = 1.0, 0.0
        self.grouped = False

    def _shape_of_output(self, input_shape: Shape) -> Shape:
        channels, height, width = input_shape
        if min(height, width) < self.size:
            raise ValueError(f"a {self.size}×{self.size} pooling window does not fit a {height}×{width} input")
        self._buffers = PerBatchSize(lambda n: _PoolBuffers(self, n))
        return channels, (height - self.size) // self.stride + 1, (width - self.size) // self.stride + 1

    def link(self, before: Layer | None, after: Layer | None) -> None:
        super().link(before, after)
        # Arrays without axes: NumPy takes half as long over them as over Python's numbers.
        self._scale = np.array(self.input_scale / self.size**2, self.dtype)
        self._shift = np.array(self.input_shift, self.dtype)
        self._share = np.array(1 / self.size**2, self.dtype)
        _, rows, columns = self.output_shape
        self._rows = [np.s_[:, self.window(i, rows)] for i in range(self.size)]
        self._columns = [np.s_[:, :, self.window(j, columns)] for j in range(self.size)]
        between: list[Layer] = []
        while before is not None and before.elementwise:
            between.append(before)
            before = before.before
        _, height, width = self.input_shape
        tiled = self.stride == self.size > 1 and height % self.size == width % self.size == 0
        if isinstance(before, Conv2D) and tiled:
            self.grouped = True
            self._window_of_column = np.arange(width) // self.size
            before.gradient_scale = self.input_scale / self.size**2
            for layer in (before, *between):
                layer.row_groups = self.size

    def window(self, offset: int, count: int) -> slice:
        """Select what stands at an offset in each of so many windows."""
        return slice(offset, offset + count * self.stride, self.stride)

    def rows_of_windows(self, x: Array) -> list[Array]:
        """View the first row of every window, the second, …: `size` times (channels, height, input width, n)."""
        _, height, _ = self.output_shape
        return list(x) if self.grouped else [x[:, self.window(i, height)] for i in range(self.size)]

    def forward(self, x: Array, training: bool = False) -> Array:
        buffers = self._buffers[x.shape[-1]]
        output = buffers.output
        _sum(buffers.input_parts(x), buffers.rows)
        _sum(buffers.row_parts, output)
        np.multiply(output, self._scale, out=output)
        return np.add(output, self._shift, out=output) if self.input_shift else output

    def backward(self, gradient: Array, need_input: bool = True) -> Array:
        # Each input has the gradients of the windows that it is in, / size².
        buffers = self._buffers[gradient.shape[-1]]
        _, height, _ = self.output_shape
        if self.grouped:
            gradient.take(self._window_of_column, axis=2, out=buffers.rows, mode="clip")  # "raise" would copy
            return buffers.gradient
        scaled = gradient * self._scale
        buffers.rows.fill(0)
        for part in buffers.row_parts:
            part += scaled
        buffers.gradient.fill(0)
        for i in range(self.size):
            buffers.gradient[:, self.window(i, height)] += buffers.rows
        return buffers.gradient

    def infer(self, x: Array) -> Array:
        for first, *others in (self._columns, self._rows):
            total = x[first]
            for place in others:
                total = total + x[place]
            x = total
        means: Array = x * self._share
        return means


def _sum(parts: list[Array], out: Array) -> None:
    if len(parts) == 1:
        np.copyto(out, parts[0])
        return
    np.add(parts[0], parts[1], out=out)
    for part in parts[2:]:
        np.add(out, part, out=out)


class Flatten(Layer):
    """(channels, height, width) in one axis, in that order."""

    kind = "flatten"

    def _shape_of_output(self, input_shape: Shape) -> Shape:
        return (prod(input_shape),)

    def forward(self, x: Array, training: bool = False) -> Array:
        return x.reshape(*self.output_shape, -1)

    def backward(self, gradient: Array, need_input: bool = True) -> Array:
        return gradient.reshape(*self.input_shape, -1)


class _DenseBuffers(NamedTuple):
    output: Array
    input_gradient: Array
    ones: Array


class Dense(Weighted):
    """A fully connected layer: ``output = weights @ input + bias``.

    Parameters
    ----------
    outputs : int
    gain : float
        See `Weighted`.
    """

    kind = "dense"

    def __init__(self, outputs: int, *, gain: float = 1.0) -> None:
        super().__init__(gain)
        self.outputs = outputs

    def _shape_of_output(self, input_shape: Shape) -> Shape:
        (self.fan_in,) = input_shape
        self.parameter_count = self.outputs * (self.fan_in + 1)
        self._buffers = PerBatchSize(
            lambda n: _DenseBuffers(
                empty((self.outputs, n), self.dtype),
                empty((self.fan_in, n), self.dtype),
                np.ones(n, self.dtype),
            )
        )
        return (self.outputs,)

    def bind(self, parameters: Array, gradients: Array) -> None:
        super().bind(parameters, gradients)
        self._bias_column = self.bias[:, None]
        self._weights_gradient, self._bias_gradient = self.split(gradients).values()

    def split(self, vector: Array) -> dict[str, Array]:
        weights = vector[: self.outputs * self.fan_in].reshape(self.outputs, self.fan_in)
        return {"weights": weights, "bias": vector[self.outputs * self.fan_in :]}

    def forward(self, x: Array, training: bool = False) -> Array:
        self._x = x
        output = self._buffers[x.shape[-1]].output
        np.dot(self.weights, x, out=output)  # matmul takes longer over a single image
        output += self._bias_column
        if self.output_scale != 1:
            output *= self.output_scale
        return output

    def backward(self, gradient: Array, need_input: bool = True) -> Array | None:
        # y = W x + b:  ∂loss/∂W = g xᵀ,  ∂loss/∂b = Σ g,  ∂loss/∂x = Wᵀ g
        _, input_gradient, ones = self._buffers[gradient.shape[-1]]
        if self.output_scale != 1:
            gradient = gradient * self.dtype.type(self.output_scale)
        # The few logit gradients in column order: the product is then twice as fast.
        np.matmul(np.asfortranarray(gradient), self._x.T, out=self._weights_gradient)
        np.matmul(gradient, ones, out=self._bias_gradient)
        return np.matmul(self.weights.T, gradient, out=input_gradient) if need_input else None

    def infer(self, x: Array) -> Array:
        y: Array = np.dot(self.weights, x)
        y += self._bias_column
        return y


class Dropout(Layer):
    """Zeroes each value with probability `rate` while training and scales the others by 1 / (1 − rate).

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
        self.rate = rate
        self._rng = np.random.default_rng(0)

    def initialize(self, rng: np.random.Generator) -> None:
        self._rng = np.random.default_rng(rng.integers(2**63))

    def forward(self, x: Array, training: bool = False) -> Array:
        self._mask: Array | None = None
        if not training or not self.rate:
            return x
        kept = self._rng.random(x.shape, np.float32) >= self.rate
        self._mask = np.multiply(kept, 1 / (1 - self.rate), dtype=self.dtype)
        return x * self._mask

    def backward(self, gradient: Array, need_input: bool = True) -> Array:
        return gradient if self._mask is None else gradient.reshape(self._mask.shape) * self._mask
