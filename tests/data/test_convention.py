"""Units, colours and orientation are changed where the images leave no doubt, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_gui.data import convention, drawn


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    images, labels = drawn.images(300, seed=21)
    return images.copy(), labels


@pytest.fixture(scope="module")
def garments() -> np.ndarray:
    """Filled shapes of ten kinds, some up to the frame: stand-ins for Fashion-MNIST."""
    rng = np.random.default_rng(3)
    images = np.zeros((300, 28, 28), np.uint8)
    for number, image in enumerate(images):
        top, left = rng.integers(0, 8, 2)
        image[top : 28 - top, left : 28 - left] = rng.integers(60, 255)
        image[: 3 * (number % 10), 10:18] = rng.integers(0, 255)
    return images


@pytest.mark.parametrize("brightest", [1, 15, 16, 31])
def test_dim_pixels_are_scaled(digits, brightest: int) -> None:
    images = np.rint(digits[0] / 255 * brightest).astype(np.uint8)
    remarks = convention.normalise(images)
    assert remarks == [f"pixels from 0 to {brightest} were scaled to 0 to 255 {convention.CHANGED}"]
    assert np.abs(images.astype(int) - digits[0]).max() <= 255 / brightest / 2 + 1


@pytest.mark.parametrize("paper", [255, 230])
def test_black_on_white_is_turned(digits, paper: int) -> None:
    images = np.minimum(255 - digits[0], paper)
    assert convention.normalise(images) == [f"black on white was turned to white on black {convention.CHANGED}"]
    np.testing.assert_array_equal(images, np.maximum(digits[0], 255 - paper))


def test_black_on_white_from_0_to_1_is_both(digits) -> None:
    images = (digits[0] < 128).astype(np.uint8)
    assert len(convention.normalise(images)) == 2
    np.testing.assert_array_equal(images, np.where(digits[0] < 128, 0, 255))


def test_what_is_as_expected_or_in_doubt_stays(digits, garments: np.ndarray) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8)
    blank, white = np.zeros((20, 28, 28), np.uint8), np.full((20, 28, 28), 255, np.uint8)
    for images in (digits[0], garments, noise, white, np.empty((0, 28, 28), np.uint8)):
        before = images.copy()
        assert convention.normalise(images) == []
        np.testing.assert_array_equal(images, before)
    assert convention.normalise(blank) == ["the brightest pixel is 0 of 255"]
    assert not blank.any()


def test_a_mixture_is_told_and_left(digits) -> None:
    images = digits[0].copy()
    images[::3] = 255 - images[::3]
    before = images.copy()
    assert convention.normalise(images) == ["33% of the images are black on white; they were left so"]
    np.testing.assert_array_equal(images, before)


def test_digits_on_their_side_are_told_from_upright_ones(digits) -> None:
    images, labels = digits
    assert convention.lie_transposed(images, labels) is False
    lying = images.transpose(0, 2, 1).copy()
    assert convention.lie_transposed(lying, labels) is True
    convention.transpose(lying)
    np.testing.assert_array_equal(lying, images)


def test_a_few_digits_tell_nothing_that_is_not_so(digits) -> None:
    images, labels = digits
    told = []
    for first in range(0, 280, 20):
        part = slice(first, first + 20)
        assert convention.lie_transposed(images[part], labels[part]) is not True
        told.append(convention.lie_transposed(images[part].transpose(0, 2, 1), labels[part]))
    assert False not in told
    assert told.count(True) > 7
    assert convention.lie_transposed(images[:19], labels[:19]) is None


def test_what_is_no_digit_lies_nowhere(digits, garments: np.ndarray) -> None:
    images, labels = digits
    noise = np.random.default_rng(0).integers(0, 256, (100, 28, 28), np.uint8)
    for others in (garments, garments.transpose(0, 2, 1)):
        assert convention.lie_transposed(others, (np.arange(300) % 10).astype(np.uint8)) is None
    assert convention.lie_transposed(noise, labels[:100]) is None
    # Letters have other shapes than the digits that number them; here each class has another digit's.
    assert convention.lie_transposed(images, (labels + 3) % 10) is None
    assert convention.lie_transposed(images.transpose(0, 2, 1), (labels + 3) % 10) is None


@pytest.mark.mnist
def test_mnist_stands_upright(mnist) -> None:
    assert convention.lie_transposed(mnist.test_images, mnist.test_labels) is False
    assert convention.lie_transposed(mnist.test_images.transpose(0, 2, 1), mnist.test_labels) is True
    assert convention.normalise(mnist.test_images) == []
