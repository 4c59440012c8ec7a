"""The network in PyTorch, eager and compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .contenders import MOMENTUM, RATE, UnavailableError

try:
    import torch
except ImportError as error:
    raise UnavailableError("PyTorch is not installed") from error
from torch.nn import functional as F  # noqa: N812 - its users' name for it

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mnist_gui.nn.network import Network

    from .contenders import Batch

torch.set_num_threads(1)
torch.set_num_interop_threads(1)


class Model(torch.nn.Module):
    def __init__(self, start: Network) -> None:
        super().__init__()
        parts = start.named()
        self.conv = torch.nn.Conv2d(1, len(parts["conv1.bias"]), 3)
        self.dense = torch.nn.Linear(parts["dense1.weights"].shape[1], 10)
        with torch.no_grad():
            for parameter, part in zip(self.parameters(), parts.values(), strict=True):
                parameter.copy_(torch.tensor(part))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dense(F.avg_pool2d(torch.sigmoid(self.conv(x)), 2).flatten(1))

    def maps(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Keep what every layer makes of x, and the probabilities at the end."""
        z = self.conv(x)
        y = torch.sigmoid(z)
        pooled = F.avg_pool2d(y, 2)
        logits = self.dense(pooled.flatten(1))
        return [z, y, pooled, logits, torch.softmax(logits, 1)]


class Deep(torch.nn.Module):
    """The architecture "deep"; its dropout is at the rate of `dropout`."""

    def __init__(self, start: Network) -> None:
        super().__init__()
        shapes = {name: part.shape for name, part in start.named().items()}
        (filters, channels, k, _), (more, _, m, _) = shapes["conv1.weights"], shapes["conv2.weights"]
        self.conv, self.conv2 = torch.nn.Conv2d(channels, filters, k), torch.nn.Conv2d(filters, more, m)
        self.dense = torch.nn.Linear(shapes["dense1.weights"][1], 10)
        self.dropout = 0.0
        with torch.no_grad():
            for parameter, part in zip(self.parameters(), start.named().values(), strict=True):
                parameter.copy_(torch.tensor(part))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.avg_pool2d(F.relu(self.conv(x)), 2)
        x = F.avg_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.dense(F.dropout(x, self.dropout) if self.dropout else x)


class Torch:
    """A training step with one of the three implementations of torch.optim.SGD ("for-loop", "foreach", "fused")."""

    def __init__(self, start: Network, batch: Batch, *, form: str = "for-loop", compiled: bool = False) -> None:
        self._model = Deep(start) if start.architecture == "deep" else Model(start)
        self._forward: Callable[[torch.Tensor], torch.Tensor] = self._model
        if compiled:
            self._forward = torch.compile(self._model)
        self._optimizer = torch.optim.SGD(
            self._model.parameters(),
            lr=RATE,
            momentum=MOMENTUM,
            nesterov=True,
            foreach=form == "foreach",
            fused=form == "fused",
        )
        self._images, self._labels = torch.from_numpy(batch.images), torch.from_numpy(batch.labels)

    def step(self) -> Any:
        self._optimizer.zero_grad()
        loss = F.cross_entropy(self._forward(self._images), self._labels)
        loss.backward()
        self._optimizer.step()
        return loss.detach()

    def drop_out(self, rate: float) -> None:
        self._model.dropout = rate

    def parameters(self) -> NDArray[Any]:
        *convolutions, dense, dense_bias = (p.detach().numpy() for p in self._model.parameters())
        rows = [
            np.concatenate([weights.reshape(len(weights), -1), bias[:, None]], axis=1).ravel()
            for weights, bias in zip(convolutions[::2], convolutions[1::2], strict=True)
        ]
        return np.concatenate([*rows, dense.ravel(), dense_bias])


FORMS = ["for-loop", "foreach", "fused"]
