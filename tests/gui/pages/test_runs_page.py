"""The list of runs and their curves, and what it costs to have many."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
import pytest
from painted import near, pixels
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel
from stage import bring_on, started

from mnist_gui import notebook
from mnist_gui.gui.pages import runs as runs_page
from mnist_gui.gui.pages.runs import COLOURS, RunsPage
from mnist_gui.model_file import ModelRecord
from mnist_gui.runs import Checkpoint
from mnist_gui.training import RECIPES, Epoch, Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Messages
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.session import Session


def run(name: str, seed: int = 0) -> Checkpoint:
    recipe, curve = RECIPES[name], np.array([2.0, 1.0])
    parameters = started("notebook", seed).parameters.copy()
    progress = Progress(
        *(recipe, 10, 100, (Epoch(1, 0.5, 0.9, 0.8421),), 2, 0),
        *(np.array([5, 10]), curve, curve / 4, parameters),
    )
    record = ModelRecord("notebook", recipe, "mnist", epochs=5, test_loss=0.9, test_accuracy=0.8421)
    return Checkpoint(record, parameters, progress=progress, unsaved=True)


def add(session: Session, *runs: Checkpoint) -> None:
    for each in runs:
        session.runs = (*session.runs, each)
        session.runs_changed.emit()


@pytest.fixture
def page(session: Session, qtbot: QtBot) -> RunsPage:
    page = RunsPage(session)
    bring_on(page, session, qtbot)
    return page


def curves(page: RunsPage) -> list[int]:
    return [len(plot.listDataItems()) for plot in page.findChildren(pg.PlotWidget)]


def says(page: RunsPage, text: str) -> bool:
    return any(text in label.text() for label in page.findChildren(QLabel) if label.isVisible())


def colour(page: RunsPage, row: int) -> str:
    return page.table.item(row, 0).icon().pixmap(12, 12).toImage().pixelColor(5, 5).name()


def ticked(page: RunsPage) -> list[int]:
    rows = range(page.table.rowCount())
    return [row for row in rows if page.table.item(row, 0).checkState() is Qt.CheckState.Checked]


FAULTS = notebook.FAULTS.partition(" Its printed")[0]


def test_an_empty_list_says_what_will_be_there(page: RunsPage) -> None:
    assert says(page, "Finished runs are listed here")
    assert not page.table.isVisible()


def test_runs_are_listed_and_laid_over_each_other(page: RunsPage, session: Session) -> None:
    add(session, run("default"))
    assert not says(page, FAULTS)
    add(session, run("notebook"))
    assert says(page, FAULTS)
    cells = [page.table.item(1, column).text() for column in range(6)]
    assert cells == ["notebook recipe", "Notebook", "42", "5", "84.21 %", "2.0 s"]
    assert curves(page) == [4, 4]


def test_the_curves_are_those_of_the_run_and_in_its_colour(page: RunsPage, session: Session) -> None:
    add(session, run("default"), run("notebook"))
    for row in (0, 1):
        for plot, curve, tested in zip(page.findChildren(pg.PlotWidget), ([2, 1], [50, 25]), (0.9, 84.21), strict=True):
            training, test = plot.listDataItems()[2 * row : 2 * row + 2]
            assert training.getData()[1].tolist() == curve
            assert test.getData()[0].tolist() == [1]
            assert test.getData()[1].tolist() == pytest.approx([tested])
            assert {item.opts["pen"].color().name() for item in (training, test)} == {colour(page, row)}


def test_each_epoch_s_test_is_a_point(page: RunsPage, session: Session) -> None:
    """Of a run of one epoch there is nothing else to see of the test set."""
    add(session, run("default"))
    for plot in page.findChildren(pg.PlotWidget):
        seen = pixels(plot)
        marks = near(seen, QColor(colour(page, 0)), 30)
        rows, columns = np.nonzero(marks)
        assert 12 < len(rows) < 60
        assert np.ptp(rows) < 8
        assert np.ptp(columns) < 8


def test_a_run_without_a_tick_is_not_drawn(page: RunsPage, session: Session) -> None:
    add(session, run("default"), run("notebook"))
    page.table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    assert curves(page) == [2, 2]
    page.table.item(0, 0).setCheckState(Qt.CheckState.Checked)
    assert curves(page) == [4, 4]


def test_the_selected_run_is_exported(
    page: RunsPage, session: Session, tmp_path: Path, choose: Callable[[Path], None]
) -> None:
    add(session, run("default"))
    assert not page.export_button.isEnabled()
    page.table.selectRow(0)
    choose(tmp_path / "curves")
    page.export_button.click()
    assert (tmp_path / "curves.csv").read_text(encoding="utf-8").startswith("step,epoch,")


def test_a_removed_run_is_gone_and_the_others_keep_their_colour(
    page: RunsPage, session: Session, messages: Messages
) -> None:
    add(session, run("default"), run("notebook"))
    before = colour(page, 1)
    page.table.selectRow(0)
    messages.answers = ["Cancel", "Discard"]  # it is in no file
    page.remove_button.click()
    assert page.table.rowCount() == 2
    page.remove_button.click()
    assert page.table.rowCount() == 1
    assert page.table.item(0, 0).text() == "notebook recipe"
    assert colour(page, 0) == before
    assert curves(page) == [2, 2]
    assert len(session.runs) == 1
    assert all("in no file" in text for text in messages.said)


def test_a_run_that_is_in_a_file_is_removed_without_a_word(
    page: RunsPage, session: Session, messages: Messages
) -> None:
    add(session, replace(run("default"), unsaved=False))
    page.table.selectRow(0)
    page.remove_button.click()
    assert session.runs == ()
    assert messages.said == []


@pytest.mark.parametrize("how", ["button", "double click"])
def test_a_run_is_made_the_present_network_again(page: RunsPage, session: Session, how: str) -> None:
    add(session, run("default", 1), run("default", 2))
    page.table.selectRow(0)
    if how == "button":
        page.open_button.click()
    else:
        page.table.itemDoubleClicked.emit(page.table.item(0, 0))
    assert session.checkpoint is session.runs[0]
    np.testing.assert_array_equal(session.network.parameters, started("notebook", 1).parameters)
    bold = [page.table.item(row, 0).font().bold() for row in range(2)]
    assert bold == [True, False]
    assert not page.open_button.isEnabled()  # it is the present one
    page.table.selectRow(1)
    assert page.open_button.isEnabled()


def test_a_newer_state_of_a_run_takes_its_row(page: RunsPage, session: Session) -> None:
    first, second = run("default", 1), run("notebook", 2)
    add(session, first, second)
    before = colour(page, 0)
    newer = replace(first, record=replace(first.record, test_accuracy=0.5), name="mine.safetensors", unsaved=False)
    session.runs = (newer, second)
    session.runs_changed.emit()
    assert page.table.rowCount() == 2
    assert page.table.item(0, 4).text() == "50.00 % upright"
    assert "upright" in page.table.item(0, 4).toolTip()
    assert "upright" not in page.table.item(1, 4).toolTip()
    assert colour(page, 0) == before
    assert curves(page) == [4, 4]


def test_an_edited_network_is_named_so_and_has_no_curves(page: RunsPage, session: Session) -> None:
    session.take_back(run("default"))
    session.edit(session.network.parameters + 1, "add one")
    assert page.table.item(0, 0).text() == "edited by hand"
    assert page.table.item(0, 4).text() == page.table.item(0, 5).text() == "–"
    assert "changed by hand" in page.table.item(0, 0).toolTip()
    assert curves(page) == [0, 0]
    page.table.selectRow(0)
    assert not page.open_button.isEnabled()


# Many


@pytest.fixture
def plots(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One entry for each curve that is drawn."""
    drawn: list[object] = []
    plot = pg.PlotItem.plot
    monkeypatch.setattr(pg.PlotItem, "plot", lambda *given, **named: (drawn.append(given), plot(*given, **named))[1])
    return drawn


