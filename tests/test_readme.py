"""What the README prints as code works as it is printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mnist_gui.data import drawn
from mnist_gui.data.dataset import Dataset
from mnist_gui.nn.layers import AvgPool2D, Conv2D, Dense, Flatten
from mnist_gui.nn.losses import cross_entropy
from mnist_gui.nn.network import Network
from mnist_gui.recipe import Recipe
from mnist_gui.training import train

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

README = Path(__file__).parents[1] / "README.md"


def printed(heading: str) -> str:
    """The code under a heading."""
    (code,) = re.findall(rf"{heading}\n.*?```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return code


@pytest.fixture(scope="module")
def added() -> dict[str, Any]:
    """All names of the code under "Add a layer"."""
    names: dict[str, Any] = {}
    exec(compile(printed("### Add a layer"), "README.md", "exec"), names)
    return names


def network(added: dict[str, Any], dtype: DTypeLike) -> Network:
    leaky, scale = added["LeakyReLU"], added["Scale"]
    layers = [Conv2D(2, 5), leaky(), AvgPool2D(2), scale(), Conv2D(3, 3), leaky(), Flatten(), scale(), Dense(10)]
    made = Network(layers, dtype=dtype)
    made.initialize(np.random.default_rng(0))
    return made


def test_the_gradients_of_the_added_layers_are_right(added: dict[str, Any]) -> None:
    made = network(added, np.float64)
    assert {"scale1.factors", "scale2.factors"} < made.named().keys()
    rng = np.random.default_rng(1)
    images, labels = rng.random((5, 28, 28)), rng.integers(0, 10, 5)
    made.backpropagate(images, labels)
    assert all(part.any() for part in made.named(made.gradients).values())
    direction, h, start = rng.normal(size=made.parameters.size), 1e-6, made.parameters.copy()
    direction /= np.linalg.norm(direction)
    losses = []
    for side in (h, -h):
        made.parameters[:] = start + side * direction
        losses.append(cross_entropy(made.probabilities(images), labels).mean())
    assert (losses[0] - losses[1]) / (2 * h) == pytest.approx(made.gradients @ direction, rel=1e-5, abs=1e-9)


def test_a_network_with_the_added_layers_learns(added: dict[str, Any]) -> None:
    images, labels = drawn.images(300, drawn.TRAIN_SEED)
    made = network(added, np.float32)
    before = made.named()["scale2.factors"].copy()
    recipe = Recipe(epochs=20, learning_rate=0.05)
    reports = train(made, Dataset("some digits", images, labels, images, labels), recipe)
    *_, last = (progress for progress in reports if progress)
    assert last.epochs[-1].test_accuracy > 0.9
    assert not np.array_equal(made.named()["scale2.factors"], before)


def test_from_python_it_trains_reads_and_tells_its_slopes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn, "TRAIN_SIZE", 6000)
    monkeypatch.setattr(drawn, "TEST_SIZE", 1000)
    monkeypatch.setattr(drawn.load, "__defaults__", (6000, 1000))
    code = printed("## From Python")
    assert 15 <= code.count("\n") <= 25
    exec(compile(code, "README.md", "exec"), {})
    output = capsys.readouterr().out
    accuracy, slope, measured = (
        float(found) for found in re.findall(r"(-?\d+\.\d+)(?:% read|, m|$)", output, re.M)[-3:]
    )
    assert accuracy > 75
    assert "read as 7" in output
    assert measured == pytest.approx(slope, rel=0.05, abs=1e-4)
