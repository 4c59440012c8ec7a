"""The layers of a network, each forward beside its backward.

Inside the network arrays run (channels, height, width, batch). With the batch last, every shift of a convolution and
every pooling window is a contiguous block of memory, which is what NumPy is fast at.

Two linear steps of `Sigmoid` are done by its neighbours, which do them on far fewer numbers; see there.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from mnist_gui.nn.layer import Layer, PerBatchSize, Weighted

if TYPE_CHECKING:
    from mnist_gui.nn.layer import Array, Shape


class _ConvBuffers:
    def __init__(self, layer: Conv2D, n: int) -> None:
        channels, _, _ = layer.input_shape
        filters, height, width = layer.output_shape
        k = layer.kernel_size
        # One row for each weight of a filter and a last row of ones, so that the bias and its gradient come free.
        self.columns = np.ones((layer.fan_in + 1, height * width * n), layer.dtype)
        self.patches = self.columns[:-1].reshape(channels, k, k, height, width, n)
        self.output = np.empty((filters, height, width, n), layer.dtype)
        self.output_rows = self.output.reshape(filters, -1)
        self.source: Array | None = None
        self.windows: Array | None = None


class _ConvInputGradient(NamedTuple):
    columns: Array
    patches: Array
    input: Array


class Conv2D(Weighted):
    """A valid two-dimensional convolution (as everywhere in this field, a cross-correlation).

    ``output[f, r, c] = bias[f] + Σ weights[f, i, y, x] · input[i, r·stride + y, c·stride + x]``

    Parameters
    ----------
    filters : int
        Number of filters, and so of feature maps.
    kernel_size : int
        Height and width of a filter.
    stride : int
    gain : float
        See `Weighted`.
    contrast : bool
        Let fresh filters sum to 0 and be orthogonal to one another, at the same mean size: each then answers to
        edges, not to grey, and no two to the same. With only two filters, chance else decides how a run ends.
    """

    kind = "conv"

    def __init__(
        self, filters: int, kernel_size: int, stride: int = 1, *, gain: float = 1.0, contrast: bool = False
    ) -> None:
        super().__init__(gain)
        self.filters, self.kernel_size, self.stride, self.contrast = filters, kernel_size, stride, contrast

    def _shape_of_output(self, input_shape: Shape) -> Shape:
        channels, height, width = input_shape
        if min(height, width) < self.kernel_size:
            raise ValueError(f"a {self.kernel_size}×{self.kernel_size} filter does not fit a {height}×{width} input")
        self.fan_in = channels * self.kernel_size**2
        self.parameter_count = self.filters * (self.fan_in + 1)
        self._buffers = PerBatchSize(lambda n: _ConvBuffers(self, n))
        self._input_gradient = PerBatchSize(self._make_input_gradient)
        return (
            self.filters,
            (height - self.kernel_size) // self.stride + 1,
            (width - self.kernel_size) // self.stride + 1,
        )

    def _make_input_gradient(self, n: int) -> _ConvInputGradient:
        buffers = self._buffers(n)
        columns = np.empty_like(buffers.columns[:-1])
        return _ConvInputGradient(
            columns, columns.reshape(buffers.patches.shape), np.empty((*self.input_shape, n), self.dtype)
        )

    def bind(self, parameters: Array, gradients: Array) -> None:
        super().bind(parameters, gradients)
        self._rows = parameters.reshape(self.filters, -1)  # a filter's weights, then its bias
        self._row_gradients = gradients.reshape(self.filters, -1)
        self._scaled_rows = np.empty_like(self._rows)

    def initialize(self, rng: np.random.Generator) -> None:
        super().initialize(rng)
        if self.contrast:
            for start in range(0, self.filters, self.fan_in - 1):  # so many can be orthogonal and sum to 0
                some = self.weights[start : start + self.fan_in - 1]
                columns = rng.normal(size=(self.fan_in, len(some)))
                q, _ = np.linalg.qr(columns - columns.mean(axis=0))
                some[...] = q.T.reshape(some.shape) * (self.gain / sqrt(3))

    def split(self, vector: Array) -> dict[str, Array]:
        rows = vector.reshape(self.filters, -1)
        shape = (self.filters, self.input_shape[0], self.kernel_size, self.kernel_size)
        return {"weights": rows[:, :-1].reshape(shape), "bias": rows[:, -1]}

    def _windows(self, x: Array) -> Array:
        """View x, (channels, height, width, n), as (channels, kernel row, kernel column, row, column, n)."""
        channel, row, column, image = x.strides
        strides = (channel, row, column, row * self.stride, column * self.stride, image)
        return as_strided(x, self._buffers(x.shape[-1]).patches.shape, strides, writeable=False)

    def forward(self, x: Array, training: bool = False) -> Array:
        buffers = self._buffers(x.shape[-1])
        if buffers.source is not x:  # making the view takes half as long as copying it, and x is mostly the same buffer
            buffers.source, buffers.windows = x, self._windows(x)
        np.copyto(buffers.patches, buffers.windows)  # type: ignore[arg-type]
        np.multiply(self._rows, self.output_scale, out=self._scaled_rows)
        np.matmul(self._scaled_rows, buffers.columns, out=buffers.output_rows)
        return buffers.output

    def backward(self, gradient: Array, need_input: bool = True) -> Array | None:
        n = gradient.shape[-1]
        rows = gradient.reshape(self.filters, -1)
        # ∂loss/∂w = Σ over positions and images of ∂loss/∂output · the input below the weight
        np.matmul(rows, self._buffers(n).columns.T, out=self._row_gradients)
        self._row_gradients *= self.output_scale
        if not need_input:
            return None
        # ∂loss/∂input gathers, for each weight, the outputs that this weight carried the input to
        columns, patches, x_gradient = self._input_gradient(n)
        np.matmul(self._scaled_rows[:, :-1].T, rows, out=columns)
        x_gradient.fill(0)
        _, height, width = self.output_shape
        for y in range(self.kernel_size):
            for x in range(self.kernel_size):
                x_gradient[
                    :, y : y + height * self.stride : self.stride, x : x + width * self.stride : self.stride
                ] += patches[:, y, x]
        return x_gradient


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

    def link(self, before: Layer | None, after: Layer | None) -> None:
        self._halved_before = isinstance(before, Weighted)
        self._mapped_after = isinstance(after, AvgPool2D)
        if isinstance(before, Weighted):
            before.output_scale = 0.5
        if isinstance(after, AvgPool2D):
            after.input_scale, after.input_shift = 0.5, 0.5
        self._tanh = PerBatchSize(self._make)
        self._output = PerBatchSize(self._make)
        self._gradient = PerBatchSize(self._make)

    def _make(self, n: int) -> Array:
        return np.empty((*self.input_shape, n), self.dtype)

    def forward(self, x: Array, training: bool = False) -> Array:
        n = x.shape[-1]
        self._t = x if self._halved_before else np.multiply(x, 0.5, out=self._tanh(n))
        np.tanh(self._t, out=self._t)
        if self._mapped_after:
            return self._t
        y = np.multiply(self._t, 0.5, out=self._output(n))
        return np.add(y, 0.5, out=y)

    def backward(self, gradient: Array, need_input: bool = True) -> Array:
        # With t = tanh(u), u = z / 2 and y = (1 + t) / 2:  ∂t/∂u = 1 − t²;  ∂u/∂z and ∂y/∂t are ½ each, and belong
        # to whoever does that step.
        derivative = self._gradient(gradient.shape[-1])
        np.multiply(self._t, self._t, out=derivative)
        np.subtract(1, derivative, out=derivative)
        in_rows = derivative.reshape(gradient.shape)
        np.multiply(in_rows, gradient, out=in_rows)
        steps = (not self._halved_before) + (not self._mapped_after)
        if steps:
            derivative *= 0.5**steps
        return derivative

    def values(self, output: Array) -> Array:
        return output * 0.5 + 0.5 if self._mapped_after else output.copy()


class ReLU(Layer):
    """The rectifier, max(z, 0)."""

    kind = "relu"

    def link(self, before: Layer | None, after: Layer | None) -> None:
        # In place where the layer before does not look at its output again: fewer buffers stay in the cache.
        self._in_place = isinstance(before, Weighted)
        self._output = PerBatchSize(lambda n: np.empty((*self.input_shape, n), self.dtype))
        self._gradient = PerBatchSize(lambda n: np.empty((*self.input_shape, n), self.dtype))
        self._passed = PerBatchSize(lambda n: np.empty((*self.input_shape, n), np.bool_))

    def forward(self, x: Array, training: bool = False) -> Array:
        self._y = np.maximum(x, 0, out=x if self._in_place else self._output(x.shape[-1]))
        return self._y

    def backward(self, gradient: Array, need_input: bool = True) -> Array:
        # ∂y/∂z is 1 where z > 0, else 0
        n = gradient.shape[-1]
        passed, out = self._passed(n), self._gradient(n)
        np.greater(self._y, 0, out=passed)
        np.multiply(passed.reshape(gradient.shape), gradient, out=out.reshape(gradient.shape))
        return out


class _PoolBuffers(NamedTuple):
    rows: Array  # sums along the height alone
    output: Array
    wide: Array  # the gradient spread along the width alone
    gradient: Array | None  # spread along both


class AvgPool2D(Layer):
    """The mean of each size×size window.

    The sums run along the height first and along the width of what remains, which is size additions for each
    direction instead of size² for both.

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
    """

    kind = "pool"

    def __init__(self, size: int, stride: int | None = None) -> None:
        self.size, self.stride = size, stride or size
        self.input_scale, self.input_shift = 1.0, 0.0

    def _shape_of_output(self, input_shape: Shape) -> Shape:
        channels, height, width = input_shape
        if min(height, width) < self.size:
            raise ValueError(f"a {self.size}×{self.size} pooling window does not fit a {height}×{width} input")
        self._buffers = PerBatchSize(self._make_buffers)
        shape = (channels, (height - self.size) // self.stride + 1, (width - self.size) // self.stride + 1)
        self._tiles_height = self.stride == self.size and height == shape[1] * self.size
        return shape

    def _make_buffers(self, n: int) -> _PoolBuffers:
        channels, height, width = self.output_shape
        in_width = self.input_shape[2]
        return _PoolBuffers(
            np.empty((channels, height, in_width, n), self.dtype),
            np.empty((channels, height, width, n), self.dtype),
            np.zeros((channels, height, in_width, n), self.dtype),
            None if self._tiles_height else np.empty((*self.input_shape, n), self.dtype),
        )

    def _window(self, offset: int, count: int) -> slice:
        return slice(offset, offset + count * self.stride, self.stride)

    def forward(self, x: Array, training: bool = False) -> Array:
        rows, output, _, _ = self._buffers(x.shape[-1])
        _, height, width = self.output_shape
        _sum([x[:, self._window(i, height)] for i in range(self.size)], rows)
        _sum([rows[:, :, self._window(j, width)] for j in range(self.size)], output)
        output *= self.input_scale / self.size**2
        if self.input_shift:
            output += self.input_shift
        return output

    def backward(self, gradient: Array, need_input: bool = True) -> Array:
        # Each input has the gradients of the windows that it is in, / size².
        _, _, wide, both = self._buffers(gradient.shape[-1])
        channels, height, width = self.output_shape
        scaled = gradient * self.dtype.type(self.input_scale / self.size**2)
        if self.stride == self.size:
            for j in range(self.size):
                wide[:, :, self._window(j, width)] = scaled
        else:
            wide.fill(0)
            for j in range(self.size):
                wide[:, :, self._window(j, width)] += scaled
        if both is None:
            # The rows of a window are alike: a view repeats them, without writing the larger array.
            shape = (channels, height, self.size, *wide.shape[2:])
            return np.broadcast_to(wide[:, :, None], shape)
        both.fill(0)
        for i in range(self.size):
            both[:, self._window(i, height)] += wide
        return both


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
                np.empty((self.outputs, n), self.dtype),
                np.empty((self.fan_in, n), self.dtype),
                np.ones(n, self.dtype),
            )
        )
        return (self.outputs,)

    def bind(self, parameters: Array, gradients: Array) -> None:
        super().bind(parameters, gradients)
        self._weights_gradient, self._bias_gradient = self.split(gradients).values()

    def split(self, vector: Array) -> dict[str, Array]:
        weights = vector[: self.outputs * self.fan_in].reshape(self.outputs, self.fan_in)
        return {"weights": weights, "bias": vector[self.outputs * self.fan_in :]}

    def forward(self, x: Array, training: bool = False) -> Array:
        self._x = x
        output = self._buffers(x.shape[-1]).output
        np.matmul(self.weights, x, out=output)
        output += self.bias[:, None]
        if self.output_scale != 1:
            output *= self.output_scale
        return output

    def backward(self, gradient: Array, need_input: bool = True) -> Array | None:
        # y = W x + b:  ∂loss/∂W = g xᵀ,  ∂loss/∂b = Σ g,  ∂loss/∂x = Wᵀ g
        _, input_gradient, ones = self._buffers(gradient.shape[-1])
        if self.output_scale != 1:
            gradient = gradient * self.dtype.type(self.output_scale)
        np.matmul(gradient, self._x.T, out=self._weights_gradient)
        np.matmul(gradient, ones, out=self._bias_gradient)
        return np.matmul(self.weights.T, gradient, out=input_gradient) if need_input else None


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
