"""The session: the moment that is looked at, edits by hand, the runs of a sitting, and that nothing is ever lost."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel
from stage import Paper, bar, look, started

from mnist_gui import data, model_file
from mnist_gui.data.upright import make_upright
from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.pages import tabs
from mnist_gui.gui.session import FRAME_MS, Session
from mnist_gui.gui.training.trainer import State
from mnist_gui.history import Snapshot
from mnist_gui.nn import architectures
from mnist_gui.runs import SHIPPED
from mnist_gui.training import RECIPES, recipe_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Messages
    from pytestqt.qtbot import QtBot

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.runs import Checkpoint

RECIPE = replace(RECIPES["default"], epochs=1)


@pytest.fixture
def dataset(data_folder: Path) -> Dataset:
    return data.load(data_folder)


@pytest.fixture
def train(session: Session, dataset: Dataset, qtbot: QtBot) -> Callable[..., Checkpoint]:
    """Train to the end, from nothing or on, and give what came of it."""

    def train(*, on: bool = False, seed: int = 0) -> Checkpoint:
        recipe = replace(RECIPE, seed=seed)
        session.train_on(dataset, recipe) if on else session.train(dataset, "notebook", recipe)
        qtbot.waitUntil(lambda: session.state is State.IDLE, timeout=20_000)
        return session.checkpoint

    return train


@pytest.fixture
def trained(ready: MainWindow, wait_for: Callable[[State], None]) -> MainWindow:
    """A window after a run of two epochs."""
    ready.training_panel.train()
    wait_for(State.IDLE)
    return ready


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two networks are the same bit for bit."""
    return a.dtype == b.dtype and a.tobytes() == b.tobytes()


# What is looked at


def test_it_begins_with_the_shipped_model_and_without_a_drawing(session: Session) -> None:
    assert session.checkpoint.name == SHIPPED
    assert not session.checkpoint.unsaved
    assert session.image is None
    assert session.reading is None
    assert (session.moment, session.history, session.runs, session.unsaved) == (None, None, (), [])
    assert same(session.network.parameters, session.checkpoint.parameters)


def test_a_reading_is_worked_out_once_and_anew_for_other_ink_or_another_network(session: Session, qtbot: QtBot) -> None:
    look(session, None, bar())
    first = session.reading
    assert first is session.reading
    assert first.answer == int(session.network.probabilities(bar()[None]).argmax())
    look(session, None, bar().T.copy())
    assert session.reading is not first
    look(session, started("wide"), bar())
    expected = session.network.activations(bar()[None])
    for shown, known in zip(session.reading.activations, expected, strict=True):
        np.testing.assert_array_equal(shown, known[0])
    look(session, None, None)
    assert session.reading is None


