"""Why a network answers as it does: what speaks for a digit and against it, place by place.

A logit is a bias and a sum of products, one for each cell of the maps before the last layer. Laid out in the shape of
those maps, the products say exactly what each place adds or takes away. Where more layers stand in between, gradient
times input is the first-order approximation of the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_gui.explain.arithmetic import as_input, receptive_field
from mnist_gui.nn.layers import Dense, Dropout, Flatten

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_gui.explain.arithmetic import ReceptiveField
    from mnist_gui.explain.reading import Reading
    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What each place adds to a logit, or to the difference of two.

    Attributes
    ----------
    maps : ndarray of float64, shape (maps, height, width)
        Positive where a place speaks for the digit.
    rest : float
        What no place adds: the bias, if exact; else what the approximation leaves unexplained.
    logit : float
        The network's own: of the digit, or of the digit minus the other's.
    exact : bool
        Whether maps and rest are the network's arithmetic, or an approximation of it.
    field : ReceptiveField
        Of the cells of the maps.
    """

    maps: Array
    rest: float
    logit: float
    exact: bool
    field: ReceptiveField

    @property
    def totals(self) -> Array:
        """What each map adds: shape (maps,)."""
        totals: Array = self.maps.sum(axis=(1, 2))
        return totals

    @property
    def total(self) -> float:
        """All maps and the rest together: the logit, up to rounding."""
        return float(self.totals.sum()) + self.rest

    @property
    def summed(self) -> Array:
        """The maps laid over each other: shape (height, width)."""
        summed: Array = self.maps.sum(axis=0)
        return summed

    @property
    def place(self) -> tuple[float, float, float, float]:
        """Top, left, height and width of the part of the image that the maps are laid over, in pixels.

        A cell stands in the middle of its receptive field, as large as the step to the next cell.
        """
        margin = (self.field.size - self.field.step) / 2
        _, height, width = self.maps.shape
        return margin, margin, height * self.field.step, width * self.field.step


def is_exact(network: Network) -> bool:
    """Tell whether the logits are sums over maps: whether one dense layer reads them, and nothing comes after."""
    return _last_maps(network) is not None


def exact(network: Network, reading: Reading, digit: int, against: int | None = None) -> Evidence:
    """Lay out the products that a logit is the sum of.

    ``logit[d] = bias[d] + Σ weights[d, i, y, x] · maps[i, y, x]``

    Parameters
    ----------
    network : Network
        One that `is_exact`.
    reading : Reading
        What it makes of an image.
    digit : int
    against : int, optional
        Another digit, whose evidence is subtracted: why the first, and not this one?

    Raises
    ------
    ValueError
        If more layers stand between the maps and the logits.
    """
    last = _last_maps(network)
    if last is None:
        raise ValueError("the logits of this network are no sums over its maps")
    maps = reading.activations[last] if last >= 0 else as_input(network, reading.image)
    choice = _choice(network, digit, against)
    dense = network.layers[-1]
    assert isinstance(dense, Dense)
    # In float64, which holds the product of two float32 numbers exactly.
    weights = (choice @ dense.weights).reshape(maps.shape)
    return Evidence(
        maps=weights * maps,
        rest=float(choice @ dense.bias),
        logit=float(choice @ reading.logits),
        exact=True,
        field=receptive_field(network.layers[: last + 1]),
    )


def approximate(network: Network, reading: Reading, digit: int, against: int | None = None) -> Evidence:
    """Multiply each pixel with the slope of the logit along it.

    A first-order approximation: it says what the logit would lose if it fell along its present slope while the pixel
    went to 0. Parameters are those of `exact`; any network will do.

    References
    ----------
    Shrikumar et al., "Not Just a Black Box: Learning Important Features Through Propagating Activation Differences",
    2016, where gradient × input is described.
    """
    pixels = as_input(network, reading.image)
    choice = _choice(network, digit, against)
    logit = float(choice @ reading.logits)
    maps = pixels.astype(np.float64) * input_gradient(network, pixels, choice)
    return Evidence(maps, logit - float(maps.sum()), logit, exact=False, field=receptive_field(()))


def input_gradient(network: Network, image: NDArray[Any], direction: NDArray[Any]) -> Array:
    """Compute the gradient of a weighted sum of logits with respect to the pixels, layer by layer as they are defined.

    Parameters
    ----------
    network : Network
    image : ndarray of uint8 or float
        One image.
    direction : ndarray, shape (classes,)
        The weights of the logits in the sum.

    Returns
    -------
    ndarray of the network's dtype, shape (channels, height, width)
    """
    x = network.as_input(image[None])
    for layer in network.layers:
        x = layer.forward(x)
    g: Array = direction.astype(network.dtype)[None]
    for layer in reversed(network.layers):
        g = layer.backward(g)
    of_image: Array = g[0]
    return of_image


def _choice(network: Network, digit: int, against: int | None) -> NDArray[np.float64]:
    """Return the weights of the logits: 1 for the digit, −1 for the other."""
    choice = np.zeros(network.classes)
    choice[digit] += 1
    if against is not None:
        choice[against] -= 1
    return choice


def _last_maps(network: Network) -> int | None:
    """Return the index of the layer whose maps the dense layer reads, −1 for the image itself, or None."""
    *before, last = network.layers
    if not isinstance(last, Dense):
        return None
    while before and isinstance(before[-1], Dropout):  # passes everything on, outside training
        before.pop()
    return len(before) - 2 if before and isinstance(before[-1], Flatten) else None
