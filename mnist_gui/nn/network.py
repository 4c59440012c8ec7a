"""A network is a list of layers, walked forwards and then backwards, and one vector of parameters."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mnist_gui.nn.layer import PerBatchSize, empty
from mnist_gui.nn.losses import cross_entropy_gradient, softmax

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import DTypeLike, NDArray

    from mnist_gui.nn.layer import Array, Layer, Shape

# Larger batches are computed in slices of this many images, so that the buffers of a slice stay in the cache.
# Measured on 2 filters: 32 images take 0.9 MB; at 128 an image costs a third more.
SLICE: Final = 32


class Network:
    """A classifier: layers from images to logits, then a softmax.

    All parameters stand in one vector, and so do their gradients; the layers hold views. An optimiser step, a copy
    for the window and a snapshot for the history are then one operation each.

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
            layer.build(shape, self.dtype)
            shape = layer.output_shape
        (self.classes,) = shape
        for before, layer, after in zip([None, *self.layers], self.layers, [*self.layers[1:], None], strict=False):
            layer.link(before, after)
        ends = np.cumsum([0, *(layer.parameter_count for layer in self.layers)])
        self._parts = [slice(start, stop) for start, stop in pairwise(ends.tolist())]
        self.parameters: Array = np.zeros(ends[-1], self.dtype)
        self.gradients: Array = np.zeros(ends[-1], self.dtype)
        for layer, part in zip(self.layers, self._parts, strict=True):
            layer.bind(self.parameters[part], self.gradients[part])
        self._inputs = PerBatchSize(self._make_input)
        self._probabilities = PerBatchSize(lambda n: empty((self.classes, n), self.dtype))
        self._logit_gradients = PerBatchSize(lambda n: empty((self.classes, n), self.dtype))

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw fresh parameters, layer by layer."""
        for layer in self.layers:
            layer.initialize(rng)

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
        vector = self.parameters if vector is None else vector
        named: dict[str, Array] = {}
        seen: dict[str, int] = {}
        for layer, part in zip(self.layers, self._parts, strict=True):
            seen[layer.kind] = seen.get(layer.kind, 0) + 1
            for name, view in layer.split(vector[part]).items():
                named[f"{layer.kind}{seen[layer.kind]}.{name}"] = view
        return named

    def probabilities(self, images: NDArray[Any]) -> Array:
        """Classify images.

        Parameters
        ----------
        images : ndarray, shape (n, channels, height, width) or (n, height, width)
            float in [0, 1], or uint8 in 0 to 255.

        Returns
        -------
        ndarray of float, shape (n, classes)
            Rows add up to 1.
        """
        result = np.empty((len(images), self.classes), self.dtype)
        for part in _slices(len(images)):
            logits = self._forward(self._batch_last(images[part]), training=False)
            softmax(logits, out=result[part].T)
        return result

    def activations(self, images: NDArray[Any]) -> list[Array]:
        """Compute what every layer makes of the images.

        Parameters
        ----------
        images : ndarray
            As for `probabilities`.

        Returns
        -------
        list of ndarray of float
            One for each layer, of shape (n, *layer.output_shape); the last holds the logits.
        """
        x = self._batch_last(images)
        values = []
        for layer in self.layers:
            x = layer.infer(x)
            values.append(x.transpose(layer.batch_first))  # moveaxis takes ten times as long
        return values

    def backpropagate(self, images: NDArray[Any], labels: NDArray[np.integer[Any]]) -> Array:
        """Fill `gradients` with those of the batch's mean cross-entropy.

        Parameters
        ----------
        images : ndarray
            As for `probabilities`.
        labels : ndarray of int, shape (n,)

        Returns
        -------
        ndarray of float, shape (classes, n)
            The probabilities before the step, from which `losses.cross_entropy` tells the loss. Good until the
            next call.
        """
        n = len(images)
        if n <= SLICE:
            return self._backpropagate_slice(images, labels, n)
        probabilities = self._probabilities[n]
        total = np.zeros_like(self.gradients)
        for part in _slices(n):
            probabilities[:, part] = self._backpropagate_slice(images[part], labels[part], n)
            total += self.gradients
        self.gradients[...] = total
        return probabilities

    def _backpropagate_slice(self, images: NDArray[Any], labels: NDArray[np.integer[Any]], batch_size: int) -> Array:
        n = len(images)
        logits = self._forward(self._batch_last(images), training=True)
        probabilities = softmax(logits, out=self._probabilities[n])
        gradient: Array | None = cross_entropy_gradient(probabilities, labels, batch_size, out=self._logit_gradients[n])
        for layer in reversed(self.layers):
            assert gradient is not None
            gradient = layer.backward(gradient, need_input=layer is not self.layers[0])
        return probabilities

    def _forward(self, x: Array, *, training: bool) -> Array:
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def _make_input(self, n: int) -> tuple[Array, Array]:
        """Make a buffer for n images, and a view of it with a column for each."""
        x = empty((*self.input_shape, n), self.dtype)
        return x, x.reshape(-1, n)

    def _batch_last(self, images: NDArray[Any]) -> Array:
        """Copy images to the inside order (channels, height, width, n) and to [0, 1]."""
        n = len(images)
        x, target = self._inputs[n]
        if images.dtype == np.uint8:
            # In float32 even for a float64 network: a pixel is the same number in both.
            images = images.astype(np.float32)
            images /= 255
        np.copyto(target, images.reshape(n, -1).T, casting="same_kind")
        return x


def _slices(n: int) -> Iterator[slice]:
    return (slice(start, start + SLICE) for start in range(0, n, SLICE))
