"""Whole networks: gradients, batches of every size, the order of things."""

import numpy as np
import oracles
import pytest

from mnist_gui.nn import architectures
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Flatten, ReLU, Sigmoid
from mnist_gui.nn.losses import cross_entropy
from mnist_gui.nn.network import SLICE, Network
from mnist_gui.nn.optimizers import SGD

NETWORKS = {
    "notebook": lambda: Network(architectures.notebook(), dtype=np.float64),
    "stride 2": lambda: Network([Conv2D(3, 3, 2), Sigmoid(), Flatten(), Dense(10)], dtype=np.float64),
    "two convolutions": lambda: Network(
        [
            Conv2D(3, 3),
            ReLU(),
            AvgPool2D(2),
            Conv2D(4, 3),
            Sigmoid(),
            AvgPool2D(3, 2),
            Flatten(),
            Dense(8),
            ReLU(),
            Dense(10),
        ],
        dtype=np.float64,
    ),
    "colour": lambda: Network(
        [Conv2D(2, 2, 2), Sigmoid(), AvgPool2D(2), Flatten(), Dense(5), Sigmoid(), Dense(10)], (3, 11, 9), np.float64
    ),
    "odd neighbours": lambda: Network(
        [AvgPool2D(2), Sigmoid(), ReLU(), Conv2D(2, 3), AvgPool2D(2), Sigmoid(), AvgPool2D(2), Flatten(), Dense(10)],
        dtype=np.float64,
    ),
}


@pytest.fixture(params=NETWORKS)
def network(request, rng):
    network = NETWORKS[request.param]()
    network.initialize(rng)
    return network


def batch(network, rng, n):
    return rng.random((n, *network.input_shape)), rng.integers(0, network.classes, n)


def mean_loss(network, images, labels):
    return cross_entropy(network.probabilities(images), labels).mean()


@pytest.mark.parametrize("n", [1, 7, SLICE, SLICE + 1])
def test_gradient_along_a_random_direction(network, rng, n):
    images, labels = batch(network, rng, n)
    network.backpropagate(images, labels)
    direction = rng.normal(size=network.parameters.size)
    direction /= np.linalg.norm(direction)
    slope = network.gradients @ direction
    start, h = network.parameters.copy(), 1e-5
    losses = []
    for side in (h, -h):
        network.parameters[:] = start + side * direction
        losses.append(mean_loss(network, images, labels))
    assert (losses[0] - losses[1]) / (2 * h) == pytest.approx(slope, rel=1e-6, abs=1e-10)


def test_gradient_of_the_images_by_the_definitions(network, rng):
    images, _ = batch(network, rng, 3)
    logits = network.activations(images)[-1]
    back = g = rng.normal(size=logits.shape)
    for layer in reversed(network.layers):
        back = layer.backward(back)
    direction, h = rng.normal(size=images.shape), 1e-5
    ahead, behind = (network.activations(images + side * direction)[-1] for side in (h, -h))
    slope = float((back * direction).sum())
    assert ((ahead - behind) * g).sum() / (2 * h) == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_a_batch_is_the_sum_of_its_images(network, rng):
    images, labels = batch(network, rng, 2 * SLICE + 5)
    together = network.backpropagate(images, labels)
    gradient = network.gradients.copy()
    alone = np.zeros_like(gradient)
    for i in range(len(images)):
        p = network.backpropagate(images[i : i + 1], labels[i : i + 1])
        np.testing.assert_allclose(p[0], together[i], atol=1e-12)
        alone += network.gradients / len(images)
    np.testing.assert_allclose(gradient, alone, atol=1e-12)


def test_the_loss_is_the_oracles(network, rng):
    images, labels = batch(network, rng, 6)
    logits = network.activations(images)[-1]
    expected = [oracles.softmax_cross_entropy(z, label) for z, label in zip(logits, labels, strict=True)]
    np.testing.assert_allclose(cross_entropy(network.probabilities(images), labels), expected, atol=1e-12)


def test_activations_have_the_shapes_of_the_layers(network, rng):
    images, _ = batch(network, rng, 2)
    for layer, values in zip(network.layers, network.activations(images), strict=True):
        assert values.shape == (2, *layer.output_shape)


def test_activations_leave_no_trace(network, rng):
    images, _ = batch(network, rng, 2)
    values = network.activations(images)
    copies = [v.copy() for v in values]
    network.activations(images * 0.5)
    for v, copy in zip(values, copies, strict=True):
        np.testing.assert_array_equal(v, copy)


def test_images_and_parameters_are_not_mutated(network, rng):
    images, labels = batch(network, rng, 4)
    copies = images.copy(), labels.copy(), network.parameters.copy()
    network.backpropagate(images, labels)
    network.probabilities(images)
    network.activations(images)
    for array, copy in zip((images, labels, network.parameters), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_bytes_are_the_same_images_as_floats(rng):
    network = architectures.build("notebook")
    network.initialize(rng)
    pixels = rng.integers(0, 256, (9, 28, 28), np.uint8)
    floats = (pixels / np.float32(255))[:, None]
    assert floats.dtype == np.float32
    np.testing.assert_array_equal(network.probabilities(pixels), network.probabilities(floats))
    for one, other in zip(network.activations(pixels), network.activations(floats), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_pixel_is_the_same_number_in_a_float64_network(rng):
    pixels = rng.integers(0, 256, (2, 28, 28), np.uint8)
    read = architectures.build("notebook", np.float64).as_input(pixels)
    assert read.dtype == np.float64
    np.testing.assert_array_equal(read[:, 0], pixels / np.float32(255))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_throughout(rng, dtype):
    network = architectures.build("notebook", dtype)
    network.initialize(rng)
    images, labels = rng.random((3, 1, 28, 28)).astype(np.float32), np.array([1, 2, 3])
    assert network.backpropagate(images, labels).dtype == dtype
    assert network.probabilities(images).dtype == dtype
    assert {v.dtype for v in network.activations(images)} == {np.dtype(dtype)}


def test_no_images_give_no_answers():
    network = architectures.build("notebook")
    assert network.probabilities(np.zeros((0, 28, 28), np.uint8)).shape == (0, 10)


def test_the_notebooks_network_has_3410_parameters_under_their_names():
    network = architectures.build("notebook")
    assert network.parameters.size == 3410
    assert {name: view.shape for name, view in network.named().items()} == {
        "conv1.weights": (2, 1, 3, 3),
        "conv1.bias": (2,),
        "dense1.weights": (10, 338),
        "dense1.bias": (10,),
    }


def test_named_parts_are_views():
    network = architectures.build("notebook")
    for i, view in enumerate(network.named().values(), start=1):
        view[...] = i
    assert sorted(set(network.parameters)) == [1, 2, 3, 4]


def test_32_images_are_learned_by_heart(rng):
    network = architectures.build("notebook")
    network.initialize(rng)
    blots = rng.random((32, 1, 7, 7), np.float32) > 0.7
    images, labels = blots.repeat(4, axis=2).repeat(4, axis=3).astype(np.float32), rng.integers(0, 10, 32)
    optimizer = SGD(network.parameters, momentum=0.9, nesterov=True)
    for _ in range(400):
        network.backpropagate(images, labels)
        optimizer.step(network.gradients, 0.05)
    assert (network.probabilities(images).argmax(axis=1) == labels).all()
