"""Each layer against its naive-loop oracle, alone and between the neighbours that it shares work with."""

import numpy as np
import oracles
import pytest

from mnist_gui.nn.layer import PerBatchSize
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, ReLU, Sigmoid

F64 = np.dtype(np.float64)
SIZES = [(7, 8, 1), (28, 28, 1), (6, 9, 3)]  # height, width, channels


def built(layer, input_shape, rng=None):
    layer.build(input_shape, F64)
    layer.link(None, None)
    parameters, gradients = np.zeros(layer.parameter_count), np.zeros(layer.parameter_count)
    layer.bind(parameters, gradients)
    if rng:
        parameters[:] = rng.normal(size=parameters.size)
    return layer, layer.split(gradients)


def last(x):
    """Batch first to batch last."""
    return np.ascontiguousarray(np.moveaxis(x, 0, -1))


def first(x):
    return np.moveaxis(x, -1, 0)


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize(("height", "width", "channels"), SIZES)
@pytest.mark.parametrize(("kernel", "stride", "filters"), [(3, 1, 2), (3, 2, 4), (2, 3, 1), (5, 1, 2), (1, 1, 3)])
def test_convolution_is_the_oracles(rng, batch, height, width, channels, kernel, stride, filters):
    x = rng.normal(size=(batch, channels, height, width))
    layer, gradients = built(Conv2D(filters, kernel, stride), (channels, height, width), rng)
    output = first(layer.forward(last(x)))
    expected = oracles.conv2d(x, layer.weights, layer.bias, stride)
    np.testing.assert_allclose(output, expected, atol=1e-12)
    np.testing.assert_allclose(first(layer.infer(last(x))), expected, atol=1e-12)
    g = rng.normal(size=output.shape)
    dx = layer.backward(last(g))
    expected = oracles.conv2d_gradients(x, layer.weights, stride, g)
    for got, want in zip((first(dx), gradients["weights"], gradients["bias"]), expected, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-11)


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize(("height", "width", "channels"), SIZES)
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 3), (3, 2), (2, 3), (3, 1), (1, 1)])
def test_pooling_is_the_oracles(rng, batch, height, width, channels, size, stride):
    x = rng.normal(size=(batch, channels, height, width))
    layer, _ = built(AvgPool2D(size, stride), (channels, height, width))
    for _ in range(2):  # buffers are reused: nothing of the first round may remain
        output = first(layer.forward(last(x)))
        expected = oracles.avg_pool2d(x, size, stride)
        np.testing.assert_allclose(output, expected, atol=1e-12)
        np.testing.assert_allclose(first(layer.infer(last(x))), expected, atol=1e-12)
        g = rng.normal(size=output.shape)
        dx = first(layer.backward(last(g)).reshape(*layer.input_shape, batch))
        np.testing.assert_allclose(dx, oracles.avg_pool2d_gradient(x, size, stride, g), atol=1e-12)


@pytest.mark.parametrize(("filters", "kernel"), [(2, 3), (8, 3), (3, 5)])
def test_edge_filters_begin_in_directions_of_their_own(rng, filters, kernel):
    layer, _ = built(Conv2D(filters, kernel, gain=5, edges=True), (1, 28, 28))
    layer.initialize(rng)
    middle = (kernel - 1) / 2
    for f, weights in enumerate(layer.weights[:, 0]):
        for (row, column), weight in np.ndenumerate(weights):
            angle = np.arctan2(row - middle, column - middle) - f * np.pi / filters
            along = np.cos(angle) if (row, column) != (middle, middle) else 0
            assert abs(weight - (1.5 * along - 1)) <= 0.3 * 5 / kernel
    assert np.ptp(layer.weights - layer.weights.mean()) > 0


def test_inference_follows_the_weights(rng):
    """The convolution keeps what it makes of them from one drawing to the next."""
    x = rng.normal(size=(1, 2, 6, 6))
    layer, _ = built(Conv2D(3, 3), (2, 6, 6), rng)
    for _ in range(2):
        expected = oracles.conv2d(x, layer.weights, layer.bias, 1)
        np.testing.assert_allclose(first(layer.infer(last(x))), expected, atol=1e-12)
        layer.weights[1, 0, 2, 2] += 1


@pytest.mark.parametrize("layer", [Conv2D(2, 3), Sigmoid(), ReLU(), AvgPool2D(2), Flatten(), Dropout(0.5)])
def test_what_is_inferred_can_be_kept(rng, layer):
    layer, _ = built(layer, (1, 6, 6), rng)
    x = rng.normal(size=(1, 6, 6, 2))
    before = x.copy()
    inferred = layer.infer(x)
    kept = inferred.copy()
    np.testing.assert_array_equal(x, before)
    x[...] = 7
    layer.infer(x)
    layer.forward(x, training=True)
    np.testing.assert_array_equal(inferred, kept)


def test_sigmoid_alone(rng):
    z, g = rng.normal(size=(2, 3, 4, 5)) * 5, rng.normal(size=(2, 3, 4, 5))
    layer, _ = built(Sigmoid(), (2, 3, 4))
    y = oracles.sigmoid(z)
    np.testing.assert_allclose(layer.infer(z), y, atol=1e-15)
    np.testing.assert_allclose(layer.forward(z), y, atol=1e-15)
    np.testing.assert_allclose(layer.backward(g), g * y * (1 - y), atol=1e-15)


