"""Models in the window: opened, saved, gone back to, and never lost unasked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtGui import QAction

from mnist_gui import model_file
from mnist_gui.assets import SHIPPED_MODEL
from mnist_gui.history import History, Snapshot
from mnist_gui.nn import architectures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Messages

    from mnist_gui.gui.main_window import MainWindow


def do(window: MainWindow, text: str) -> None:
    next(action for action in window.findChildren(QAction) if action.text().replace("&", "") == text).trigger()


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A file with another network."""
    network = architectures.build("notebook")
    network.initialize(np.random.default_rng(1))
    path = tmp_path / "other.safetensors"
    model_file.save(path, network, model_file.ModelRecord("notebook", test_accuracy=0.5))
    return path


@pytest.fixture
def trained(window: MainWindow) -> MainWindow:
    """A window as it is after a run."""
    session = window.session
    learned = replace(session.checkpoint, parameters=session.network.parameters + 0.01, name="untitled model")
    session.runs = (replace(learned, unsaved=True),)
    session.take_back(session.runs[0])
    return window


def test_a_model_is_opened_and_left_again(window: MainWindow, choose: Callable[[Path], None], other: Path) -> None:
    shipped = window.session.network.parameters.copy()
    choose(other)
    do(window, "Open model…")
    assert window.windowTitle() == "other.safetensors[*] — mnist_gui"
    assert "test 50.0 %" in window.network_label.text()
    np.testing.assert_array_equal(window.session.network.parameters, model_file.load(other)[0].parameters)
    do(window, "Back to the shipped model")
    assert window.windowTitle() == "shipped model[*] — mnist_gui"
    np.testing.assert_array_equal(window.session.network.parameters, shipped)


