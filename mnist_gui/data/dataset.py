"""What every data set is, wherever it comes from: labelled pictures of single digits, split into training and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mnist_gui.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IMAGE_SIZE: Final = 28
CLASSES: Final = 10


class DataError(UserError):
    """A data set is missing, damaged, or can't be fetched."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no one truth value to compare by
class Dataset:
    """Labelled 28×28 pictures, white ink on black, kept as bytes: MNIST takes 55 MB instead of 219 MB as float32.

    Attributes
    ----------
    name : str
        What the window and the model file call it, e.g. ``"mnist"``.
    train_images, test_images : ndarray of uint8, shape (n, 28, 28)
        0 is paper, 255 is ink. Read-only.
    train_labels, test_labels : ndarray of uint8, shape (n,)
        The digits, 0 to 9. Read-only.
    remarks : tuple of str
        What was found where, and what was changed, a sentence each; nothing if all is as one expects.
    digits : bool
        Whether these are known to be digits, whatever they are called: then they may be made upright. MNIST is known
        by itself, see `mnist.is_mnist`.
    prepared : int
        How many of the training images, the last of them, are as the network is to see them already: a run leaves them.
    to_draw : int
        How many digits of the set of drawn ones come after the training images: a run draws them as it needs them.
    """

    name: str
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    remarks: tuple[str, ...] = ()
    digits: bool = False
    prepared: int = 0
    to_draw: int = 0

    @property
    def train_size(self) -> int:
        """How many training images there are, with those that are still to be drawn."""
        return len(self.train_images) + self.to_draw

    @property
    def title(self) -> str:
        """The name as people write it."""
        return {"mnist": "MNIST", "drawn": "Drawn digits"}.get(self.name, self.name)
