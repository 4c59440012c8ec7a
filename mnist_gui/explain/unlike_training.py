"""Trains the small network that `mnist_gui.explain.unlike` asks: ``python -m mnist_gui.explain.unlike_training FILE``.

What is no digit is made of digits, so that its lines are the same: mirrored, turned, put together from halves of two,
or drawn over each other; and of lines that go to random places. Letters and signs are not among them, so that a test
with these says what to expect of other things that were never seen.
"""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui import data, ink
from mnist_gui.data import drawn
from mnist_gui.data.skeletons import form
from mnist_gui.explain.unlike import UNLIKE, features

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED: Final = 0
HIDDEN: Final = (96, 32)
EPOCHS: Final = 12
BATCH: Final = 256
LEARNING_RATE: Final = 2e-3
DIGITS_COUNT: Final = 4.0
"""A digit taken for none is so many times as bad as the opposite."""

FLAGGED: Final = 0.006
"""Share of MNIST's test images and of other drawn digits that the result may call unlike any digit."""

_MIRRORED: Final = (2, 3, 4, 5, 7)  # digits that mirrored, upside down or on their side are none
_SCRIBBLES: Final = 24_000


def digits() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images and labels of all digits that are learned from."""
    mnist = data.load("mnist")
    images, labels = drawn.images(drawn.TRAIN_SIZE, drawn.TRAIN_SEED)
    return np.concatenate([mnist.train_images, images]), np.concatenate([mnist.train_labels, labels])


def no_digits(images: NDArray[np.uint8], labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Make images that are no digits, most of them from digits.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
    labels : ndarray of uint8, shape (n,)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (m, 28, 28)
    """
    order = rng.permutation(len(images))
    images, labels = images[order], labels[order]
    turned = np.array_split(images[np.isin(labels, _MIRRORED)][:24_000], 4)
    above, other = np.array_split(images[:24_000], 2)
    cut = np.arange(images.shape[1]) < rng.integers(11, 18, len(above))[:, None]
    made = [
        turned[0][:, :, ::-1],
        turned[1][:, ::-1],
        np.rot90(turned[2], 1, (1, 2)),
        np.rot90(turned[3], 3, (1, 2)),
        np.where(cut[:, :, None], above, other)[:6000],
        np.where(cut[:, None, :], above, other)[6000:],
        np.maximum(above, other)[:4000],
        scribbles(_SCRIBBLES, rng),
    ]
    return np.concatenate(made)


def scribbles(count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw one to three lines through random places, smooth or with corners; some too full of ink are left out."""
    made = []
    for _ in range(count):
        lines = []
        for number in range(rng.integers(1, 4)):
            places = rng.uniform(0, 100, (rng.integers(2, 6 if number else 9), 2))
            corner = "*" if rng.random() < 0.5 else ""
            inner = [f"{x:.2f},{y:.2f}{corner}" for x, y in places[1:-1]]
            first, last = (f"{x:.2f},{y:.2f}" for x, y in (places[0], places[-1]))
            lines.append(" ".join([first, *inner, last]))
        image = ink.from_strokes(drawn.draw_form(form(1, *lines), rng))
        if image is not None:
            made.append(image)
    return np.stack(made)


def train(
    inputs: NDArray[np.float32], wanted: NDArray[np.float32], rng: np.random.Generator
) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Train ReLU layers and a last logistic one, by Adam (Kingma and Ba, 2015) with a falling rate.

    Parameters
    ----------
    inputs : ndarray of float32, shape (n, k)
    wanted : ndarray of float32, shape (n,)
        0 for a digit, 1 for none.
    rng : numpy.random.Generator

    Returns
    -------
    list of (weights, bias)
        ndarrays of float32, of shapes (inputs, outputs) and (outputs,).
    """
    sizes = [inputs.shape[1], *HIDDEN, 1]
    layers = len(sizes) - 1
    parameters = [rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32) for a, b in itertools.pairwise(sizes)]
    parameters[0] *= 3  # the inputs have length 1
    parameters += [np.zeros(size, np.float32) for size in sizes[1:]]
    mean, square = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    steps = EPOCHS * (len(inputs) // BATCH)
    importance = np.where(wanted == 0, DIGITS_COUNT, 1).astype(np.float32)
    for step in range(steps):
        if step % (len(inputs) // BATCH) == 0:
            order = rng.permutation(len(inputs))
        at = (step * BATCH) % (len(inputs) // BATCH * BATCH)
        batch = order[at : at + BATCH]
        values = [inputs[batch]]
        for i in range(layers):
            total = values[-1] @ parameters[i] + parameters[layers + i]
            values.append(np.maximum(total, 0) if i < layers - 1 else total)
        delta = (1 / (1 + np.exp(-values[-1][:, 0])) - wanted[batch]) * importance[batch] / BATCH
        delta = delta[:, None].astype(np.float32)
        gradients = [np.empty(0, np.float32)] * len(parameters)
        for i in reversed(range(layers)):
            gradients[i] = values[i].T @ delta + 1e-5 * parameters[i]
            gradients[layers + i] = delta.sum(axis=0)
            delta = (delta @ parameters[i].T) * (values[i] > 0)
        rate = LEARNING_RATE * (1 + np.cos(np.pi * step / steps)) / 2
        for p, g, m, s in zip(parameters, gradients, mean, square, strict=True):
            m += 0.1 * (g - m)
            s += 0.001 * (g * g - s)
            p -= rate * (m / (1 - 0.9 ** (step + 1))) / (np.sqrt(s / (1 - 0.999 ** (step + 1))) + 1e-8)
    return list(zip(parameters[:layers], parameters[layers:], strict=True))


def main(path: str) -> None:
    """Train, move the last bias so that `FLAGGED` of digits it never saw are above `UNLIKE`, and write the file."""
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(SEED)
    images, labels = digits()
    others = no_digits(images, labels, rng)
    wanted = np.repeat(np.array([0, 1], np.float32), [len(images), len(others)])
    with threadpool_limits(1, user_api="blas"):
        layers = train(features(np.concatenate([images, others])), wanted, rng)
        unseen = np.concatenate([data.load("mnist").test_images, drawn.images(drawn.TEST_SIZE, drawn.TEST_SEED)[0]])
        values = features(unseen)
        for weights, bias in layers[:-1]:
            values = np.maximum(values @ weights + bias, 0)
        weights, bias = layers[-1]
        odds = np.log(UNLIKE / (1 - UNLIKE))
        bias += np.float32(odds - np.quantile(values @ weights + bias, 1 - FLAGGED))
    stored = {f"weights{i}": weights.astype(np.float16) for i, (weights, _) in enumerate(layers)}
    stored |= {f"bias{i}": bias.astype(np.float16) for i, (_, bias) in enumerate(layers)}
    np.savez_compressed(path, allow_pickle=False, **stored)


if __name__ == "__main__":
    main(sys.argv[1])
