"""The list of runs and their curves."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from mnist_gui.gui.pages.runs import RunsPage
from mnist_gui.runs import Run
from mnist_gui.training import RECIPES, Epoch, Progress


def run(name):
    recipe, curve = RECIPES[name], np.array([2.0, 1.0])
    return Run(
        "notebook",
        "mnist",
        Progress(recipe, 10, 100, (Epoch(1, 0.5, 0.9, 0.8421),), 2, 0, np.array([5, 10]), curve, curve / 4, curve),
    )


@pytest.fixture
def page(qtbot):
    page = RunsPage()
    qtbot.addWidget(page)
    page.show()
    return page


def curves(page):
    return [len(plot.listDataItems()) for plot in page._plots]


def test_an_empty_list_says_what_will_be_there(page):
    assert page._empty.isVisible()
    assert not page.table.isVisible()


def test_runs_are_listed_and_laid_over_each_other(page):
    page.add_run(run("default"))
    assert not page._note.isVisible()
    page.add_run(run("notebook"))
    assert page._note.isVisible()
    assert [page.table.item(1, column).text() for column in range(6)] == [
        "notebook",
        "notebook",
        "42",
        "5",
        "84.21 %",
        "2.0 s",
    ]
    assert curves(page) == [4, 4]


def test_a_run_without_a_tick_is_not_drawn(page):
    page.add_run(run("default"))
    page.add_run(run("notebook"))
    page.table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    assert curves(page) == [2, 2]


def test_the_selected_run_is_exported(page, tmp_path, monkeypatch):
    page.add_run(run("default"))
    assert not page._export.isEnabled()
    page.table.selectRow(0)
    target = tmp_path / "curves.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    page._export.click()
    assert target.read_text(encoding="utf-8").startswith("step,epoch,")


def test_a_removed_run_is_gone_and_the_others_keep_their_colour(page):
    for name in ("default", "notebook"):
        page.add_run(run(name))
    before = page.table.item(1, 0).icon().pixmap(12, 12).toImage().pixelColor(5, 5)
    page.table.selectRow(0)
    page._remove.click()
    assert page.table.rowCount() == 1
    assert page.table.item(0, 0).text() == "notebook"
    assert page.table.item(0, 0).icon().pixmap(12, 12).toImage().pixelColor(5, 5) == before
    assert curves(page) == [2, 2]
