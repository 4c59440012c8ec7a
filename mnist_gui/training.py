"""Training, as one generator that the command line and the window run alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from math import ceil
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mnist_gui import notebook
from mnist_gui.data import augment
from mnist_gui.data.mnist import is_mnist
from mnist_gui.data.supply import Supply
from mnist_gui.errors import UserError
from mnist_gui.nn.layers import Conv2D
from mnist_gui.nn.losses import cross_entropy
from mnist_gui.nn.optimizers import SGD
from mnist_gui.recipe import RECIPES, Recipe, recipe_for

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network

__all__ = [
    "RECIPES",
    "DivergenceError",
    "Epoch",
    "Evaluation",
    "Progress",
    "Recipe",
    "evaluate",
    "initialize",
    "recipe_for",
    "suited",
    "train",
]

CURVE_POINTS: Final = 1000
PROGRESS_SECONDS: Final = 1 / 30
YIELD_SECONDS: Final = 0.01
EARLY: Final = frozenset(int(1.2**k) for k in range(39))  # steps with a progress whatever the clock says, up to 1,020
HOPELESS: Final = 20.0  # guessing costs log(10) = 2.3; probabilities are clipped, so a ruined run's loss stays finite
JUDGED: Final = 1024  # images whose mean loss decides; a hard image alone can cost 34
EVALUATED_AT_ONCE: Final = 256  # images between two chances to pause or stop


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a network does on labelled images.

    Attributes
    ----------
    losses : ndarray of float, shape (n,)
        Cross-entropy of each image.
    answers : ndarray of int, shape (n,)
    labels : ndarray of int, shape (n,)
    """

    losses: Array
    answers: NDArray[np.int64]
    labels: NDArray[np.integer[Any]]

    @property
    def loss(self) -> float:
        """The mean cross-entropy."""
        return float(self.losses.mean())

    @property
    def accuracy(self) -> float:
        """The share of right answers, in [0, 1]."""
        return float((self.answers == self.labels).mean())


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch came to: mean losses, and accuracies in [0, 1]. Training figures were taken along the way."""

    loss: float
    accuracy: float
    test_loss: float
    test_accuracy: float


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: complete, never a difference, so that any may be skipped.

    Attributes
    ----------
    recipe : Recipe
    step, steps : int
        Done, and of the whole run.
    epochs : tuple of Epoch
        The finished ones.
    seconds, seconds_left : float
        Spent on training (without pauses), and expected.
    curve_steps : ndarray of int, shape (points,)
        The last step of each point of the curves.
    loss_curve, accuracy_curve : ndarray of float, shape (points,)
        On the training batches, each point the mean of the steps since the point before. Read-only.
    parameters : ndarray of float, shape (count,)
        A copy. Read-only.
    """

    recipe: Recipe
    step: int
    steps: int
    epochs: tuple[Epoch, ...]
    seconds: float
    seconds_left: float
    curve_steps: NDArray[np.int64]
    loss_curve: Array
    accuracy_curve: Array
    parameters: Array

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has."""
        return self.steps // self.recipe.epochs

    @property
    def finished(self) -> bool:
        """Whether this is the last one of a whole run."""
        return len(self.epochs) == self.recipe.epochs


class DivergenceError(UserError):
    """The loss became hopeless, or not a number. The network has its last good parameters."""


def initialize(network: Network, recipe: Recipe, images: int = 60_000) -> Iterator[NDArray[np.int64]]:
    """Draw fresh parameters from the recipe's seed.

    Parameters
    ----------
    network : Network
    recipe : Recipe
    images : int
        How many there are to train on; the notebook's filters depend on it.

    Returns
    -------
    iterator of ndarray of int, shape (images,)
        The order of the images for each epoch, without end.
    """
    if recipe.as_notebook:
        return notebook.draw(network, recipe.seed, images)
    rng = np.random.default_rng(recipe.seed)
    network.initialize(rng)
    return (rng.permutation(images) for _ in count())


def evaluate(network: Network, images: NDArray[np.uint8], labels: NDArray[np.integer[Any]]) -> Evaluation:
    """Classify labelled images.

    Parameters
    ----------
    network : Network
    images : ndarray of uint8, shape (n, 28, 28)
        As the network sees them: `Recipe.prepare` makes them so.
    labels : ndarray of int, shape (n,)
    """
    probabilities = network.probabilities(images)
    return Evaluation(cross_entropy(probabilities, labels), probabilities.argmax(axis=1), labels)


def suited(recipe: Recipe, data: Dataset) -> Recipe:
    """Return the recipe as a run on a data set follows it, and records it.

    Only what is known to be digits is made upright, never clothes, letters or an unknown folder.
    """
    upright = recipe.upright and (data.digits or is_mnist(data))
    return recipe if upright == recipe.upright else replace(recipe, upright=upright)


def train(
    network: Network, data: Dataset, recipe: Recipe, *, fresh: bool = True
) -> Generator[Progress | None, None, None]:
    """Train a network in place.

    Parameters
    ----------
    network : Network
        Of the recipe's dtype.
    data : Dataset
    recipe : Recipe
        Followed as far as `suited` to the data.
    fresh : bool
        Draw new parameters from the seed first, or else go on from those that the network has.

    Yields
    ------
    Progress or None
        A Progress some 30 times a second, at the start and the end of each epoch, and as often in the first steps as
        a look back at them needs. None in between, at least every 50 ms, as a chance to pause or to stop: close the
        generator, and the network stays as it is.

    Raises
    ------
    DivergenceError
        If the loss stops being finite.
    """
    from threadpoolctl import threadpool_limits  # costs start-up time that only training needs to pay

    recipe = suited(recipe, data)
    upright, more = recipe.upright, data.to_draw + (recipe.drawn if is_mnist(data) else 0)
    training = Supply(data.train_images, data.train_labels, upright=upright, more=more, prepared=data.prepared)
    test = Supply(data.test_images, data.test_labels, upright=upright)
    kept = network.parameters.copy()
    orders = initialize(network, recipe, len(training.images))
    if not fresh:
        network.parameters[:] = kept
    frozen = _frozen(network, recipe)
    network.parameters[:frozen] = kept[:frozen]
    run = _Run(network, training, test, recipe, orders)
    del data  # whose images are copied by and by, and need not stay then if nobody else keeps them
    # More BLAS threads slow these tiny products down, and take the window's core.
    with threadpool_limits(1, user_api="blas"):
        yield from run.go()


def _frozen(network: Network, recipe: Recipe) -> int:
    """Return how many parameters, the convolutions' and so the first, are kept as they are."""
    convolutions = (layer.parameter_count for layer in network.layers if isinstance(layer, Conv2D))
    return sum(convolutions) if recipe.freeze_filters else 0


