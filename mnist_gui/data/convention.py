"""MNIST's conventions: pixels from 0 to 255, white ink on black paper, upright. Images that keep others are changed.

Each change is made only where the images leave no doubt: pictures that aren't digits stay as they are.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.data.dataset import CLASSES, IMAGE_SIZE
from mnist_gui.data.pixels import resampling
from mnist_gui.data.skeletons import skeletons

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DIMMEST: Final = 31
"""Images none of whose pixels is brighter were stored in other units: 0 and 1, or 0 to 16."""

CHANGED: Final = '("as stored" leaves them)'
"""Stands after each remark on a change: the words of the option and of the box that prevent it."""

LOOKED_AT: Final = 2000
"""Images of each part that the paper and the orientation are judged by."""

_LIGHT, _DARK = 170, 85  # brightness of paper
_LEAST: Final = 20  # images that tell how digits lie
_AT_ONCE: Final = 1000


def normalise(images: NDArray[np.uint8]) -> list[str]:
    """Bring pixels to 0 to 255 and ink to white on black, in place.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        One part of a data set.

    Returns
    -------
    list of str
        What was done, or is odd and was left.
    """
    if not len(images):
        return []
    remarks: list[str] = []
    brightest = int(images.max())
    if 0 < brightest <= DIMMEST:
        scale = np.rint(np.minimum(np.arange(256), brightest) * (255 / brightest)).astype(np.uint8)
        _change(images, lambda part: scale[part])
        remarks.append(f"pixels from 0 to {brightest} were scaled to 0 to 255 {CHANGED}")
    elif brightest < 128:
        remarks.append(f"the brightest pixel is {brightest} of 255")
    sample = _sample(images)
    frames = np.concatenate([sample[:, 0], sample[:, -1], sample[:, :, 0], sample[:, :, -1]], axis=1)
    frame, middle = np.median(frames, axis=1), np.median(sample, axis=(1, 2))
    light = float(np.mean((frame >= _LIGHT) & (middle >= _LIGHT) & (sample.min(axis=(1, 2)) < 128)))
    dark = float(np.mean((frame <= _DARK) & (middle <= _DARK)))
    if light >= 0.9 and dark <= 0.02:
        _change(images, lambda part: 255 - part)
        remarks.append(f"black on white was turned to white on black {CHANGED}")
    elif light >= 0.1:
        remarks.append(f"{light:.0%} of the images are black on white; they were left so")
    return remarks


def transpose(images: NDArray[np.uint8]) -> None:
    """Exchange rows and columns of each image, in place."""
    _change(images, lambda part: part.transpose(0, 2, 1).copy())


def lie_transposed(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> bool | None:
    """Tell whether digits lie on their side as EMNIST's do, with rows and columns exchanged.

    Images, as they are and transposed, are compared with plain forms of the ten digits; the form that fits best has the
    label's digit for 73 % of MNIST's images, and for 13 % of the same transposed. For what isn't a digit, or has
    labels of another order, neither is the case.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        White on black.
    labels : ndarray of uint8, shape (n,)

    Returns
    -------
    bool or None
        None if the images don't tell.
    """
    if len(images) < _LEAST:
        return None
    images, labels = _sample(images), _sample(labels)
    forms, digits = _forms()

    def share(of: NDArray[np.uint8]) -> float:
        return float(np.mean(digits[np.argmax(_directions(of) @ forms.T, axis=1)] == labels))

    upright, transposed = share(images), share(images.transpose(0, 2, 1))
    if abs(upright - transposed) < 0.3 or max(upright, transposed) < 0.5:
        return None
    return transposed > upright


@cache
def _forms() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Every skeleton, inked with a broad pen: directions, shape (forms, 784), and the digits they are."""
    from mnist_gui.ink import render  # here, because the ink knows the data sets' image size

    paths = [(digit, skeleton.sharp @ skeleton.places) for digit in range(CLASSES) for skeleton in skeletons(digit)]
    inked = [render(path[None], np.ones((1, len(path))), 4.0) for _, path in paths]
    return _directions(np.concatenate(inked)), np.array([digit for digit, _ in paths])


def _directions(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Blurred images as vectors of mean 0 and length 1, whose products are correlations."""
    blur = resampling(IMAGE_SIZE, 14) @ images.astype(np.float32) @ resampling(IMAGE_SIZE, 14).T
    vectors = blur.reshape(len(images), -1)
    vectors -= vectors.mean(axis=1, keepdims=True)
    length: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-6), np.float32)


def _sample(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return array[:: max(1, len(array) // LOOKED_AT)]


def _change(images: NDArray[np.uint8], change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> None:
    """Change images a thousand at a time: all at once would need their memory again."""
    for first in range(0, len(images), _AT_ONCE):
        part = images[first : first + _AT_ONCE]
        part[:] = change(part)
