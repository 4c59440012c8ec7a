"""Everything can be reached, read and pressed by keys, and one sees where one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hand import THREE, draw, on_screen
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QPushButton, QTextBrowser, QWidget

from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.pages import tabs
from mnist_gui.gui.pages.mistakes.confusion_view import ConfusionView
from mnist_gui.gui.pages.tabs import TABS
from mnist_gui.gui.tour import Tour
from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets.shortcut_sheet import OTHER_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow

Key = Qt.Key
ALT, CONTROL, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture
def drawn(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """A window with a three on its canvas."""
    window.activateWindow()
    draw(window.canvas, on_screen(window.canvas, THREE))
    qtbot.waitUntil(lambda: window.session.up_to_date)
    return window


def reached(start: QWidget) -> list[QWidget]:
    """What Tab leads to, from a widget on until it comes again."""
    QApplication.processEvents()  # what was just made is shown
    start.setFocus(Qt.FocusReason.TabFocusReason)
    found: list[QWidget] = []
    while (widget := QApplication.focusWidget()) is not None and widget not in found:
        found.append(widget)
        QTest.keyClick(widget, Key.Key_Tab)
    return found


def test_enter_presses_the_button_that_has_the_focus(drawn: MainWindow) -> None:
    clear = drawn.findChild(QWidget, "clearButton")
    clear.setFocus()
    QTest.keyClick(clear, Key.Key_Return)
    assert drawn.canvas.is_empty()
    box = drawn.pages.page(tabs.WHAT_IF).findChild(QCheckBox, "freezeFilters")
    drawn.pages.setCurrentIndex(tabs.WHAT_IF)
    box.setFocus()
    QTest.keyClick(box, Key.Key_Enter)
    assert box.isChecked()


def test_enter_leads_through_the_tour(window: MainWindow) -> None:
    window.activateWindow()
    window.start_tour()
    tour = window.findChild(Tour)
    titles = []
    for _ in range(5):
        titles.append(tour.stop.title)
        QTest.keyClick(QApplication.focusWidget(), Key.Key_Return)
    assert len(set(titles)) == 5
    assert not tour.isVisible()


def test_keys_change_pages(window: MainWindow) -> None:
    window.activateWindow()
    for index in reversed(range(len(TABS))):
        QTest.keyClick(window.canvas, Key(Key.Key_1 + index), ALT)
        assert window.pages.currentIndex() == index
    QTest.keyClick(window.canvas, Key.Key_Backtab, CONTROL | SHIFT)
    assert window.pages.currentIndex() == len(TABS) - 1
    QTest.keyClick(window.canvas, Key.Key_Tab, CONTROL)
    assert window.pages.currentIndex() == 0
    QTest.keyClick(window.training_panel.seed_box, Key.Key_Tab, CONTROL)
    assert window.pages.currentIndex() == 1


def test_f11_fills_the_screen_and_gives_it_back(window: MainWindow) -> None:
    window.activateWindow()
    QTest.keyClick(window, Key.Key_F11)
    assert window.isFullScreen()
    QTest.keyClick(window, Key.Key_F11)
    assert not window.isFullScreen()


def test_maps_bars_and_charts_are_reached_by_tab_in_the_order_that_one_sees(drawn: MainWindow) -> None:
    names = [widget.objectName() for widget in reached(drawn.canvas)]
    wanted = ["canvas", "seenImage", "filterView", "featureMapView", "pooledView", "probabilityBars", "recipeBox"]
    wanted += ["trainButton", "lossPlot", "accuracyPlot"]
    assert [name for name in names if name in wanted] == wanted


@pytest.mark.parametrize("name", ["deep", "notebook"])
def test_the_maps_of_another_network_are_reached_in_order(drawn: MainWindow, name: str) -> None:
    panel = drawn.training_panel
    for each in ("wide", name):
        panel.architecture_box.setCurrentIndex(panel.architecture_box.findData(each))
        panel.reset()
        drawn.session.show_now()
    names = [widget.objectName() for widget in reached(drawn.canvas)]
    maps = [each for each in names if each.endswith(("View", "View2"))]
    kinds = ["filterView", "featureMapView", "pooledView"]
    assert maps[: 6 if name == "deep" else 3] == kinds + ([f"{kind}2" for kind in kinds] if name == "deep" else [])
    assert names.index(maps[0]) < names.index("probabilityBars") < names.index("recipeBox")


def test_what_if_is_walked_in_the_order_that_one_sees(drawn: MainWindow) -> None:
    drawn.pages.setCurrentIndex(tabs.WHAT_IF)
    page = drawn.pages.page(tabs.WHAT_IF)
    inside = [widget for widget in reached(drawn.canvas) if page.isAncestorOf(widget)]
    names = [widget.objectName() for widget in inside]
    assert names[0] == "filterEditor"  # nothing is to be undone yet
    assert names.index("filterEditor") < names.index("filterValueBox") < names.index("freezeFilters")
    assert names.index("freezeFilters") < names.index("shiftMap") < names.index("stepLabelBox")
    parts = [page.filters, page.shift_part, page.step]  # type: ignore[attr-defined]
    order = [next(i for i, part in enumerate(parts) if part.isAncestorOf(widget)) for widget in inside]
    assert order == sorted(order)
    assert set(order) == {0, 1, 2}


def test_a_map_is_read_by_arrow_keys_and_enter_is_a_click(drawn: MainWindow) -> None:
    view = drawn.findChild(MapView, "featureMapView")
    tip = view.accessibleDescription()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    before = view.accessibleDescription()
    assert before.startswith("1 of 2 · row 14, column 14 = ")
    QTest.keyClick(view, Key.Key_Right)
    QTest.keyClick(view, Key.Key_Up)
    assert view.accessibleDescription() == view.describe((0, 12, 14))
    QTest.keyClick(view, Key.Key_PageDown)
    assert view.accessibleDescription().startswith("2 of 2 · row 13, column 15 = ")
    QTest.keyClick(view, Key.Key_Return)
    assert drawn.pages.currentIndex() == tabs.HOW
    working = drawn.pages.page(tabs.HOW).working  # type: ignore[attr-defined]
    assert view.values is not None
    assert working.lines[-1].value == pytest.approx(float(view.values[1, 12, 14]), abs=1e-6)
    assert view.accessibleDescription() == tip  # the page has the focus now


def test_arrows_lead_from_map_to_map_and_stop_at_the_last(qtbot: QtBot) -> None:
    view = MapView("sequential", (2, 3, 3))
    qtbot.addWidget(view)
    view.show_values(np.arange(18.0).reshape(2, 3, 3), 0, 18)
    clicked: list[object] = []
    view.cell_clicked.connect(clicked.append)
    for key in [Key.Key_Right] * 2 + [Key.Key_Return] + [Key.Key_Right] * 5 + [Key.Key_Return]:
        QTest.keyClick(view, key)
    assert clicked == [(1, 1, 0), (1, 1, 2)]
    for key in [Key.Key_Left] * 9 + [Key.Key_Up] * 9 + [Key.Key_Space]:
        QTest.keyClick(view, key)
    assert clicked[-1] == (0, 0, 0)


def test_bars_are_read_by_arrow_keys_and_enter_asks_why(drawn: MainWindow) -> None:
    bars = drawn.network_view.bars
    everything = bars.accessibleDescription()
    bars.setFocus(Qt.FocusReason.TabFocusReason)
    assert bars.accessibleDescription().startswith("3: ")
    QTest.keyClick(bars, Key.Key_Down)
    assert bars.accessibleDescription().startswith("4: ")
    QTest.keyClick(bars, Key.Key_Home)
    QTest.keyClick(bars, Key.Key_Up)
    assert bars.accessibleDescription().startswith("0: ")
    asked: list[tuple[int, bool]] = []
    bars.digit_clicked.connect(lambda digit, compares: asked.append((digit, compares)))
    QTest.keyClick(bars, Key.Key_Return)
    QTest.keyClick(bars, Key.Key_End)
    QTest.keyClick(bars, Key.Key_Return, SHIFT)
    assert asked == [(0, False), (9, True)]
    drawn.canvas.setFocus()
    assert bars.accessibleDescription() == everything


def test_the_shift_map_is_read_by_arrow_keys(drawn: MainWindow) -> None:
    drawn.pages.setCurrentIndex(tabs.WHAT_IF)
    shifts = drawn.findChild(QWidget, "shiftMap")
    shifts.setFocus(Qt.FocusReason.TabFocusReason)
    assert shifts.accessibleDescription().startswith("where it is: 3")
    QTest.keyClick(shifts, Key.Key_Left)
    QTest.keyClick(shifts, Key.Key_Up)
    assert shifts.accessibleDescription().startswith("moved 1 left, 1 up: ")


def test_a_chart_is_read_by_keys(ready: MainWindow, wait_for: Callable[[State], None]) -> None:
    chart = ready.charts.loss
    tip = chart.plot.accessibleDescription()
    chart.plot.setFocus()
    QTest.keyClick(chart.plot, Key.Key_Left)
    assert chart.plot.accessibleDescription() == tip  # there is nothing to read yet
    ready.training_panel.train()
    wait_for(State.IDLE)
    at_end = chart.test_label.text()
    chart.plot.setFocus()
    QTest.keyClick(chart.plot, Key.Key_PageDown)
    said = chart.plot.accessibleDescription()
    assert said.startswith("epoch 1.00: training ")
    progress = ready.session.checkpoint.progress
    assert progress is not None
    assert said.endswith(f"test {progress.epochs[0].test_loss:.3f}")
    QTest.keyClick(chart.plot, Key.Key_PageUp)
    assert chart.plot.accessibleDescription().startswith("epoch 2.00: ")
    QTest.keyClick(chart.plot, Key.Key_Home)
    QTest.keyClick(chart.plot, Key.Key_Right)
    second = progress.curve_steps[1] / progress.steps_per_epoch
    assert chart.plot.accessibleDescription().startswith(f"epoch {second:.2f}: training {progress.loss_curve[1]:.3f}")
    ready.canvas.setFocus()
    assert chart.plot.accessibleDescription() == tip
    assert chart.test_label.text() == at_end


def test_focus_is_seen_on_everything_that_can_have_it(drawn: MainWindow) -> None:
    """A focused widget differs, in enough pixels and by enough contrast, from itself without the focus."""
    from PySide6.QtGui import QColor

    from mnist_gui.gui.widgets import theme

    unseen = []
    for index in range(len(TABS)):
        drawn.pages.setCurrentIndex(index)
        for widget in reached(drawn.canvas):
            if index and not drawn.pages.isAncestorOf(widget):
                continue  # was looked at with the first page
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            focused = widget.grab().toImage()
            widget.clearFocus()
            plain = widget.grab().toImage()
            places = [(x, y) for y in range(plain.height()) for x in (*range(0, plain.width(), 1),)]
            strong = 0
            for x, y in places:
                if focused.pixel(x, y) != plain.pixel(x, y):
                    strong += theme.contrast(QColor(focused.pixel(x, y)), QColor(plain.pixel(x, y))) >= 2.5
                    if strong > 16:
                        break
            if strong <= 16:
                unseen.append((TABS[index][0], widget.objectName() or type(widget).__name__, strong))
    assert unseen == []


def test_the_shortcut_sheet_says_what_the_actions_say(window: MainWindow) -> None:
    actions = [action for action in window.findChildren(QAction) if action.shortcuts()]
    next(action for action in actions if action.text() == "&Sample from the test set").setShortcut("Ctrl+F7")
    window.activateWindow()
    QTest.keyClick(window, Key.Key_F1)
    sheet = window.findChild(QWidget, "shortcutSheet")
    text = sheet.findChild(QTextBrowser).toPlainText()
    for action in actions:
        assert all(keys.toString() in text for keys in action.shortcuts()), action.text()
    assert "Ctrl+F7" in text
    for title in OTHER_KEYS:
        assert title in text
    button = sheet.findChild(QPushButton)
    QTest.keyClick(button, Key.Key_Return)
    assert not sheet.isVisible()


def test_the_matrix_says_the_cell_that_the_keys_choose(qtbot: QtBot) -> None:
    from mnist_gui.explain.confusion import Confusion

    view = ConfusionView()
    qtbot.addWidget(view)
    probabilities = np.eye(10)[[0, 1, 1, 7]]
    view.show_confusion(Confusion(probabilities, np.array([0, 1, 7, 7])))
    QTest.keyClick(view, Key.Key_Right)
    QTest.keyClick(view, Key.Key_Down)
    assert view.accessibleDescription().startswith("1 read as 0")
