"""Each layer's definition, alone as at a Python prompt, against its naive-loop oracle."""

import numpy as np
import oracles
import pytest

from mnist_gui.nn import layers
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, ReLU, Sigmoid

SIZES = [(7, 8, 1), (28, 28, 1), (6, 9, 3)]  # height, width, channels


def built(layer, input_shape, rng=None):
    layer.build(input_shape)
    for parameter in layer.parameters.values():
        assert not parameter.any()
        if rng:
            parameter[...] = rng.normal(size=parameter.shape)
    return layer


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize(("height", "width", "channels"), SIZES)
@pytest.mark.parametrize(("kernel", "stride", "filters"), [(3, 1, 2), (3, 2, 4), (2, 3, 1), (5, 1, 2), (1, 1, 3)])
def test_convolution_is_the_oracles(rng, batch, height, width, channels, kernel, stride, filters):
    layer = built(Conv2D(filters, kernel, stride), (channels, height, width), rng)
    for _ in range(2):  # nothing of the first round may remain
        x = rng.normal(size=(batch, channels, height, width))
        output = layer.forward(x)
        assert output.shape == (batch, *layer.output_shape)
        np.testing.assert_allclose(output, oracles.conv2d(x, layer.weights, layer.bias, stride), atol=1e-12)
        g = rng.normal(size=output.shape)
        dx = layer.backward(g)
        expected = oracles.conv2d_gradients(x, layer.weights, stride, g)
        for got, want in zip((dx, layer.gradients["weights"], layer.gradients["bias"]), expected, strict=True):
            np.testing.assert_allclose(got, want, atol=1e-11)


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize(("height", "width", "channels"), SIZES)
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 3), (3, 2), (2, 3), (3, 1), (1, 1)])
def test_pooling_is_the_oracles(rng, batch, height, width, channels, size, stride):
    layer = built(AvgPool2D(size, stride), (channels, height, width))
    for _ in range(2):
        x = rng.normal(size=(batch, channels, height, width))
        output = layer.forward(x)
        assert output.shape == (batch, *layer.output_shape)
        np.testing.assert_allclose(output, oracles.avg_pool2d(x, size, stride), atol=1e-12)
        g = rng.normal(size=output.shape)
        np.testing.assert_allclose(layer.backward(g), oracles.avg_pool2d_gradient(x, size, stride, g), atol=1e-12)


@pytest.mark.parametrize(("filters", "kernel"), [(2, 3), (8, 3), (3, 5)])
def test_edge_filters_begin_in_directions_of_their_own(rng, filters, kernel):
    layer = built(Conv2D(filters, kernel, gain=5, edges=True), (1, 28, 28))
    layer.initialize(rng)
    middle = (kernel - 1) / 2
    for f, weights in enumerate(layer.weights[:, 0]):
        for (row, column), weight in np.ndenumerate(weights):
            angle = np.arctan2(row - middle, column - middle) - f * np.pi / filters
            along = np.cos(angle) if (row, column) != (middle, middle) else 0
            assert abs(weight - (1.5 * along - 1)) <= 0.3 * 5 / kernel
    assert np.ptp(layer.weights - layer.weights.mean()) > 0


@pytest.mark.parametrize(("layer", "fan_in"), [(Conv2D(400, 2, gain=3), 12), (Dense(400, gain=3), 75)])
def test_fresh_weights_are_uniform_and_fresh_biases_zero(rng, layer, fan_in):
    built(layer, (3, 5, 5) if isinstance(layer, Conv2D) else (75,), rng)
    layer.initialize(rng)
    limit = 3 / fan_in**0.5
    assert 0.99 * limit < abs(layer.weights).max() <= limit
    assert layer.weights.std() == pytest.approx(limit / 3**0.5, rel=0.05)
    assert not layer.bias.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "layer", [Conv2D(2, 3), Sigmoid(), ReLU(), AvgPool2D(2), Flatten(), Dense(3), Dropout(0.5)], ids=lambda x: x.kind
)
def test_a_layer_keeps_the_dtype_and_leaves_what_it_is_given(rng, layer, dtype):
    shape = (36,) if isinstance(layer, Dense) else (1, 6, 6)
    built(layer, shape, rng)
    layer.parameters = {name: p.astype(dtype) for name, p in layer.parameters.items()}
    x = rng.normal(size=(2, *shape)).astype(dtype)
    given = x.copy()
    y = layer.forward(x, training=True)
    g = rng.normal(size=y.shape).astype(dtype)
    kept = y.copy(), g.copy()
    dx = layer.backward(g)
    gradients = {name: gradient.copy() for name, gradient in layer.gradients.items()}
    assert {y.dtype, dx.dtype, *(gradient.dtype for gradient in gradients.values())} == {np.dtype(dtype)}
    assert dx.shape == x.shape
    for array, before in zip((x, y, g), (given, *kept), strict=True):
        np.testing.assert_array_equal(array, before)
    gradients_then = layer.gradients
    layer.backward(2 * layer.forward(2 * x, training=True))
    np.testing.assert_array_equal(y, kept[0])  # what it gave stays as it is
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(gradients_then[name], gradient)


