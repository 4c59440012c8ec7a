"""A reading is what the network makes of one image, and says so in one piece."""

import dataclasses

import numpy as np
import pytest

from mnist_gui.explain.reading import read
from mnist_gui.nn import architectures
from mnist_gui.nn.network import Network


@pytest.fixture(params=architectures.ARCHITECTURES)
def network(request: pytest.FixtureRequest) -> Network:
    made = architectures.build(request.param)
    made.initialize(np.random.default_rng(0))
    return made


def test_a_reading_is_what_the_network_makes_of_the_image(network: Network) -> None:
    image = np.random.default_rng(1).integers(0, 256, (28, 28), np.uint8)
    reading = read(network, image)
    assert reading.image is image
    assert [values.shape for values in reading.activations] == [layer.output_shape for layer in network.layers]
    for values, expected in zip(reading.activations, network.activations(image[None]), strict=True):
        np.testing.assert_array_equal(values, expected[0])
    assert reading.probabilities.sum() == pytest.approx(1)
    np.testing.assert_allclose(reading.probabilities, network.probabilities(image[None])[0], atol=1e-6)
    assert reading.answer == reading.ranked[0] == reading.probabilities.argmax()
    assert (np.diff(reading.logits[reading.ranked]) <= 0).all()


def test_later_readings_leave_the_first_as_it_was(network: Network) -> None:
    images = np.random.default_rng(1).integers(0, 256, (2, 28, 28), np.uint8)
    reading = read(network, images[0])
    kept = [values.copy() for values in reading.activations]
    read(network, images[1])
    network.backpropagate(images, np.array([1, 2]))
    for values, before in zip(reading.activations, kept, strict=True):
        np.testing.assert_array_equal(values, before)
    with pytest.raises(dataclasses.FrozenInstanceError):
        reading.probabilities = kept[-1]  # type: ignore[misc]


def test_of_equally_probable_digits_the_smaller_is_the_answer() -> None:
    reading = read(architectures.build("notebook"), np.zeros((28, 28), np.uint8))
    assert reading.ranked == list(range(10))
