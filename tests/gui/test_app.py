"""Faults of the program are shown, whichever thread they happen in, and don't end it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from conftest import EXEC
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from mnist_gui.gui import app
from mnist_gui.gui.app import report

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture(autouse=True)
def nothing_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no fault been shown before."""
    monkeypatch.setattr(app, "_shown", set())


def fail(other: bool = False) -> None:
    try:
        if other:
            raise ZeroDivisionError("in a test")
        raise ZeroDivisionError("in a test")
    except ZeroDivisionError as error:
        report(type(error), error, error.__traceback__)


def test_a_fault_in_any_thread_is_shown_in_the_window_s(
    monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[tuple[str, bool]] = []

    def show(box: QMessageBox) -> int:
        shown.append((box.detailedText(), QThread.currentThread() is QApplication.instance().thread()))
        return 0

    monkeypatch.setattr(QMessageBox, "exec", show)
    fail()
    assert shown == []  # not in the middle of what failed
    qtbot.waitUntil(lambda: len(shown) == 1)
    thread = threading.Thread(target=fail, args=(True,))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(shown) == 2)
    for details, in_window_s_thread in shown:
        assert "ZeroDivisionError: in a test" in details
        assert in_window_s_thread
    assert capsys.readouterr().err.count("ZeroDivisionError: in a test") == 2


def test_many_faults_are_one_message(
    qtbot: QtBot, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QMessageBox, "exec", EXEC)
    boxes = 0

    def box() -> QMessageBox | None:
        active = QApplication.activeModalWidget()
        return active if isinstance(active, QMessageBox) else None

    def fail_again_and_close() -> None:
        nonlocal boxes
        boxes += 1
        fail(other=True)
        found = box()
        assert found is not None
        for _ in range(5):
            QApplication.processEvents()
        assert box() is found
        found.reject()

    fail()
    QTimer.singleShot(50, fail_again_and_close)
    qtbot.waitUntil(lambda: boxes == 1 and box() is None)
    assert capsys.readouterr().err.count("ZeroDivisionError: in a test") == 2


def test_a_fault_that_comes_again_is_shown_once(
    qtbot: QtBot, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: shown.append(box.detailedText()))
    for _ in range(3):
        fail()
    fail(other=True)
    qtbot.waitUntil(lambda: len(shown) == 2)
    assert capsys.readouterr().err.count("ZeroDivisionError: in a test") == 4
