import csv
import errno
import os
from dataclasses import replace

import numpy as np
import pytest

from mnist_gui.errors import UserError
from mnist_gui.model_file import ModelRecord
from mnist_gui.nn import architectures
from mnist_gui.runs import Checkpoint, save_csv
from mnist_gui.training import RECIPES, Epoch, Progress


@pytest.fixture
def run():
    recipe, curve = RECIPES["default"], np.array([2.0, 1.0, 0.5])
    epochs = (Epoch(1.5, 0.5, 0.9, 0.8), Epoch(0.7, 0.8, 0.6, 0.9))
    return Progress(recipe, 20, 100, epochs, 1, 4, np.array([8, 16, 20]), curve, curve / 4, curve)


def test_the_curves_are_a_table_with_the_test_figures_where_epochs_end(run, tmp_path):
    save_csv(tmp_path / "run.csv", run)
    with (tmp_path / "run.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["8", "10", "16", "20"]
    assert [row["training_loss"] for row in rows] == ["2.0", "", "1.0", "0.5"]
    assert [row["test_accuracy"] for row in rows] == ["", "0.8", "", "0.9"]
    assert [float(row["epoch"]) for row in rows] == [0.8, 1, 1.6, 2]


def checkpoint(**changes):
    network = architectures.build("notebook")
    network.initialize(np.random.default_rng(0))
    return Checkpoint(**{"record": ModelRecord("notebook"), "parameters": network.parameters.copy(), **changes})


def test_a_checkpoint_makes_its_network_again_and_can_not_be_changed():
    kept = checkpoint()
    network = kept.build()
    np.testing.assert_array_equal(network.parameters, kept.parameters)
    network.parameters += 1
    assert not np.array_equal(network.parameters, kept.parameters)
    with pytest.raises(ValueError, match="read-only"):
        kept.parameters[0] = 1


def test_a_checkpoint_says_what_it_is():
    assert checkpoint().describe() == "untitled model · 3,410 parameters · untrained"
    trained = ModelRecord("notebook", epochs=2, test_accuracy=0.9708)
    assert checkpoint(record=trained, name="a").describe() == "a · 3,410 parameters · test 97.1 %"
    upright = replace(trained, recipe=RECIPES["default"])
    assert checkpoint(record=upright, name="a").describe() == "a · 3,410 parameters · test 97.1 % upright"
    assert checkpoint(edited=True).describe() == "untitled model · 3,410 parameters · edited"


def test_a_table_that_cannot_be_written_is_told_in_a_line(run, tmp_path):
    with pytest.raises(UserError, match=r"The curves can't be saved as .*missing.run\.csv: No such file"):
        save_csv(tmp_path / "missing" / "run.csv", run)


def test_a_table_is_written_whole_or_not_at_all(run, tmp_path, monkeypatch):
    (tmp_path / "run.csv").write_text("before")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(UserError, match="No space left on device"):
        save_csv(tmp_path / "run.csv", run)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]
