"""What every way to train the network has in common, and ours.

A contender is started from the parameters of one of our networks, steps through a batch that it was given beforehand,
in whatever form it likes best, and can say what its parameters are, so that all can be checked to do the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mnist_gui.nn import architectures
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, Sigmoid
from mnist_gui.nn.losses import cross_entropy
from mnist_gui.nn.network import Network
from mnist_gui.nn.optimizers import SGD

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RATE, MOMENTUM = 0.003, 0.9  # so low that no contender strays from the others by rounding


class UnavailableError(Exception):
    """A contender can't run here; the message says what it lacks."""


@dataclass(frozen=True)
class Batch:
    images: NDArray[np.float32]  # (n, 1, 28, 28)
    labels: NDArray[np.int64]  # (n,)

    @classmethod
    def random(cls, n: int) -> Batch:
        rng = np.random.default_rng(n)
        return cls(rng.random((n, 1, 28, 28), np.float32), rng.integers(0, 10, n))


class Contender(Protocol):
    step: Callable[[], float]
    """Train on the batch and return its mean loss, as a number or as whatever stands for one."""

    def parameters(self) -> NDArray[Any]:
        """Return all parameters in the order of `Network.parameters`."""


def network(filters: int = 2, dtype: type = np.float32) -> Network:
    """Make the notebook's network, or its like with more filters, with fresh parameters."""
    made = Network([Conv2D(filters, 3, gain=5), Sigmoid(), AvgPool2D(2), Flatten(), Dense(10)], dtype=dtype)
    made.initialize(np.random.default_rng(0))
    return made


class Ours:
    def __init__(self, start: Network, batch: Batch, *, momentum: float = MOMENTUM, rate: float = RATE) -> None:
        if start.architecture:
            self._network = architectures.build(start.architecture, start.dtype)
        else:
            self._network = network(start.layers[0].filters, start.dtype)
        self.drop_out(0)
        self._network.parameters[:] = start.parameters
        self._optimizer = SGD(self._network.parameters, momentum=momentum, nesterov=momentum > 0)
        self._batch, self._rate = batch, rate

    def step(self) -> float:
        probabilities = self._network.backpropagate(self._batch.images, self._batch.labels)
        losses = cross_entropy(probabilities, self._batch.labels)
        self._optimizer.step(self._network.gradients, self._rate)
        return losses.sum() / losses.size  # mean() takes 3 µs more

    def drop_out(self, rate: float) -> None:
        for layer in self._network.layers:
            if isinstance(layer, Dropout):
                layer.rate = rate

    def parameters(self) -> NDArray[Any]:
        return self._network.parameters


def check_alike(start: Network, contenders: dict[str, Contender], tolerance: float = 1e-5) -> None:
    """Let each contender step three times, and compare all parameters and losses with ours.

    Raises
    ------
    AssertionError
        If one of them computes something else.
    """
    losses = {name: [float(contender.step()) for _ in range(3)] for name, contender in contenders.items()}
    ours = contenders["mnist_gui"].parameters()
    assert np.abs(ours - start.parameters).max() > 10 * tolerance, "nothing was learned"
    for name, contender in contenders.items():
        np.testing.assert_allclose(contender.parameters(), ours, atol=tolerance, err_msg=name)
        np.testing.assert_allclose(losses[name], losses["mnist_gui"], atol=tolerance, err_msg=name)
