"""A convolution, its activation and its pooling, as one step of the plan in `fast`."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from mnist_gui.nn.layers import AvgPool2D, Conv2D, ReLU, Sigmoid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnist_gui.nn.layer import Array, Layer


class ConvBlock:
    """A convolution, alone or with its sigmoid or rectifier, and with pooling by windows that stand side by side.

    Each row of input is copied once for every column of the kernel, shifted by so much; these copies and a row of ones,
    which takes the bias, are its band. A row of the maps is then one matrix product with as many consecutive bands as
    the kernel has rows, and since neighbouring rows overlap in them, they are not copied again. Many small products are
    also faster here than a single large one: OpenBLAS need not rearrange their operands first.

    The activation runs in place, σ as a bare tanh: ``σ(z) = (1 + tanh(z / 2)) / 2``, where z is halved by way of the
    few weights, and the other constants wait for the pooled values, which are fewer. Backwards, 1 − tanh² runs in place
    too, and its constants wait for the gradient of the weights. Without pooling the windows are single cells.

    Rows and columns that fill no window are not computed: nothing depends on them.
    """

    def __init__(
        self,
        conv: Conv2D,
        others: Sequence[Layer],
        gradients: Mapping[str, Array],
        n: int,
        dtype: np.dtype[Any],
        *,
        first: bool,
    ) -> None:
        p = next((layer.size for layer in others if isinstance(layer, AvgPool2D)), 1)
        (c, in_height, in_width), (f, height, width) = conv.input_shape, conv.output_shape
        self._shape = c, in_height, in_width, n
        self._p, self._rows, self._columns, self._first = p, height // p, width // p, first
        self._sigmoid, self._relu = (any(type(layer) is kind for layer in others) for kind in (Sigmoid, ReLU))
        self._weights, self._bias = conv.weights, conv.bias
        self._d_weights, self._d_bias = gradients["weights"], gradients["bias"]
        # Arrays without axes: NumPy takes half as long over them as over Python's numbers.
        self._half, self._one, self._zero = (np.array(value, dtype) for value in (0.5, 1, 0))
        self._mean = np.array((0.5 if self._sigmoid else 1) / p**2, dtype)
        # Of activation and pooling, but for what depends on the value.
        self._slope = np.array((0.25 if self._sigmoid else 1) / p**2, dtype)
        end = (width // p * p - 1) * conv.stride + 1
        self._places = [np.s_[:, :, x : x + end : conv.stride] for x in range(conv.kernel_size)]  # in (c, rows, …)
        self._prepare_windows(f, dtype)
        self._prepare_products(conv, dtype)
        if not first:
            self._prepare_input_gradient(conv, dtype)

    def _by_window(self, rows: Array) -> Array:
        """View (height, …) as (p, height / p, …): the first rows of all windows, then the second ones, and so on."""
        return rows.reshape(self._rows, self._p, *rows.shape[1:]).swapaxes(0, 1)

    def _prepare_products(self, conv: Conv2D, dtype: np.dtype[Any]) -> None:
        (c, _, _, n), f, k, stride = self._shape, conv.filters, conv.kernel_size, conv.stride
        h, w, depth = self._rows * self._p, self._columns * self._p, c * k + 1
        seen = (h - 1) * stride + k  # rows of the image
        bands = empty(seen, depth, w * n, dtype=dtype)
        bands[:, -1] = 1
        copies = bands[:, :-1].reshape(seen, c, k, w, n)
        self._seen, self._shifts = seen, [copies[:, :, x].swapaxes(0, 1) for x in range(k)]
        used = max(k * depth - 1, depth)  # of the rows of ones only the first has a weight
        row, line, item = bands.strides
        patches = as_strided(bands, (h, used, w * n), (stride * row, line, item), writeable=False)
        self._patches, self._patches_transposed = self._by_window(patches), self._by_window(patches.swapaxes(1, 2))
        # The weights in the order of the patches, and their gradient. A tap is what stands at a weight's place.
        matrix, d_matrix = np.zeros((2, f, k, depth), dtype)
        self._taps, self._d_taps = (m[..., :-1].reshape(f, k, c, k).swapaxes(1, 2) for m in (matrix, d_matrix))
        self._tap_of_ones, self._d_tap_of_ones = matrix[:, 0, -1], d_matrix[:, 0, -1]
        self._matrix, self._d_matrix = (m.reshape(f, -1)[:, :used] for m in (matrix, d_matrix))
        products = empty(self._p, self._rows, f, used, dtype=dtype)
        # Their sum is a product, too, which takes the slope along.
        self._products, self._product_rows = products, products.reshape(h, -1)
        self._slopes = np.full(h, self._slope)
        # OpenBLAS multiplies large matrices up to three times as fast if the maps lie column by column. Measured: with
        # fewer numbers, or with the maps in the windows' order, the copy costs more than it saves.
        pays = f * used > 1500 and not self._first
        self._copied = np.empty(self._maps.swapaxes(2, 3).shape, dtype) if pays else None

    def _prepare_windows(self, f: int, dtype: np.dtype[Any]) -> None:
        p, rows, n = self._p, self._rows, self._shape[-1]
        h, w = rows * p, self._columns * p
        # Where no gradient of the input is asked for, the filters come before the rows, in the windows' order, which
        # makes the blocks larger; else after them, as that gradient needs consecutive rows.
        self._values = empty(h, f, w * n, dtype=dtype)
        if self._first:
            self._maps = self._values.reshape(p, f, rows, w * n).swapaxes(1, 2)
        else:
            self._maps = self._by_window(self._values)
        self._windows = self._maps.swapaxes(1, 2).reshape(p, f, rows, w, n)
        in_place = p > 1 or (self._first and not self._sigmoid)
        self._activated = self._windows if in_place else empty(1, f, rows, w, n, dtype=dtype)
        if p > 1:
            self._sums = empty(f, rows, w, n, dtype=dtype)
            self._spread = np.broadcast_to(self._sums, self._windows.shape)
            self._window_rows = list(self._windows)
            self._window_columns = [self._sums[:, :, i::p] for i in range(p)]
            self._window_of_column = np.arange(w) // p
            self._pooled = empty(f, rows, w // p, n, dtype=dtype)
        else:
            self._pooled = self._activated[0]
        self._output = self._pooled.transpose(3, 0, 1, 2)
        if self._relu:
            self._zeros = np.zeros((rows, w, n), dtype)  # np.maximum takes four times as long over a single 0
            self._positive = np.empty(self._windows.shape, np.bool_)

    def _prepare_input_gradient(self, conv: Conv2D, dtype: np.dtype[Any]) -> None:
        (c, in_height, in_width, n), (h, f, length) = self._shape, self._values.shape
        k, stride = conv.kernel_size, conv.stride
        maps = self._values.reshape(h * f, length)
        d_bands = np.zeros((in_height, c * k, length), dtype)
        # Row y of the kernel met input row r in row (r − y) / stride of the maps. So for each remainder of r there are
        # certain rows of the kernel, here upside down, and for each r as many consecutive rows of the maps.
        upside_down = [self._weights[:, :, remainder::stride][:, :, ::-1] for remainder in range(min(k, stride))]
        self._turned = [(np.empty((c * k, part.shape[2] * f), dtype), part) for part in upside_down]
        self._row_products = []
        for r in range(in_height):
            last, remainder = divmod(r, stride)
            if remainder < k:
                turned, part = self._turned[remainder]
                before = last + 1 - part.shape[2]  # the first of these rows of the maps, if there is such a one
                start, stop = max(0, before), min(h, last + 1)
                if start < stop:
                    turned = turned[:, (start - before) * f : (stop - before) * f]
                    self._row_products.append((turned, maps[start * f : stop * f], d_bands[r]))
        w = self._columns * self._p
        copies = d_bands.reshape(in_height, c, k, w, n)
        self._d_shifts = [copies[:, :, x].swapaxes(0, 1) for x in range(k)]
        self._d_x = empty(c, in_height, in_width, n, dtype=dtype)

    def forward(self, x: Array, training: bool = False) -> Array:
        x = x.transpose(1, 2, 3, 0)[:, : self._seen]
        for shift, place in zip(self._shifts, self._places, strict=True):
            shift[...] = x[place]
        self._taps[...], self._tap_of_ones[...] = self._weights, self._bias
        if self._sigmoid:
            np.multiply(self._matrix, self._half, out=self._matrix)
        np.matmul(self._matrix, self._patches, out=self._maps)
        if self._sigmoid:
            np.tanh(self._values, out=self._values)
        elif self._relu:
            np.maximum(self._windows, self._zeros, out=self._activated)
        elif self._activated is not self._windows:
            np.copyto(self._activated, self._windows)
        if self._p > 1:
            add_up(*self._window_rows, out=self._sums)
            add_up(*self._window_columns, out=self._pooled)
            np.multiply(self._pooled, self._mean, out=self._pooled)
        elif self._sigmoid:
            np.multiply(self._windows[0], self._mean, out=self._pooled)
        if self._sigmoid:
            np.add(self._pooled, self._half, out=self._pooled)
        return self._output

    def backward(self, g: Array) -> Array | None:
        values, windows, maps = self._values, self._windows, self._maps  # they become ∂loss/∂z, but for the slope
        g = g.transpose(1, 2, 3, 0)
        if self._p > 1:  # the rows of a window are alike: a view repeats them, without writing the larger array
            g.take(self._window_of_column, axis=2, out=self._sums, mode="clip")  # "raise" would copy
            g = self._spread
        if self._sigmoid:
            np.multiply(values, values, out=values)
            np.subtract(self._one, values, out=values)
            np.multiply(windows, g, out=windows)
        elif self._relu:
            np.greater(self._activated, self._zero, out=self._positive)
            np.multiply(self._positive, g, out=windows)
        else:
            np.copyto(windows, g)
        if self._copied is not None:
            np.copyto(self._copied, maps.swapaxes(2, 3))
            maps = self._copied.swapaxes(2, 3)
        np.matmul(maps, self._patches_transposed, out=self._products)
        self._d_matrix[...] = (self._slopes @ self._product_rows).reshape(self._d_matrix.shape)
        self._d_weights[...], self._d_bias[...] = self._d_taps, self._d_tap_of_ones
        return None if self._first else self._backward_to_input()

    def _backward_to_input(self) -> Array:
        """Gather, for each weight, the outputs that it carried the input to: over the kernel's rows, then columns."""
        c, _, _, _ = self._shape
        f, _, k, _ = self._weights.shape
        for turned, weights in self._turned:
            out = turned.reshape(c, k, -1, f)
            np.multiply(weights.transpose(1, 3, 2, 0), self._slope, out=out)
        for turned, maps, d_band in self._row_products:
            np.matmul(turned, maps, out=d_band)
        self._d_x.fill(0)
        for d_shift, place in zip(self._d_shifts, self._places, strict=True):
            self._d_x[place] += d_shift
        return self._d_x.transpose(3, 0, 1, 2)


def add_up(*parts: Array, out: Array) -> None:
    """Add arrays of one shape."""
    if len(parts) == 1:
        np.copyto(out, parts[0])
    else:
        np.add(parts[0], parts[1], out=out)
        for part in parts[2:]:
            np.add(out, part, out=out)


def empty(*shape: int, dtype: np.dtype[Any]) -> Array:
    """Make a buffer that starts at a cache line: sums and products of such buffers are up to a quarter faster."""
    size, line = prod(shape) * dtype.itemsize, 64
    memory = np.empty(size + line, np.uint8)
    start = -memory.ctypes.data % line
    return memory[start : start + size].view(dtype).reshape(shape)
