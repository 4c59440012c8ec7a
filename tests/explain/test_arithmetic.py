"""How a number comes about, against the network's own numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_gui.explain import arithmetic
from mnist_gui.explain.reading import read
from mnist_gui.nn import architectures
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, ReLU, Sigmoid
from mnist_gui.nn.network import Network

NETWORKS = {
    "notebook": lambda dtype: Network(architectures.notebook(), dtype=dtype),
    "strides": lambda dtype: Network(
        [Conv2D(3, 5, 2), ReLU(), AvgPool2D(3, 2), Flatten(), Dense(10)], (1, 28, 28), dtype
    ),
    "two convolutions": lambda dtype: Network(
        [
            Conv2D(3, 3),
            ReLU(),
            AvgPool2D(2),
            Conv2D(4, 3, 2),
            Sigmoid(),
            AvgPool2D(2, 1),
            Flatten(),
            Dropout(0.5),
            Dense(8),
            ReLU(),
            Dense(10),
        ],
        (1, 17, 19),
        dtype,
    ),
    "colour": lambda dtype: Network([Conv2D(2, 2), Flatten(), Dense(10)], (3, 11, 9), dtype),
    "pooled first": lambda dtype: Network(
        [AvgPool2D(2), Sigmoid(), Conv2D(2, 3), AvgPool2D(2), Flatten(), Dense(10)], (1, 14, 14), dtype
    ),
}


@pytest.fixture(params=NETWORKS)
def name(request):
    return request.param


def made(name, dtype=np.float64, seed=0):
    network = NETWORKS[name](dtype)
    network.initialize(np.random.default_rng(seed))
    network.parameters += np.random.default_rng(seed + 1).normal(0, 0.1, network.parameters.size).astype(dtype)
    return network, np.random.default_rng(seed + 2).random(network.input_shape).astype(dtype)


def explained_layers(network):
    return [i for i, layer in enumerate(network.layers) if arithmetic.can_explain(layer)]


def worked_out(working):
    """The result again, from what a pupil is given."""
    grids = [grid.values for grid in working.grids]
    if len(grids) == 1:
        return grids[0].mean()
    z = (grids[0] * grids[1]).sum() + working.lines[1].value
    last = working.lines[-1].text
    return 1 / (1 + np.exp(-z)) if last.startswith("sigmoid") else max(z, 0) if last.startswith("ReLU") else z


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_each_cell_is_worked_out_to_the_networks_own_value(name, dtype, tolerance):
    network, image = made(name, dtype)
    activations = network.activations(image[None])
    for index in explained_layers(network):
        activated = (
            isinstance(network.layers[index], Conv2D)
            and index + 1 < len(network.layers)
            and isinstance(network.layers[index + 1], Sigmoid | ReLU)
        )
        values = activations[index + activated][0]
        sums = activations[index][0]
        for cell in np.ndindex(values.shape):
            working = arithmetic.of_cell(network, read(network, image), index, cell)
            assert working.lines[-1].value == values[cell]
            assert worked_out(working) == pytest.approx(values[cell], abs=tolerance)
            if isinstance(network.layers[index], Conv2D):
                z = working.grids[2].values.sum() + working.lines[1].value
                assert z == pytest.approx(sums[cell], abs=tolerance)
                assert working.lines[2].value == sums[cell]
                np.testing.assert_array_equal(
                    working.grids[2].values, working.grids[0].values * working.grids[1].values
                )
            else:
                assert working.lines[0].value == pytest.approx(working.grids[0].values.sum())


def test_an_activation_is_asked_like_its_convolution():
    network, image = made("notebook")
    one, other = (arithmetic.of_cell(network, read(network, image), layer, (1, 4, 5)) for layer in (0, 1))
    assert one.title == other.title == "Feature map 2, row 5, column 6"
    assert one.lines == other.lines


def test_bytes_are_read_as_the_network_reads_them():
    network, _ = made("notebook")
    image = np.random.default_rng(3).integers(0, 256, (28, 28), np.uint8)
    working = arithmetic.of_cell(network, read(network, image), 0, (0, 3, 4))
    np.testing.assert_array_equal(working.grids[0].values[0], (image / np.float32(255))[3:6, 4:7])
    assert worked_out(working) == pytest.approx(working.lines[-1].value, abs=1e-12)


@pytest.mark.parametrize("kind", [Flatten, Dense])
def test_what_is_no_map_is_refused_by_name(kind):
    network, image = made("notebook")
    index = next(i for i, layer in enumerate(network.layers) if isinstance(layer, kind))
    with pytest.raises(ValueError, match=kind.kind):
        arithmetic.of_cell(network, read(network, image), index, (0, 0, 0))


def test_a_cell_changes_with_the_pixels_of_its_field_and_with_no_other(name):
    network, image = made(name)
    rng = np.random.default_rng(4)
    for index in explained_layers(network):
        shape = network.layers[index].output_shape
        for _ in range(6):
            _, row, column = cell = tuple(int(rng.integers(n)) for n in shape)
            top, left, height, width = arithmetic.receptive_field(network.layers[: index + 1]).at(row, column)
            before = network.activations(image[None])[index][0][cell]
            outside = rng.random(image.shape)
            inside = np.s_[:, top : top + height, left : left + width]
            outside[inside] = image[inside]
            assert network.activations(outside[None])[index][0][cell] == pytest.approx(before, abs=1e-12)
            assert top + height <= image.shape[1]
            assert left + width <= image.shape[2]


@pytest.mark.parametrize("name", ["notebook", "colour", "pooled first"])  # no rectifier that could be shut
def test_a_cell_changes_with_each_corner_of_its_field(name):
    network, image = made(name)
    for index in explained_layers(network):
        shape = network.layers[index].output_shape
        cell = (0, shape[1] - 1, shape[2] // 2)
        top, left, height, width = arithmetic.receptive_field(network.layers[: index + 1]).at(*cell[1:])
        before = network.activations(image[None])[index][0][cell]
        for y, x in (
            (top, left),
            (top, left + width - 1),
            (top + height - 1, left),
            (top + height - 1, left + width - 1),
        ):
            other = image.copy()
            other[:, y, x] += 0.5
            assert abs(network.activations(other[None])[index][0][cell] - before) > 1e-6


def test_the_pooled_cells_of_the_notebook_see_4_pixels_and_step_by_2():
    network, _ = made("notebook")
    field = arithmetic.receptive_field(network.layers[:3])
    assert field == arithmetic.ReceptiveField(4, 2)
    assert field.at(12, 12) == (24, 24, 4, 4)


def test_the_softmax_is_the_networks(name):
    network, image = made(name, np.float32)
    for digit, expected in enumerate(network.probabilities(image[None])[0]):
        working = arithmetic.of_answer(network, read(network, image), digit)
        logits, powers, probabilities = (grid.values.ravel() for grid in working.grids)
        np.testing.assert_array_equal(logits, network.activations(image[None])[-1][0])
        assert working.lines[-1].value == probabilities[digit] == pytest.approx(expected, abs=1e-6)
        assert powers.sum() == pytest.approx(working.lines[0].value)
        assert working.marked == digit


@given(st.floats(-1e4, 1e4))
def test_a_number_is_written_to_the_digits_shown(value):
    text = arithmetic.number(value).replace("−", "-")
    if "·10" in text:
        assert 0 < abs(value) < 0.0005
    else:
        assert float(text) == pytest.approx(value, abs=0.00050001)
        assert text != "-0.000"


def test_small_numbers_keep_their_digits():
    assert arithmetic.number(2.14e-9) == "2.1·10⁻⁹"
    assert arithmetic.number(-0.0001) == "−1.0·10⁻⁴"
    assert arithmetic.number(0.0) == "0.000"


def test_the_text_has_every_number_of_a_working(name):
    network, image = made(name)
    workings = [arithmetic.of_cell(network, read(network, image), i, (0, 1, 0)) for i in explained_layers(network)]
    for working in [*workings, arithmetic.of_answer(network, read(network, image), 7)]:
        text = arithmetic.as_text(working)
        assert text.startswith(working.title)
        for value in [v for grid in working.grids for v in grid.values.ravel()] + [x.value for x in working.lines]:
            assert arithmetic.number(value) in text


def test_a_worksheet_leaves_out_what_is_asked_for_and_solves_it_overleaf():
    network, image = made("notebook")
    working = arithmetic.of_cell(network, read(network, image), 0, (0, 2, 3))
    sheet = arithmetic.worksheet(working, "drawing")
    task, solution = sheet.split("page-break-before")
    asked = {arithmetic.number(v) for v in working.grids[2].values.ravel()}
    asked |= {arithmetic.number(line.value) for line in working.lines if not line.given}
    shown = {arithmetic.number(v) for grid in working.grids[:2] for v in grid.values.ravel()}
    shown |= {arithmetic.number(line.value) for line in working.lines if line.given}
    assert all(f">{value}<" in task and f">{value}<" in solution for value in shown)
    assert all(f">{value}<" in solution and f">{value}<" not in task for value in asked - shown)
    assert len(asked - shown) > 5
