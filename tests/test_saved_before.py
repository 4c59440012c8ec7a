"""A model that was written before the network became definitions and a plan: its order of numbers still holds."""

from pathlib import Path

import numpy as np
import pytest

from mnist_gui import model_file
from mnist_gui.data import drawn
from mnist_gui.training import evaluate

SAVED = Path(__file__).parent / "data" / "saved_before.safetensors"

# Printed when it was written: the first filter, its bias, the second filter's first weight, the last two biases.
FIRST_FILTER = [
    -1.8302666,
    -1.8228431,
    -0.8761832,
    -3.1343036,
    -1.0776801,
    1.1919436,
    -2.6606271,
    -1.0792474,
    1.4086424,
]
BIAS, NEXT_WEIGHT, LAST_BIASES = -0.4268758, -2.5163326, [0.0660174, 0.7046047]


def test_the_parameters_stand_in_their_old_order() -> None:
    network, record = model_file.load(SAVED)
    assert (record.architecture, record.epochs, record.test_accuracy) == ("notebook", 2, 0.85)
    np.testing.assert_allclose(network.parameters[:11], [*FIRST_FILTER, BIAS, NEXT_WEIGHT], atol=1e-6)
    np.testing.assert_allclose(network.parameters[-2:], LAST_BIASES, atol=1e-6)
    np.testing.assert_array_equal(network.named()["conv1.weights"][0].ravel(), network.parameters[:9])
    assert network.named()["conv1.bias"][0] == network.parameters[9]


def test_each_moment_of_the_history_reads_as_it_did() -> None:
    network, record = model_file.load(SAVED)
    images, labels = drawn.images(200, drawn.TEST_SEED)
    trained = network.parameters.copy()
    history = model_file.load_history(SAVED)
    assert [(s.step, s.test_accuracy) for s in history] == [(0, None), (18, None), (126, 0.85)]
    for snapshot, accuracy, loss in zip(history, [0.085, 0.21, 0.85], [2.354690, 2.233129, 0.427184], strict=True):
        network.parameters[:] = snapshot.parameters
        read = evaluate(network, images, labels)
        assert read.accuracy == accuracy
        assert read.loss == pytest.approx(loss, abs=1e-5)
    np.testing.assert_array_equal(history[-1].parameters, trained)
    assert record.test_loss == pytest.approx(0.427184, abs=1e-6)


def test_the_answers_are_the_old_ones() -> None:
    network, _ = model_file.load(SAVED)
    p = network.probabilities(drawn.images(200, drawn.TEST_SEED)[0][:3])
    expected = [0.6865101, 0.7327850, 0.9995859]
    np.testing.assert_allclose(p[[0, 1, 2], [1, 6, 6]], expected, atol=1e-5)