def test_what_is_seen_follows_the_network(session: Session) -> None:
    slanted = np.stack([np.roll(row, (14 - y) // 3) for y, row in enumerate(bar())])
    network = started("notebook")
    for upright in (False, True, False):
        look(session, network, slanted, upright=upright)
        assert session.is_upright is upright
        np.testing.assert_array_equal(session.image, slanted)  # what My digits keeps
        seen = make_upright(slanted[None])[0] if upright else slanted
        np.testing.assert_array_equal(session.reading.image, seen)
        np.testing.assert_array_equal(session.prepare(slanted[None])[0], seen)


@pytest.mark.parametrize(("source", "upright"), [("mnist", True), ("drawn", True), ("/home/me/letters", False)])
def test_fresh_weights_are_upright_where_the_data_are_digits(session: Session, source: str, upright: bool) -> None:
    session.reset("notebook", RECIPES["default"], source)
    assert session.is_upright is upright
    session.reset("notebook", RECIPES["notebook"], source)
    assert not session.is_upright


def test_a_run_records_whether_its_images_were_upright(
    session: Session, dataset: Dataset, train: Callable[..., Checkpoint], qtbot: QtBot
) -> None:
    assert session.is_upright  # the shipped network
    assert not train().record.recipe.upright  # nobody knows that these are digits
    session.train(replace(dataset, digits=True), "notebook", RECIPE)
    qtbot.waitUntil(lambda: session.state is State.IDLE, timeout=20_000)
    assert session.checkpoint.record.recipe.upright
    session.train_on(replace(dataset, digits=True), replace(RECIPE, upright=False))
    qtbot.waitUntil(lambda: session.state is State.IDLE, timeout=20_000)
    assert session.checkpoint.record.recipe.upright  # a network goes on in its own way


@pytest.mark.parametrize("architecture", architectures.ARCHITECTURES)
def test_each_architecture_ships_trained(session: Session, architecture: str) -> None:
    session.open_shipped(architecture)
    record = session.checkpoint.record
    assert (session.network.architecture, record.architecture) == (architecture, architecture)
    assert record.test_accuracy > 0.98
    assert record.recipe == recipe_for("default", architecture)
    assert session.checkpoint.name.startswith(SHIPPED)
    assert not session.checkpoint.unsaved


def test_many_changes_are_told_once_a_frame(session: Session, qtbot: QtBot) -> None:
    told: list[None] = []
    session.changed.connect(lambda: told.append(None))
    for _ in range(50):
        session.drawing_changed()
    assert told == []
    assert not session.up_to_date
    qtbot.waitUntil(lambda: session.up_to_date)
    assert len(told) == 1


def test_changes_that_go_on_are_told_no_more_than_once_a_frame(session: Session, qtbot: QtBot) -> None:
    told: list[float] = []
    session.changed.connect(lambda: told.append(perf_counter()))
    pen = QTimer(interval=1)
    pen.timeout.connect(session.drawing_changed)
    pen.start()
    qtbot.waitUntil(lambda: len(told) > 5)
    pen.stop()
    assert np.diff(told).min() > 0.8 * FRAME_MS / 1000  # a coarse timer may be early by a twentieth, and a millisecond


def test_the_parameters_of_a_checkpoint_can_t_be_written_to(session: Session, train: Callable[..., Checkpoint]) -> None:
    for checkpoint in (session.checkpoint, train()):
        with pytest.raises(ValueError, match="read-only"):
            checkpoint.parameters[0] = 1


# The moment


def figures(window: MainWindow) -> dict[str, str]:
    """All that the window says of the network that is looked at."""
    notice = window.findChild(QAbstractButton, "backToNowButton").parentWidget()
    charts = window.charts
    return {
        "status bar": window.network_label.text(),
        "slider": f"{charts.time_bar.slider.value()} {charts.time_bar.where.text()}",
        "notice": notice.findChild(QLabel).text() if notice.isVisible() else "",
        "loss": f"{charts.loss.training_label.text()} {charts.loss.test_label.text()}",
        "accuracy": f"{charts.accuracy.training_label.text()} {charts.accuracy.test_label.text()}",
        "title": window.windowTitle(),
    }


def test_an_edit_of_the_past_and_undo_lose_nothing(trained: MainWindow) -> None:
    session = trained.session
    present, history, runs, now = session.checkpoint, session.history, session.runs, figures(trained)
    slider = trained.charts.time_bar.slider
    slider.setValue(2)
    moment, then, at_moment = session.moment, session.network.parameters.copy(), figures(trained)
    assert at_moment["status bar"] != now["status bar"]
    trained.pages.setCurrentIndex(tabs.WHAT_IF)
    filters = trained.pages.page(tabs.WHAT_IF).filters
    filters.value_box.setValue(2.25)
    assert session.checkpoint is not present
    assert present in session.runs  # the edit is a network of its own
    assert session.checkpoint in session.runs
    assert session.checkpoint.name == "untitled model"
    assert session.checkpoint.record.epochs == moment.epoch
    filters.undo_button.click()
    assert session.checkpoint is present
    assert session.moment is moment
    assert session.history is history
    assert same(session.network.parameters, then)
    assert figures(trained) == at_moment
    trained.findChild(QAbstractButton, "backToNowButton").click()
    assert session.moment is None
    assert same(session.network.parameters, present.parameters)
    assert figures(trained) == now
    assert runs[0] is session.runs[0] is present


def test_all_figures_are_of_the_moment_that_is_looked_at(trained: MainWindow, qtbot: QtBot) -> None:
    session, charts = trained.session, trained.charts
    progress = session.checkpoint.progress
    per_epoch = progress.steps_per_epoch
    now = figures(trained)
    assert now["notice"] == ""
    middle = next(m for m in session.history.snapshots if per_epoch <= m.step < 2 * per_epoch)
    early = session.history.snapshots[1]
    for moment in (middle, early):
        session.look_at(moment)
        shown = figures(trained)
        assert shown["notice"] == moment.describe()
        assert shown["status bar"] == f"untitled model at {moment.describe()}"
        assert shown["slider"] == f"{session.history.snapshots.index(moment)} {moment.describe()}"
        at = min(int(np.searchsorted(progress.curve_steps, moment.step)), len(progress.curve_steps) - 1)
        assert charts.loss.training_label.text() == f"━ training {progress.loss_curve[at]:.3f}"
        assert charts.accuracy.training_label.text() == f"━ training {100 * progress.accuracy_curve[at]:.2f} %"
        tested = progress.epochs[moment.step // per_epoch - 1] if moment.step >= per_epoch else None
        assert charts.loss.test_label.text() == f"●━ test {f'{tested.test_loss:.3f}' if tested else '–'}"
        test = f"{100 * tested.test_accuracy:.2f} %" if tested else "–"
        assert charts.accuracy.test_label.text() == f"●━ test {test}"
        assert moment.test_accuracy == (tested.test_accuracy if tested else None)
    button = trained.findChild(QAbstractButton, "backToNowButton")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert figures(trained) == now
    assert not button.isVisible()


@pytest.mark.parametrize("index", range(len(tabs.TABS)), ids=[name for name, _ in tabs.TABS])
def test_the_notice_and_the_way_back_are_there_on_every_page(trained: MainWindow, index: int) -> None:
    trained.pages.setCurrentIndex(index)
    button = trained.findChild(QAbstractButton, "backToNowButton")
    assert not button.isVisible()
    trained.session.look_at(trained.session.history.snapshots[1])
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert trained.session.moment is None
    assert not button.isVisible()


def test_the_view_and_the_answer_are_of_the_moment(trained: MainWindow) -> None:
    session = trained.session
    trained.canvas.set_picture(bar())
    for moment in (session.history.snapshots[0], session.history.snapshots[-2], None):
        session.look_at(moment)
        session.show_now()
        network = session.checkpoint.build()
        if moment is not None:
            network.parameters[:] = moment.parameters
        np.testing.assert_allclose(
            trained.network_view.bars.probabilities, network.probabilities(bar()[None])[0], atol=1e-6
        )
        filters = trained.network_view.findChild(MapView, "filterView")
        np.testing.assert_array_equal(filters.values, network.named()["conv1.weights"][:, 0])


def test_the_moment_stays_while_the_run_goes_on(ready: MainWindow, qtbot: QtBot) -> None:
    session = ready.session
    ready.training_panel.epochs_box.setValue(1000)
    ready.training_panel.train()
    qtbot.waitUntil(lambda: session.history is not None and len(session.history.snapshots) > 5, timeout=20_000)
    ready.charts.time_bar.refresh()
    session.look_at(session.history.snapshots[1])
    moment, shown = session.moment, figures(ready)["status bar"]
    epochs = session.checkpoint.record.epochs
    qtbot.waitUntil(lambda: session.checkpoint.record.epochs > epochs + 1, timeout=20_000)
    assert session.moment is moment
    assert same(session.network.parameters, moment.parameters)
    assert figures(ready)["status bar"] == shown
    assert ready.charts.time_bar.slider.value() == 1
    session.look_at(None)
    np.testing.assert_array_equal(session.network.parameters, session.checkpoint.parameters)


def test_training_on_from_a_moment_begins_there_and_the_trained_network_stays(
    session: Session, train: Callable[..., Checkpoint], dataset: Dataset, qtbot: QtBot
) -> None:
    first = train()
    moment = session.history.snapshots[2]
    session.look_at(moment)
    began: list[np.ndarray] = []
    session.run_replaced.connect(lambda: began.append(session.network.parameters.copy()))
    second = train(on=True)
    assert same(began[0], moment.parameters)
    assert session.runs == (first, second)
    assert session.moment is None


# Edits


def edited(session: Session, index: int, value: float) -> np.ndarray:
    parameters = session.network.parameters.copy()
    parameters[index] = value
    return parameters


def test_a_row_of_edits_is_one_of_the_runs_not_each_step(session: Session, train: Callable[..., Checkpoint]) -> None:
    present = train()
    for value in range(5):
        session.edit(edited(session, 0, value), "change a weight", (0, 0, 0, 0))
    session.edit(edited(session, 1, 7), "change a weight", (0, 0, 0, 1))
    assert session.runs == (present, session.checkpoint)
    assert session.edits.count() == 2
    assert session.checkpoint.record.test_accuracy is None
    last = session.network.parameters.copy()
    session.edits.undo()
    session.edits.undo()
    assert session.checkpoint is present
    assert not session.edits.canUndo()
    session.edits.redo()
    session.edits.redo()
    assert same(session.network.parameters, last)
    assert session.runs == (present, session.checkpoint)


def test_two_rows_of_edits_are_two_runs(session: Session) -> None:
    session.edit(edited(session, 0, 1), "edit")
    first = session.checkpoint
    session.open_shipped()
    session.edit(edited(session, 0, 2), "edit")
    assert session.runs == (first, session.checkpoint)
    session.take_back(first)
    session.edit(edited(session, 0, 3), "edit")
    assert [run.parameters[0] for run in session.runs] == [1, 2, 3]


def test_an_edit_of_the_past_leaves_an_edit_of_the_present_alone(
    session: Session, train: Callable[..., Checkpoint]
) -> None:
    trained = train()
    session.edit(edited(session, 0, 1), "change a weight", (0, 0, 0, 0))
    of_present = session.checkpoint
    moment = session.history.snapshots[1]
    session.look_at(moment)
    session.edit(edited(session, 0, 2), "change a weight", (0, 0, 0, 0))
    of_past = session.checkpoint
    assert session.runs == (trained, of_present, of_past)
    assert same(of_past.parameters[1:], moment.parameters[1:])
    session.edits.undo()  # this one alone, though it is of the same weight
    assert session.checkpoint is of_present
    assert session.moment is moment
    session.edits.undo()
    assert session.checkpoint is trained


def test_edits_after_saving_are_kept_too(session: Session, tmp_path: Path) -> None:
    session.edit(edited(session, 0, 1), "edit")
    session.save(tmp_path / "one.safetensors", with_history=False)
    assert session.unsaved == []
    assert session.runs == (session.checkpoint,)
    session.edit(edited(session, 0, 2), "edit")
    second = session.checkpoint
    assert session.runs == (second,)
    assert session.unsaved == [second]
    session.open_shipped()
    session.take_back(second)
    assert session.network.parameters[0] == 2


def test_nothing_is_edited_while_training_goes_on(
    session: Session, dataset: Dataset, train: Callable[..., Checkpoint]
) -> None:
    session.train(dataset, "notebook", RECIPE)
    assert session.state is State.RUNNING
    session.edit(edited(session, 0, 1), "edit")
    assert session.edits.count() == 0
    assert not session.checkpoint.edited


# The runs of a sitting


def test_each_network_that_was_trained_can_be_taken_back_with_its_curves(
    session: Session, train: Callable[..., Checkpoint]
) -> None:
    made = [train(seed=1), train(on=True), train(seed=2)]
    assert session.runs == tuple(made)
    copies = [run.parameters.copy() for run in made]
    session.reset("wide", RECIPE, "mnist")
    assert session.runs == tuple(made)
    for run, parameters in zip(made, copies, strict=True):
        session.take_back(run)
        assert same(session.network.parameters, parameters)
        assert session.checkpoint is run
        assert session.checkpoint.progress.finished
        assert same(session.checkpoint.progress.parameters, parameters)
    assert session.unsaved == made


def test_what_is_replaced_is_kept_also_when_it_had_been_taken_off_the_list(
    session: Session, train: Callable[..., Checkpoint]
) -> None:
    run = train()
    session.forget(run)
    assert session.runs == ()
    assert session.unsaved == [run]
    session.reset("notebook", RECIPE, "mnist")
    assert session.runs == (run,)


def test_a_saved_run_is_one_in_the_list_too(session: Session, train: Callable[..., Checkpoint], tmp_path: Path) -> None:
    train()
    path = tmp_path / "mine.safetensors"
    session.save(path, with_history=True)
    assert session.runs == (session.checkpoint,)
    assert (session.checkpoint.name, session.checkpoint.path) == ("mine.safetensors", path)
    assert session.unsaved == []
    moments = session.history.snapshots
    parameters = session.network.parameters.copy()
    session.open_shipped()
    session.open(path)
    assert same(session.network.parameters, parameters)
    assert [moment.step for moment in session.history.snapshots] == [moment.step for moment in moments]


def test_saving_while_looking_back_saves_the_present(
    session: Session, train: Callable[..., Checkpoint], tmp_path: Path
) -> None:
    present = train().parameters
    session.look_at(session.history.snapshots[0])
    session.save(tmp_path / "now.safetensors", with_history=False)
    assert same(model_file.load(tmp_path / "now.safetensors")[0].parameters, present)
    assert session.moment is not None


def test_a_bad_file_changes_nothing(session: Session, train: Callable[..., Checkpoint], tmp_path: Path) -> None:
    present = train()
    session.look_at(session.history.snapshots[1])
    session.edit(edited(session, 0, 1), "edit")
    before = (session.checkpoint, session.history, session.moment, session.runs, session.edits.count())
    (tmp_path / "bad.safetensors").write_text("no model", encoding="utf-8")
    with pytest.raises(model_file.ModelFileError):
        session.open(tmp_path / "bad.safetensors")
    assert (session.checkpoint, session.history, session.moment, session.runs, session.edits.count()) == before
    session.edits.undo()
    assert session.checkpoint is present


@pytest.mark.parametrize("what", ["trainButton", "resetButton"])
def test_train_and_reset_ask_nothing(
    trained: MainWindow, messages: Messages, wait_for: Callable[[State], None], what: str
) -> None:
    run = trained.session.checkpoint
    QTest.mouseClick(trained.findChild(QAbstractButton, what), Qt.MouseButton.LeftButton)
    wait_for(State.IDLE)
    assert messages.said == []
    assert trained.session.checkpoint is not run
    assert trained.session.runs[0] is run


# At random


MOMENTS = tuple(
    Snapshot(100 * number, number / 10, None, started("notebook", 50 + number).parameters.copy()) for number in range(4)
)


Place = tuple["Checkpoint", Snapshot | None, bytes]


class Sitting(RuleBasedStateMachine):
    """What a person does with networks, but for training: whatever the order, each one is found again."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(Paper())
        self.left: list[Checkpoint] = []  # was the present network and in no file when another took its place
        self.rows = 1  # that were begun, of edits; and the run at the beginning
        self.row_is_open = False
        self.trail: list[Place] = []  # before each edit that can be undone
        self.undone: list[tuple[Checkpoint, Place]] = []  # what each of these came to, and from where
        self.value = 0

    @initialize()
    def after_a_run(self) -> None:
        run = replace(self.session.checkpoint, parameters=started("notebook", 9).parameters.copy(), unsaved=True)
        self.session.runs = (run,)
        self.session.take_back(run)

    def place(self) -> Place:
        return self.session.checkpoint, self.session.moment, self.session.network.parameters.tobytes()

    def leave(self) -> None:
        """Another network is about to take the present one's place."""
        if self.session.checkpoint.unsaved:
            self.left.append(self.session.checkpoint)
        self.row_is_open, self.trail, self.undone = False, [], []

    @rule(moment=st.sampled_from((*MOMENTS, None)))
    def look(self, moment: Snapshot | None) -> None:
        self.session.look_at(moment)

    @rule(cell=st.sampled_from([None, (0, 0, 0, 0)]))
    def edit(self, cell: tuple[int, ...] | None) -> None:
        session, before = self.session, self.place()
        if session.moment is not None and session.checkpoint.unsaved:
            self.left.append(session.checkpoint)
        if session.moment is not None or not self.row_is_open:
            self.rows += 1
        self.value += 1
        steps = session.edits.index()
        parameters = edited(session, 0, self.value)
        session.edit(parameters, "edit", cell)
        assert session.moment is None
        assert same(session.network.parameters, parameters)
        self.row_is_open, self.undone = True, []
        if session.edits.index() > steps:  # else it is one step with the change of the same weight before it
            self.trail.append(before)
        else:
            assert cell is not None
            assert before[1] is None

    @precondition(lambda self: self.trail)
    @rule()
    def undo(self) -> None:
        self.undone.append((self.session.checkpoint, before := self.trail.pop()))
        self.session.edits.undo()
        assert self.place() == before

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        checkpoint, before = self.undone.pop()
        self.trail.append(before)
        self.session.edits.redo()
        assert self.session.checkpoint is checkpoint
        assert self.session.moment is None

    @rule(number=st.integers(0, 20))
    def take_back(self, number: int) -> None:
        run = self.session.runs[number % len(self.session.runs)]
        self.leave()
        self.session.take_back(run)
        assert self.session.checkpoint is run

    @rule(wide=st.booleans())
    def another(self, wide: bool) -> None:
        self.leave()
        if wide:
            self.session.reset("wide", RECIPE, "mnist")
            assert self.session.network.architecture == "wide"
        self.session.open_shipped()  # the moments are of the notebook's network
        assert not self.session.checkpoint.unsaved

    @invariant()
    def what_is_shown_is_what_is_looked_at(self) -> None:
        session = self.session
        expected = session.checkpoint.parameters if session.moment is None else session.moment.parameters
        assert same(session.network.parameters, expected)
        assert session.edits.canUndo() == bool(self.trail)
        assert session.edits.canRedo() == bool(self.undone)

    @invariant()
    def nothing_is_lost_and_not_each_step_is_a_run(self) -> None:
        runs = self.session.runs
        assert all(checkpoint in runs for checkpoint in self.left)
        assert self.session.checkpoint in runs or not self.session.checkpoint.unsaved
        assert len(runs) <= self.rows

    def teardown(self) -> None:
        self.session.edits.clear()


def test_in_any_order_nothing_is_lost(qapp: object) -> None:
    run_state_machine_as_test(
        Sitting,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )


def test_a_run_that_learned_nothing_says_so_and_what_to_try(
    ready: MainWindow, messages: Messages, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(
        "mnist_gui.gui.session.nothing_learned", lambda progress: f"Nothing after {progress.step} steps."
    )
    ready.training_panel.train()
    qtbot.waitUntil(lambda: bool(messages.said), timeout=20_000)
    assert messages.said == ["Nothing after 40 steps."]
