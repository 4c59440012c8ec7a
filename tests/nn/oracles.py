"""The layers again as naive loops, image by image and pixel by pixel: slow, and hard to get wrong.

And what these layers make of a batch when they are walked one by one, to compare the plan with.
"""

from itertools import product

import numpy as np

from mnist_gui.nn.losses import cross_entropy_gradient, softmax


def conv2d(x, weights, bias, stride):
    """x (n, channels, height, width) -> (n, filters, rows, columns)."""
    n, _, height, width = x.shape
    filters, _, k, _ = weights.shape
    out = np.zeros((n, filters, (height - k) // stride + 1, (width - k) // stride + 1))
    for i, f, r, c in np.ndindex(out.shape):
        patch = x[i, :, r * stride : r * stride + k, c * stride : c * stride + k]
        out[i, f, r, c] = sum(a * b for a, b in zip(patch.ravel(), weights[f].ravel(), strict=True)) + bias[f]
    return out


def conv2d_gradients(x, weights, stride, gradient):
    """∂loss/∂input, ∂loss/∂weights, ∂loss/∂bias from ∂loss/∂output."""
    k = weights.shape[-1]
    dx, dw, db = np.zeros_like(x), np.zeros_like(weights), np.zeros(len(weights))
    for i, f, r, c in np.ndindex(gradient.shape):
        g = gradient[i, f, r, c]
        db[f] += g
        for channel, y, z in product(range(x.shape[1]), range(k), range(k)):
            dx[i, channel, r * stride + y, c * stride + z] += g * weights[f, channel, y, z]
            dw[f, channel, y, z] += g * x[i, channel, r * stride + y, c * stride + z]
    return dx, dw, db


def avg_pool2d(x, size, stride):
    n, channels, height, width = x.shape
    out = np.zeros((n, channels, (height - size) // stride + 1, (width - size) // stride + 1))
    for i, f, r, c in np.ndindex(out.shape):
        out[i, f, r, c] = x[i, f, r * stride : r * stride + size, c * stride : c * stride + size].sum() / size**2
    return out


def avg_pool2d_gradient(x, size, stride, gradient):
    dx = np.zeros_like(x)
    for i, f, r, c in np.ndindex(gradient.shape):
        for y, z in product(range(size), range(size)):
            dx[i, f, r * stride + y, c * stride + z] += gradient[i, f, r, c] / size**2
    return dx


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def dense(x, weights, bias):
    return np.array([[sum(w * v for w, v in zip(row, image, strict=True)) for row in weights] for image in x]) + bias


def softmax_cross_entropy(logits, label):
    """The loss of one image, from its logits alone."""
    return np.log(sum(np.exp(z) for z in logits)) - logits[label]


def backpropagate(network, images, labels):
    """The probabilities of a batch in training and the gradient of its mean loss, by the definitions of the layers."""
    x = network.as_input(images)
    for layer in network.layers:
        x = layer.forward(x, training=True)
    p = softmax(x)
    g = cross_entropy_gradient(p, labels, len(labels))
    for layer in reversed(network.layers):
        g = layer.backward(g)
    gradient = np.zeros_like(network.parameters)
    for layer, parts in zip(network.layers, network.split(gradient), strict=True):
        assert parts.keys() == layer.gradients.keys()
        for name, part in parts.items():
            part[...] = layer.gradients[name]
    return p, gradient
