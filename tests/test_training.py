"""Training repeats, tells the truth of itself, stops at once, and keeps what is good when a run goes wrong."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from mnist_gui import training
from mnist_gui.data import Dataset, drawn
from mnist_gui.errors import UserError
from mnist_gui.nn import architectures
from mnist_gui.nn.losses import cross_entropy
from mnist_gui.nn.network import Network
from mnist_gui.training import RECIPES, DivergenceError, Progress, Recipe, evaluate, initialize, train

if TYPE_CHECKING:
    from collections.abc import Iterator

FAST = Recipe(epochs=8, batch_size=8, learning_rate=0.05)
EXACT = replace(FAST, epochs=2, dtype="float64")


def draw_squares(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Make images of a bright square in one of ten places, which is its label."""
    labels = rng.integers(0, 10, count, np.uint8)
    images = rng.integers(0, 60, (count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = 3 + 13 * (label // 5) + rng.integers(3), 5 * (label % 5) + rng.integers(3)
        image[row : row + 6, column : column + 4] += 190
    return images, labels


@pytest.fixture(scope="module")
def squares() -> Dataset:
    """A data set that is learned in a moment."""
    rng = np.random.default_rng(0)
    dataset = Dataset("squares", *draw_squares(200, rng), *draw_squares(60, rng))
    for array in (dataset.train_images, dataset.train_labels, dataset.test_images, dataset.test_labels):
        array.flags.writeable = False
    return dataset


def part_of(data: Dataset, count: int) -> Dataset:
    return replace(data, train_images=data.train_images[:count], train_labels=data.train_labels[:count])


class Clock:
    """A clock that goes on by the same amount whenever it is read."""

    def __init__(self, tick: float) -> None:
        self.now, self.tick = 1000.0, tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Training's clock, on which a step takes a millisecond, and nothing but the clock calls for a progress."""
    clock = Clock(0.001)
    monkeypatch.setattr(training, "YIELD_SECONDS", 0.01)  # or the readings at each yield would be most of the time
    monkeypatch.setattr(training, "EARLY", frozenset())
    monkeypatch.setattr(training, "perf_counter", clock)
    return clock


def build(recipe: Recipe) -> Network:
    return architectures.build("notebook", recipe.dtype)


def run(data: Dataset, recipe: Recipe, network: Network | None = None, *, fresh: bool = True) -> list[Progress]:
    """Train to the end, and return every progress."""
    network = network or build(recipe)
    return [progress for progress in train(network, data, recipe, fresh=fresh) if progress is not None]


# What is learned.


def test_squares_are_learned(squares: Dataset) -> None:
    network = build(FAST)
    final = run(squares, FAST, network)[-1]
    assert final.finished
    assert final.epochs[-1].test_accuracy == evaluate(network, squares.test_images, squares.test_labels).accuracy > 0.95


def test_32_images_are_learned_by_heart(squares: Dataset) -> None:
    few = part_of(squares, 32)
    few = replace(few, train_labels=np.random.default_rng(1).permutation(few.train_labels))
    recipe = Recipe(epochs=400, batch_size=32, learning_rate=0.1)
    network = build(recipe)
    run(few, recipe, network)
    assert evaluate(network, few.train_images, few.train_labels).accuracy == 1


@pytest.mark.parametrize("recipe", [FAST, replace(FAST, dtype="float64"), replace(FAST, as_notebook=True)])
def test_the_same_seed_gives_the_same_weights_whatever_the_clock(
    squares: Dataset, monkeypatch: pytest.MonkeyPatch, recipe: Recipe
) -> None:
    weights = []
    for tick in (0.001, 0.02, 1.0):
        monkeypatch.setattr(training, "perf_counter", Clock(tick))
        network = build(recipe)
        network.parameters[:] = 7  # what was there before doesn't matter
        run(squares, recipe, network)
        weights.append(network.parameters.tobytes())
    assert len(set(weights)) == 1


def test_another_seed_gives_other_weights(squares: Dataset) -> None:
    weights = [run(squares, replace(FAST, seed=seed))[-1].parameters for seed in (0, 1)]
    assert np.abs(weights[0] - weights[1]).max() > 0.1


def test_the_seed_decides_on_the_order_too() -> None:
    def orders(seed: int) -> list[list[int]]:
        drawn = initialize(build(FAST), replace(FAST, seed=seed), 20)
        return [next(drawn).tolist() for _ in range(3)]

    assert orders(0) == orders(0) != orders(1)
    assert all(sorted(order) == list(range(20)) for order in orders(0))
    assert len(set(map(tuple, orders(0)))) == 3


def test_training_goes_on_from_where_it_was(squares: Dataset) -> None:
    network = build(FAST)
    run(squares, FAST, network)
    learned = network.parameters.copy()
    first, *_, last = run(squares, replace(FAST, epochs=1), network, fresh=False)
    np.testing.assert_array_equal(first.parameters, learned)
    assert last.epochs[0].accuracy > 0.95
    assert not np.array_equal(network.parameters, learned)

    run(squares, FAST, network)
    np.testing.assert_array_equal(network.parameters, learned)  # with fresh parameters it is the first run again


@pytest.mark.parametrize("warp", [False, True])
def test_of_mnist_and_what_is_drawn_for_it_only_mnist_is_bent_and_not_at_the_end(
    squares: Dataset, monkeypatch: pytest.MonkeyPatch, warp: bool
) -> None:
    """Digits drawn by rule vary as it is; bent once more, they would lean and shrink more than anybody's."""
    seen: list[np.ndarray] = []
    backpropagate = Network.backpropagate

    def look(network: Network, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        seen.append(images.copy())
        return backpropagate(network, images, labels)

    monkeypatch.setattr(Network, "backpropagate", look)
    monkeypatch.setattr(training, "is_mnist", lambda dataset: dataset is squares)
    run(squares, replace(FAST, epochs=3, drawn=40, warp=warp))
    own = {image.tobytes() for image in squares.train_images}
    by_rule = {image.tobytes() for image in drawn.images(40, drawn.TRAIN_SEED)[0]}
    for number, epoch in enumerate(np.concatenate(seen).reshape(3, 240, 28, 28)):
        given = [image.tobytes() for image in epoch]
        assert sum(image in by_rule for image in given) == 40
        assert sum(image in own for image in given) == (0 if warp and number < 2 else 200)


def test_the_data_set_is_left_alone(squares: Dataset) -> None:
    copies = [getattr(squares, field.name).copy() for field in fields(squares)[1:5]]
    run(squares, FAST)
    for field, copy in zip(fields(squares)[1:5], copies, strict=True):
        np.testing.assert_array_equal(getattr(squares, field.name), copy)


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_frozen_filters_stay_and_the_rest_learns(squares: Dataset, fresh: bool, decay: float) -> None:
    recipe = replace(FAST, freeze_filters=True, weight_decay=decay)
    network = build(recipe)
    network.initialize(np.random.default_rng(9))
    before = {name: part.copy() for name, part in network.named().items()}
    progress = run(squares, recipe, network, fresh=fresh)
    for name, part in network.named().items():
        assert np.array_equal(part, before[name]) == name.startswith("conv"), name
        np.testing.assert_array_equal(network.named(progress[-1].parameters)[name], part)
    assert progress[-1].epochs[-1].test_accuracy > 0.9


def test_frozen_filters_change_nothing_else(squares: Dataset) -> None:
    few, recipe = part_of(squares, 8), replace(EXACT, epochs=1, momentum=0.0)
    frozen, free = build(recipe), build(recipe)
    initialize(frozen, recipe, 8)
    run(few, replace(recipe, freeze_filters=True), frozen)
    run(few, recipe, free)
    for name in ("dense1.weights", "dense1.bias"):  # one step, and its gradient is that of the whole network
        np.testing.assert_array_equal(frozen.named()[name], free.named()[name])
    assert not np.array_equal(frozen.parameters, free.parameters)


# What is told of it.


@pytest.mark.parametrize("count", [40, 43, 5], ids=["whole batches", "a short last batch", "less than a batch"])
@pytest.mark.parametrize("changes", [{}, {"momentum": 0.0, "schedule": "constant"}, {"weight_decay": 0.01}])
def test_every_figure_is_that_of_a_plain_loop(squares: Dataset, count: int, changes: dict) -> None:
    data, recipe = part_of(squares, count), replace(EXACT, **changes)
    trained = build(recipe)
    final = run(data, recipe, trained)[-1]

    network = build(recipe)
    orders = initialize(network, recipe, count)
    velocity = np.zeros_like(network.parameters)
    rates = iter(recipe.rates(final.steps))
    losses, accuracies = [], []
    for epoch in final.epochs:
        order = next(orders)
        epoch_losses: list[float] = []
        epoch_hits: list[bool] = []
        for start in range(0, count, recipe.batch_size):
            images, labels = (
                a[order[start : start + recipe.batch_size]] for a in (data.train_images, data.train_labels)
            )
            probabilities = network.probabilities(images)
            batch_losses = [-np.log(p[label]) for p, label in zip(probabilities, labels, strict=True)]
            hits = [p.argmax() == label for p, label in zip(probabilities, labels, strict=True)]
            epoch_losses += batch_losses
            epoch_hits += hits
            losses.append(np.mean(batch_losses))
            accuracies.append(np.mean(hits))
            network.backpropagate(images, labels)
            gradient = network.gradients + recipe.weight_decay * network.parameters
            velocity = recipe.momentum * velocity + gradient
            network.parameters -= next(rates) * (gradient + recipe.momentum * velocity)
        assert epoch.loss == pytest.approx(np.mean(epoch_losses))
        assert epoch.accuracy == pytest.approx(np.mean(epoch_hits))
        test_probabilities = network.probabilities(data.test_images)
        assert epoch.test_loss == pytest.approx(cross_entropy(test_probabilities, data.test_labels).mean())
        assert epoch.test_accuracy == (test_probabilities.argmax(axis=1) == data.test_labels).mean()
    np.testing.assert_allclose(trained.parameters, network.parameters, atol=1e-12)
    np.testing.assert_array_equal(final.curve_steps, np.arange(1, len(losses) + 1))
    np.testing.assert_allclose(final.loss_curve, losses, atol=1e-12)
    np.testing.assert_allclose(final.accuracy_curve, accuracies, atol=1e-12)
    assert final.steps_per_epoch == -(-count // recipe.batch_size)


def test_curves_cover_the_whole_run_however_long(squares: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    every_step = run(squares, EXACT)[-1]
    monkeypatch.setattr(training, "CURVE_POINTS", 7)
    final = run(squares, EXACT)[-1]
    assert len(every_step.loss_curve) == final.steps == 50
    assert len(final.loss_curve) == len(final.accuracy_curve) == len(final.curve_steps) <= 7
    assert final.curve_steps[-1] == 50
    start = 0
    for end, loss, accuracy in zip(final.curve_steps, final.loss_curve, final.accuracy_curve, strict=True):
        assert loss == pytest.approx(every_step.loss_curve[start:end].mean())
        assert accuracy == pytest.approx(every_step.accuracy_curve[start:end].mean())
        start = end
    sizes = np.diff(final.curve_steps, prepend=0)
    assert (final.loss_curve * sizes).sum() / 50 == pytest.approx(np.mean([epoch.loss for epoch in final.epochs]))


def test_a_progress_is_complete(squares: Dataset, clock: Clock) -> None:
    recipe = replace(FAST, epochs=5, batch_size=1)
    reports = run(squares, recipe)
    final = reports[-1]
    assert [(reports[0].step, len(reports[0].loss_curve)), (final.step, len(final.loss_curve))] == [
        (0, 0),
        (1000, 1000),
    ]
    assert len(reports) > 2 * len(final.epochs)
    for progress in reports:
        assert (progress.recipe, progress.steps) == (recipe, 1000)
        assert progress.epochs == final.epochs[: len(progress.epochs)]
        assert len(progress.epochs) in (progress.step // 200, progress.step // 200 - 1)
        np.testing.assert_array_equal(progress.curve_steps, np.arange(1, progress.step + 1))
        np.testing.assert_array_equal(progress.loss_curve, final.loss_curve[: progress.step])
        np.testing.assert_array_equal(progress.accuracy_curve, final.accuracy_curve[: progress.step])
        assert progress.parameters.shape == (3410,)
    assert [progress.finished for progress in reports] == [False] * (len(reports) - 1) + [True]


def test_each_epoch_ends_with_its_progress(squares: Dataset) -> None:
    network = build(FAST)
    ends = 0
    for progress in train(network, squares, FAST):
        if progress is not None and len(progress.epochs) > ends:
            ends += 1
            assert (len(progress.epochs), progress.step) == (ends, 25 * ends)
            np.testing.assert_array_equal(progress.parameters, network.parameters)
            tested = evaluate(network, squares.test_images, squares.test_labels)
            assert progress.epochs[-1].test_loss == pytest.approx(tested.loss)
    assert ends == 8


def test_a_progress_never_changes(squares: Dataset, clock: Clock) -> None:
    recipe = replace(FAST, epochs=2, batch_size=1)
    network = build(recipe)

    def arrays(progress: Progress) -> list[np.ndarray]:
        return [progress.curve_steps, progress.loss_curve, progress.accuracy_curve, progress.parameters]

    kept = [
        (progress, [array.copy() for array in arrays(progress)])
        for progress in train(network, squares, recipe)
        if progress is not None
    ]
    assert len(kept) > 10
    network.parameters[:] = 0
    for progress, copies in kept:
        for array, copy in zip(arrays(progress), copies, strict=True):
            np.testing.assert_array_equal(array, copy)
            with pytest.raises(ValueError, match="read-only"):
                array[:] = 0
            assert not np.shares_memory(array, network.parameters)
        with pytest.raises(FrozenInstanceError):
            progress.step = 0  # type: ignore[misc]


# When it hands over.


def test_there_is_a_chance_to_stop_every_50_ms(squares: Dataset, clock: Clock) -> None:
    resumed, yields, reports = clock.now, 0, []
    for progress in train(build(FAST), squares, replace(FAST, batch_size=1)):
        assert clock.now - resumed <= 0.05
        yields += 1
        if progress is not None:
            reports.append(clock.now)
        resumed = clock.now
    assert yields > 1000 / 50
    # About 30 a second, and those at the start and the end of each epoch.
    assert 10 < len(reports) - 9 <= 30 * (clock.now - 1000) + 1


def test_evaluation_has_chances_to_stop_too(squares: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "EVALUATED_AT_ONCE", 7)
    monkeypatch.setattr(training, "YIELD_SECONDS", 1e9)
    monkeypatch.setattr(training, "EARLY", frozenset())
    recipe = replace(FAST, epochs=1)
    network = build(recipe)
    *chances, final = list(train(network, squares, recipe))
    assert len(chances) == 1 + 9  # the start, and 60 images by sevens
    whole = evaluate(network, squares.test_images, squares.test_labels)
    assert final is not None
    assert final.epochs[0].test_loss == pytest.approx(whole.loss)
    assert final.epochs[0].test_accuracy == whole.accuracy


def test_pauses_do_not_count(squares: Dataset, clock: Clock) -> None:
    recipe = replace(FAST, epochs=5, batch_size=1)  # 1,000 steps, of a millisecond and a little more
    for pause in (0, 1000):
        last = None
        for progress in train(build(recipe), squares, recipe):
            if progress is not None:
                assert last is None or progress.seconds >= last.seconds
                assert progress.seconds == pytest.approx(progress.step / 1000, rel=0.3, abs=0.05)
                assert (
                    progress.seconds_left == pytest.approx(1 - progress.step / 1000, rel=0.6, abs=0.05) or last is None
                )
                last = progress
            clock.now += pause
        assert last is not None
        assert last.seconds_left == 0


@pytest.mark.parametrize("after", [1, 2, 5, 30])
def test_stopping_keeps_what_was_learned(squares: Dataset, clock: Clock, after: int) -> None:
    network = build(FAST)
    running = train(network, squares, replace(FAST, batch_size=1))
    for _ in range(after):
        next(running)
    kept = network.parameters.copy()
    running.close()
    np.testing.assert_array_equal(network.parameters, kept)
    assert np.isfinite(network.probabilities(squares.test_images)).all()
    assert run(squares, FAST, network)[-1].epochs == run(squares, FAST)[-1].epochs


@pytest.fixture
def two_threads() -> Iterator[None]:
    """BLAS with two threads, whatever the environment says."""
    with threadpool_limits(2, user_api="blas"):
        if threads() != {2}:
            pytest.skip("this BLAS has one thread only")
        yield


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.usefixtures("two_threads")
def test_blas_has_one_thread_while_training_and_its_own_number_after(squares: Dataset) -> None:
    running = train(build(FAST), squares, FAST)
    assert threads() == {2}
    next(running)
    assert threads() == {1}
    running.close()
    assert threads() == {2}

    run(squares, FAST)
    assert threads() == {2}


def test_the_first_steps_are_reported_closely(squares: Dataset) -> None:
    reports = run(squares, replace(FAST, batch_size=1))
    steps = [progress.step for progress in reports]
    assert steps[:6] == list(range(6))
    assert all(later <= earlier * 1.2 + 1 for earlier, later in pairwise(steps) if later <= 1000)


# Runs that go wrong.


def diverge(data: Dataset, network: Network, recipe: Recipe) -> tuple[str, list[Progress]]:
    """Train until the loss is no longer finite: the message, and every progress before."""
    reports = []
    with np.errstate(over="ignore", invalid="ignore"), pytest.raises(DivergenceError) as caught:
        reports.extend(progress for progress in train(network, data, recipe) if progress is not None)
    assert isinstance(caught.value, UserError)
    return str(caught.value), reports


@pytest.mark.parametrize(("dtype", "rate"), [("float32", 1e60), ("float64", 1.7e308)])
def test_a_rate_that_diverges_is_told_with_its_step(squares: Dataset, clock: Clock, dtype: str, rate: float) -> None:
    recipe = replace(FAST, learning_rate=rate, dtype=dtype, schedule="constant")
    network = build(recipe)
    message, reports = diverge(squares, network, recipe)
    assert "\n" not in message
    step = int(message.partition("Training diverged at step ")[2].partition(":")[0])
    assert 2 <= step < 10  # the first step's loss is that of fresh parameters
    assert f"{rate:g}" in message
    assert [progress.step for progress in reports] == [0]
    np.testing.assert_array_equal(network.parameters, reports[0].parameters)
    assert np.isfinite(network.probabilities(squares.test_images)).all()


def test_a_run_that_diverges_later_keeps_its_last_good_parameters(
    squares: Dataset, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rates(self: Recipe, steps: int) -> np.ndarray:
        return np.where(np.arange(steps) < 60, 0.1, np.inf)  # 25 steps an epoch

    monkeypatch.setattr(Recipe, "rates", rates)
    network = build(FAST)
    message, reports = diverge(squares, network, FAST)
    assert "Training diverged at step 62:" in message
    assert (reports[-1].step, len(reports[-1].epochs)) == (50, 2)
    np.testing.assert_array_equal(network.parameters, reports[-1].parameters)
    assert np.isfinite(network.probabilities(squares.test_images)).all()


def test_a_run_that_is_ruined_without_an_infinite_loss_is_stopped(squares: Dataset) -> None:
    network = build(FAST)
    message, reports = diverge(squares, network, replace(FAST, epochs=200, learning_rate=1e6, schedule="constant"))
    assert "far above that of guessing" in message
    np.testing.assert_array_equal(network.parameters, reports[-1].parameters)


def test_after_divergence_blas_and_the_network_are_fine(squares: Dataset) -> None:
    network = build(FAST)
    before = threads()
    diverge(squares, network, replace(FAST, learning_rate=1e60))
    assert threads() == before
    assert run(squares, FAST, network)[-1].epochs == run(squares, FAST)[-1].epochs


@pytest.mark.parametrize("batch_size", [8, 200], ids=["in the middle", "at the last step"])
def test_parameters_that_overflow_are_never_the_good_ones(squares: Dataset, clock: Clock, batch_size: int) -> None:
    clock.tick = 1  # a progress after each step
    recipe = Recipe(epochs=1, batch_size=batch_size, learning_rate=1e60, schedule="constant")
    network = build(recipe)
    _, reports = diverge(squares, network, recipe)
    assert all(np.isfinite(progress.parameters).all() for progress in reports)
    assert np.isfinite(network.parameters).all()


# Recipes.


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 50, 18_750])
def test_one_cycle_climbs_to_the_peak_and_falls_to_nearly_nothing(steps: int) -> None:
    rates = Recipe(learning_rate=0.5).rates(steps)
    assert rates.shape == (steps,)
    assert (rates > 0).all()
    assert rates.max() <= 0.5
    peak = int(rates.argmax())
    assert (np.diff(rates[: peak + 1]) > 0).all()
    assert (np.diff(rates[peak:]) < 0).all()
    if steps > 4:
        assert rates[0] == pytest.approx(0.5 / 25)
        assert rates[peak] == pytest.approx(0.5)
        assert peak / steps == pytest.approx(0.25, abs=1 / steps)
        # A cosine is half way at half time.
        assert rates[peak + (steps - peak) // 2] == pytest.approx(0.25, rel=3 / steps + 1e-3)
    if steps > 1000:
        assert rates[-1] == pytest.approx(0.5 / 10_000, rel=0.01)


def test_a_constant_rate_is_constant() -> None:
    assert Recipe(learning_rate=0.25, schedule="constant").rates(4).tolist() == [0.25] * 4


def test_the_notebooks_recipe_is_the_published_one() -> None:
    recipe = RECIPES["notebook"]
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate, recipe.seed) == (35, 32, 0.01, 42)
    assert (recipe.schedule, recipe.momentum, recipe.weight_decay) == ("constant", 0, 0)
    assert (recipe.dtype, recipe.as_notebook) == ("float64", True)


def test_each_recipe_is_known_by_its_name() -> None:
    recipe = RECIPES["default"]
    assert (recipe.epochs, recipe.batch_size, recipe.dtype, recipe.as_notebook) == (10, 32, "float32", False)
    assert {name: recipe.name for name, recipe in RECIPES.items()} == {name: name for name in RECIPES}


def test_a_recipe_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        RECIPES["default"].epochs = 1  # type: ignore[misc]


def test_an_evaluation_adds_up(squares: Dataset) -> None:
    network = build(EXACT)
    initialize(network, EXACT)
    result = evaluate(network, squares.test_images, squares.test_labels)
    probabilities = network.probabilities(squares.test_images)
    expected = [-np.log(p[label]) for p, label in zip(probabilities, squares.test_labels, strict=True)]
    np.testing.assert_allclose(result.losses, expected, rtol=1e-12)
    assert result.loss == pytest.approx(np.mean(expected))
    assert result.answers.tolist() == [p.argmax() for p in probabilities]
    assert result.accuracy == sum(result.answers == squares.test_labels) / 60
