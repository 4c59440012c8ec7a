"""A network is a list of layers, walked forwards and then backwards, and one vector of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mnist_gui.nn.fast import Plan
from mnist_gui.nn.losses import cross_entropy_gradient, softmax

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import DTypeLike, NDArray

    from mnist_gui.nn.layer import Array, Layer, Shape

# Larger batches are computed in slices of this many images, so that the buffers of a slice stay in the cache.
# Measured on 2 filters: 32 images take 0.9 MB; at 128 an image costs a third more.
SLICE: Final = 32

# Training needs a plan for one size of batch, its last short batch another, evaluation a third; a caller of many sizes
# does not hold on to more than these.
KEPT_PLANS: Final = 6


class Network:
    """A classifier: layers from images to logits, then a softmax.

    All parameters stand in one vector, and so do their gradients; the layers hold views of the parameters. An optimiser
    step, a copy for the window and a snapshot for the history are then one operation each.

    `activations` walks the layers as they are defined. `probabilities` and `backpropagate` run the same layers by a
    faster plan. A network belongs to one thread: both remember the last batch.

    Parameters
    ----------
    layers : sequence of Layer
        Each for this network alone.
    input_shape : tuple of int
        (channels, height, width) of one image.
    dtype : dtype
        float32 to train, float64 for the notebook's run and for gradient checks.
    architecture : str
        The name under which `architectures.build` makes this list again.

    Attributes
    ----------
    classes : int
    parameters, gradients : ndarray of `dtype`, shape (count,)
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        input_shape: Shape = (1, 28, 28),
        dtype: DTypeLike = np.float32,
        architecture: str = "",
    ) -> None:
        self.layers = list(layers)
        self.input_shape = input_shape
        self.dtype = np.dtype(dtype)
        self.architecture = architecture
        shape = input_shape
        for layer in self.layers:
            layer.build(shape)
            shape = layer.output_shape
        (self.classes,) = shape
        count = sum(layer.parameter_count for layer in self.layers)
        self.parameters: Array = np.zeros(count, self.dtype)
        self.gradients: Array = np.zeros(count, self.dtype)
        for layer, parts in zip(self.layers, self.split(self.parameters), strict=True):
            for name, part in parts.items():
                part[...] = layer.parameters[name]
            layer.parameters = parts
        self._plans: dict[int, Plan] = {}

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw fresh parameters, layer by layer."""
        for layer in self.layers:
            layer.initialize(rng)

    def split(self, vector: Array) -> list[dict[str, Array]]:
        """Divide a vector of parameters or gradients: for each layer, views of its part by name."""
        parts, start = [], 0
        for layer in self.layers:
            stop = start + layer.parameter_count
            parts.append(layer.split(vector[start:stop]))
            start = stop
        return parts

    def named(self, vector: Array | None = None) -> dict[str, Array]:
        """Name the parts of a vector of parameters, gradients or an old copy of either.

        Parameters
        ----------
        vector : ndarray, shape (count,), optional
            By default the network's own parameters.

        Returns
        -------
        dict of str to ndarray
            Views into `vector`, such as ``"conv1.weights"`` of shape (filters, channels, height, width).
        """
        named: dict[str, Array] = {}
        seen: dict[str, int] = {}
        for layer, parts in zip(self.layers, self.split(self.parameters if vector is None else vector), strict=True):
            seen[layer.kind] = seen.get(layer.kind, 0) + 1
            for name, part in parts.items():
                named[f"{layer.kind}{seen[layer.kind]}.{name}"] = part
        return named

    def as_input(self, images: NDArray[Any]) -> Array:
        """Turn images into the numbers that the first layer reads.

        Parameters
        ----------
        images : ndarray, shape (n, channels, height, width) or (n, height, width)
            float in [0, 1], or uint8 in 0 to 255.

        Returns
        -------
        ndarray of the network's dtype, shape (n, *input_shape)
            In [0, 1]. A copy.
        """
        return np.array(_in_unit_range(images), self.dtype).reshape(-1, *self.input_shape)

    def activations(self, images: NDArray[Any]) -> list[Array]:
        """Compute what every layer makes of the images, by its definition.

        Parameters
        ----------
        images : ndarray
            As for `as_input`. Few: each layer keeps what it needs to go backwards.

        Returns
        -------
        list of ndarray of the network's dtype
            One for each layer, of shape (n, *layer.output_shape); the last holds the logits.
        """
        x, values = self.as_input(images), []
        for layer in self.layers:
            x = layer.forward(x)
            values.append(x)
        return values

    def probabilities(self, images: NDArray[Any]) -> Array:
        """Classify images, any number of them.

        Parameters
        ----------
        images : ndarray
            As for `as_input`.

        Returns
        -------
        ndarray of the network's dtype, shape (n, classes)
            Rows add up to 1.
        """
        logits = np.empty((self.classes, len(images)), self.dtype).T  # in memory as the plan and the softmax like it
        for part in _slices(len(images)):
            batch = _in_unit_range(images[part])
            logits[part] = self._plan(len(batch)).forward(batch)
        return softmax(logits)

    def backpropagate(self, images: NDArray[Any], labels: NDArray[np.integer[Any]]) -> Array:
        """Fill `gradients` with those of the batch's mean cross-entropy.

        Parameters
        ----------
        images : ndarray
            As for `as_input`.
        labels : ndarray of int, shape (n,)

        Returns
        -------
        ndarray of the network's dtype, shape (n, classes)
            The probabilities before the step, from which `losses.cross_entropy` tells the loss.
        """
        n = len(images)
        if n <= SLICE:
            return self._backpropagate_slice(images, labels, n)
        probabilities, total = np.empty((n, self.classes), self.dtype), np.zeros_like(self.gradients)
        for part in _slices(n):
            probabilities[part] = self._backpropagate_slice(images[part], labels[part], n)
            total += self.gradients
        self.gradients[...] = total
        return probabilities

    def _backpropagate_slice(self, images: NDArray[Any], labels: NDArray[np.integer[Any]], batch_size: int) -> Array:
        plan = self._plan(len(images))
        probabilities = softmax(plan.forward(_in_unit_range(images), training=True))
        plan.backward(cross_entropy_gradient(probabilities, labels, batch_size))
        return probabilities

    def _plan(self, n: int) -> Plan:
        if n not in self._plans:
            if len(self._plans) == KEPT_PLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[n] = Plan(self.layers, self.split(self.gradients), n, self.dtype)
        return self._plans[n]


def _in_unit_range(images: NDArray[Any]) -> NDArray[Any]:
    """Divide bytes by 255: in float32 even for a float64 network, so that a pixel is the same number in both."""
    return images / np.float32(255) if images.dtype == np.uint8 else images


def _slices(n: int) -> Iterator[slice]:
    return (slice(start, start + SLICE) for start in range(0, n, SLICE))
