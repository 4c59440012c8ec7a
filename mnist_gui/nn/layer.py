"""What every layer of a network is.

A layer is built once for the shape of its input, takes views of its part of the network's parameter vector, and then
runs forwards and backwards, as fast as can be: it reuses its buffers, so that an array that it returns is good until
its next call, and may leave a linear step to a neighbour. Besides, it infers: its plain values, to look at and to keep.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[np.floating[Any]]
Shape = tuple[int, ...]
B = TypeVar("B")


def empty(shape: Shape, dtype: np.dtype[Any]) -> Array:
    """Make a buffer that starts at a cache line: sums and products of such buffers are up to a quarter faster."""
    size, line = prod(shape) * dtype.itemsize, 64
    memory = np.empty(size + line, np.uint8)
    start = -memory.ctypes.data % line
    return memory[start : start + size].view(dtype).reshape(shape)


class PerBatchSize(dict[int, B]):
    """By batch size, the buffers for it, which are made once and then reused.

    Training needs one size, its last short batch another, evaluation a third and a drawing the size 1; `KEPT` bounds
    what a caller of many sizes can hold on to.
    """

    KEPT: Final = 6

    def __init__(self, make: Callable[[int], B]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, batch_size: int) -> B:
        if len(self) == self.KEPT:
            del self[next(iter(self))]
        made = self[batch_size] = self._make(batch_size)
        return made


class Viewed(Generic[B]):
    """Views of an array, kept while it is the same one: making them can take half as long as the work on them."""

    def __init__(self, make: Callable[[Array], B]) -> None:
        self._make = make
        self._array: Array | None = None

    def __call__(self, array: Array) -> B:
        """Return the views of `array`."""
        if array is not self._array:
            self._array, self._views = array, self._make(array)
        return self._views


class Layer:
    """One step of a network.

    Attributes
    ----------
    input_shape, output_shape : tuple of int
        Shapes without the batch axis; known once the layer is built.
    batch_first : tuple of int
        The axes of (*output_shape, n) in the order (n, *output_shape).
    parameter_count : int
        Length of the layer's part of the parameter vector.
    kind : str
        What the layer is called in files and in the window: "conv", "dense", …
    elementwise : bool
        Whether every output depends on the input at its own place alone, wherever that stands in memory.
    row_groups : int
        Outputs are (groups, channels, height / groups, width, n) if this is not 1: row r stands in group
        r mod groups. `AvgPool2D` sets it for the layers before it, see there.
    """

    kind: str
    input_shape: Shape
    output_shape: Shape
    parameter_count: int = 0
    dtype: np.dtype[Any]
    elementwise: bool = False
    row_groups: int = 1
    before: Layer | None = None

    def build(self, input_shape: Shape, dtype: np.dtype[Any]) -> None:
        """Fix the shapes, make no buffers yet.

        Parameters
        ----------
        input_shape : tuple of int
            Shape of one input, without the batch axis.
        dtype : dtype
            Of every array that the layer makes.

        Raises
        ------
        ValueError
            If the input does not suit the layer.
        """
        self.input_shape, self.dtype = input_shape, dtype
        self.output_shape = self._shape_of_output(input_shape)
        self.batch_first = (len(self.output_shape), *range(len(self.output_shape)))

    def _shape_of_output(self, input_shape: Shape) -> Shape:
        return input_shape

    def link(self, before: Layer | None, after: Layer | None) -> None:
        """Meet the neighbours, once all layers are built; called from the first layer to the last."""
        self.before = before

    def bind(self, parameters: Array, gradients: Array) -> None:
        """Take this layer's part of the network's parameter and gradient vectors, as views of shape (count,).

        The last step of making a network, when its layers are linked.
        """

    def split(self, vector: Array) -> dict[str, Array]:
        """Name the parts of a vector of this layer's parameters (or gradients, or an old copy), as views."""
        del vector
        return {}

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw fresh parameters."""

    def forward(self, x: Array, training: bool = False) -> Array:
        """Compute the outputs, (*output_shape, n), of the inputs, (*input_shape, n)."""
        raise TypeError(f"{type(self).__name__} has no forward")

    def backward(self, gradient: Array, need_input: bool = True) -> Array | None:
        """Turn ∂loss/∂output into ∂loss/∂input and fill the gradients of the parameters.

        Parameters
        ----------
        gradient : ndarray, (*output_shape, n)
            Of the batch that `forward` saw last, with its rows in groups if the outputs are.
        need_input : bool
            The first layer of a network is spared its input's gradient: nobody asks for it.

        Returns
        -------
        ndarray, (*input_shape, n), or None if `need_input` is false and the layer has parameters.
        """
        raise TypeError(f"{type(self).__name__} has no backward")

    def infer(self, x: Array) -> Array:
        """Compute what the layer stands for, in a new array, (*output_shape, n), of inferred inputs."""
        return self.forward(x).copy()

    def _make_output(self, n: int) -> Array:
        """Make a buffer for outputs of n inputs."""
        if self.row_groups == 1:
            return empty((*self.output_shape, n), self.dtype)
        channels, height, width = self.output_shape
        return empty((self.row_groups, channels, height // self.row_groups, width, n), self.dtype)


class Weighted(Layer):
    """A layer with weights and a bias, whose output is linear in both.

    Attributes
    ----------
    output_scale : float
        A constant that the layer multiplies into its output by way of its few weights. `Sigmoid` sets it.
    gain : float
        Fresh weights are uniform in ±gain / √fan_in; fresh biases are 0.
    weights, bias : ndarray
        Views into the network's parameter vector.
    """

    weights: Array
    bias: Array
    fan_in: int

    def __init__(self, gain: float) -> None:
        self.gain = gain
        self.output_scale = 1.0

    def bind(self, parameters: Array, gradients: Array) -> None:
        super().bind(parameters, gradients)
        self.weights, self.bias = self.split(parameters).values()

    def initialize(self, rng: np.random.Generator) -> None:
        limit = self.gain / sqrt(self.fan_in)
        self.weights[...] = rng.uniform(-limit, limit, self.weights.shape)
        self.bias[...] = 0
