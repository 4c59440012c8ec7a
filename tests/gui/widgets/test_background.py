"""Work that the person waits for: done in a thread, shown only if it lasts, and cancelled when they have had enough."""

from __future__ import annotations

from threading import Event, current_thread
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QProgressDialog, QPushButton, QWidget

from mnist_gui.gui.widgets.background import Cancelled, wait_for, wait_for_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    return window


def dialog() -> QProgressDialog | None:
    shown = [w for w in QApplication.topLevelWidgets() if isinstance(w, QProgressDialog) and w.isVisible()]
    return shown[0] if shown else None


def test_what_is_quick_comes_back_without_a_word(window: QWidget) -> None:
    names: list[str] = []

    def work(report: Callable[[int, int], None]) -> int:
        names.append(current_thread().name)
        report(1, 2)
        return 7

    assert wait_for(window, "Working …", work) == 7
    assert names != [current_thread().name]
    assert dialog() is None


def test_what_goes_wrong_is_raised_here(window: QWidget) -> None:
    def work(_: Callable[[int, int], None]) -> None:
        raise ZeroDivisionError("there")

    with pytest.raises(ZeroDivisionError, match="there"):
        wait_for(window, "Working …", work)


def test_what_lasts_shows_how_far_it_is(window: QWidget) -> None:
    go_on = Event()
    seen: list[tuple[str, int]] = []

    def look() -> None:
        found = dialog()
        assert found is not None
        seen.append((found.labelText(), found.value()))
        go_on.set()

    def work(report: Callable[[int, int], None]) -> str:
        report(1, 4)
        go_on.wait(20)
        return "done"

    QTimer.singleShot(0, look)  # in the loop that shows the dialog
    assert wait_for(window, "Working …", work) == "done"
    assert seen[0][0] == "Working …"


def test_cancelling_ends_the_wait_at_once_and_the_work_when_it_next_reports(window: QWidget) -> None:
    go_on, ended = Event(), Event()

    def cancel() -> None:
        found = dialog()
        assert found is not None
        found.findChild(QPushButton).click()

    def work(report: Callable[[int, int], None]) -> None:
        go_on.wait(20)
        try:
            report(1, 2)
        finally:
            ended.set()

    QTimer.singleShot(0, cancel)
    with pytest.raises(Cancelled):
        wait_for(window, "Working …", work)
    assert not ended.is_set()
    go_on.set()
    wait_for_all()
    assert ended.is_set()
