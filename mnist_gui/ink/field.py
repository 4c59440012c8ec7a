"""The field of 28×28 pixels that the network sees, and how a digit lies in it: as in MNIST.

MNIST's makers cropped each digit to its ink, fitted it into 20×20 pixels with its aspect kept, and put its centre of
mass in the middle of a 28×28 field (LeCun et al., "Gradient-based learning applied to document recognition", 1998,
section III.A).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGIT_SIZE: Final = 20
"""Side of the box that a digit fills, in pixels of the 28×28 field."""

THICKNESS: Final = 2.4
"""Width of a line of mean pressure, in pixels of the 28×28 field: the median of MNIST's training set."""

CENTRE: Final = 14.25
"""Where the centre of mass goes, from the field's edges. MNIST's makers moved it by whole pixels into the one after the
middle, so theirs lie evenly between 14 and 15; a quarter is as near to them as half a pixel from the middle allows."""


def centre_of_mass(images: NDArray[np.generic]) -> NDArray[np.float64]:
    """Mean place (x, y) of the ink, in pixels from the top left corner of the field, so that its middle is 14.

    Parameters
    ----------
    images : ndarray, shape (n, 28, 28)
        Images that each hold some ink.

    Returns
    -------
    ndarray of float64, shape (n, 2)
    """
    places = np.arange(images.shape[-1]) + 0.5
    columns, rows = images.sum(axis=1, dtype=np.float64), images.sum(axis=2, dtype=np.float64)
    centre: NDArray[np.float64] = np.stack([columns @ places, rows @ places], axis=1) / columns.sum(axis=1)[:, None]
    return centre
