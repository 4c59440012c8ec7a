"""Evidence adds up to the network's own logit, and the approximation is the gradient's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_gui import assets, model_file
from mnist_gui.explain import evidence
from mnist_gui.explain.reading import read
from mnist_gui.nn import architectures
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, ReLU, Sigmoid
from mnist_gui.nn.network import Network

EXACT = {
    "notebook": lambda dtype: Network(architectures.notebook(), dtype=dtype),
    "no pooling": lambda dtype: Network([Conv2D(3, 3, 2), ReLU(), Flatten(), Dropout(0.5), Dense(10)], dtype=dtype),
    "two convolutions": lambda dtype: Network(
        [Conv2D(3, 3), ReLU(), AvgPool2D(2), Conv2D(5, 3), Sigmoid(), AvgPool2D(3, 2), Flatten(), Dense(10)],
        dtype=dtype,
    ),
    "linear": lambda dtype: Network([Flatten(), Dense(10)], (3, 9, 7), dtype),
}
DEEP = {
    "two dense": lambda dtype: Network([Conv2D(2, 3), Sigmoid(), Flatten(), Dense(9), ReLU(), Dense(10)], dtype=dtype),
    "a sigmoid last": lambda dtype: Network([Flatten(), Dense(10), Sigmoid()], dtype=dtype),
}


def made(build, dtype=np.float64, seed=0):
    network = build(dtype)
    network.initialize(np.random.default_rng(seed))
    network.parameters += np.random.default_rng(seed + 1).normal(0, 0.1, network.parameters.size).astype(dtype)
    return network, np.random.default_rng(seed + 2).random(network.input_shape).astype(dtype)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
@pytest.mark.parametrize("against", [None, 0, 4])
def test_exact_evidence_adds_up_to_the_logit(name, dtype, tolerance, against):
    network, image = made(EXACT[name], dtype)
    assert evidence.is_exact(network)
    logits = network.activations(image[None])[-1][0]
    for digit in range(10):
        found = evidence.exact(network, read(network, image), digit, against)
        assert found.logit == pytest.approx(logits[digit] - (0 if against is None else logits[against]), abs=1e-6)
        assert found.total == pytest.approx(found.logit, abs=tolerance)
        assert found.summed.sum() + found.rest == pytest.approx(found.total, abs=1e-12)
        assert found.totals.shape == (len(found.maps),)


@given(digit=st.integers(0, 9), other=st.integers(0, 9), seed=st.integers(0, 50))
def test_one_digit_minus_another_is_the_difference_of_their_evidence(digit, other, seed):
    network, image = made(EXACT["notebook"], seed=seed)
    one, two = (evidence.exact(network, read(network, image), d) for d in (digit, other))
    difference = evidence.exact(network, read(network, image), digit, other)
    np.testing.assert_allclose(difference.maps, one.maps - two.maps, atol=1e-12)
    assert difference.rest == pytest.approx(one.rest - two.rest)
    assert difference.logit == pytest.approx(one.logit - two.logit)


def test_each_product_is_a_weight_times_a_pooled_value():
    network, image = made(EXACT["notebook"])
    pooled = network.activations(image[None])[2][0]
    weights = network.named()["dense1.weights"]
    found = evidence.exact(network, read(network, image), 7)
    assert found.maps[1, 3, 5] == pytest.approx(weights[7, 169 + 3 * 13 + 5] * pooled[1, 3, 5])
    assert found.rest == network.named()["dense1.bias"][7]


@pytest.mark.mnist
def test_the_shipped_models_evidence_adds_up_within_1e5(mnist):
    network, _ = model_file.load(assets.SHIPPED_MODEL)
    for image in mnist.test_images[:100]:
        for digit, other in ((0, None), (7, 1)):
            found = evidence.exact(network, read(network, image), digit, other)
            assert abs(found.total - found.logit) < 1e-5


def test_the_maps_of_the_notebook_lie_over_the_middle_26_pixels():
    network, image = made(EXACT["notebook"])
    assert evidence.exact(network, read(network, image), 0).place == (1, 1, 26, 26)
    assert evidence.approximate(network, read(network, image), 0).place == (0, 0, 28, 28)


@pytest.mark.parametrize("name", DEEP)
def test_a_deeper_network_has_no_exact_evidence(name):
    network, image = made(DEEP[name])
    assert not evidence.is_exact(network)
    with pytest.raises(ValueError, match="no sums"):
        evidence.exact(network, read(network, image), 0)


@pytest.mark.parametrize("name", EXACT | DEEP)
def test_the_input_gradient_is_the_slope_of_the_logits(name):
    network, image = made((EXACT | DEEP)[name])
    rng = np.random.default_rng(5)
    choice, direction, h = rng.normal(size=10), rng.normal(size=image.shape), 1e-6
    ahead, behind = (choice @ network.activations((image + s * direction)[None])[-1][0] for s in (h, -h))
    slope = (evidence.input_gradient(network, image, choice) * direction).sum()
    assert slope == pytest.approx((ahead - behind) / (2 * h), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_input_gradient_has_the_networks_dtype_and_leaves_no_trace(dtype):
    network, image = made(EXACT["notebook"], dtype)
    network.gradients[:] = 3
    parameters = network.parameters.copy()
    assert evidence.input_gradient(network, image, np.ones(10)).dtype == dtype
    assert (network.gradients == 3).all()
    np.testing.assert_array_equal(network.parameters, parameters)


def test_for_a_linear_network_the_approximation_is_exact():
    network, image = made(EXACT["linear"])
    one, other = (
        evidence.exact(network, read(network, image), 2, 5),
        evidence.approximate(network, read(network, image), 2, 5),
    )
    np.testing.assert_allclose(one.maps, other.maps, atol=1e-12)
    assert one.rest == pytest.approx(other.rest)
    assert (one.exact, other.exact) == (True, False)


@pytest.mark.parametrize("name", DEEP)
def test_the_approximation_and_what_it_leaves_unexplained_make_the_logit(name):
    network, image = made(DEEP[name], np.float32)
    found = evidence.approximate(network, read(network, image), 3)
    assert found.maps.shape == network.input_shape
    assert found.total == pytest.approx(found.logit, abs=1e-9)
    assert found.logit == pytest.approx(network.activations(image[None])[-1][0][3])


def test_digits_are_ranked_by_probability():
    network, image = made(EXACT["notebook"])
    p = network.probabilities(image[None])[0]
    assert list(p[read(network, image).ranked]) == sorted(p, reverse=True)
