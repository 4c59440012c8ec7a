"""Learning from the person's own digits: a short lesson in which they stand among many others, so none is forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mnist_gui.data import augment, drawn
from mnist_gui.data.dataset import IMAGE_SIZE, Dataset
from mnist_gui.data.mnist import is_mnist
from mnist_gui.recipe import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_gui.nn.network import Network

RECIPE: Final = Recipe(name="my digits", epochs=4, learning_rate=0.1)
"""For a lesson among digits like those that the network was trained on."""

GENTLE: Final = replace(RECIPE, learning_rate=0.007)
"""The same among drawn digits alone, which don't remind the network of MNIST: the steps must be small."""

_SUITED: Final[dict[str, dict[str, Any]]] = {  # two seconds are fewer epochs for a slower network
    "wide": {"epochs": 3},
    "deep": {"epochs": 1, "learning_rate": 0.03},
}

LESSON_SIZE: Final = 40_000
"""Images in a lesson, at most."""

SHARE: Final = 0.2
"""The part of a lesson that is the person's digits. More teaches them hardly better, and costs accuracy elsewhere."""

DRAWN: Final = 2000
"""Digits drawn by rule that stand among MNIST's, so that forms which MNIST lacks are not forgotten either."""

DRAWN_ALONE: Final = 4500
"""Digits that are drawn if there are no others; it takes most of a second."""

DRAWN_TEST: Final = 1000

_NO_IMAGES: Final = np.empty((0, IMAGE_SIZE, IMAGE_SIZE), np.uint8), np.empty(0, np.uint8)

NOTHING: Final = Dataset("drawn", *_NO_IMAGES, *_NO_IMAGES, digits=True)
"""Stands for the rest of a lesson where no data set is at hand."""


def recipe_for(network: Network, rest: Dataset, *, upright: bool = False) -> Recipe:
    """Say how a network goes on from the parameters that it has, with its digits among the rest.

    Parameters
    ----------
    network : Network
    rest : Dataset
    upright : bool
        Whether the network was trained on upright images: it is taught in its own way.
    """
    recipe = GENTLE if rest is NOTHING else replace(RECIPE, **_SUITED.get(network.architecture, {}))
    return replace(recipe, dtype=network.dtype.name, upright=upright)


def lesson(
    rest: Dataset,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    rng: np.random.Generator,
    *,
    upright: bool = False,
) -> Dataset:
    """Put a person's digits among many others.

    Parameters
    ----------
    rest : Dataset
        Where the others are taken from. For `NOTHING` they are drawn, to be learned among with `GENTLE`.
    images : ndarray of uint8, shape (n, 28, 28)
        The person's. Each is repeated, a little bent each time, until they make up `SHARE` of the lesson.
    labels : ndarray of uint8, shape (n,)
    rng : numpy.random.Generator
    upright : bool
        Make the person's upright, before they are bent. The others are made so when a run comes to them.

    Returns
    -------
    Dataset
        Named as the rest, and tested as it is. The person's digits come last, and are as the network is to see them.
    """
    if rest.to_draw:
        train = drawn.images(rest.to_draw, drawn.TRAIN_SEED)
        rest = replace(rest, train_images=train[0], train_labels=train[1], to_draw=0)
    elif not len(rest.train_images):
        train, test = drawn.images(DRAWN_ALONE, drawn.TRAIN_SEED), drawn.images(DRAWN_TEST, drawn.TEST_SEED)
        rest = Dataset(rest.name, *train, *test)
    ruled, ruled_labels = drawn.images(DRAWN if is_mnist(rest) else 0, drawn.TRAIN_SEED)
    most = round(LESSON_SIZE * (1 - SHARE)) - len(ruled)
    others = rng.permutation(len(rest.train_images))[:most]
    repeats = round((len(ruled) + len(others)) * SHARE / (1 - SHARE))
    own = np.resize(rng.permutation(len(images)), repeats)
    bent = augment.warp(replace(RECIPE, upright=upright).prepare(images)[own], rng)
    return replace(
        rest,
        train_images=np.concatenate([rest.train_images[others], ruled, bent]),
        train_labels=np.concatenate([rest.train_labels[others], ruled_labels, labels[own]]),
        digits=True,
        prepared=len(bent),
    )
