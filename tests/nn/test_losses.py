import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_gui.nn.losses import cross_entropy, cross_entropy_gradient, softmax


@given(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=12))
def test_softmax_adds_up_to_one_and_never_overflows(logits):
    p = softmax(np.array(logits))
    assert p.sum() == pytest.approx(1)
    assert (p >= 0).all()


def test_softmax_of_a_batch_is_that_of_each_image(rng):
    z = rng.normal(size=(4, 10))
    kept = z.copy()
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(softmax(z), expected)
    np.testing.assert_allclose(softmax(z[2]), expected[2])
    np.testing.assert_array_equal(z, kept)


def test_certainty_costs_a_finite_loss():
    p = np.array([[1.0, 0.0], [0.0, 1.0]])  # one certain and right, one certain and wrong
    np.testing.assert_allclose(cross_entropy(p, np.array([0, 0])), [1e-15, -np.log(1e-15)], rtol=0.2)


def test_gradient_is_the_slope_of_the_loss(rng):
    z, labels, h = rng.normal(size=(3, 10)), np.array([4, 0, 9]), 1e-6
    gradient = cross_entropy_gradient(softmax(z), labels, 3)
    for i, c in np.ndindex(z.shape):
        step = np.zeros_like(z)
        step[i, c] = h
        ahead, behind = (cross_entropy(softmax(z + side), labels).mean() for side in (step, -step))
        assert (ahead - behind) / (2 * h) == pytest.approx(gradient[i, c], abs=1e-8)
