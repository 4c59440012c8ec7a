"""The step in JAX: compiled as a whole, with donated buffers, and with the convolution in two forms."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from .contenders import MOMENTUM, RATE, UnavailableError

# One thread, and the caller's: both are faster for so small a network, as well as fair. Read when JAX starts.
os.environ["NPROC"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
try:
    import jax
except ImportError as error:
    raise UnavailableError("JAX is not installed") from error
from jax import lax
from jax import numpy as jnp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_gui.nn.network import Network

    from .contenders import Batch

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_cpu_enable_async_dispatch", False)


def own_convolution(x: jax.Array, weights: jax.Array) -> jax.Array:
    """Leave it to XLA."""
    return lax.conv(x, weights, (1, 1), "VALID")


def nine_shifts(x: jax.Array, weights: jax.Array) -> jax.Array:
    """Sum shifted copies of the image, each times one weight of the filter."""
    k = weights.shape[-1]
    height, width = x.shape[2] - k + 1, x.shape[3] - k + 1
    return sum(
        weights[:, 0, i, j, None, None] * x[:, :, i : i + height, j : j + width] for i in range(k) for j in range(k)
    )


FORMS = {"JAX jit, own convolution": own_convolution, "JAX jit, nine shifts": nine_shifts}


class Jax:
    def __init__(self, start: Network, batch: Batch, *, convolution: Any) -> None:
        self._parameters = [jnp.array(part) for part in start.named().values()]
        self._velocity = [jnp.zeros_like(p) for p in self._parameters]
        self._images, self._labels = jnp.array(batch.images), jnp.array(batch.labels)

        def mean_loss(parameters: list[jax.Array], images: jax.Array, labels: jax.Array) -> jax.Array:
            filters, biases, weights, bias = parameters
            y = jax.nn.sigmoid(convolution(images, filters) + biases[:, None, None])
            n, channels, height, width = y.shape
            pooled = y.reshape(n, channels, height // 2, 2, width // 2, 2).mean((3, 5))
            logits = pooled.reshape(n, -1) @ weights.T + bias
            return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1).mean()

        def train(parameters, velocity, images, labels):
            loss, gradients = jax.value_and_grad(mean_loss)(parameters, images, labels)
            velocity = [MOMENTUM * v + g for v, g in zip(velocity, gradients, strict=True)]
            parameters = [
                p - RATE * (g + MOMENTUM * v) for p, g, v in zip(parameters, gradients, velocity, strict=True)
            ]
            return parameters, velocity, loss

        self._train = jax.jit(train, donate_argnums=(0, 1))

    def step(self) -> Any:
        self._parameters, self._velocity, loss = self._train(
            self._parameters, self._velocity, self._images, self._labels
        )
        return jax.block_until_ready((self._parameters, self._velocity, loss))[-1]

    def parameters(self) -> NDArray[Any]:
        filters, biases, weights, bias = map(np.asarray, self._parameters)
        rows = np.concatenate([filters.reshape(len(filters), -1), biases[:, None]], axis=1)
        return np.concatenate([rows.ravel(), weights.ravel(), bias])
