"""The page of experiments: it asks for other parameters, follows what it is given, and stays out of training's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from painted import near, pixels
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QToolTip
from stage import bar, bring_on, give, look, started

from mnist_gui.data.upright import make_upright
from mnist_gui.explain import experiments
from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.pages import evaluator as evaluator_module
from mnist_gui.gui.pages import tabs
from mnist_gui.gui.pages.evaluator import Evaluator
from mnist_gui.gui.pages.what_if import page as what_if_page
from mnist_gui.gui.pages.what_if.page import WhatIfPage
from mnist_gui.gui.pages.what_if.shift_view import DIGIT_COLOURS, ShiftView, describe
from mnist_gui.gui.training.trainer import State, Trainer
from mnist_gui.nn import architectures
from mnist_gui.nn.layers import Dense, Flatten

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.gui.session import Session
    from mnist_gui.nn.network import Network


class Bench:
    """A page, and the session that it asks for other parameters."""

    def __init__(self, page: WhatIfPage, session: Session) -> None:
        self.page, self.session = page, session
        self.asked: list[None] = []
        session.edits.indexChanged.connect(lambda _: self.asked.append(None))
        look(session, started("notebook", 2), bar())

    @property
    def network(self) -> Network:
        return self.session.network

    @property
    def filters(self) -> np.ndarray:
        filters = experiments.filters(self.network)
        assert filters is not None
        return filters.copy()

    def parameters(self) -> np.ndarray:
        return self.network.parameters.copy()

    def clear(self) -> None:
        look(self.session, None, None)

    def says(self, text: str) -> bool:
        labels = self.page.findChildren(QLabel)
        return any(text in label.text() for label in labels if label.isVisible())


@pytest.fixture
def page(styled: None, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> WhatIfPage:
    monkeypatch.setattr(what_if_page, "_AFFORDABLE", 60)  # nothing waits, however slow the machine
    page = WhatIfPage(session)
    bring_on(page, session, qtbot, (1230, 260))
    return page


@pytest.fixture
def bench(page: WhatIfPage, session: Session) -> Bench:
    return Bench(page, session)


def cell_centre(bench: Bench, index: int, row: int, column: int) -> QPoint:
    editor = bench.page.filters.editor
    assert editor is not None
    return editor.cell_rect(editor.map_rects()[index], row, column).center().toPoint()


# Filters.


def test_a_cell_is_clicked_and_typed_into(bench: Bench, qtbot: QtBot) -> None:
    before = bench.parameters()
    qtbot.mouseClick(bench.page.filters.editor, Qt.MouseButton.LeftButton, pos=cell_centre(bench, 1, 0, 2))
    assert bench.page.filters.value_box.value() == pytest.approx(bench.filters[1, 0, 0, 2], abs=0.001)
    bench.page.filters.editor.setFocus()
    qtbot.keyClicks(bench.page.filters.editor, "-")
    qtbot.keyClicks(bench.page.filters.value_box, "2.5")
    assert bench.filters[1, 0, 0, 2] == -2.5
    assert np.count_nonzero(before != bench.network.parameters) == 1
    assert bench.page.filters.editor.selected_value == -2.5


def test_the_wheel_changes_the_cell_under_it(bench: Bench) -> None:
    before, step = bench.filters, bench.page.filters.editor.step
    for ticks in (3, -1):
        position = QPointF(cell_centre(bench, 0, 2, 1))
        none = Qt.MouseButton.NoButton
        event = QWheelEvent(
            position,
            QPointF(bench.page.filters.editor.mapToGlobal(position)),
            QPoint(),
            QPoint(0, 120 * ticks),
            none,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(bench.page.filters.editor, event)
    assert bench.filters[0, 0, 2, 1] == pytest.approx(before[0, 0, 2, 1] + 2 * step, rel=1e-5)
    assert np.count_nonzero(before != bench.filters) == 1
    bench.page.filters.undo_button.click()  # both turns were one change
    np.testing.assert_array_equal(bench.filters, before)


def test_a_cell_is_dragged_up_and_down(bench: Bench, qtbot: QtBot) -> None:
    before, editor = bench.filters, bench.page.filters.editor
    start = cell_centre(bench, 0, 1, 1)
    qtbot.mousePress(editor, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(editor, start - QPoint(0, 40))
    assert bench.filters[0, 0, 1, 1] > before[0, 0, 1, 1]
    qtbot.mouseMove(editor, start + QPoint(0, 40))
    assert bench.filters[0, 0, 1, 1] < before[0, 0, 1, 1]
    qtbot.mouseRelease(editor, Qt.MouseButton.LeftButton, pos=start)
    count = len(bench.asked)
    qtbot.mouseMove(editor, start)
    assert len(bench.asked) == count


def test_arrows_walk_over_the_cells_of_all_filters(bench: Bench, qtbot: QtBot) -> None:
    editor, seen = bench.page.filters.editor, []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up):
        qtbot.keyClick(editor, key)
        seen.append(editor.selected)
    assert seen == [(0, 0, 1), (0, 0, 2), (1, 0, 0), (1, 1, 0), (0, 1, 2), (0, 0, 2)]
    qtbot.keyClick(editor, Qt.Key.Key_Up)
    assert editor.selected == (0, 0, 2)


def test_kernels_are_loaded_undone_and_redone(bench: Bench) -> None:
    page, start = bench.page, bench.parameters()
    page.filters.editor.select((1, 2, 2))
    page.filters.kernel_box.activated.emit(page.filters.kernel_box.findData("sobel across"))
    loaded = bench.filters[1, 0].copy()
    np.testing.assert_allclose(loaded / loaded[0, 2], [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], atol=1e-6)
    page.filters.value_box.setValue(7)
    page.filters.value_box.setValue(8)
    edited = bench.parameters()
    page.filters.undo_button.click()
    np.testing.assert_array_equal(bench.filters[1, 0], loaded)
    page.filters.undo_button.click()
    np.testing.assert_array_equal(bench.network.parameters, start)
    assert not page.filters.undo_button.isEnabled()
    page.filters.redo_button.click()
    page.filters.redo_button.click()
    np.testing.assert_array_equal(bench.network.parameters, edited)
    assert not page.filters.redo_button.isEnabled()


def test_another_network_ends_the_row_of_edits(bench: Bench) -> None:
    bench.page.filters.value_box.setValue(3)
    assert bench.page.filters.undo_button.isEnabled()
    bench.session.show_now()
    assert bench.page.filters.undo_button.isEnabled()
    look(bench.session, started("notebook", 5), bar())
    assert not bench.page.filters.undo_button.isEnabled()


def test_nothing_is_edited_while_training_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    page, trainer = bench.page, bench.session.trainer
    page.filters.value_box.setValue(4)
    assert page.filters.undo_button.isEnabled()
    bench.asked.clear()
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "state", State.RUNNING)
        trainer.state_changed.emit(State.RUNNING)
        for widget in (
            *(page.filters.value_box, page.filters.kernel_box, page.filters.editor, page.step.keep_button),
            page.filters.undo_button,
        ):
            assert not widget.isEnabled()
        page.filters.value_box.setValue(5)
        page.filters.kernel_box.activated.emit(0)
        page.step.keep_requested.emit(bench.network.parameters + 1)
        assert bench.asked == []
    trainer.state_changed.emit(State.IDLE)
    page.filters.value_box.setValue(6)
    assert len(bench.asked) == 1


# Accuracy.


def test_without_images_the_page_says_how_to_come_by_them(bench: Bench, qtbot: QtBot) -> None:
    assert "Load the test set" in bench.page.filters.accuracy.text()
    with qtbot.waitSignal(bench.session.data_wanted):
        bench.page.filters.accuracy.linkActivated.emit("#")


def test_accuracy_follows_edits_and_remembers_the_one_before(bench: Bench, qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (500, 28, 28), np.uint8), rng.integers(0, 10, 500)

    def accuracy() -> float:
        return 100 * float((bench.network.probabilities(images).argmax(axis=1) == labels).mean())

    give(bench.session, images, labels)
    before = accuracy()
    qtbot.waitUntil(lambda: bench.page.filters.accuracy.text() == f"{before:.2f} %")
    bench.page.filters.kernel_box.activated.emit(1)
    qtbot.waitUntil(lambda: bench.page.filters.accuracy.text() == f"{before:.1f} → {accuracy():.1f} %")
    bench.page.filters.undo_button.click()
    qtbot.waitUntil(lambda: bench.page.filters.accuracy.text() == f"{before:.2f} %")


def test_the_newest_of_many_networks_is_evaluated_last(qtbot: QtBot) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2000, 28, 28), np.uint8)
    answers: list[tuple[np.ndarray, np.ndarray]] = []
    evaluator, network = Evaluator(), started("notebook", 2)
    evaluator.finished.connect(lambda *answer: answers.append(answer))
    for _ in range(5):
        network.parameters *= 1.1
        evaluator.ask(network, images)
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert not evaluator.busy
    np.testing.assert_array_equal(answers[-1][0], network.parameters)
    np.testing.assert_allclose(answers[-1][1], network.probabilities(images), atol=1e-6)
    evaluator.ask(network, images)
    assert not evaluator.busy  # the answer is known


def test_upright_images_are_made_once_for_all_networks(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (300, 28, 28), np.uint8)
    answers: list[np.ndarray] = []
    made: list[int] = []
    monkeypatch.setattr(evaluator_module, "make_upright", lambda part: made.append(len(part)) or make_upright(part))
    evaluator, network = Evaluator(), started("notebook", 2)
    evaluator.finished.connect(lambda _, probabilities: answers.append(probabilities))
    for upright in (True, True, False):
        network.parameters *= 1.1
        evaluator.ask(network, images, upright=upright)
        qtbot.waitUntil(lambda: not evaluator.busy)
        expected = network.probabilities(make_upright(images) if upright else images)
        np.testing.assert_allclose(answers[-1], expected, atol=1e-6)
    assert sum(made) == 300
    evaluator.ask(network, images, upright=True)  # the same network reads otherwise
    assert evaluator.busy


# Shifts and steps.


def test_the_shift_map_says_each_answer(bench: Bench) -> None:
    expected = experiments.shift_answers(bench.network, bar())
    assert bench.says(f"up to {experiments.REACH} pixels · {expected.kept * 100:.0f} % are read as here")
    sure = f"{expected.digits[4, 8]}, probability {expected.confidences[4, 8] * 100:.1f} %"
    assert describe(expected, 4, 8) == f"moved 2 right, 2 up: {sure}"
    assert describe(expected, 6, 6).startswith("where it is: ")
    shifts = bench.page.shifts
    side = shifts.map_rect().width() / len(expected.digits)
    at = shifts.map_rect().topLeft() + QPointF(8.5 * side, 4.5 * side)
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, at, at, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(shifts, event)
    assert QToolTip.text() == f"moved 2 right, 2 up: {sure}"
    QToolTip.hideText()
    drawn = shifts.grab().toImage()
    bench.clear()
    assert bench.says("draw a digit, and see what it is read as elsewhere")
    assert shifts.grab().toImage() != drawn


def test_the_shift_map_is_painted_in_the_digits_colours_the_surer_the_stronger(styled: None, qtbot: QtBot) -> None:
    side = 2 * experiments.REACH + 1
    digits, confidences = np.full((side, side), 7), np.full((side, side), 0.3)
    digits[:, :4] = 2
    confidences[2:5], confidences[8:] = 0.6, 1.0
    view = ShiftView(side)
    qtbot.addWidget(view)
    view.resize(320, 240)
    view.show_answers(experiments.ShiftMap(digits, confidences))
    seen, rect = pixels(view), view.map_rect()
    cell = rect.width() / side

    def colour(row: int, column: int) -> np.ndarray:
        """Beside the digit that is written there."""
        return seen[round(rect.top() + row * cell) + 2, round(rect.left() + column * cell) + 2].astype(float)

    paper = np.array(view.palette().base().color().getRgb()[:3])
    for column, digit in ((1, 2), (9, 7)):
        full = np.array(QColor(DIGIT_COLOURS[digit]).getRgb()[:3])
        np.testing.assert_allclose(colour(10, column), full, atol=4)
        distances = [np.abs(colour(row, column) - paper).sum() for row in (0, 3, 10)]
        assert distances[0] < distances[1] < distances[2]
    middle, there = side // 2, rect.topLeft() + QPointF(side // 2, side // 2) * cell
    top = seen[round(there.y()) - 1 : round(there.y()) + 2, round(there.x()) + 2 : round(there.x() + cell) - 2]
    assert near(top, view.palette().text().color(), 90).any(axis=0).mean() > 0.9, f"cell {middle} has a frame"


def test_what_costs_too_much_is_done_once_for_many_events(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    done: list[object] = []
    monkeypatch.setattr(bench.page.shifts, "show_answers", done.append)
    monkeypatch.setattr(what_if_page, "_AFFORDABLE", -1)
    for _ in range(9):
        bench.session.show_now()
    assert len(done) == 1
    qtbot.waitUntil(lambda: len(done) == 2)


def test_a_step_is_shown_and_changes_nothing_until_it_is_kept(bench: Bench) -> None:
    page, before = bench.page, bench.parameters()
    page.step.label_box.setCurrentIndex(page.step.label_box.findData(4))
    page.step.rate_box.setValue(0.05)
    step = experiments.one_step(bench.network, bar(), 4, 0.05)
    assert bench.says(f"{step.loss_before:.3f} → {step.loss_after:.3f}")
    assert bench.asked == []
    np.testing.assert_array_equal(bench.network.parameters, before)
    page.step.keep_button.click()
    np.testing.assert_allclose(bench.network.parameters, step.parameters, rtol=1e-6, atol=1e-7)
    page.filters.undo_button.click()
    np.testing.assert_array_equal(bench.network.parameters, before)


def test_the_check_is_of_the_cell_under_the_mouse(bench: Bench) -> None:
    step = bench.page.step
    (maps,) = (view for view in step.findChildren(MapView) if view.isVisible())
    maps.cell_hovered.emit((1, 2, 0))
    answer = int(bench.network.probabilities(bar()[None]).argmax())
    gradient = experiments.one_step(bench.network, bar(), answer, 0.1).gradient
    slope = gradient[experiments.place(bench.network, experiments.FILTERS, 1, 0, 2, 0)]
    check = step.findChild(QLabel, "gradientCheck").text()
    assert "filter 2, row 3, column 1" in check
    assert check.count(f"{abs(slope):.8f}") == 2


def test_without_a_drawing_there_is_no_step(bench: Bench) -> None:
    bench.clear()
    assert not bench.page.step.keep_button.isEnabled()
    assert bench.says("Draw a digit, and see how it would be learned")


# Other networks.


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_every_architecture_can_be_experimented_with(bench: Bench, name: str) -> None:
    page = bench.page
    look(bench.session, started(name, 2), bar())
    page.filters.kernel_box.activated.emit(0)
    page.filters.editor.select((1, 1, 1))
    page.filters.value_box.setValue(0.25)
    assert bench.filters[1, 0, 1, 1] == 0.25
    assert not page.grab().isNull()
    page.filters.undo_button.click()
    assert bench.filters[1, 0, 1, 1] != 0.25


def test_a_network_without_filters_is_told_of(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(architectures.ARCHITECTURES, "plain", lambda: [Flatten(), Dense(10)])
    look(bench.session, started("plain"), bar())
    assert bench.page.filters.editor is None
    assert bench.page.filters.note.text() == "this network has no filters"
    assert bench.says("This network has no filters to show slopes of")
    assert not bench.page.filters.kernel_box.isEnabled()
    assert not bench.page.grab().isNull()


# In the window.


def test_an_edit_is_taken_into_the_windows_model(window: MainWindow) -> None:
    window.pages.setCurrentWidget(window.pages.page(tabs.WHAT_IF))
    assert not window.isWindowModified()
    window.pages.page(tabs.WHAT_IF).filters.value_box.setValue(1.5)
    assert window.session.network.parameters[0] == 1.5
    assert window.session.checkpoint.unsaved
    assert window.isWindowModified()
    assert window.session.checkpoint.record.test_accuracy is None
    window.pages.page(tabs.WHAT_IF).filters.undo_button.click()
    assert window.session.network.parameters[0] != 1.5


def test_frozen_filters_outlive_training(ready: MainWindow, qtbot: QtBot, wait_for: Callable[[State], None]) -> None:
    ready.pages.setCurrentWidget(ready.pages.page(tabs.WHAT_IF))
    ready.pages.page(tabs.WHAT_IF).filters.kernel_box.activated.emit(3)
    ready.pages.page(tabs.WHAT_IF).filters.freeze_box.click()
    before = ready.session.network.named()
    filters, weights = before["conv1.weights"].copy(), before["dense1.weights"].copy()
    ready.training_panel.epochs_box.setValue(1000)
    ready.training_panel.train()
    progress = lambda: ready.session.checkpoint.progress  # noqa: E731
    qtbot.waitUntil(lambda: progress() is not None and progress().step > 0, timeout=20_000)
    assert not ready.pages.page(tabs.WHAT_IF).filters.editor.isEnabled()
    ready.session.trainer.stop()
    wait_for(State.IDLE)
    assert ready.pages.page(tabs.WHAT_IF).filters.editor.isEnabled()
    np.testing.assert_array_equal(ready.session.network.named()["conv1.weights"], filters)
    assert not np.array_equal(ready.session.network.named()["dense1.weights"], weights)
    assert ready.session.checkpoint.record.recipe.freeze_filters


def test_an_edit_while_looking_back_starts_from_that_moment_and_undo_goes_back_to_it(
    ready: MainWindow, wait_for: Callable[[State], None]
) -> None:
    ready.training_panel.train()
    wait_for(State.IDLE)
    session, trained = ready.session, ready.session.checkpoint
    slider = ready.charts.time_bar.slider
    slider.setValue(1)
    moment, then = session.moment, session.network.parameters.copy()
    page = ready.pages.page(tabs.WHAT_IF)
    ready.pages.setCurrentWidget(page)
    page.filters.value_box.setValue(2.25)
    assert session.moment is None
    assert slider.value() == slider.maximum()
    assert session.network.parameters[0] == 2.25
    np.testing.assert_array_equal(session.network.parameters[1:], then[1:])
    page.filters.undo_button.click()
    assert session.checkpoint is trained
    assert session.moment is moment
    assert slider.value() == 1
    np.testing.assert_array_equal(session.network.parameters, then)
