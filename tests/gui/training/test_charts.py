"""The live charts: whole curves, axes that follow until the person zooms, figures that don't jump."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mnist_gui.gui.training.charts import Charts
from mnist_gui.training import RECIPES, Epoch, Progress

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.training.charts import Chart


@pytest.fixture
def charts(qtbot: QtBot) -> Charts:
    charts = Charts()
    qtbot.addWidget(charts)
    charts.resize(1000, 300)
    with qtbot.waitExposed(charts):
        charts.show()
    return charts


def progress(points: int, epochs: int, loss: float = 1.0) -> Progress:
    """A run of ten epochs of 100 steps; its loss falls from 2 to `loss`."""
    steps = np.linspace(1, 100 * max(epochs, 1), points).astype(np.int64)
    return Progress(
        recipe=RECIPES["default"],
        step=int(steps[-1]) if points else 0,
        steps=1000,
        epochs=tuple(Epoch(1, 0.5, 0.9, 0.9) for _ in range(epochs)),
        seconds=1,
        seconds_left=9,
        curve_steps=steps,
        loss_curve=np.linspace(2, loss, points),
        accuracy_curve=np.linspace(0.1, 0.9, points),
        parameters=np.zeros(3),
    )


def show(charts: Charts, latest: Progress) -> None:
    """Show both charts now; one of them would come a moment later."""
    charts.show_progress(latest)
    charts.finish()


def view(chart: Chart) -> tuple[list[float], list[float]]:
    x, y = chart.plot.getViewBox().viewRange()
    return x, y


def turn_wheel(chart: Chart) -> None:
    viewport = chart.plot.viewport()
    middle = QPointF(viewport.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(viewport.mapToGlobal(middle.toPoint())),
        QPoint(0, 0),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


def test_both_curves_show_all_of_the_run(charts: Charts) -> None:
    show(charts, progress(50, 2))
    x, y = charts.loss._training.getData()
    assert (x[0], x[-1]) == (0.01, 2)
    assert (y[0], y[-1]) == (2, 1)
    assert charts.accuracy._training.getData()[1][-1] == pytest.approx(90)
    assert charts.accuracy._test.getData()[0].tolist() == [1, 2]
    assert charts.accuracy._test.getData()[1].tolist() == [90, 90]
    (left, right), (low, high) = view(charts.loss)
    assert left <= 0
    assert right >= 10  # room for what is to come
    assert low < 0.9
    assert high >= 2


def test_one_chart_is_drawn_now_and_the_other_a_moment_later(charts: Charts, qtbot: QtBot) -> None:
    """So that no pen move waits for both."""
    charts.show_progress(progress(50, 2))
    assert charts.accuracy._training.getData()[0] is None
    charts.show_progress(progress(60, 3))
    assert len(charts.loss._training.getData()[0]) == 50
    qtbot.waitUntil(lambda: charts.accuracy._training.getData()[0] is not None)
    assert len(charts.accuracy._training.getData()[0]) == 60
    qtbot.waitUntil(lambda: len(charts.loss._training.getData()[0]) == 60)


@pytest.mark.parametrize(("points", "epochs"), [(0, 0), (1, 0), (1000, 10)])
def test_the_shortest_and_the_longest_run_are_shown(charts: Charts, points: int, epochs: int) -> None:
    charts.show_progress(progress(points, epochs))
    assert not charts.grab().isNull()


def test_figures_keep_their_width(charts: Charts) -> None:
    show(charts, progress(50, 2))
    assert "training 1.000" in charts.loss._last_training.text()
    assert "test 90.00 %" in charts.accuracy._last_test.text()


def test_the_charts_follow_until_the_person_zooms(charts: Charts) -> None:
    chart = charts.loss
    charts.show_progress(progress(10, 0, loss=1.9))
    whole = view(chart)
    turn_wheel(chart)
    zoomed = view(chart)
    assert zoomed[0][1] - zoomed[0][0] < whole[0][1] - whole[0][0]
    charts.show_progress(progress(50, 2, loss=0.1))
    assert view(chart) == zoomed
    assert view(charts.accuracy)[0][1] >= 10  # the other one still follows


def test_a_double_click_shows_all_again_also_when_the_run_is_over(charts: Charts) -> None:
    chart = charts.loss
    charts.show_progress(progress(50, 10, loss=0.1))
    whole = view(chart)
    turn_wheel(chart)
    assert view(chart) != whole
    QTest.mouseClick(chart.plot.viewport(), Qt.MouseButton.LeftButton)
    QTest.mouseDClick(chart.plot.viewport(), Qt.MouseButton.LeftButton)
    QTest.mouseRelease(chart.plot.viewport(), Qt.MouseButton.LeftButton)
    assert view(chart) == whole
    turn_wheel(chart)
    chart.clear(4)
    assert chart._training.getData()[0] is None
    assert view(chart)[0][1] == pytest.approx(4, abs=0.1)


def test_an_empty_chart_makes_room_for_the_epochs_to_come(charts: Charts) -> None:
    charts.expect(35)
    assert view(charts.loss)[0][1] >= 35
    charts.show_progress(progress(50, 2))
    charts.expect(3)
    assert view(charts.loss)[0][1] >= 10  # those of the run that is shown


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_values_that_are_all_the_same_are_shown(charts: Charts, value: float) -> None:
    for chart, values in ((charts.loss, [value] * 3), (charts.accuracy, [100 * value] * 3)):
        chart.show_curves(np.arange(3.0), np.array(values), range(1, 3), values[:2], 5)
        low, high = view(chart)[1]
        assert low <= values[0] <= high
        assert low < high
    assert -5 <= view(charts.accuracy)[1][0] < view(charts.accuracy)[1][1] <= 105


def test_a_loss_out_of_all_proportion_is_shown(charts: Charts) -> None:
    charts.show_progress(progress(50, 2, loss=5e6))
    assert view(charts.loss)[1][1] >= 5e6
    assert not charts.grab().isNull()