class _Run:
    """The state of one call of `train`."""

    def __init__(
        self,
        network: Network,
        training: Supply,
        test: Supply,
        recipe: Recipe,
        orders: Iterator[NDArray[np.int64]],
    ) -> None:
        self.network, self.recipe, self.orders = network, recipe, orders
        self.training, self.test_set = training, test
        self.warped = training.own or len(training.images)  # of the data set; what joins it is not warped
        self.steps_per_epoch = ceil(len(training.images) / recipe.batch_size)
        self.steps = recipe.epochs * self.steps_per_epoch
        self.step = 0
        self.epochs: list[Epoch] = []
        self.losses = np.full(self.steps, np.nan)  # the mean of each batch
        self.accuracies = np.full(self.steps, np.nan)
        # The losses of many steps are worked out at once, from what an epoch's images were given: that costs a
        # fraction of doing it step by step.
        self.probabilities = np.empty((len(training.images), network.classes), network.dtype)
        self.labels = training.labels  # in the order of the epoch
        self.measured = 0
        self.good_parameters = network.parameters.copy()
        self.rng = np.random.default_rng([recipe.seed, 1])  # of the warps alone
        self.seconds = 0.0
        self.resumed = perf_counter()

    def go(self) -> Generator[Progress | None, None, None]:
        optimizer = SGD(
            self.network.parameters[_frozen(self.network, self.recipe) :],
            momentum=self.recipe.momentum,
            nesterov=True,
            weight_decay=self.recipe.weight_decay,
        )
        rates = self.recipe.rates(self.steps)
        if self.recipe.as_notebook:
            rates /= self.recipe.batch_size
        yield from self.pause(with_progress=True)
        for _ in range(self.recipe.epochs):
            yield from self.epoch(optimizer, rates)
            yield from self.test()

    def epoch(self, optimizer: SGD, rates: Array) -> Generator[Progress | None, None, None]:
        network, training, batch_size = self.network, self.training, self.recipe.batch_size
        gradients = network.gradients[_frozen(network, self.recipe) :]
        order = next(self.orders)
        if not self.epochs:
            order = training.arrange(order)
        self.labels = training.labels[order]
        warps = self.recipe.warp and len(self.epochs) < self.recipe.epochs - 1
        shown = yielded = perf_counter()
        for start in range(0, len(order), batch_size):
            part = slice(start, start + batch_size)
            if not self.epochs:
                for _ in training.make(order[part]):
                    yield from self.pause(with_progress=False)
                    yielded = self.resumed
            batch = training.images.take(order[part], axis=0)
            if warps:
                own = order[part] < self.warped
                batch[own] = augment.warp(batch[own], self.rng)
            self.probabilities[part] = network.backpropagate(batch, self.labels[part])
            optimizer.step(gradients, rates[self.step])
            self.step += 1
            now = perf_counter()
            due = now - shown > PROGRESS_SECONDS or self.step in EARLY
            if due or now - yielded > YIELD_SECONDS:
                yield from self.pause(with_progress=due)
                yielded = self.resumed
                shown = self.resumed if due else shown
        self.measure()

    def test(self) -> Generator[Progress | None, None, None]:
        images, labels = self.test_set.images, self.test_set.labels
        for _ in self.test_set.make(np.arange(len(images))):
            yield from self.pause(with_progress=False)
        parts = []
        for start in range(0, len(images), EVALUATED_AT_ONCE):
            part = slice(start, start + EVALUATED_AT_ONCE)
            parts.append(evaluate(self.network, images[part], labels[part]))
            yield from self.pause(with_progress=False)
        losses, right = cross_entropy(self.probabilities, self.labels), self.probabilities.argmax(axis=1) == self.labels
        tested = Evaluation(
            np.concatenate([p.losses for p in parts]), np.concatenate([p.answers for p in parts]), labels
        )
        self.epochs.append(Epoch(float(losses.mean()), float(right.mean()), tested.loss, tested.accuracy))
        yield from self.pause(with_progress=True)

    def pause(self, *, with_progress: bool) -> Generator[Progress | None, None, None]:
        """Hand over to the caller, without counting the time that it takes."""
        now = perf_counter()
        self.seconds += now - self.resumed
        self.resumed = now
        progress = self.progress() if with_progress else None
        yield progress
        self.resumed = perf_counter()

    def measure(self) -> None:
        """Work out the losses and accuracies of the steps since the last time, all in the present epoch."""
        if self.measured == self.step:
            return
        batch_size, steps = self.recipe.batch_size, slice(self.measured, self.step)
        epoch_start = (self.step - 1) // self.steps_per_epoch * self.steps_per_epoch
        images = slice((self.measured - epoch_start) * batch_size, (self.step - epoch_start) * batch_size)
        probabilities, labels = self.probabilities[images], self.labels[images]
        starts = np.arange(0, len(labels), batch_size)
        sizes = np.diff(starts, append=len(labels))
        self.losses[steps] = np.add.reduceat(cross_entropy(probabilities, labels), starts) / sizes
        right = probabilities.argmax(axis=1) == labels
        self.accuracies[steps] = np.add.reduceat(right, starts, dtype=np.int64) / sizes
        bad = ~np.isfinite(self.losses[steps]) | (self.recent_losses() > HOPELESS)
        # The last step's parameters have not been computed with yet, so its loss says nothing about them.
        bad[-1] |= not np.isfinite(self.network.parameters).all()
        if bad.any():
            step = self.measured + int(bad.argmax()) + 1
            self.network.parameters[:] = self.good_parameters
            raise DivergenceError(
                f"Training diverged at step {step}: the loss is far above that of guessing, or no longer a number. "
                f"A learning rate of {self.recipe.learning_rate:g} is too high here; try a tenth of it."
            )
        self.measured = self.step
        self.good_parameters = self.network.parameters.copy()

    def recent_losses(self) -> Array:
        """Mean loss of about the last `JUDGED` images, at each new step; 0 where there were not so many yet."""
        window = ceil(JUDGED / self.recipe.batch_size)
        first = max(0, self.measured + 1 - window)
        sums = np.concatenate([[0.0], np.cumsum(self.losses[first : self.step])])
        means = (sums[window:] - sums[:-window]) / window
        return np.concatenate([np.zeros(self.step - self.measured - means.size), means])

    def progress(self) -> Progress:
        self.measure()
        starts = np.arange(0, self.step, ceil(self.steps / CURVE_POINTS))
        ends = np.append(starts[1:], self.step)[: starts.size]
        loss_curve, accuracy_curve = (
            np.add.reduceat(values[: self.step], starts) / (ends - starts) for values in (self.losses, self.accuracies)
        )
        parameters = self.good_parameters
        for array in (parameters, ends, loss_curve, accuracy_curve):
            array.flags.writeable = False
        return Progress(
            recipe=self.recipe,
            step=self.step,
            steps=self.steps,
            epochs=tuple(self.epochs),
            seconds=self.seconds,
            seconds_left=self.seconds / max(1, self.step) * (self.steps - self.step),
            curve_steps=ends,
            loss_curve=loss_curve,
            accuracy_curve=accuracy_curve,
            parameters=parameters,
        )
