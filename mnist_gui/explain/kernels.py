"""Filters out of the textbooks of image processing, to put in the place of learned ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from mnist_gui.nn.layer import Array

KERNELS: Final[dict[str, tuple[tuple[float, ...], ...]]] = {
    "edge": ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "blur": ((1, 2, 1), (2, 4, 2), (1, 2, 1)),
    "sobel across": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "sobel down": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
}
"""By name, up to a factor. Source: Gonzalez and Woods, "Digital Image Processing", chapter 3."""

RANDOM: Final = "random"


def kernel(name: str, like: Array, rng: np.random.Generator) -> Array:
    """Make a filter to put in the place of another.

    It is as strong as the one that it replaces: the squares of both add up to the same. Trained weights are many
    times larger than a textbook's, which is why a kernel with the textbook's own numbers would hardly be seen behind
    the sigmoid.

    Parameters
    ----------
    name : str
        A key of `KERNELS`, or `RANDOM`.
    like : ndarray of float, shape (channels, size, size)
        The filter that it replaces; size is 3 or more. In one of zeros the textbook's numbers stay as they are.
    rng : numpy.random.Generator
        For `RANDOM`.

    Returns
    -------
    ndarray of float, of the shape and dtype of `like`
        The same for each channel. A kernel stands in the middle of a larger filter, with zeros around it.

    Raises
    ------
    ValueError
        If the filter is smaller than the kernel.
    """
    size = like.shape[-1]
    if name == RANDOM:
        plain = rng.normal(size=(size, size))
    else:
        pattern = np.array(KERNELS[name], float)
        before = (size - len(pattern)) // 2
        if before < 0:
            raise ValueError(f"a 3×3 kernel does not fit a {size}×{size} filter")
        plain = np.pad(pattern, (before, size - len(pattern) - before))
    filled = np.broadcast_to(plain, like.shape)
    strength = float(np.linalg.norm(like))
    return (filled * (strength / np.linalg.norm(filled) if strength else 1)).astype(like.dtype)
