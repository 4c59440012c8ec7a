"""Other filters, other places, one step: each against a naive restatement."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_gui.explain import experiments
from mnist_gui.explain.kernels import KERNELS, RANDOM, kernel
from mnist_gui.nn import architectures
from mnist_gui.nn.layers import Conv2D, Dense, Dropout, Flatten, Sigmoid
from mnist_gui.nn.network import Network


@pytest.fixture(params=[np.float32, np.float64])
def network(request: pytest.FixtureRequest) -> Network:
    network = architectures.build("notebook", request.param)
    network.initialize(np.random.default_rng(3))
    return network


@pytest.fixture
def image() -> np.ndarray:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 11:15] = np.random.default_rng(4).integers(100, 256, (20, 4))
    return image


# Filters.


def test_an_edited_filter_changes_nothing_else(network: Network) -> None:
    before = network.parameters.copy()
    values = np.arange(9.0).reshape(1, 3, 3)
    edited = experiments.with_filter(network, 1, values)
    np.testing.assert_array_equal(network.parameters, before)
    assert edited.dtype == network.dtype
    np.testing.assert_array_equal(network.named(edited)[experiments.FILTERS][1], values)
    places = [experiments.place(network, experiments.FILTERS, 1, 0, y, x) for y, x in np.ndindex(3, 3)]
    rest = np.setdiff1d(np.arange(len(before)), places)
    np.testing.assert_array_equal(edited[rest], before[rest])
    assert edited[places].tolist() == list(range(9))


def test_a_network_without_filters_says_so() -> None:
    assert experiments.filters(Network([Flatten(), Dense(10)])) is None


@pytest.mark.parametrize("name", [*KERNELS, RANDOM])
@pytest.mark.parametrize("shape", [(1, 3, 3), (3, 3, 3), (1, 4, 4), (2, 5, 5)])
def test_a_kernel_is_as_strong_as_what_it_replaces(name: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    like = rng.normal(size=shape).astype(np.float32)
    made = kernel(name, like, rng)
    assert (made.shape, made.dtype) == (like.shape, like.dtype)
    assert (made**2).sum() == pytest.approx((like**2).sum(), rel=1e-5)
    assert all((channel == made[0]).all() for channel in made)
    if name in KERNELS:
        top = (shape[-1] - 3) // 2
        middle = made[0, top : top + 3, top : top + 3]
        np.testing.assert_allclose(middle / np.abs(middle).max(), KERNELS[name] / np.abs(KERNELS[name]).max(), 1e-6)
        assert np.count_nonzero(made[0]) == np.count_nonzero(middle)


def test_in_a_filter_of_zeros_a_kernel_has_the_textbooks_numbers() -> None:
    made = kernel("sobel down", np.zeros((1, 3, 3)), np.random.default_rng(0))
    assert made[0].tolist() == [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]


def test_a_kernel_does_not_fit_a_filter_of_two_by_two() -> None:
    with pytest.raises(ValueError, match="2×2"):
        kernel("edge", np.zeros((1, 2, 2)), np.random.default_rng(0))


# Shifts.


def moved(image: np.ndarray, down: int, right: int) -> np.ndarray:
    result = np.zeros_like(image)
    for y, x in np.ndindex(image.shape):
        if 0 <= y + down < 28 and 0 <= x + right < 28:
            result[y + down, x + right] = image[y, x]
    return result


def test_every_shift_is_read_as_if_alone(network: Network) -> None:
    image = np.random.default_rng(8).integers(0, 256, (28, 28), np.uint8)
    answers = experiments.shift_answers(network, image)
    assert answers.digits.shape == answers.confidences.shape == (13, 13)
    images = experiments.shifted(image)
    for row, column in np.ndindex(13, 13):
        alone = moved(image, row - 6, column - 6)
        np.testing.assert_array_equal(images[row, column], alone)
        p = network.probabilities(alone[None])[0]
        assert answers.digits[row, column] == p.argmax()
        assert answers.confidences[row, column] == pytest.approx(p.max(), rel=1e-4)


def test_the_share_of_places_that_keep_the_answer() -> None:
    digits = np.zeros((3, 3), np.int64)
    digits[0] = 4
    assert experiments.ShiftMap(digits, np.ones((3, 3))).kept == pytest.approx(6 / 9)


# One step.


def loss(network: Network, parameters: np.ndarray, image: np.ndarray, label: int) -> float:
    twin = experiments.copy_of(network, np.float64)
    twin.parameters[:] = parameters
    return float(-np.log(twin.probabilities(image[None])[0, label]))


def test_a_step_goes_down_the_slope(network: Network, image: np.ndarray) -> None:
    before = network.parameters.copy()
    step = experiments.one_step(network, image, 7, 0.01)
    np.testing.assert_array_equal(network.parameters, before)
    np.testing.assert_allclose(step.parameters, before - 0.01 * step.gradient, rtol=0, atol=1e-15)
    assert step.loss_before == pytest.approx(loss(network, before, image, 7), abs=1e-12)
    assert step.loss_after == pytest.approx(loss(network, step.parameters, image, 7), abs=1e-12)
    assert step.loss_after < step.loss_before
    assert step.before[7] == pytest.approx(np.exp(-step.loss_before))
    assert step.after[7] == pytest.approx(np.exp(-step.loss_after))


def test_every_slope_of_the_filters_is_what_finite_differences_measure(network: Network, image: np.ndarray) -> None:
    step = experiments.one_step(network, image, 2, 0.1)
    for index in np.ndindex(network.named()[experiments.FILTERS].shape):
        parameter = experiments.place(network, experiments.FILTERS, *index)
        measured = experiments.finite_difference(network, image, 2, parameter)
        assert measured == pytest.approx(step.gradient[parameter], rel=1e-6, abs=1e-9)


def test_a_step_of_a_network_with_dropout_repeats(monkeypatch: pytest.MonkeyPatch, image: np.ndarray) -> None:
    def layers() -> list:
        return [Conv2D(2, 3), Sigmoid(), Flatten(), Dropout(0.5), Dense(10)]

    monkeypatch.setitem(architectures.ARCHITECTURES, "with dropout", layers)
    network = architectures.build("with dropout")
    network.initialize(np.random.default_rng(0))
    first, second = (experiments.one_step(network, image, 2, 0.1) for _ in range(2))
    np.testing.assert_array_equal(first.gradient, second.gradient)
    assert first.loss_before == pytest.approx(loss(network, network.parameters, image, 2))
