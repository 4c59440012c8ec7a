"""The networks that the program offers, each read as a list of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, ReLU, Sigmoid
from mnist_gui.nn.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike

    from mnist_gui.nn.layer import Layer


def notebook() -> list[Layer]:
    """Two 3×3 filters, sigmoid, 2×2 mean pooling, one dense layer: 3,410 parameters.

    The notebook's network. Its filters start five times larger than is usual: a sigmoid pooled to its mean passes on
    little of a weak filter.
    """
    return [Conv2D(2, 3, gain=5, edges=True), Sigmoid(), AvgPool2D(2), Flatten(), Dense(10)]


def relu() -> list[Layer]:
    """Two 3×3 filters as in the notebook, with rectifiers for sigmoids: 3,410 parameters."""
    return [Conv2D(2, 3, gain=RELU_GAIN), ReLU(), AvgPool2D(2), Flatten(), Dense(10)]


def wide() -> list[Layer]:
    """Eight 3×3 filters where the notebook has two: 13,610 parameters."""
    return [Conv2D(8, 3, gain=5, edges=True), Sigmoid(), AvgPool2D(2), Flatten(), Dense(10)]


def deep() -> list[Layer]:
    """Two convolutions, rectifiers and dropout: 5,994 parameters."""
    return [
        Conv2D(8, 5, gain=RELU_GAIN),
        ReLU(),
        AvgPool2D(2),
        Conv2D(16, 5, gain=RELU_GAIN),
        ReLU(),
        AvgPool2D(2),
        Flatten(),
        Dropout(0.1),
        Dense(10),
    ]


# He et al., "Delving Deep into Rectifiers", 2015: a variance of 2 / fan_in, here of a uniform distribution.
RELU_GAIN: Final = 6**0.5

ARCHITECTURES: Final[dict[str, Callable[[], list[Layer]]]] = {
    "notebook": notebook,
    "relu": relu,
    "wide": wide,
    "deep": deep,
}


def title(name: str) -> str:
    """Write the name of an architecture as people do."""
    return "ReLU" if name == "relu" else name.capitalize()


def build(name: str, dtype: DTypeLike = np.float32) -> Network:
    """Make the network called `name`, with all parameters 0.

    Raises
    ------
    KeyError
        If there is no architecture of that name.
    """
    return Network(ARCHITECTURES[name](), dtype=dtype, architecture=name)
