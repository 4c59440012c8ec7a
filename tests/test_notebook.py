"""The notebook's run comes out of the common network and training: its random numbers, its faults, its lines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_gui import notebook
from mnist_gui.data import Dataset
from mnist_gui.nn import architectures
from mnist_gui.training import RECIPES, evaluate, train

sys.path.append(str(Path(__file__).parent / "nn"))  # when this file is run by itself
import oracles

PUBLISHED = (
    "Epoch 1/35, Loss: 0.0719, Accuracy: 11.17%",
    "Epoch 2/35, Loss: 0.0718, Accuracy: 11.24%",
    "Epoch 3/35, Loss: 0.0717, Accuracy: 11.25%",
)


@pytest.fixture
def blots() -> Dataset:
    """Eight images of coarse noise, six of them to train on."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 7, 7), np.uint8).repeat(4, axis=1).repeat(4, axis=2)
    labels = rng.integers(0, 10, 8, np.uint8)
    return Dataset("blots", images[:6], labels[:6], images[6:], labels[6:])


@pytest.mark.mnist
def test_three_epochs_print_what_the_notebook_printed() -> None:
    command = [sys.executable, "-m", "mnist_gui", "train", "--recipe", "notebook", "--epochs", "3"]
    command += ["--data", os.environ["MNIST_GUI_DATA"]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    expected = "".join(f"{line.replace('/35', '/3')}\n" for line in PUBLISHED)
    assert done.stdout.startswith(expected)
    assert re.fullmatch(
        r"\nTest Results:\nLoss: 2\.2\d\d\d, Accuracy: 1\d\.\d\d%\n", done.stdout.removeprefix(expected)
    )
    assert done.stderr == ""


def test_random_numbers_come_in_the_notebooks_order() -> None:
    network = architectures.build("notebook", np.float64)
    orders = notebook.draw(network, 42, 7)
    given = [next(orders) for _ in range(3)]

    random = np.random.RandomState(42)
    dense_weights = random.randn(338, 10) * 0.01
    first_order = random.permutation(7)
    filters = random.randn(2, 1, 3, 3) * 0.1
    second_order = random.permutation(7)
    third_order = random.permutation(7)

    parts = network.named()
    np.testing.assert_array_equal(parts["dense1.weights"], dense_weights.T)
    np.testing.assert_array_equal(parts["conv1.weights"], filters)
    assert not parts["dense1.bias"].any()
    assert not parts["conv1.bias"].any()
    np.testing.assert_array_equal(given, [first_order, second_order, third_order])


def test_drawing_leaves_numpys_own_generator_alone() -> None:
    network = architectures.build("notebook", np.float64)
    network.parameters[:] = 1  # biases are set to 0 whatever they were
    before = np.random.get_state()[1].copy()  # noqa: NPY002 -- it is what must not change
    next(notebook.draw(network, 42, 7))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert not network.named()["dense1.bias"].any()


def naive_step(parts: dict[str, np.ndarray], images: np.ndarray, labels: np.ndarray, rate: float) -> list[float]:
    """One update of the notebook's, as naive loops; return the losses of the images before it."""
    n = len(images)
    filters, filter_bias = parts["conv1.weights"], parts["conv1.bias"]
    weights, bias = parts["dense1.weights"], parts["dense1.bias"]
    x = (images / np.float32(255))[:, None].astype(float)

    z = np.clip(oracles.conv2d(x, filters, filter_bias, 1), -15, 15)
    a = oracles.sigmoid(z)
    pooled = oracles.avg_pool2d(a, 2, 2)
    flat = pooled.reshape(n, -1)
    logits = oracles.dense(flat, weights, bias)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    losses = [-np.log(np.clip(row[label], 1e-15, 1 - 1e-15)) for row, label in zip(p, labels, strict=True)]

    gradient = (p - np.eye(10)[labels]) / n  # the first division
    weights_gradient, bias_gradient = gradient.T @ flat, gradient.sum(axis=0)
    back = oracles.avg_pool2d_gradient(a, 2, 2, (gradient @ weights).reshape(pooled.shape)) * a * (1 - a)
    _, filters_gradient, filter_bias_gradient = oracles.conv2d_gradients(x, filters, 1, back)

    weights -= rate * weights_gradient / n  # and the second
    bias -= rate * bias_gradient / n
    filters -= rate * filters_gradient / n
    filter_bias -= rate * filter_bias_gradient / n
    return losses


def test_each_step_is_the_notebooks_with_its_double_division(blots: Dataset) -> None:
    recipe = replace(RECIPES["notebook"], epochs=2, batch_size=3, learning_rate=0.3)
    network = architectures.build("notebook", recipe.dtype)
    *_, final = (progress for progress in train(network, blots, recipe) if progress is not None)

    naive = architectures.build("notebook", recipe.dtype)
    orders = notebook.draw(naive, recipe.seed, 6)
    start = naive.parameters.copy()
    parts = naive.named()
    expected = []
    for _ in range(2):
        order = next(orders)
        losses = [
            naive_step(parts, blots.train_images[some], blots.train_labels[some], 0.3)
            for some in (order[:3], order[3:])
        ]
        expected += [np.mean(some) for some in losses]

    np.testing.assert_allclose(final.loss_curve, expected, rtol=1e-12)
    np.testing.assert_allclose(network.parameters, naive.parameters, atol=1e-12)
    assert np.abs(naive.parameters - start).max() > 0.01
    assert [epoch.loss for epoch in final.epochs] == pytest.approx([np.mean(expected[:2]), np.mean(expected[2:])])


def test_the_printed_training_loss_is_too_small_by_the_batch_size() -> None:
    batch_means = np.array([2.5, 2.25, 2.0, 1.25])
    images = 4 * 32
    assert notebook.printed_training_loss(float(batch_means.mean()), 32) == batch_means.sum() / images


@pytest.mark.parametrize(
    ("losses", "batch_size", "printed"),
    [
        ([1, 2, 3, 4, 5, 6], 3, (2 + 5) / 2),
        ([1, 2, 3, 4, 5, 6, 7], 3, (2 + 5 + 7) / (7 / 3)),
        ([1, 2, 3], 8, 2 / (3 / 8)),
        ([4], 1, 4),
    ],
)
def test_the_printed_test_loss_counts_a_short_batch_as_a_whole_one(
    losses: list[float], batch_size: int, printed: float
) -> None:
    assert notebook.printed_test_loss(np.array(losses, float), batch_size) == pytest.approx(printed, rel=1e-14)


def test_the_printed_test_loss_of_10_000_images_divides_313_means_by_312_and_a_half() -> None:
    losses = np.random.default_rng(0).random(10_000)
    means = [losses[start : start + 32].mean() for start in range(0, 10_000, 32)]
    assert len(means) == 313
    assert notebook.printed_test_loss(losses, 32) == pytest.approx(sum(means) / 312.5, rel=1e-12)


def test_the_notebooks_network_starts_out_guessing(blots: Dataset) -> None:
    network = architectures.build("notebook", np.float64)
    notebook.draw(network, 42, 60_000)
    assert evaluate(network, blots.test_images, blots.test_labels).loss == pytest.approx(np.log(10), abs=0.2)
