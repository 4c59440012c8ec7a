"""What is peculiar to the published notebook whose run the program reproduces: its random numbers and its two faults.

Everything else of that run (the network, its layers, the training loop) is what all other runs use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network

FAULTS: Final = (
    "The notebook divides the gradient by the batch size twice, once in the softmax and once more in every layer's "
    "update. So it trains with a rate of 0.01 / 32, which is why its first ten epochs barely move. Its printed "
    "training loss is 32 times too small: it adds up the means of the batches and divides by the number of images. "
    "Its printed test loss of 0.8347 is not comparable with its training loss of 0.0271, which is really 0.87: there "
    "is no overfitting. The charts show the true losses."
)


def draw(network: Network, seed: int, images: int) -> Iterator[NDArray[np.int64]]:
    """Draw the parameters and the order of the images from NumPy's legacy generator, in the notebook's order.

    The dense weights come first, then the first epoch's permutation, then the filters, because the notebook's
    convolution draws its own at its first forward pass; then a permutation for each further epoch.

    Parameters
    ----------
    network : Network
        Of any architecture; its parameters are drawn before this returns.
    seed : int
    images : int
        How many there are to train on.

    Returns
    -------
    iterator of ndarray of int, shape (images,)
        One permutation for each epoch, without end.
    """
    random = np.random.RandomState(seed)
    parts = network.named()
    for name, part in parts.items():
        if name.startswith("dense"):
            # The notebook keeps these as (inputs, outputs).
            part[...] = (random.randn(*part.T.shape) * 0.01).T if name.endswith("weights") else 0
    first = random.permutation(images)
    for name, part in parts.items():
        if name.startswith("conv"):
            part[...] = random.randn(*part.shape) * 0.1 if name.endswith("weights") else 0

    def orders() -> Iterator[NDArray[np.int64]]:
        yield first
        while True:
            yield random.permutation(images)

    return orders()


def printed_training_loss(loss: float, batch_size: int) -> float:
    """Turn the true mean loss of an epoch into the one that the notebook prints.

    The sum of the batches' means, divided by the number of images: for batches of equal size this is the true
    loss divided by the batch size.
    """
    return loss / batch_size


def printed_test_loss(losses: Array, batch_size: int) -> float:
    """Turn the losses of the test images into the one that the notebook prints.

    The sum of the batches' means, divided by images / batch size, which for 10,000 images in batches of 32 is 312.5
    where there are 313 batches.

    Parameters
    ----------
    losses : ndarray of float, shape (n,)
        In the order of the test set.
    batch_size : int
    """
    starts = np.arange(0, losses.size, batch_size)
    sizes = np.diff(starts, append=losses.size)
    means: NDArray[Any] = np.add.reduceat(losses, starts) / sizes
    return float(means.sum() / (losses.size / batch_size))
