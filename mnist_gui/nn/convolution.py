"""The convolution, forward beside backward."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from mnist_gui.nn.layer import PerBatchSize, Viewed, Weighted, empty

if TYPE_CHECKING:
    from mnist_gui.nn.layer import Array, Shape


class _ConvBuffers:
    def __init__(self, layer: Conv2D, n: int) -> None:
        channels, in_height, _ = layer.input_shape
        filters, height, width = layer.output_shape
        k, depth, groups = layer.kernel_size, layer.band_depth, layer.row_groups
        size = layer.product_depth
        bands = empty((in_height, depth, width, n), layer.dtype)
        bands[:, -1] = 1
        self.shifts = bands[:, :-1].reshape(in_height, channels, k, width, n)
        self.windows = Viewed(layer.windows)
        band, row = bands.strides[:2]
        self.columns = as_strided(
            bands,
            (height // groups, groups, size, width * n),
            (groups * layer.stride * band, layer.stride * band, row, layer.dtype.itemsize),
            writeable=False,
        )
        self.columns_transposed = self.columns.swapaxes(2, 3)
        self.output = layer._make_output(n)
        self.output_rows = layer.in_rows(self.output)
        self.gradient_rows = Viewed(layer.in_rows)
        self.products = empty((height // groups, groups, filters, size), layer.dtype)
        # The sum over the rows, as a product: it takes the scales along.
        self.product_rows = self.products.reshape(height, -1)
        self.scales = np.full(height, layer.output_scale * layer.gradient_scale, layer.dtype)


class _ConvInputGradient(NamedTuple):
    products: Array
    columns: Array
    bands: Array
    input: Array


class Conv2D(Weighted):
    """A valid two-dimensional convolution (as everywhere in this field, a cross-correlation).

    ``output[f, r, c] = bias[f] + Σ weights[f, i, y, x] · input[i, r·stride + y, c·stride + x]``

    Each input row is copied once for each column of the kernel, shifted by so much; these copies and a row of ones,
    which takes the bias, are its band. A row of output is then one matrix product with as many consecutive bands as
    the kernel has rows, and since neighbouring rows overlap in them, they are not copied again. Many small products
    are also faster here than a single large one: OpenBLAS need not rearrange their operands first.

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
        super().__init__(gain)
        self.gradient_scale = 1.0  # of the gradients that come back; `AvgPool2D` sets it
        self.filters, self.kernel_size, self.stride, self.edges = filters, kernel_size, stride, edges

    def _shape_of_output(self, input_shape: Shape) -> Shape:
        channels, height, width = input_shape
        if min(height, width) < self.kernel_size:
            raise ValueError(f"a {self.kernel_size}×{self.kernel_size} filter does not fit a {height}×{width} input")
        self.fan_in = channels * self.kernel_size**2
        self.parameter_count = self.filters * (self.fan_in + 1)
        self.band_depth = channels * self.kernel_size + 1
        # Of the rows of ones only the first is of use; the last need not be gone through, and the others lie between.
        self.product_depth = max(self.kernel_size * self.band_depth - 1, self.band_depth)
        self._buffers = PerBatchSize(lambda n: _ConvBuffers(self, n))
        self._input_gradient = PerBatchSize(self._make_input_gradient)
        return (
            self.filters,
            (height - self.kernel_size) // self.stride + 1,
            (width - self.kernel_size) // self.stride + 1,
        )

    def _make_input_gradient(self, n: int) -> _ConvInputGradient:
        _, height, width = self.output_shape
        _, in_height, _ = self.input_shape
        groups, depth = self.row_groups, self.band_depth
        columns = empty((height // groups, groups, self.kernel_size * depth, width * n), self.dtype)
        columns[:, :, self.product_depth :] = 0
        return _ConvInputGradient(
            columns[:, :, : self.product_depth],
            columns.reshape(height, self.kernel_size, depth, -1),
            empty((in_height, depth, width * n), self.dtype),
            empty((*self.input_shape, n), self.dtype),
        )

    def bind(self, parameters: Array, gradients: Array) -> None:
        super().bind(parameters, gradients)
        self._rows = parameters.reshape(self.filters, -1)  # a filter's weights, then its bias
        self._row_gradients = gradients.reshape(self.filters, -1)
        # The matrix of the products has them as the bands are laid out: for each kernel row, the weights of a band;
        # the bias stands at the first row of ones, and zeros at the others.
        channels, k = self.input_shape[0], self.kernel_size
        weight = np.arange(self.fan_in).reshape(channels, k, k).swapaxes(0, 1).reshape(k, -1)
        in_row = np.full((k, self.band_depth), self.fan_in)
        in_row[:, :-1] = weight
        kept = np.ones((k, self.band_depth), self.dtype)
        kept[1:, -1] = 0
        self._in_row = in_row.ravel()[: self.product_depth]
        self._in_matrix = np.argsort(self._in_row, kind="stable")[: self.fan_in + 1]
        self._kept = np.tile(kept.ravel()[: self.product_depth], (self.filters, 1))
        self._scale = self._kept * self.dtype.type(self.output_scale)
        self._inferred_with: bytes | None = None
        self._matrix, self._matrix_gradient = np.zeros((2, self.filters, self.product_depth), self.dtype)

    def in_rows(self, output: Array) -> Array:
        """View outputs as one matrix for each row: (height / groups, groups, filters, width · n)."""
        _, height, width = self.output_shape
        shape = (self.row_groups, self.filters, height // self.row_groups, width * output.shape[-1])
        return output.reshape(shape).transpose(2, 0, 1, 3)

    def initialize(self, rng: np.random.Generator) -> None:
        super().initialize(rng)
        if self.edges:
            y, x = np.indices((self.kernel_size, self.kernel_size)) - (self.kernel_size - 1) / 2
            direction = np.pi * np.arange(self.filters)[:, None, None] / self.filters
            along = np.where(np.hypot(x, y), np.cos(np.arctan2(y, x) - direction), 0)
            self.weights *= 0.3
            self.weights += self.gain * (0.3 * along - 0.2)[:, None]

    def split(self, vector: Array) -> dict[str, Array]:
        rows = vector.reshape(self.filters, -1)
        shape = (self.filters, self.input_shape[0], self.kernel_size, self.kernel_size)
        return {"weights": rows[:, :-1].reshape(shape), "bias": rows[:, -1]}

    def windows(self, x: Array) -> Array:
        """View x, (channels, height, width, n), as (height, channels, kernel column, column, n)."""
        channel, row, column, image = x.strides
        strides = (row, channel, column, column * self.stride, image)
        return as_strided(x, self._buffers[x.shape[-1]].shifts.shape, strides, writeable=False)

    def forward(self, x: Array, training: bool = False) -> Array:
        buffers = self._gather(x)
        self._rows.take(self._in_row, axis=1, out=self._matrix, mode="clip")  # "raise" would copy
        np.multiply(self._matrix, self._scale, out=self._matrix)
        np.matmul(self._matrix, buffers.columns, out=buffers.output_rows)
        return buffers.output

    def _gather(self, x: Array) -> _ConvBuffers:
        buffers = self._buffers[x.shape[-1]]
        np.copyto(buffers.shifts, buffers.windows(x))
        return buffers

    def backward(self, gradient: Array, need_input: bool = True) -> Array | None:
        n = gradient.shape[-1]
        buffers = self._buffers[n]
        rows = buffers.gradient_rows(gradient)
        # ∂loss/∂w = Σ over positions and images of ∂loss/∂output · the input below the weight
        np.matmul(rows, buffers.columns_transposed, out=buffers.products)
        np.matmul(buffers.scales, buffers.product_rows, out=self._matrix_gradient.reshape(-1))
        self._matrix_gradient.take(self._in_matrix, axis=1, out=self._row_gradients, mode="clip")
        if not need_input:
            return None
        # ∂loss/∂input gathers, for each weight, the outputs that this weight carried the input to: first from the
        # rows of the kernel into the bands, then from its columns.
        products, columns, bands, x_gradient = self._input_gradient[n]
        np.matmul(self._matrix.T * self.dtype.type(self.gradient_scale), rows, out=products)
        k, stride = self.kernel_size, self.stride
        _, height, width = self.output_shape
        bands.fill(0)
        for y in range(k):
            bands[y : y + height * stride : stride] += columns[:, y]
        shifts = bands[:, :-1].reshape(buffers.shifts.shape).swapaxes(0, 1)
        x_gradient.fill(0)
        for x in range(k):
            x_gradient[:, :, x : x + width * stride : stride] += shifts[:, :, x]
        return x_gradient

    def infer(self, x: Array) -> Array:
        weights = self._rows.tobytes()
        if weights != self._inferred_with:  # they rest while a pen moves
            self._inferred_with = weights
            self._plain_matrix = self._rows.take(self._in_row, axis=1) * self._kept
        filters, height, width = self.output_shape
        groups, n = self.row_groups, x.shape[-1]
        output = np.empty((filters, height // groups, groups, width * n), self.dtype)
        np.matmul(self._plain_matrix, self._gather(x).columns, out=output.transpose(1, 2, 0, 3))
        return output.reshape(filters, height, width, n)
