"""What a network makes of one image: every layer's values, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_gui.nn.losses import softmax

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One image as a network reads it.

    Attributes
    ----------
    image : ndarray of uint8, shape (28, 28)
    activations : tuple of ndarray of float
        The values of each layer, of shape `layer.output_shape`; the last are the logits.
    probabilities : ndarray of float, shape (classes,)
        They add up to 1.
    """

    image: NDArray[np.uint8]
    activations: tuple[Array, ...]
    probabilities: Array

    @property
    def logits(self) -> Array:
        """The values of the last layer, shape (classes,)."""
        return self.activations[-1]

    @property
    def ranked(self) -> list[int]:
        """The digits, most probable first; of equals, the smaller one."""
        order: list[int] = (-self.logits).argsort(kind="stable").tolist()
        return order

    @property
    def answer(self) -> int:
        """The most probable digit."""
        return self.ranked[0]


def read(network: Network, image: NDArray[np.uint8]) -> Reading:
    """Read one image, uint8 of shape (28, 28)."""
    activations = tuple(values[0] for values in network.activations(image[None]))
    return Reading(image, activations, softmax(activations[-1]))
