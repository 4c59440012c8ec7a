"""Optimisers: they turn a gradient into a step of the parameters. Each owns its buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mnist_gui.nn.layer import Array


class SGD:
    """Stochastic gradient descent with momentum, weight decay and Nesterov's look-ahead.

    ``g ← gradient + weight_decay · p``;  ``v ← momentum · v + g``;  ``p ← p − rate · v``, or with Nesterov's form
    ``p ← p − rate · (g + momentum · v)``.

    Parameters
    ----------
    parameters : ndarray of float, shape (count,)
        The network's parameter vector, updated in place.
    momentum, weight_decay : float
        0 switches either off.
    nesterov : bool

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.
    """

    def __init__(
        self, parameters: Array, *, momentum: float = 0.0, nesterov: bool = False, weight_decay: float = 0.0
    ) -> None:
        self._parameters = parameters
        self._nesterov, self._weight_decay = nesterov, weight_decay
        self._velocity = np.zeros_like(parameters)  # already times the momentum, for the next step
        self._step = np.empty_like(parameters)
        # Arrays without axes: of the parameters' dtype, and cheaper for NumPy than Python's numbers.
        self._rate, self._momentum = np.zeros_like(parameters, shape=()), np.full_like(parameters, momentum, shape=())

    def step(self, gradient: Array, rate: float) -> None:
        """Move the parameters against the gradient, an ndarray of shape (count,), which is left as it was."""
        step, velocity = self._step, self._velocity
        if self._weight_decay:
            gradient = gradient + self._weight_decay * self._parameters
        self._rate[()] = rate
        if self._momentum:
            velocity += gradient
            if self._nesterov:
                velocity *= self._momentum
                gradient = np.add(velocity, gradient, out=step)
            else:
                gradient = velocity
        np.multiply(gradient, self._rate, out=step)
        if self._momentum and not self._nesterov:
            velocity *= self._momentum
        self._parameters -= step


class Adam:
    """Adaptive moment estimation.

    ``m ← β₁ m + (1 − β₁) g``;  ``v ← β₂ v + (1 − β₂) g²``;  ``p ← p − rate · m̂ / (√v̂ + ε)`` with both moments
    corrected for their start at zero.

    Parameters
    ----------
    parameters : ndarray of float, shape (count,)
        The network's parameter vector, updated in place.
    beta1, beta2, epsilon : float

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, algorithm 1.
    """

    def __init__(self, parameters: Array, *, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> None:
        self._parameters = parameters
        self._beta1, self._beta2, self._epsilon = beta1, beta2, epsilon
        self._mean = np.zeros_like(parameters)
        self._square = np.zeros_like(parameters)
        self._scratch = np.empty_like(parameters)
        self._steps = 0

    def step(self, gradient: Array, rate: float) -> None:
        """Move the parameters against the gradient, an ndarray of shape (count,), which is left as it was."""
        mean, square, scratch = self._mean, self._square, self._scratch
        self._steps += 1
        mean *= self._beta1
        mean += np.multiply(gradient, 1 - self._beta1, out=scratch)
        square *= self._beta2
        np.multiply(gradient, gradient, out=scratch)
        scratch *= 1 - self._beta2
        square += scratch
        corrected_rate = rate / (1 - self._beta1**self._steps)
        np.multiply(square, 1 / (1 - self._beta2**self._steps), out=scratch)
        np.sqrt(scratch, out=scratch)
        scratch += self._epsilon
        np.divide(mean, scratch, out=scratch)
        scratch *= corrected_rate
        self._parameters -= scratch
