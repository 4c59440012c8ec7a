"""What every layer of a network is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Shape = tuple[int, ...]


class Layer:
    """One step of a network: a function of a batch, and its derivative.

    Attributes
    ----------
    kind : str
        What the layer is called in files and in the window: "conv", "dense", …
    input_shape, output_shape : tuple of int
        Shapes of one input and of one output, without the batch axis.
    parameters : dict of str to ndarray
        What training changes, by name. In a network these are views of its parameter vector.
    gradients : dict of str to ndarray
        ∂loss/∂parameters of the last `backward`, by the same names.
    """

    kind: str
    input_shape: Shape
    output_shape: Shape
    parameters: dict[str, Array]
    gradients: dict[str, Array]

    def build(self, shape: Shape) -> None:
        """Fix the shapes and make the parameters. Overridden to set `output_shape` or `parameters`.

        Parameters
        ----------
        shape : tuple of int
            Of one input.

        Raises
        ------
        ValueError
            If inputs of this shape do not suit the layer.
        """
        self.input_shape = self.output_shape = shape
        self.parameters, self.gradients = {}, {}

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw fresh parameters."""

    def forward(self, x: Array, training: bool = False) -> Array:
        """Compute the outputs, (n, *output_shape), of the inputs, (n, *input_shape)."""
        raise NotImplementedError

    def backward(self, g: Array) -> Array:
        """Turn ∂loss/∂output of the batch that `forward` saw last into ∂loss/∂input, and set `gradients`.

        Parameters
        ----------
        g : ndarray, shape (n, *output_shape)

        Returns
        -------
        ndarray, shape (n, *input_shape)
        """
        raise NotImplementedError

    @property
    def parameter_count(self) -> int:
        """How many numbers the parameters are."""
        return sum(p.size for p in self.parameters.values())

    def split(self, vector: Array) -> dict[str, Array]:
        """Name the parts of a vector of this layer's parameters or gradients: views, one parameter after the other."""
        parts, start = {}, 0
        for name, p in self.parameters.items():
            parts[name] = vector[start : start + p.size].reshape(p.shape)
            start += p.size
        return parts
