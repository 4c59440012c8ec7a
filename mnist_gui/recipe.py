"""How a network is trained: settings, and those that the program offers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

from mnist_gui.data.upright import make_upright

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from mnist_gui.nn.layer import Array

WARM_UP: Final = 0.25  # part of the steps in which a one-cycle rate climbs


class Limits(NamedTuple):
    """The least and the most that a number of a recipe can be, both included."""

    least: float
    most: float


LIMITS: Final[Mapping[str, Limits]] = MappingProxyType(
    {
        "epochs": Limits(1, 10_000),
        "batch_size": Limits(1, 1_000_000),
        "learning_rate": Limits(1e-9, 1e6),
        "momentum": Limits(0, 1),
        "weight_decay": Limits(0, 1),
        "seed": Limits(0, 2**32 - 1),  # what the notebook's random numbers take
        "drawn": Limits(0, 1_000_000),
    }
)
"""For whatever takes a recipe from a person or a file: the command line, the window, a model's record."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained. Frozen, so that a run and its record can't drift apart.

    Attributes
    ----------
    name : str
        A key of `RECIPES`, whatever else was changed.
    epochs, batch_size : int
    learning_rate : float
        The peak of the "one-cycle" schedule, or the rate of every step.
    schedule : str
        "one-cycle" climbs to the peak and falls to nearly 0 along two half cosines; "constant" stays.
    momentum : float
        Nesterov's; 0 is plain SGD.
    weight_decay : float
    seed : int
        Of the parameters and of the order of the images. The same seed gives the same weights, bit for bit, on the
        same machine.
    dtype : str
        "float32" or "float64".
    as_notebook : bool
        Draw random numbers as the notebook does, and divide the gradient by the batch size twice.
    drawn : int
        How many digits drawn by rule join MNIST's training images. Other data sets stay alone: nobody knows that
        they are digits.
    warp : bool
        Give each of the data set's own images a small random affine map each time that it is used, but in the last
        epoch, which sees them as they are.
    upright : bool
        Take slant, size and proportions out of each image before the network looks: of those that it learns from, and
        ever after of those that it reads. A network is of no use without what it was trained with, so its record says
        it. Only for data sets that are known to be of digits, see `mnist_gui.training.suited`.
    freeze_filters : bool
        Leave the convolutions as the network has them, also in a run from fresh parameters, and train the rest.
    """

    name: str = "default"
    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 0.35
    schedule: Literal["one-cycle", "constant"] = "one-cycle"
    momentum: float = 0.9
    weight_decay: float = 0.0
    seed: int = 0
    dtype: str = "float32"
    as_notebook: bool = False
    drawn: int = 0
    warp: bool = False
    upright: bool = False
    freeze_filters: bool = False

    def prepare(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Make of images, as drawings and data sets have them, what a network of this recipe sees.

        Parameters
        ----------
        images : ndarray of uint8, shape (n, 28, 28)

        Returns
        -------
        ndarray of uint8, shape (n, 28, 28)
            The same array if there is nothing to do.
        """
        return make_upright(images) if self.upright else images

    def rates(self, steps: int) -> Array:
        """Compute the learning rate of each step, an ndarray of float64 of shape (steps,).

        References
        ----------
        One-cycle: Smith and Topin, "Super-Convergence", 2018, with half cosines instead of straight lines.
        """
        if self.schedule == "constant":
            return np.full(steps, self.learning_rate)
        warm_up = max(1, round(WARM_UP * steps))
        rising = _half_cosine(self.learning_rate / 25, self.learning_rate, warm_up)
        falling = _half_cosine(self.learning_rate, self.learning_rate / 10_000, steps - warm_up)
        return np.concatenate([rising, falling])


RECIPES: Final = {
    "default": Recipe(drawn=20_000, upright=True),
    "notebook": Recipe(
        name="notebook",
        epochs=35,
        learning_rate=0.01,
        schedule="constant",
        momentum=0.0,
        seed=42,
        dtype="float64",
        as_notebook=True,
    ),
}


def _half_cosine(start: float, stop: float, steps: int) -> Array:
    return stop + (start - stop) * (1 + np.cos(np.pi * np.arange(steps) / max(1, steps))) / 2


# Measured: made upright, `deep` reads MNIST as well (99.35 and 99.26 %) and pen strokes half a point worse (98.0 and
# 98.5 %): it is large enough to learn what a fixed preparation can only guess. More drawn digits serve it better.
_SUITED: Final[dict[str, dict[str, Any]]] = {
    "relu": {"learning_rate": 0.1},
    "wide": {"learning_rate": 0.1},
    "deep": {"learning_rate": 0.1, "epochs": 12, "warp": True, "drawn": 40_000, "upright": False},
}


def recipe_for(name: str, architecture: str) -> Recipe:
    """Return a recipe with what suits an architecture; the notebook's is the same for all.

    Parameters
    ----------
    name : str
        A key of `RECIPES`.
    architecture : str
    """
    recipe = RECIPES[name]
    return recipe if recipe.as_notebook else replace(recipe, **_SUITED.get(architecture, {}))