@pytest.mark.parametrize("kind", ["missing", "empty", "cut", "text", "folder", "not finite"])
def test_a_bad_model_is_told_and_the_one_in_use_stays(
    window: MainWindow, choose: Callable[[Path], None], messages: Messages, other: Path, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "bad.safetensors"
    match kind:
        case "empty":
            path.touch()
        case "cut":
            path.write_bytes(other.read_bytes()[:-100])
        case "text":
            path.write_text("not a model", encoding="utf-8")
        case "folder":
            path.mkdir()
        case "not finite":
            network, record = model_file.load(other)
            network.parameters[7] = np.nan
            model_file.save(path, network, record)
    before = window.session.network.parameters.copy()
    choose(path)
    do(window, "Open model…")
    (message,) = messages.said
    assert "bad.safetensors" in message
    assert "\n" not in message
    np.testing.assert_array_equal(window.session.network.parameters, before)
    assert window.windowTitle().startswith("shipped model")


def test_saving_asks_for_a_file_once(trained: MainWindow, choose: Callable[[Path | str], None], tmp_path: Path) -> None:
    assert trained.isWindowModified()
    choose("")
    do(trained, "Save model")
    assert trained.isWindowModified()
    choose(tmp_path / "mine")
    do(trained, "Save model")
    assert not trained.isWindowModified()
    assert trained.windowTitle() == "mine.safetensors[*] — mnist_gui"
    path = tmp_path / "mine.safetensors"
    assert trained.statusBar().currentMessage() == f"Saved {path}"
    np.testing.assert_array_equal(model_file.load(path)[0].parameters, trained.session.network.parameters)
    choose(tmp_path / "not asked for")
    trained.session.edit(np.append(5, trained.session.network.parameters[1:]), "set the first")
    assert trained.isWindowModified()
    do(trained, "Save model")
    assert not trained.isWindowModified()
    assert model_file.load(path)[0].parameters[0] == 5
    choose(tmp_path / "copy.safetensors")
    do(trained, "Save model as…")
    assert trained.windowTitle().startswith("copy.safetensors")
    assert sorted(p.name for p in tmp_path.glob("*.safetensors")) == ["copy.safetensors", "mine.safetensors"]


def test_the_shipped_model_is_never_written(window: MainWindow, choose: Callable[[str], None]) -> None:
    before = SHIPPED_MODEL.read_bytes()
    choose("")
    do(window, "Save model")
    assert SHIPPED_MODEL.read_bytes() == before


def test_a_place_that_can_t_be_written_is_told(
    trained: MainWindow, choose: Callable[[Path], None], messages: Messages, tmp_path: Path
) -> None:
    choose(tmp_path / "nowhere" / "model.safetensors")
    do(trained, "Save model")
    assert "nowhere" in messages.said[0]
    assert trained.isWindowModified()


@pytest.mark.parametrize("answer", ["Save", "Discard", "Cancel"])
def test_closing_asks_about_what_is_in_no_file(
    trained: MainWindow, choose: Callable[[Path], None], messages: Messages, tmp_path: Path, answer: str
) -> None:
    learned = trained.session.checkpoint
    path = tmp_path / "mine.safetensors"
    choose(path)
    messages.answers = [answer]
    do(trained, "Quit")
    assert messages.said == ["What the network has learned is in no file, and lost when the window is closed."]
    assert path.exists() == (answer == "Save")
    assert trained.isVisible() == (answer == "Cancel")
    assert trained.isWindowModified() == (answer != "Save")
    if answer == "Cancel":
        assert trained.session.checkpoint is learned


@pytest.mark.parametrize("what", ["Open model…", "Back to the shipped model", "Reset the weights"])
def test_another_network_is_taken_without_a_word_and_the_trained_one_stays_in_runs(
    trained: MainWindow, choose: Callable[[Path], None], messages: Messages, other: Path, what: str
) -> None:
    learned = trained.session.checkpoint
    choose(other)
    do(trained, what)
    assert messages.said == []
    assert trained.session.checkpoint is not learned
    assert trained.session.runs == (learned,)
    assert not trained.isWindowModified()
    trained.session.take_back(learned)
    np.testing.assert_array_equal(trained.session.network.parameters, learned.parameters)
    assert trained.isWindowModified()


@pytest.mark.parametrize(
    ("others", "present", "said"),
    [
        (1, False, "1 network in Runs is in no file, and lost when the window is closed."),
        (3, False, "3 networks in Runs are in no file, and lost when the window is closed."),
        (2, True, "What the network has learned, and 2 networks in Runs, is in no file, and lost when the window is"),
    ],
)
def test_closing_names_all_networks_that_are_in_no_file(
    trained: MainWindow, messages: Messages, others: int, present: bool, said: str
) -> None:
    session = trained.session
    learned = session.checkpoint
    session.runs = tuple(replace(learned) for _ in range(others)) + ((learned,) if present else ())
    if not present:
        session.checkpoint = replace(learned, unsaved=False)
    messages.answers = ["Cancel"]
    assert not trained.close()
    assert messages.said[0].startswith(said)
    session.runs, session.checkpoint = (), replace(learned, unsaved=False)
    assert trained.close()
    assert len(messages.said) == 1


def test_a_save_that_is_cancelled_closes_nothing(
    trained: MainWindow, choose: Callable[[str], None], messages: Messages
) -> None:
    choose("")
    messages.answers = ["Save"]
    assert not trained.close()
    assert trained.isVisible()


def test_a_run_is_kept_with_the_model_and_looked_back_at(
    trained: MainWindow, choose: Callable[[Path], None], tmp_path: Path
) -> None:
    size = trained.session.network.parameters.size
    moments = tuple(Snapshot(100 * i, i, 0.9, np.full(size, i, np.float32)) for i in range(3))
    trained.session.history = History(snapshots=moments)
    path = tmp_path / "with-run.safetensors"
    choose(path)
    do(trained, "Save model as…")
    assert not model_file.load_history(path)  # only if wanted
    do(trained, "Save the run with the model")
    do(trained, "Save model")
    assert len(model_file.load_history(path)) == 3

    do(trained, "Back to the shipped model")
    bar = trained.charts.time_bar
    assert not bar.isEnabled()
    choose(path)
    do(trained, "Open model…")
    bar.slider.setValue(1)
    assert trained.session.moment is not None
    assert trained.session.moment.step == 100
    np.testing.assert_array_equal(trained.session.network.parameters, 1)
    assert "step 100" in bar.where.text()
    do(trained, "Save the run with the model")  # as it was: settings outlive the window
