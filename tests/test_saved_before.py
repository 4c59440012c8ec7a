"""A model that was written before the network became definitions and a plan: its order of numbers still holds."""

from pathlib import Path

import numpy as np
import pytest

from mnist_gui import model_file
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
    assert not record.recipe.upright  # it says nothing of it, and was trained on images as they were
    np.testing.assert_allclose(network.parameters[:11], [*FIRST_FILTER, BIAS, NEXT_WEIGHT], atol=1e-6)
    np.testing.assert_allclose(network.parameters[-2:], LAST_BIASES, atol=1e-6)
    np.testing.assert_array_equal(network.named()["conv1.weights"][0].ravel(), network.parameters[:9])
    assert network.named()["conv1.bias"][0] == network.parameters[9]


def simple_digits() -> np.ndarray:
    """A ring, a bar and a bent line, by a formula that no change of ours can reach."""
    y, x = np.mgrid[:28, :28]
    from_middle = np.hypot(x - 14, y - 14)
    zero = (from_middle > 5) & (from_middle < 9)
    one = (abs(x - 14) < 2) & (abs(y - 14) < 10)
    roof, stem = (abs(y - 6) < 2) & (x > 6) & (x < 20), (abs(x + 0.6 * y - 22) < 1.5) & (y > 6) & (y < 24)
    return 255 * np.stack([zero, one, roof | stem]).astype(np.uint8)


def test_each_moment_of_the_history_reads_as_it_did() -> None:
    network, record = model_file.load(SAVED)
    trained = network.parameters.copy()
    history = model_file.load_history(SAVED)
    assert [(s.step, s.test_accuracy) for s in history] == [(0, None), (18, None), (126, 0.85)]
    for snapshot, loss in zip(history, [2.2000158, 0.9653113, 2.0685513], strict=True):
        network.parameters[:] = snapshot.parameters
        assert evaluate(network, simple_digits(), np.array([0, 1, 7])).loss == pytest.approx(loss, abs=1e-5)
    np.testing.assert_array_equal(history[-1].parameters, trained)
    assert record.test_loss == pytest.approx(0.427184, abs=1e-6)


def test_the_answers_are_the_old_ones() -> None:
    network, _ = model_file.load(SAVED)
    p = network.probabilities(simple_digits())
    np.testing.assert_allclose(p[[0, 1, 2], [0, 1, 2]], [0.9999681, 0.9914072, 0.9343268], atol=1e-5)