@pytest.fixture
def written(page: RunsPage) -> list[object]:
    """One entry for each cell of the table that something is written to."""
    cells: list[object] = []
    model = page.table.model()
    model.dataChanged.connect(lambda first, last, *_: cells.append((first.row(), last.row())))
    return cells


def test_the_next_run_costs_the_same_however_many_there_are(
    page: RunsPage, session: Session, plots: list[object], written: list[object]
) -> None:
    each = run("default")
    costs = []
    for _ in range(40):
        before = (len(plots), len(written))
        add(session, replace(each))
        costs.append((len(plots) - before[0], len(written) - before[1]))
    assert {drawn for drawn, _ in costs} == {4}  # training and test, of loss and accuracy
    few, many = costs[len(COLOURS)][1], costs[-1][1]
    assert many <= few
    assert page.table.rowCount() == 40
    assert curves(page) == [2 * len(COLOURS), 2 * len(COLOURS)]
    assert ticked(page) == list(range(40 - len(COLOURS), 40))
    assert len({colour(page, row) for row in ticked(page)}) == len(COLOURS)


def test_no_more_than_six_runs_are_drawn_by_themselves(page: RunsPage, session: Session) -> None:
    add(session, *(run("default") for _ in range(7)))
    assert curves(page) == [12, 12]
    page.table.item(0, 0).setCheckState(Qt.CheckState.Checked)  # unless the person asks for more
    assert curves(page) == [14, 14]


def test_out_of_sight_nothing_is_done(
    page: RunsPage, session: Session, plots: list[object], written: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(session, run("default"))
    page.hide()
    plots.clear()
    written.clear()
    styled: list[object] = []
    monkeypatch.setattr(runs_page, "style_plot", lambda *given: styled.append(given))
    add(session, *(run("default", seed) for seed in range(20)))
    session.take_back(session.runs[3])
    session.edit(session.network.parameters + 1, "add one")
    assert (plots, written, styled) == ([], [], [])
    assert page.table.rowCount() == 1
    page.show()
    assert page.table.rowCount() == 22
    assert curves(page) == [10, 10]  # five of the six have curves: the last is edited
