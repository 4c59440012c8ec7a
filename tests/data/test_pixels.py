"""Pixels of any type and size become 28×28 bytes."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_gui.data.dataset import DataError
from mnist_gui.data.pixels import Pixels, fit, resampling

BYTES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)


@pytest.mark.parametrize(
    "stored",
    [
        BYTES,
        BYTES.astype(np.int64),
        BYTES.astype(np.float64),
        BYTES / np.float32(255),
        BYTES.astype(">f4") / 255,
        BYTES / 127.5 - 1,
        BYTES.astype(np.uint16) * 257,
    ],
    ids=["bytes", "integers", "floats", "0 to 1", "0 to 1, big-endian", "-1 to 1", "16 bits"],
)
def test_pixels_of_any_range_become_bytes(stored: np.ndarray) -> None:
    np.testing.assert_array_equal(Pixels("file")(stored), BYTES, strict=True)


def test_truth_values_are_black_and_white() -> None:
    np.testing.assert_array_equal(Pixels("file")(BYTES > 100), np.where(BYTES > 100, 255, 0))


@pytest.mark.parametrize("wrong", [-2.0, 256.0, np.nan, np.inf, 1e300])
def test_other_pixels_are_refused(wrong: float) -> None:
    with pytest.raises(DataError, match="file has pixels from"):
        Pixels("file")(np.full((1, 28, 28), wrong))


def test_the_first_images_decide_on_the_range() -> None:
    pixels = Pixels("file")
    pixels(BYTES / 255)
    with pytest.raises(DataError, match="after others from 0 to 1"):
        pixels(BYTES.astype(float))


def test_other_sizes_are_fitted() -> None:
    image = np.zeros((1, 56, 56), np.uint8)
    image[0, 20:30, 4:10] = 200
    fitted = np.zeros((28, 28), np.uint8)
    fitted[10:15, 2:5] = 200
    np.testing.assert_array_equal(fit(image)[0], fitted)


def test_an_oblong_image_keeps_its_proportions_on_its_own_paper() -> None:
    image = np.full((2, 14, 7), 250, np.uint8)
    image[:, 4:10, 2:5] = 0
    fitted = fit(image)[0]
    assert (fitted[:, :7] == 250).all()
    assert (fitted[:, 21:] == 250).all()
    assert fitted[14, 14] == 0


@pytest.mark.parametrize(("before", "after"), [(8, 28), (28, 28), (32, 28), (500, 28), (28, 1), (1, 28)])
def test_resampling_keeps_what_is_even(before: int, after: int) -> None:
    weights = resampling(before, after)
    assert weights.shape == (after, before)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    assert (weights >= 0).all()
