"""Each optimiser against its published formula, written scalar by scalar."""

import numpy as np
import pytest

from mnist_gui.nn.optimizers import SGD, Adam


@pytest.mark.parametrize("momentum", [0, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("weight_decay", [0, 0.01])
def test_sgd(rng, momentum, nesterov, weight_decay):
    parameters, gradients = rng.normal(size=5), rng.normal(size=(4, 5))
    expected, velocity, rate = parameters.copy(), np.zeros(5), 0.1
    optimizer = SGD(parameters, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)
    for gradient in gradients:
        kept = gradient.copy()
        optimizer.step(gradient, rate)
        np.testing.assert_array_equal(gradient, kept)
        g = gradient + weight_decay * expected
        velocity = momentum * velocity + g
        expected -= rate * (g + momentum * velocity if nesterov else velocity)
        np.testing.assert_allclose(parameters, expected, rtol=1e-12)


def test_adam(rng):
    parameters, gradients = rng.normal(size=5), rng.normal(size=(4, 5))
    expected, m, v = parameters.copy(), np.zeros(5), np.zeros(5)
    optimizer = Adam(parameters)
    for t, gradient in enumerate(gradients, start=1):
        optimizer.step(gradient, 0.01)
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        expected -= 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        np.testing.assert_allclose(parameters, expected, rtol=1e-12)
