"""The live charts: whole curves, axes that follow until the person zooms, figures that don't jump."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
import pytest
from painted import near, pixels
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mnist_gui.gui.training.charts import Charts
from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets import theme
from mnist_gui.history import Snapshot
from mnist_gui.training import RECIPES, Epoch, Progress

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.session import Session
    from mnist_gui.gui.training.charts import Chart


@pytest.fixture
def charts(session: Session, qtbot: QtBot) -> Charts:
    charts = Charts(session)
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


def go_on(session: Session, latest: Progress) -> None:
    """A run has come so far: the charts follow, one now and the other a moment later."""
    session.checkpoint = replace(session.checkpoint, progress=latest)
    session.progressed.emit(latest)


def show(session: Session, latest: Progress) -> None:
    """Show a run in both charts at once, as when it is over."""
    go_on(session, latest)
    session.trainer.state_changed.emit(State.IDLE)


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


def test_both_curves_show_all_of_the_run(charts: Charts, session: Session) -> None:
    show(session, progress(50, 2))
    x, y = charts.loss.training.getData()
    assert (x[0], x[-1]) == (0.01, 2)
    assert (y[0], y[-1]) == (2, 1)
    assert charts.accuracy.training.getData()[1][-1] == pytest.approx(90)
    assert charts.accuracy.test.getData()[0].tolist() == [1, 2]
    assert charts.accuracy.test.getData()[1].tolist() == [90, 90]
    (left, right), (low, high) = view(charts.loss)
    assert left <= 0
    assert right >= 10  # room for what is to come
    assert low < 0.9
    assert high >= 2


def test_one_chart_is_drawn_now_and_the_other_a_moment_later(charts: Charts, session: Session, qtbot: QtBot) -> None:
    """So that no pen move waits for both."""
    go_on(session, progress(50, 2))
    assert charts.accuracy.training.getData()[0] is None
    go_on(session, progress(60, 3))
    assert len(charts.loss.training.getData()[0]) == 50
    qtbot.waitUntil(lambda: charts.accuracy.training.getData()[0] is not None)
    assert len(charts.accuracy.training.getData()[0]) == 60
    qtbot.waitUntil(lambda: len(charts.loss.training.getData()[0]) == 60)


@pytest.mark.parametrize(("points", "epochs"), [(0, 0), (1, 0), (1000, 10)])
def test_the_shortest_and_the_longest_run_are_shown(charts: Charts, session: Session, points: int, epochs: int) -> None:
    go_on(session, progress(points, epochs))
    assert not charts.grab().isNull()


def test_figures_keep_their_width(charts: Charts, session: Session) -> None:
    show(session, progress(50, 2))
    assert "training 1.000" in charts.loss.training_label.text()
    assert "test 90.00 %" in charts.accuracy.test_label.text()


def test_the_charts_follow_until_the_person_zooms(charts: Charts, session: Session) -> None:
    chart = charts.loss
    go_on(session, progress(10, 0, loss=1.9))
    whole = view(chart)
    turn_wheel(chart)
    zoomed = view(chart)
    assert zoomed[0][1] - zoomed[0][0] < whole[0][1] - whole[0][0]
    go_on(session, progress(50, 2, loss=0.1))
    assert view(chart) == zoomed
    assert view(charts.accuracy)[0][1] >= 10  # the other one still follows


def test_a_double_click_shows_all_again_also_when_the_run_is_over(charts: Charts, session: Session) -> None:
    chart = charts.loss
    go_on(session, progress(50, 10, loss=0.1))
    whole = view(chart)
    turn_wheel(chart)
    assert view(chart) != whole
    QTest.mouseClick(chart.plot.viewport(), Qt.MouseButton.LeftButton)
    QTest.mouseDClick(chart.plot.viewport(), Qt.MouseButton.LeftButton)
    QTest.mouseRelease(chart.plot.viewport(), Qt.MouseButton.LeftButton)
    assert view(chart) == whole
    turn_wheel(chart)
    chart.clear(4)
    assert chart.training.getData()[0] is None
    assert view(chart)[0][1] == pytest.approx(4, abs=0.1)


def test_an_empty_chart_makes_room_for_the_epochs_to_come(charts: Charts, session: Session) -> None:
    charts.expect(35)
    assert view(charts.loss)[0][1] >= 35
    go_on(session, progress(50, 2))
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


def test_a_loss_out_of_all_proportion_is_shown(charts: Charts, session: Session) -> None:
    go_on(session, progress(50, 2, loss=5e6))
    assert view(charts.loss)[1][1] >= 5e6
    assert not charts.grab().isNull()


def test_the_legends_give_the_values_at_the_moment_that_is_looked_at(charts: Charts, session: Session) -> None:
    show(session, progress(101, 4))  # a point each four steps, from 2.000 to 1.000
    now = (charts.loss.training_label.text(), charts.accuracy.test_label.text())
    assert now == ("━ training 1.000", "●━ test 90.00 %")
    moments = [Snapshot(step, step / 100, None, np.zeros(3410, np.float32)) for step in (0, 100, 250)]
    expected = [("–", "–"), ("1.750", "0.900"), ("1.370", "0.900")]
    x, y = charts.loss.training.getData()
    for moment, (training, test) in zip(moments, expected, strict=True):
        session.look_at(moment)
        assert charts.loss.training_label.text() == f"━ training {training}"
        assert charts.loss.test_label.text() == f"●━ test {test}"
        if moment.step:
            at = int(np.searchsorted(x, moment.epoch))
            assert training == f"{y[at]:.3f}"  # of the point that the moment lies in
    go_on(session, progress(201, 8))
    assert "1.3" in charts.loss.training_label.text()  # of the moment, while the run goes on
    session.look_at(None)
    show(session, progress(201, 8))
    assert charts.loss.training_label.text() == "━ training 1.000"


def test_a_line_marks_the_moment_in_both_charts(charts: Charts, session: Session) -> None:
    show(session, progress(50, 2))
    plain = [chart.grab().toImage() for chart in (charts.loss, charts.accuracy)]
    session.look_at(Snapshot(150, 1.5, None, np.zeros(3410, np.float32)))
    for chart, before in zip((charts.loss, charts.accuracy), plain, strict=True):
        assert chart.plot.grab().toImage() != before
        (line,) = (item for item in chart.plot.items() if isinstance(item, pg.InfiniteLine))
        assert line.isVisible()
        assert line.value() == 1.5
    session.look_at(None)
    assert not line.isVisible()


def test_the_curves_have_the_colours_of_their_legends(charts: Charts, session: Session) -> None:
    show(session, progress(50, 2))
    for chart in (charts.loss, charts.accuracy):
        for curve, label in ((chart.training, chart.training_label), (chart.test, chart.test_label)):
            assert curve.opts["pen"].color() == label.palette().color(label.foregroundRole())
        assert chart.training.opts["pen"].color() != chart.test.opts["pen"].color()


@pytest.mark.parametrize("dark", [False, True])
def test_each_curve_is_painted_in_its_colour_where_its_values_are(charts: Charts, session: Session, dark: bool) -> None:
    """The training's loss stays at 2 and is blue, the test's at 0.5 and is orange, its points too."""
    charts.setPalette(theme.palette(dark=dark))
    whole = progress(50, 10, loss=2)
    show(session, replace(whole, epochs=tuple(Epoch(2, 0.1, 0.5, 0.9) for _ in range(10))))
    chart = charts.loss
    chart.plot.clearFocus()  # which is framed in blue
    seen = pixels(chart.plot)[:, 60:]
    red_over_blue = seen[..., 0] - seen[..., 2]
    blue, orange = red_over_blue < -60, red_over_blue > 60
    box = chart.plot.getViewBox()
    at = [round(chart.plot.mapFromScene(box.mapViewToScene(QPointF(5, value))).y()) for value in (2, 0.5)]
    for marked, row in ((blue, at[0]), (orange, at[1])):
        rows, columns = np.nonzero(marked)
        assert len(set(columns)) > 0.85 * seen.shape[1]  # from the first epoch of ten on
        assert np.abs(rows - row).max() <= 5
    thick = [np.ptp(np.flatnonzero(column)) if column.any() else 0 for column in orange.T]
    assert sum(height >= 4 for height in thick) >= 10 * 2  # ten points upon the line


def test_lines_across_show_where_round_values_are(charts: Charts) -> None:
    plain = pixels(charts.loss.plot)[:, 60:]
    paper = charts.loss.palette().base().color()
    lines = (~near(plain, paper, 4)).mean(axis=1) > 0.7
    assert 3 <= lines.sum() <= 40


def test_the_line_at_the_moment_is_seen(charts: Charts, session: Session) -> None:
    show(session, progress(50, 2))
    chart = charts.loss
    session.look_at(Snapshot(500, 5, None, np.zeros(3410, np.float32)))
    seen = pixels(chart.plot)
    text, paper = chart.palette().text().color(), chart.palette().base().color()
    x = round(chart.plot.mapFromScene(chart.plot.getViewBox().mapViewToScene(QPointF(5, 1))).x())
    line = seen[10:-40, x - 2 : x + 3]
    nearer_text = np.abs(line - text.getRgb()[0]).sum(axis=-1) < np.abs(line - paper.getRgb()[0]).sum(axis=-1)
    assert nearer_text.any(axis=1).mean() > 0.9


def test_a_run_that_was_taken_back_has_its_curves_and_another_has_none(charts: Charts, session: Session) -> None:
    run = replace(session.checkpoint, progress=progress(50, 2))
    session.take_back(run)
    assert len(charts.loss.training.getData()[0]) == len(charts.accuracy.training.getData()[0]) == 50
    assert not charts.loss.hint.isVisible()
    session.open_shipped()
    assert charts.loss.training.getData()[0] is None
    assert charts.loss.hint.isVisible()
