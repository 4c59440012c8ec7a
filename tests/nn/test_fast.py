"""The plan against the definitions: for the program's architectures and for lists of layers drawn at random."""

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_gui.nn import architectures
from mnist_gui.nn.fast import AsDefined, Plan, blocks
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, Layer, ReLU, Sigmoid
from mnist_gui.nn.losses import softmax
from mnist_gui.nn.network import KEPT_PLANS, SLICE, Network

LISTS = architectures.ARCHITECTURES | {
    "no pooling": lambda: [Conv2D(3, 3), Sigmoid(), Flatten(), Dense(10)],
    "no activation": lambda: [Conv2D(3, 3), AvgPool2D(2), Flatten(), Dense(10)],
    "rows left over": lambda: [
        Conv2D(3, 3),
        ReLU(),
        AvgPool2D(3),
        Conv2D(2, 2),
        Sigmoid(),
        AvgPool2D(4),
        Flatten(),
        Dense(10),
    ],
    "stride 2": lambda: [Conv2D(3, 3, 2), ReLU(), AvgPool2D(2), Conv2D(4, 3, 2), Sigmoid(), Flatten(), Dense(10)],
    "steps longer than the kernel": lambda: [Conv2D(3, 2, 3), Sigmoid(), Conv2D(3, 1, 2), ReLU(), Flatten(), Dense(10)],
    "convolutions alone": lambda: [Conv2D(3, 3), Conv2D(4, 2), Conv2D(2, 3), Flatten(), Dense(10)],
    "many large filters": lambda: [Conv2D(32, 7), ReLU(), AvgPool2D(4), Flatten(), Dense(10)],
    "dense, relu, dense": lambda: [Flatten(), Dense(12), ReLU(), Dense(9), Sigmoid(), Dense(10)],
    "overlapping windows": lambda: [Conv2D(3, 3), Sigmoid(), AvgPool2D(3, 2), AvgPool2D(2, 3), Flatten(), Dense(10)],
    "dropout everywhere": lambda: [
        Dropout(0.1),
        Conv2D(3, 3),
        Dropout(0.2),
        ReLU(),
        Dropout(0.3),
        AvgPool2D(2),
        Flatten(),
        Dropout(0.4),
        Dense(10),
        Dropout(0.1),
    ],
    "odd neighbours": lambda: [
        AvgPool2D(2),
        Sigmoid(),
        ReLU(),
        Conv2D(2, 3),
        AvgPool2D(1),
        Sigmoid(),
        AvgPool2D(2),
        Flatten(),
        Dense(10),
        Sigmoid(),
    ],
}


def pair(make, input_shape=(1, 28, 28), dtype=np.float64, seed=0):
    """Two networks alike, so that each draws the same masks."""
    networks = [Network(make(), input_shape, dtype) for _ in range(2)]
    for network in networks:
        network.initialize(np.random.default_rng(seed))
        network.parameters += np.random.default_rng(seed + 1).normal(0, 0.1, network.parameters.size).astype(dtype)
    return networks


