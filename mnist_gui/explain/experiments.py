"""What if? A network with another filter, a drawing somewhere else, a single step of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mnist_gui.nn import architectures
from mnist_gui.nn.losses import cross_entropy, cross_entropy_gradient, softmax

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network

FILTERS: Final = "conv1.weights"
"""The name of the filters that can be edited: those that look at the image itself."""

REACH: Final = 6
"""The farthest that `shift_answers` moves the drawing, in pixels."""


def copy_of(network: Network, dtype: DTypeLike | None = None) -> Network:
    """Make another network with the same parameters, by default in the same dtype."""
    twin = architectures.build(network.architecture, network.dtype if dtype is None else dtype)
    twin.parameters[:] = network.parameters
    return twin


# --- another filter ---


def filters(network: Network) -> Array | None:
    """Return the filters of the first layer, a view of shape (filters, channels, size, size), if there are any."""
    return network.named().get(FILTERS)


def with_filter(network: Network, index: int, values: Array) -> Array:
    """Return the parameters that the network would have with another filter.

    Parameters
    ----------
    network : Network
    index : int
        Which of the filters of the first layer.
    values : ndarray, shape (channels, size, size)

    Returns
    -------
    ndarray of the network's dtype, shape (count,)
        A new vector; the network stays as it is.
    """
    parameters = network.parameters.copy()
    network.named(parameters)[FILTERS][index] = values
    return parameters


# --- the drawing somewhere else ---


@dataclass(frozen=True, slots=True, eq=False)
class ShiftMap:
    """What a network reads wherever the drawing stands.

    Attributes
    ----------
    digits : ndarray of int, shape (2 reach + 1, 2 reach + 1)
        The answers. Rows run from a drawing moved up to one moved down, columns from left to right; in the middle it
        stands where it was.
    confidences : ndarray of float, of the same shape
        The probabilities of these digits.
    """

    digits: NDArray[np.int64]
    confidences: Array

    @property
    def kept(self) -> float:
        """The share of places with the answer of the middle, in [0, 1]."""
        middle = len(self.digits) // 2
        return float((self.digits == self.digits[middle, middle]).mean())


def shifted(image: NDArray[np.uint8], reach: int = REACH) -> NDArray[np.uint8]:
    """Move an image by every offset of up to `reach` pixels; what leaves the frame is cut off.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width)
    reach : int

    Returns
    -------
    ndarray of uint8, shape (2 reach + 1, 2 reach + 1, height, width)
        At [reach + down, reach + right].
    """
    # A window that moves up and left over the padded image shows it move down and right.
    return sliding_window_view(np.pad(image, reach), image.shape)[::-1, ::-1]


def shift_answers(network: Network, image: NDArray[np.uint8], reach: int = REACH) -> ShiftMap:
    """Read an image, uint8 of shape (height, width), at every offset of up to `reach` pixels, as one batch."""
    side = 2 * reach + 1
    # By the plan: the definitions take five times as long, 3 to 10 ms, and the map is drawn again as the pen moves.
    probabilities = network.probabilities(shifted(image, reach).reshape(side**2, *image.shape))
    return ShiftMap(probabilities.argmax(axis=1).reshape(side, side), probabilities.max(axis=1).reshape(side, side))


# --- one step of training ---


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step of plain gradient descent on one image, ``p ← p − rate · ∂loss/∂p``.

    Attributes
    ----------
    before, after : ndarray of float64, shape (classes,)
        The probabilities.
    loss_before, loss_after : float
        Cross-entropies.
    gradient : ndarray of float64, shape (count,)
        ∂loss/∂parameters before the step.
    parameters : ndarray of float64, shape (count,)
        After the step.
    """

    before: Array
    after: Array
    loss_before: float
    loss_after: float
    gradient: Array
    parameters: Array


def one_step(network: Network, image: NDArray[np.uint8], label: int, rate: float) -> Step:
    """Work out, in float64, what one step would change; the network stays as it is.

    Layer by layer as they are defined, forwards and backwards. Dropout leaves all values as they are, or else the step
    would be that of another network.

    Parameters
    ----------
    network : Network
    image : ndarray of uint8, shape (height, width)
    label : int
        What the image is to be read as.
    rate : float
    """
    twin, images, labels = copy_of(network, np.float64), image[None], np.array([label])
    before = softmax(twin.activations(images)[-1])
    g = cross_entropy_gradient(before, labels, batch_size=1)
    for layer in reversed(twin.layers):
        g = layer.backward(g)
    gradient = np.zeros_like(twin.parameters)
    for layer, parts in zip(twin.layers, twin.split(gradient), strict=True):
        for name, part in parts.items():
            part[...] = layer.gradients[name]
    twin.parameters -= rate * gradient
    after = softmax(twin.activations(images)[-1])
    loss_before, loss_after = (float(cross_entropy(p, labels)[0]) for p in (before, after))
    return Step(before[0], after[0], loss_before, loss_after, gradient, twin.parameters)


def finite_difference(network: Network, image: NDArray[np.uint8], label: int, parameter: int, h: float = 1e-5) -> float:
    """Measure a slope of the loss without any backpropagation, ``(loss(w + h) − loss(w − h)) / 2h`` in float64.

    Parameters
    ----------
    network : Network
    image : ndarray of uint8, shape (height, width)
    label : int
    parameter : int
        The place of w in the parameter vector.
    h : float
        At 1e-5 the error of the formula, some h², and that of rounding, some 1e-16 / h, are both about 1e-10.
    """
    twin, images, labels = copy_of(network, np.float64), image[None], np.array([label])
    w, losses = twin.parameters[parameter], []
    for moved in (w + h, w - h):
        twin.parameters[parameter] = moved
        losses.append(float(cross_entropy(softmax(twin.activations(images)[-1]), labels)[0]))
    return (losses[0] - losses[1]) / (2 * h)


def place(network: Network, name: str, *index: int) -> int:
    """Return where one number of a named part stands in the parameter vector."""
    places: NDArray[Any] = np.arange(network.parameters.size)
    return int(network.named(places)[name][index])
