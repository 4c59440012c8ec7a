"""The size of all text: the system's, or by as many points larger as the person wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from mnist_gui.gui import settings
from mnist_gui.gui.widgets import theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist_gui.gui.main_window import MainWindow

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def set_system_size(points: float) -> None:
    font = QApplication.font()
    font.setPointSizeF(points)
    QApplication.setFont(font)
    QApplication.processEvents()


def sizes(window: MainWindow) -> set[float]:
    """All sizes of the window's labels but the answer's, to half a point."""
    labels = [label for label in window.findChildren(QLabel) if label.objectName() != "predictedDigit"]
    return {round(2 * label.font().pointSizeF()) / 2 for label in labels}


@pytest.mark.parametrize(("system", "shown"), [(8, 8), (9, 9), (12.5, 12.5), (20, 20), (5, 8), (33, 20)])
def test_the_system_s_size_is_followed_within_limits(
    open_window: Callable[[], MainWindow], system: float, shown: float
) -> None:
    set_system_size(system)
    theme.follow_system_font()
    assert sizes(open_window()) == {shown, round(2 * 0.85 * shown) / 2}


def test_an_open_window_follows_the_system(window: MainWindow) -> None:
    set_system_size(15)
    assert sizes(window) == {15, 13}


def test_a_size_in_pixels_is_understood(window: MainWindow) -> None:
    font = QFont(QApplication.font())
    font.setPixelSize(20)
    QApplication.setFont(font)
    QApplication.processEvents()
    (small, large) = sorted(sizes(window))
    assert small == pytest.approx(0.85 * large, abs=0.5)
    assert 8 <= large <= 20


def test_keys_make_text_larger_smaller_and_normal_at_once(window: MainWindow) -> None:
    set_system_size(10)
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_Plus, CONTROL)
    QTest.keyClick(window, Qt.Key.Key_Equal, CONTROL)
    assert sizes(window) == {12, 10}
    QTest.keyClick(window, Qt.Key.Key_Minus, CONTROL)
    assert sizes(window) == {11, 9.5}
    assert settings.load().larger == 1
    next(action for action in window.findChildren(QAction) if action.text() == "&Normal text").trigger()
    assert sizes(window) == {10, 8.5}
    assert settings.load().larger == 0


def test_steps_beyond_the_limits_are_not_counted(window: MainWindow) -> None:
    set_system_size(10)
    for _ in range(30):
        theme.enlarge(1)
    assert max(sizes(window)) == 20
    theme.enlarge(-1)
    assert max(sizes(window)) == 19
    for _ in range(30):
        theme.enlarge(-1)
    assert max(sizes(window)) == 8


def test_the_choice_is_remembered_and_the_system_still_followed(open_window: Callable[[], MainWindow]) -> None:
    settings.remember(larger=3)
    set_system_size(10)
    theme.follow_system_font()
    window = open_window()
    assert max(sizes(window)) == 13
    set_system_size(12)
    assert max(sizes(window)) == 15