def compare(planned, defined, n, seed=0, tolerance=1e-12):
    rng = np.random.default_rng(seed)
    for _ in range(2):  # buffers are used again
        images, labels = rng.random((n, *planned.input_shape)), rng.integers(0, planned.classes, n)
        p = planned.backpropagate(images, labels)
        expected, gradient = oracles.backpropagate(defined, images, labels)
        np.testing.assert_allclose(p, expected, rtol=0, atol=tolerance)
        np.testing.assert_allclose(planned.gradients, gradient, rtol=0, atol=tolerance * max(1, abs(gradient).max()))
        expected = softmax(defined.activations(images)[-1])
        np.testing.assert_allclose(planned.probabilities(images), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("n", [1, 5, SLICE, 2 * SLICE + 3])
@pytest.mark.parametrize("name", LISTS)
def test_the_plan_computes_what_is_defined(name, n):
    compare(*pair(LISTS[name]), n)


@pytest.mark.parametrize("name", LISTS)
def test_the_plan_in_float32(name):
    compare(*pair(LISTS[name], dtype=np.float32), 7, tolerance=2e-5)


@st.composite
def lists(draw):
    """Layers, each as its class and its arguments, and the shape of their images."""
    shape = draw(st.tuples(st.integers(1, 3), st.integers(5, 15), st.integers(5, 15)))
    layers, (_, height, width) = [], shape
    for kind in draw(
        st.lists(st.sampled_from([Conv2D, Conv2D, AvgPool2D, AvgPool2D, Sigmoid, ReLU, Dropout]), max_size=6)
    ):
        size = draw(st.integers(1, min(4, height, width)))
        if kind is Conv2D:
            stride = draw(st.sampled_from([1, 1, 2, 3]))
            layers.append((kind, draw(st.integers(1, 4)), size, stride))
        elif kind is AvgPool2D:
            stride = draw(st.sampled_from([size, size, 1, 2, 3]))
            layers.append((kind, size, stride))
        else:
            layers.append((kind, 0.3) if kind is Dropout else (kind,))
            continue
        height, width = ((side - size) // stride + 1 for side in (height, width))
    kinds = draw(st.lists(st.sampled_from([Dense, Dense, Sigmoid, ReLU, Dropout]), max_size=4))
    sizes = {Dense: st.integers(2, 6), Dropout: st.just(0.3)}
    layers += [(Flatten,), *((kind, draw(sizes[kind])) if kind in sizes else (kind,) for kind in kinds)]
    return [*layers, (Dense, draw(st.integers(2, 5)))], shape


@settings(deadline=None, max_examples=150)
@given(lists(), st.integers(1, 2 * SLICE + 5), st.integers(0, 99))
def test_the_plan_of_any_list_computes_what_is_defined(drawn, n, seed):
    layers, shape = drawn
    compare(*pair(lambda: [kind(*arguments) for kind, *arguments in layers], shape, seed=seed), n, seed)


@settings(deadline=None, max_examples=25)
@given(lists(), st.integers(1, 9), st.integers(0, 99))
def test_the_plan_of_any_list_in_float32(drawn, n, seed):
    layers, shape = drawn
    planned, defined = pair(lambda: [kind(*arguments) for kind, *arguments in layers], shape, np.float32, seed)
    images, labels = np.random.default_rng(seed).random((n, *shape)), np.zeros(n, int)
    p = planned.backpropagate(images, labels)
    np.testing.assert_allclose(p, oracles.backpropagate(defined, images, labels)[0], atol=1e-4)
    assert p.dtype == planned.probabilities(images).dtype == np.float32


def taken_together(layers):
    return [[layer.kind for layer in layers[part]] for part in blocks(layers)]


def test_a_convolution_takes_its_activation_and_its_pooling_along():
    assert taken_together(architectures.deep()) == [
        ["conv", "relu", "pool"],
        ["conv", "relu", "pool"],
        ["flatten"],
        ["dropout"],
        ["dense"],
    ]
    layers = [Conv2D(1, 3), Conv2D(1, 3), AvgPool2D(2), Conv2D(1, 3), Sigmoid(), ReLU(), AvgPool2D(3, 2)]
    assert taken_together(layers) == [["conv"], ["conv", "pool"], ["conv", "sigmoid"], ["relu"], ["pool"]]


class Halved(Conv2D):
    """Another layer, although it is a convolution."""

    def forward(self, x, training=False):
        return super().forward(x, training) / 2

    def backward(self, g):
        return super().backward(g / 2)


class Shift(Layer):
    """Adds what it learns to each value."""

    kind = "shift"

    def build(self, shape):
        super().build(shape)
        self.parameters = {"by": np.full(shape, 0.25)}

    def forward(self, x, training=False):
        return (x + self.parameters["by"]).astype(np.float64)

    def backward(self, g):
        self.gradients = {"by": g.sum(axis=0)}
        return g


def test_a_layer_that_runs_as_defined_is_trained_too():
    def make():
        return [Shift(), Halved(2, 3), Sigmoid(), AvgPool2D(2), Flatten(), Dense(10), Shift()]

    planned, defined = pair(make)
    compare(planned, defined, 4)
    assert all(
        part.any()
        for part in planned.split(planned.gradients)[:2] + planned.split(planned.gradients)[-1:]
        for part in part.values()
    )


def test_a_layer_that_gives_other_numbers_than_its_network_runs_too():
    network, _ = pair(
        lambda: [Shift(), Conv2D(2, 3), ReLU(), AvgPool2D(2), Flatten(), Shift(), Dense(10)], dtype=np.float32
    )
    images, labels = np.random.default_rng(0).random((4, 1, 28, 28), np.float32), np.arange(4)
    assert network.backpropagate(images, labels).dtype == np.float32


def test_what_a_layer_is_built_with_is_what_its_network_starts_with():
    network = Network([Flatten(), Shift(), Dense(10)])
    assert (network.named()["shift1.by"] == 0.25).all()


def test_nothing_goes_back_beyond_the_first_parameters():
    network = Network([AvgPool2D(2), Flatten(), Dense(10)])
    asked = []
    network.layers[0].backward = network.layers[1].backward = asked.append
    network.backpropagate(np.ones((2, 28, 28), np.float32), np.array([1, 2]))
    assert not asked


def test_plans_are_made_once_for_each_size_and_bounded(monkeypatch):
    made = []

    class Counted(Plan):
        def __init__(self, layers, gradients, n, dtype):
            made.append(n)
            super().__init__(layers, gradients, n, dtype)

    monkeypatch.setattr("mnist_gui.nn.network.Plan", Counted)
    network = architectures.build("notebook")
    for n in (3, SLICE, 3, 2 * SLICE + 3):
        network.probabilities(np.zeros((n, 28, 28), np.uint8))
    assert made == [3, SLICE]
    for n in range(1, 20):
        network.probabilities(np.zeros((n, 28, 28), np.uint8))
    assert len(network._plans) == KEPT_PLANS


def test_only_what_the_plan_does_not_know_runs_as_defined():
    def steps(make):
        network = Network(make())
        return Plan(network.layers, network.split(network.gradients), 2, network.dtype)._steps

    for name in ("no pooling", "no activation", "rows left over", "stride 2", "convolutions alone"):
        defined = [step._layer for step in steps(LISTS[name]) if isinstance(step, AsDefined)]
        assert [layer.kind for layer in defined] == ["flatten"]