def test_sigmoid_of_extreme_inputs():
    layer, _ = built(Sigmoid(), (4,))
    np.testing.assert_array_equal(layer.forward(np.array([[-1e300], [-800.0], [800.0], [1e300]])).ravel(), [0, 0, 1, 1])


@pytest.mark.parametrize("size", [1, 2, 4])
def test_sigmoid_between_neighbours_that_share_its_work(rng, size):
    x = rng.normal(size=(3, 1, 6, 6))
    layers = [Conv2D(2, 3), Sigmoid(), AvgPool2D(size)]
    shape, gradient = (1, 6, 6), {}
    for layer in layers:
        layer.build(shape, F64)
        shape = layer.output_shape
    for before, layer, after in zip([None, *layers], layers, [*layers[1:], None], strict=False):
        layer.link(before, after)
    parameters, gradients = rng.normal(size=20), np.zeros(20)
    for layer in layers:
        layer.bind(parameters[: layer.parameter_count], gradients[: layer.parameter_count])
    gradient = layers[0].split(gradients)
    out = inferred = last(x)
    values = []
    for layer in layers:
        out, inferred = layer.forward(out), layer.infer(inferred)
        values.append(first(inferred))
    np.testing.assert_allclose(first(out), values[-1], atol=1e-12)
    z = oracles.conv2d(x, layers[0].weights, layers[0].bias, 1)
    y = oracles.sigmoid(z)
    for got, want in zip(values, [z, y, oracles.avg_pool2d(y, size, size)], strict=True):
        np.testing.assert_allclose(got, want, atol=1e-12)
    g = rng.normal(size=values[-1].shape)
    back = last(g)
    for layer in reversed(layers):
        back = layer.backward(back)
    dz = oracles.avg_pool2d_gradient(y, size, size, g) * y * (1 - y)
    dx, dw, db = oracles.conv2d_gradients(x, layers[0].weights, 1, dz)
    np.testing.assert_allclose(first(back), dx, atol=1e-12)
    np.testing.assert_allclose(gradient["weights"], dw, atol=1e-12)
    np.testing.assert_allclose(gradient["bias"], db, atol=1e-12)


def test_relu(rng):
    z, g = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 4, 5))
    layer, _ = built(ReLU(), (2, 3, 4))
    np.testing.assert_array_equal(layer.infer(z), np.where(z > 0, z, 0))
    np.testing.assert_array_equal(layer.forward(z), np.where(z > 0, z, 0))
    np.testing.assert_array_equal(layer.backward(g), np.where(z > 0, g, 0))


@pytest.mark.parametrize("batch", [1, 4])
def test_dense_is_the_oracles(rng, batch):
    x, g = rng.normal(size=(batch, 6)), rng.normal(size=(batch, 3))
    layer, gradients = built(Dense(3), (6,), rng)
    np.testing.assert_allclose(layer.infer(x.T).T, oracles.dense(x, layer.weights, layer.bias), atol=1e-12)
    np.testing.assert_allclose(layer.forward(x.T).T, oracles.dense(x, layer.weights, layer.bias), atol=1e-12)
    np.testing.assert_allclose(layer.backward(np.ascontiguousarray(g.T)).T, g @ layer.weights, atol=1e-12)
    np.testing.assert_allclose(gradients["weights"], sum(np.outer(a, b) for a, b in zip(g, x, strict=True)), atol=1e-12)
    np.testing.assert_allclose(gradients["bias"], g.sum(axis=0), atol=1e-12)


def test_flatten_runs_channel_row_column(rng):
    x = rng.normal(size=(2, 3, 4, 5))
    layer, _ = built(Flatten(), (2, 3, 4))
    np.testing.assert_array_equal(layer.forward(x)[:, 1], x[..., 1].ravel())
    np.testing.assert_array_equal(layer.backward(layer.forward(x)), x)


def test_dropout_only_while_training_and_keeps_the_mean():
    layer, _ = built(Dropout(0.25), (1000,))
    x = np.ones((1000, 40))
    assert layer.forward(x) is x
    y = layer.forward(x, training=True)
    assert set(np.unique(y)) == {0, 1 / 0.75}
    assert y.mean() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(layer.backward(x), y)


def test_dropout_of_everything_is_refused():
    with pytest.raises(ValueError, match=r"not 1"):
        Dropout(1)


@pytest.mark.parametrize("layer", [Conv2D(1, 5), AvgPool2D(5)])
def test_a_window_larger_than_the_image_is_refused(layer):
    with pytest.raises(ValueError, match=r"5×5 .* does not fit a 4×6 input"):
        layer.build((1, 4, 6), F64)


def test_buffers_are_made_once_for_each_size_and_bounded():
    made = []
    buffers = PerBatchSize(lambda n: made.append(n) or [n])
    assert buffers[3] is buffers[3]
    for n in range(20):
        buffers[n]
    assert made.count(3) == 1
    assert len(buffers) == PerBatchSize.KEPT
