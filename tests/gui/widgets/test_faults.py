"""No method that Qt calls may raise: what goes wrong in one is handed on, and the process goes on."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

import mnist_gui.gui
from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    import pytest
    from PySide6.QtGui import QPaintEvent
    from pytestqt.qtbot import QtBot


class Faulty(Guarded, QWidget):
    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        raise ZeroDivisionError

    def sizeHint(self) -> QSize:  # noqa: N802
        raise ZeroDivisionError

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        raise ZeroDivisionError


def test_a_fault_in_a_virtual_method_is_reported_and_survived(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, *_: reported.append(kind))
    widget, watched = Faulty(), QWidget()
    for each in (widget, watched):
        qtbot.addWidget(each)
    watched.installEventFilter(widget)
    widget.grab()
    assert not widget.sizeHint().isValid()
    QTest.mouseClick(watched, Qt.MouseButton.LeftButton)  # is filtered, and arrives
    assert len(reported) >= 3
    assert set(reported) == {ZeroDivisionError}
    watched.removeEventFilter(widget)


def test_every_class_of_the_window_that_overrides_a_method_of_qt_is_guarded() -> None:
    from PySide6 import QtCore, QtGui, QtWidgets

    folder, classes = Path(mnist_gui.gui.__file__).parent, {}
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
                classes[node.name] = ([ast.unparse(base).partition("[")[0] for base in node.bases], methods)

    def ancestors(name: str) -> list[str]:
        bases = classes[name][0] if name in classes else []
        return [*bases, *(ancestor for base in bases for ancestor in ancestors(base))]

    checked = 0
    for name, (_, methods) in classes.items():
        for base in ancestors(name):
            qt = next((getattr(m, base) for m in (QtWidgets, QtGui, QtCore) if hasattr(m, base)), None)
            if qt is not None and any(hasattr(qt, method) for method in methods if not method.startswith("_")):
                checked += 1
                assert "Guarded" in ancestors(name), name
    assert checked > 25
