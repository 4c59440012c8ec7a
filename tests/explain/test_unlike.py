"""What is unlike any digit is told from digits by its image alone, and quickly."""

from __future__ import annotations

import time

import numpy as np
import pytest
from made_pictures import other_drawings

from mnist_gui import data, ink
from mnist_gui.data import drawn
from mnist_gui.explain.unlike import SIDE, UNLIKE, features, is_unlike, unlike
from mnist_gui.explain.unlike_training import no_digits, scribbles, train


def test_hardly_any_digit_is_unlike_digits() -> None:
    images, _ = drawn.images(2000, 55)
    assert (unlike(images) > UNLIKE).mean() < 0.01


@pytest.mark.mnist
def test_hardly_any_of_mnists_test_images_is_unlike_digits(mnist: data.Dataset) -> None:
    assert (unlike(mnist.test_images) > UNLIKE).mean() < 0.015


def test_most_letters_signs_and_scribbles_are_unlike_digits() -> None:
    caught: dict[str, list[bool]] = {"letter": [], "sign": [], "scribble": []}
    for kind, strokes in other_drawings(450, 91):
        image = ink.from_strokes(strokes)
        if image is not None:
            caught[kind.split()[0]].append(is_unlike(image))
    shares = {kind: np.mean(found) for kind, found in caught.items()}
    assert shares["letter"] > 0.6
    assert shares["sign"] > 0.42
    assert shares["scribble"] > 0.65


def test_features_do_not_depend_on_place_size_and_slant() -> None:
    points = np.array([(0, 0), (60, 0), (20, 60), (60, 120), (0, 120)], float)
    images = []
    for scale, slant in ((1.0, 0.0), (0.3, 0.25), (5.0, -0.25)):
        path = scale * np.stack([points[:, 0] + slant * points[:, 1], points[:, 1]], axis=1)
        images.append(ink.from_strokes([ink.Stroke(path + 7, np.full(len(path), 8 * scale))]))
    found = features(np.stack(images))
    assert found.shape == (3, SIDE**2)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    assert (found @ found.T).min() > 0.93


def test_an_empty_image_is_no_accident() -> None:
    assert np.isfinite(unlike(np.zeros((2, 28, 28), np.uint8))).all()


def test_one_image_takes_less_than_a_millisecond() -> None:
    image = drawn.images(10, 3)[0][0]
    is_unlike(image)
    times = []
    for _ in range(50):
        start = time.process_time()
        is_unlike(image)
        times.append(time.process_time() - start)
    assert min(times) < 1e-3


def test_training_tells_digits_from_what_is_made_of_them() -> None:
    rng = np.random.default_rng(0)
    images, labels = drawn.images(3000, 4)
    others = np.concatenate([no_digits(images, labels, rng)[:3000], scribbles(50, rng)])
    inputs = features(np.concatenate([images, others]))
    wanted = np.repeat(np.array([0, 1], np.float32), [len(images), len(others)])
    values = inputs
    *hidden, (weights, bias) = train(inputs, wanted, rng)
    for layer, offset in hidden:
        values = np.maximum(values @ layer + offset, 0)
    scores = (values @ weights + bias)[:, 0]
    assert ((scores > np.median(scores)) == wanted).mean() > 0.7
