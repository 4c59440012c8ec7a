"""Learning from the person's own digits: a short lesson in which they stand among many others, so none is forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.data import augment, drawn
from mnist_gui.recipe import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_gui.data.dataset import Dataset

RECIPE: Final = Recipe(name="my digits", epochs=3, learning_rate=0.1)
"""Goes on from the parameters that the network has."""

LESSON_SIZE: Final = 40_000
"""Images in a lesson, at most."""

SHARE: Final = 0.1
"""The part of a lesson that is the person's digits. More teaches them hardly better, and costs accuracy elsewhere."""

DRAWN: Final = 2000
"""Digits drawn by rule that stand among MNIST's, so that forms which MNIST lacks are not forgotten either."""


def lesson(rest: Dataset, images: NDArray[np.uint8], labels: NDArray[np.uint8], rng: np.random.Generator) -> Dataset:
    """Put a person's digits among many others.

    Parameters
    ----------
    rest : Dataset
        Where the others are taken from.
    images : ndarray of uint8, shape (n, 28, 28)
        The person's. Each is repeated, a little bent each time, until they make up `SHARE` of the lesson.
    labels : ndarray of uint8, shape (n,)
    rng : numpy.random.Generator

    Returns
    -------
    Dataset
        Named as the rest, and tested as it is.
    """
    ruled, ruled_labels = drawn.images(DRAWN if rest.name == "mnist" else 0, drawn.TRAIN_SEED)
    most = round(LESSON_SIZE * (1 - SHARE)) - len(ruled)
    others = rng.permutation(len(rest.train_images))[:most]
    repeats = round((len(ruled) + len(others)) * SHARE / (1 - SHARE))
    own = np.resize(rng.permutation(len(images)), repeats)
    return replace(
        rest,
        train_images=np.concatenate([rest.train_images[others], ruled, augment.warp(images[own], rng)]),
        train_labels=np.concatenate([rest.train_labels[others], ruled_labels, labels[own]]),
    )
