"""The page of experiments: it asks for other parameters, follows what it is given, and stays out of training's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from mnist_gui.explain import experiments
from mnist_gui.gui.pages.what_if import page as what_if_page
from mnist_gui.gui.pages.what_if.page import WhatIfPage
from mnist_gui.gui.pages.what_if.shift_view import describe
from mnist_gui.gui.training.panel import State
from mnist_gui.nn import architectures
from mnist_gui.nn.layers import Dense, Flatten

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.nn.network import Network


def make_network(architecture: str = "notebook", seed: int = 2) -> Network:
    network = architectures.build(architecture)
    network.initialize(np.random.default_rng(seed))
    return network


def draw_one() -> np.ndarray:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 12:16] = 255
    return image


class Bench:
    """A page, and what the window does for it."""

    def __init__(self, page: WhatIfPage, network: Network) -> None:
        self.page, self.network, self.image = page, network, draw_one()
        self.asked: list[np.ndarray] = []
        page.parameters_edited.connect(self.take)
        self.show()

    def take(self, parameters: np.ndarray) -> None:
        self.asked.append(parameters)
        self.network.parameters[:] = parameters
        self.show()

    def show(self) -> None:
        self.page.show_network(self.network, self.image)

    @property
    def filters(self) -> np.ndarray:
        filters = experiments.filters(self.network)
        assert filters is not None
        return filters


@pytest.fixture
def page(look: None, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> WhatIfPage:
    monkeypatch.setattr(what_if_page, "_AFFORDABLE", 60)  # nothing waits, however slow the machine
    page = WhatIfPage()
    page.resize(1230, 260)
    qtbot.addWidget(page)
    with qtbot.waitExposed(page):
        page.show()
    return page


@pytest.fixture
def bench(page: WhatIfPage) -> Bench:
    return Bench(page, make_network())


def cell_centre(bench: Bench, index: int, row: int, column: int) -> QPoint:
    editor = bench.page.filters.editor
    assert editor is not None
    return editor._cell(editor.map_rects()[index], row, column).center().toPoint()


# Filters.


def test_a_cell_is_clicked_and_typed_into(bench: Bench, qtbot: QtBot) -> None:
    before = bench.network.parameters.copy()
    qtbot.mouseClick(bench.page.filters.editor, Qt.MouseButton.LeftButton, pos=cell_centre(bench, 1, 0, 2))
    assert bench.page.filters.value_box.value() == pytest.approx(bench.filters[1, 0, 0, 2], abs=0.001)
    bench.page.filters.editor.setFocus()
    qtbot.keyClicks(bench.page.filters.editor, "-")
    qtbot.keyClicks(bench.page.filters.value_box, "2.5")
    assert bench.filters[1, 0, 0, 2] == -2.5
    assert np.count_nonzero(before != bench.network.parameters) == 1
    assert bench.page.filters.editor.selected_value == -2.5


def test_the_wheel_changes_the_cell_under_it(bench: Bench) -> None:
    before, step = bench.filters.copy(), bench.page.filters.editor.step
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
    before, editor = bench.filters.copy(), bench.page.filters.editor
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
    page, start = bench.page, bench.network.parameters.copy()
    page.filters.editor.select((1, 2, 2))
    page.filters.kernel_box.activated.emit(page.filters.kernel_box.findData("sobel across"))
    loaded = bench.filters[1, 0].copy()
    np.testing.assert_allclose(loaded / loaded[0, 2], [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], atol=1e-6)
    page.filters.value_box.setValue(7)
    page.filters.value_box.setValue(8)
    edited = bench.network.parameters.copy()
    page.filters.undo_button.click()
    np.testing.assert_array_equal(bench.filters[1, 0], loaded)
    page.filters.undo_button.click()
    np.testing.assert_array_equal(bench.network.parameters, start)
    assert not page.filters.undo_button.isEnabled()
    page.filters.redo_button.click()
    page.filters.redo_button.click()
    np.testing.assert_array_equal(bench.network.parameters, edited)
    assert not page.filters.redo_button.isEnabled()


def test_what_others_change_can_not_be_undone_here(bench: Bench) -> None:
    bench.page.filters.value_box.setValue(3)
    assert bench.page.filters.undo_button.isEnabled()
    bench.show()
    assert bench.page.filters.undo_button.isEnabled()
    bench.network.parameters += 1
    bench.show()
    assert not bench.page.filters.undo_button.isEnabled()


def test_nothing_is_edited_while_training_goes_on(bench: Bench) -> None:
    page = bench.page
    page.set_busy(True)
    for widget in (
        page.filters.value_box,
        page.filters.kernel_box,
        page.filters.editor,
        page.step.keep_button,
        page.filters.undo_button,
    ):
        assert not widget.isEnabled()
    page.filters.value_box.setValue(5)
    page.filters.kernel_box.activated.emit(0)
    page.step.keep_requested.emit(bench.network.parameters + 1)
    assert bench.asked == []
    page.set_busy(False)
    page.filters.value_box.setValue(6)
    assert len(bench.asked) == 1


# Accuracy.


def test_without_images_the_page_says_how_to_come_by_them(bench: Bench, qtbot: QtBot) -> None:
    assert "Load the test set" in bench.page.filters.accuracy.text()
    with qtbot.waitSignal(bench.page.data_requested):
        bench.page.filters.accuracy.linkActivated.emit("#")


def test_accuracy_follows_edits_and_remembers_the_one_before(bench: Bench, qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (500, 28, 28), np.uint8), rng.integers(0, 10, 500)

    def accuracy() -> float:
        return 100 * float((bench.network.probabilities(images).argmax(axis=1) == labels).mean())

    bench.page.show_images(images, labels)
    before = accuracy()
    qtbot.waitUntil(lambda: bench.page.filters.accuracy.text() == f"{before:.2f} %")
    bench.page.filters.kernel_box.activated.emit(1)
    qtbot.waitUntil(lambda: bench.page.filters.accuracy.text() == f"{before:.1f} → {accuracy():.1f} %")
    bench.page.filters.undo_button.click()
    qtbot.waitUntil(lambda: bench.page.filters.accuracy.text() == f"{before:.2f} %")


def test_the_newest_of_many_networks_is_evaluated_last(bench: Bench, qtbot: QtBot) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2000, 28, 28), np.uint8)
    answers: list[tuple[np.ndarray, np.ndarray]] = []
    evaluator = bench.page._evaluator
    evaluator.finished.connect(lambda *answer: answers.append(answer))
    for _ in range(5):
        bench.network.parameters *= 1.1
        evaluator.ask(bench.network, images)
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert not evaluator.busy
    np.testing.assert_array_equal(answers[-1][0], bench.network.parameters)
    np.testing.assert_allclose(answers[-1][1], bench.network.probabilities(images), atol=1e-6)
    evaluator.ask(bench.network, images)
    assert not evaluator.busy  # the answer is known


# Shifts and steps.


def test_the_shift_map_says_each_answer(bench: Bench) -> None:
    shown = bench.page.shifts._shown
    expected = experiments.shift_answers(bench.network, bench.image)
    np.testing.assert_array_equal(shown.digits, expected.digits)
    sure = f"{expected.digits[4, 8]}, {expected.confidences[4, 8] * 100:.1f} % sure"
    assert describe(expected, 4, 8) == f"moved 2 right, 2 up: {sure}"
    assert describe(expected, 6, 6).startswith("where it is: ")
    bench.image = None
    bench.show()
    assert bench.page.shifts._shown is None


def test_what_costs_too_much_is_done_once_for_many_events(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    done = []
    monkeypatch.setattr(bench.page.shifts, "show_answers", done.append)
    monkeypatch.setattr(what_if_page, "_AFFORDABLE", -1)
    for _ in range(9):
        bench.show()
    assert len(done) == 1
    bench.page._later.timeout.emit()
    assert len(done) == 2


def test_a_step_is_shown_and_changes_nothing_until_it_is_kept(bench: Bench) -> None:
    page, before = bench.page, bench.network.parameters.copy()
    page.step.label_box.setCurrentIndex(page.step.label_box.findData(4))
    page.step.rate_box.setValue(0.05)
    step = experiments.one_step(bench.network, bench.image, 4, 0.05)
    assert page.step._loss.text() == f"{step.loss_before:.3f} → {step.loss_after:.3f}"
    assert bench.asked == []
    np.testing.assert_array_equal(bench.network.parameters, before)
    page.step.keep_button.click()
    np.testing.assert_allclose(bench.network.parameters, step.parameters, rtol=1e-6, atol=1e-7)
    page.filters.undo_button.click()
    np.testing.assert_array_equal(bench.network.parameters, before)


def test_the_check_is_of_the_cell_under_the_mouse(bench: Bench) -> None:
    step = bench.page.step
    step._maps.cell_hovered.emit((1, 2, 0))
    answer = int(bench.network.probabilities(bench.image[None]).argmax())
    gradient = experiments.one_step(bench.network, bench.image, answer, 0.1).gradient
    slope = gradient[experiments.place(bench.network, experiments.FILTERS, 1, 0, 2, 0)]
    assert "filter 2, row 3, column 1" in step._check.text()
    assert step._check.text().count(f"{abs(slope):.8f}") == 2


def test_without_a_drawing_there_is_no_step(bench: Bench) -> None:
    bench.image = None
    bench.show()
    assert not bench.page.step.keep_button.isEnabled()
    assert "Draw a digit" in bench.page.step._check.text()


# Other networks.


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_every_architecture_can_be_experimented_with(page: WhatIfPage, name: str) -> None:
    Bench(page, make_network())
    bench = Bench(page, make_network(name))
    page.filters.kernel_box.activated.emit(0)
    page.filters.editor.select((1, 1, 1))
    page.filters.value_box.setValue(0.25)
    assert bench.filters[1, 0, 1, 1] == 0.25
    assert not page.grab().isNull()
    page.filters.undo_button.click()
    assert bench.filters[1, 0, 1, 1] != 0.25


def test_a_network_without_filters_is_told_of(page: WhatIfPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(architectures.ARCHITECTURES, "plain", lambda: [Flatten(), Dense(10)])
    Bench(page, make_network())
    Bench(page, make_network("plain"))
    assert page.filters.editor is None
    assert page.filters._note.text() == "this network has no filters"
    assert "no filters" in page.step._unit.text()
    assert not page.filters.kernel_box.isEnabled()
    assert not page.grab().isNull()


# In the window.


def test_an_edit_is_taken_into_the_windows_model(window: MainWindow) -> None:
    window.explorer.setCurrentWidget(window.views.what_if_page)
    assert not window.isWindowModified()
    window.views.what_if_page.filters.value_box.setValue(1.5)
    assert window.model.network.parameters[0] == 1.5
    assert window.model.changed
    assert window.isWindowModified()
    assert window.model.record.test_accuracy is None
    window.views.what_if_page.filters.undo_button.click()
    assert window.model.network.parameters[0] != 1.5


def test_frozen_filters_outlive_training(ready: MainWindow, wait_for: Callable[[State], None]) -> None:
    ready.explorer.setCurrentWidget(ready.views.what_if_page)
    ready.views.what_if_page.filters.kernel_box.activated.emit(3)
    ready.views.what_if_page.filters.freeze_box.click()
    before = ready.model.network.named()
    filters, weights = before["conv1.weights"].copy(), before["dense1.weights"].copy()
    ready.train()
    wait_for(State.RUNNING)
    assert not ready.views.what_if_page.filters.editor.isEnabled()
    wait_for(State.IDLE)
    assert ready.views.what_if_page.filters.editor.isEnabled()
    np.testing.assert_array_equal(ready.model.network.named()["conv1.weights"], filters)
    assert not np.array_equal(ready.model.network.named()["dense1.weights"], weights)
    assert ready.model.record.recipe.freeze_filters


def test_an_edit_while_looking_back_starts_from_that_moment(
    ready: MainWindow, wait_for: Callable[[State], None]
) -> None:
    ready.train()
    wait_for(State.RUNNING)
    wait_for(State.IDLE)
    slider = ready.charts.time_bar.slider
    slider.setValue(0)
    then = ready._past.parameters.copy()
    ready.explorer.setCurrentWidget(ready.views.what_if_page)
    ready.views.what_if_page.filters.value_box.setValue(2.25)
    assert ready._past is None
    assert slider.value() == slider.maximum()
    assert ready.model.network.parameters[0] == 2.25
    np.testing.assert_array_equal(ready.model.network.parameters[1:], then[1:])
    ready.views.what_if_page.filters.undo_button.click()
    np.testing.assert_array_equal(ready.model.network.parameters, then)