def test_sigmoid(rng):
    z, g = rng.normal(size=(2, 3, 4, 5)) * 5, rng.normal(size=(2, 3, 4, 5))
    layer = built(Sigmoid(), (3, 4, 5))
    y = oracles.sigmoid(z)
    np.testing.assert_allclose(layer.forward(z), y, atol=1e-15)
    np.testing.assert_allclose(layer.backward(g), g * y * (1 - y), atol=1e-15)


def test_sigmoid_of_extreme_inputs():
    layer = built(Sigmoid(), (4,))
    np.testing.assert_array_equal(layer.forward(np.array([[-1e300, -800.0, 800.0, 1e300]])).ravel(), [0, 0, 1, 1])


def test_relu(rng):
    z, g = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 4, 5))
    z[0, 0, 0, 0] = 0
    layer = built(ReLU(), (3, 4, 5))
    np.testing.assert_array_equal(layer.forward(z), np.where(z > 0, z, 0))
    np.testing.assert_array_equal(layer.backward(g), np.where(z > 0, g, 0))


@pytest.mark.parametrize("batch", [1, 4])
def test_dense_is_the_oracles(rng, batch):
    layer = built(Dense(3), (6,), rng)
    for _ in range(2):
        x, g = rng.normal(size=(batch, 6)), rng.normal(size=(batch, 3))
        np.testing.assert_allclose(layer.forward(x), oracles.dense(x, layer.weights, layer.bias), atol=1e-12)
        np.testing.assert_allclose(layer.backward(g), g @ layer.weights, atol=1e-12)
        d_weights = sum(np.outer(a, b) for a, b in zip(g, x, strict=True))
        np.testing.assert_allclose(layer.gradients["weights"], d_weights, atol=1e-12)
        np.testing.assert_allclose(layer.gradients["bias"], g.sum(axis=0), atol=1e-12)


def test_flatten_runs_channel_row_column(rng):
    x = rng.normal(size=(2, 3, 4, 5))
    layer = built(Flatten(), (3, 4, 5))
    np.testing.assert_array_equal(layer.forward(x)[1], x[1].ravel())
    np.testing.assert_array_equal(layer.backward(layer.forward(x)), x)


def test_dropout_only_while_training_and_keeps_the_mean():
    layer = built(Dropout(0.25), (1000,))
    x = np.ones((40, 1000))
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)
    y = layer.forward(x, training=True)
    assert set(np.unique(y)) == {0, 1 / 0.75}
    assert y.mean() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(layer.backward(x), y)
    assert (layer.forward(x, training=True) != y).any()


def test_the_example_at_the_head_of_the_layers_runs(rng):
    lines = [line.split(">>> ")[1] for line in layers.__doc__.splitlines() if ">>> " in line]
    names = {**vars(layers), "images": rng.random((3, 1, 28, 28))}
    exec("\n".join(lines), names)
    x, weights = names["images"], names["layer"].weights
    np.testing.assert_allclose(names["maps"], oracles.conv2d(x, weights, [0, 0], 1), atol=1e-12)
    expected = oracles.conv2d_gradients(x, weights, 1, np.ones((3, 2, 26, 26)))
    np.testing.assert_allclose(names["d_images"], expected[0], atol=1e-12)
    np.testing.assert_allclose(names["layer"].gradients["weights"], expected[1], atol=1e-9)


def test_what_is_dropped_is_decided_by_the_seed():
    def dropped(seed):
        layer = built(Dropout(0.5), (1000,))
        layer.initialize(np.random.default_rng(seed))
        return layer.forward(np.ones((1, 1000)), training=True)

    np.testing.assert_array_equal(dropped(1), dropped(1))
    assert 300 < (dropped(1) != dropped(2)).sum() < 700


def test_dropout_of_everything_is_refused():
    with pytest.raises(ValueError, match=r"not 1"):
        Dropout(1)


@pytest.mark.parametrize("layer", [Conv2D(1, 5), AvgPool2D(5)])
def test_a_window_larger_than_the_image_is_refused(layer):
    with pytest.raises(ValueError, match=r"5×5 .* does not fit a 4×6 input"):
        layer.build((1, 4, 6))


def test_a_vector_holds_each_filters_weights_and_then_its_bias():
    layer = built(Conv2D(2, 2), (3, 5, 5))
    parts = layer.split(np.arange(layer.parameter_count))
    np.testing.assert_array_equal(parts["weights"], np.r_[:12, 13:25].reshape(2, 3, 2, 2))
    np.testing.assert_array_equal(parts["bias"], [12, 25])
