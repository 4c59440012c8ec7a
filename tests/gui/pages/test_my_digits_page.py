"""Teaching in the window: the keys under the answer, the page, lessons and their undoing."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hand import SEVEN, THREE, draw, on_screen
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from mnist_gui import learning, my_digits
from mnist_gui.data import drawn
from mnist_gui.gui.training.panel import State
from mnist_gui.my_digits import MyDigit, MyDigits, MyDigitsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Messages
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow

CTRL = Qt.KeyboardModifier.ControlModifier


def click(window: MainWindow, name: str) -> None:
    QApplication.processEvents()
    QTest.mouseClick(window.findChild(QAbstractButton, name), Qt.MouseButton.LeftButton)


def lit(window: MainWindow) -> list[int]:
    while window._redraw.isActive():  # the keys follow with the network, a moment later
        QApplication.processEvents()
    return [n for n in range(10) if window.findChild(QAbstractButton, f"digitKey{n}").isChecked()]


def kept() -> list[int]:
    return [digit.label for digit in MyDigits().all()]


def shown(window: MainWindow) -> list[object]:
    return [item if isinstance(item, int) else "digit" for item in window.views.my_digits_page.list._items.items]


@pytest.fixture
def three(window: MainWindow) -> MainWindow:
    """A window with a 3 on its canvas."""
    draw(window.canvas, on_screen(window.canvas, THREE))
    return window


@pytest.fixture
def taught() -> list[MyDigit]:
    """Digits kept from before: two of each."""
    images, labels = drawn.images(20, 5)
    digits = [MyDigit(int(label), image.copy()) for image, label in zip(images, labels, strict=True)]
    for digit in digits:
        MyDigits().add(digit)
    return digits


@pytest.fixture
def page(taught: list[MyDigit], window: MainWindow, qtbot: QtBot) -> MainWindow:
    """A window with digits, and their page in sight."""
    window.explorer.setCurrentWidget(window.views.my_digits_page)
    qtbot.waitUntil(lambda: window.views.my_digits_page.list._items._answers is not None)
    return window


# The keys


def test_the_window_starts_without_reading_digits(
    taught: list[MyDigit], open_window: Callable[[], MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MyDigits, "all", lambda _: pytest.fail("read"))
    open_window()


def test_there_is_nothing_to_name_on_an_empty_canvas(window: MainWindow) -> None:
    assert not window.network_view.keys.isEnabled()
    window.views.teaching.name_drawing(3)
    assert kept() == []


def test_one_click_keeps_the_drawing(three: MainWindow) -> None:
    click(three, "digitKey8")
    assert lit(three) == [8]
    (digit,) = MyDigits().all()
    assert digit.label == 8
    assert len(digit.strokes) == 1
    np.testing.assert_array_equal(digit.strokes[0].points, three.canvas.strokes()[0].points)
    assert "8" in three.statusBar().currentMessage()


def test_another_key_names_it_anew_and_the_same_key_takes_it_back(three: MainWindow) -> None:
    click(three, "digitKey8")
    click(three, "digitKey3")
    assert (lit(three), kept()) == ([3], [3])
    click(three, "digitKey3")
    assert (lit(three), kept()) == ([], [])


def test_the_keyboard_names_it(three: MainWindow) -> None:
    QTest.keyClick(three, Qt.Key.Key_9, CTRL)
    assert (lit(three), kept()) == ([9], [9])


def test_a_drawing_is_known_again_after_undo(three: MainWindow) -> None:
    click(three, "digitKey3")
    draw(three.canvas, on_screen(three.canvas, SEVEN))
    assert lit(three) == []
    three.canvas.undo()
    assert lit(three) == [3]


def test_a_picture_is_kept_as_what_is_seen(window: MainWindow) -> None:
    image = drawn.images(10, 3)[0][0]
    window.canvas.set_picture(image)
    click(window, "digitKey5")
    (digit,) = MyDigits().all()
    assert digit.strokes == ()
    np.testing.assert_array_equal(digit.image, image)


def test_a_full_disk_is_said_and_the_drawing_stays(
    three: MainWindow, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MyDigitsError("There is no room.")

    monkeypatch.setattr(MyDigits, "add", fail)
    click(three, "digitKey3")
    assert messages.said == ["There is no room."]
    assert lit(three) == []
    assert not three.canvas.is_empty()


# The page


def test_an_empty_page_says_what_to_do(window: MainWindow) -> None:
    page = window.views.my_digits_page
    window.explorer.setCurrentWidget(page)
    assert page._stack.currentIndex() == 0
    draw(window.canvas, on_screen(window.canvas, THREE))
    click(window, "digitKey3")
    assert page._stack.currentIndex() == 1
    assert shown(window) == [3, "digit"]


def test_digits_stand_in_groups_with_what_they_are_read_as(page: MainWindow, taught: list[MyDigit]) -> None:
    assert shown(page) == [part for digit in range(10) for part in (digit, "digit", "digit")]
    probabilities = page.model.network.probabilities(np.array([digit.image for digit in MyDigits().all()]))
    items, marks = page.views.my_digits_page.list._items, []
    for row, item in enumerate(items.items):
        if not isinstance(item, int):
            marks.append(items.data(items.index(row)).startswith("✓"))
    assert marks == [int(p.argmax()) == n // 2 for n, p in enumerate(probabilities)]
    assert f"20 digits · {sum(marks)} read right" in page.views.my_digits_page._list_part._note.text()


def test_a_click_puts_a_digit_back_on_the_canvas(three: MainWindow) -> None:
    click(three, "digitKey3")
    seen = three.canvas.seen()
    three.canvas.clear()
    three.explorer.setCurrentWidget(three.views.my_digits_page)
    listed = three.views.my_digits_page.list
    place = listed.visualRect(listed.model().index(1)).center()
    QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=place)
    np.testing.assert_array_equal(three.canvas.seen(), seen)
    assert lit(three) == [3]
    three.canvas.undo()
    assert three.canvas.is_empty()


def test_delete_removes_what_is_selected_and_it_can_be_put_back(page: MainWindow, taught: list[MyDigit]) -> None:
    draw(page.canvas, on_screen(page.canvas, THREE))
    listed = page.views.my_digits_page.list
    assert not page.views.my_digits_page.remove_button.isEnabled()
    listed.setFocus()
    listed.selectAll()
    assert len(listed.selected()) == 20
    QTest.keyClick(listed, Qt.Key.Key_Delete)
    assert kept() == []
    assert not page.canvas.is_empty()  # the window's Delete would have cleared it
    assert page.views.my_digits_page._empty_restore.text() == "Put 20 back"
    click(page, "restoreAllButton")
    assert len(kept()) == 20
    listed.clearSelection()
    listed.setCurrentIndex(listed.model().index(1))
    click(page, "removeDigitsButton")
    assert len(kept()) == 19
    click(page, "restoreDigitsButton")
    assert len(kept()) == 20
    assert not page.views.my_digits_page.restore_button.isVisible()


def test_digits_of_another_window_appear_with_the_page(window: MainWindow, taught: list[MyDigit]) -> None:
    MyDigits().add(MyDigit(0, taught[0].image.copy()))
    window.explorer.setCurrentWidget(window.views.my_digits_page)
    assert shown(window).count("digit") == 21


def test_a_damaged_file_is_mentioned(window: MainWindow) -> None:
    folder = my_digits.digits_folder()
    folder.mkdir(parents=True)
    (folder / "odd.json").write_text("{")
    window.explorer.setCurrentWidget(window.views.my_digits_page)
    assert window.views.my_digits_page._empty_note.isVisible()
    assert "odd.json" in window.views.my_digits_page._empty_note.text()


def test_export_and_import(
    page: MainWindow, choose: Callable[[Path | str], None], tmp_path: Path, messages: Messages
) -> None:
    for name in ("exportDigitsButton", "importDigitsButton"):
        click(page, name)  # cancelled
    path = tmp_path / "mine.jsonl"
    choose(path)
    click(page, "exportDigitsButton")
    MyDigits().remove([digit.id for digit in MyDigits().all()[:5]])
    click(page, "importDigitsButton")
    assert len(kept()) == 20
    assert page.statusBar().currentMessage() == "5 new digits, 15 were here already"
    path.write_text("no digits")
    click(page, "importDigitsButton")
    assert "line 1" in messages.said[0]
    assert len(kept()) == 20


# Lessons


@pytest.fixture
def learned(
    page: MainWindow, data_folder: Path, wait_for: Callable[[State], None], monkeypatch: pytest.MonkeyPatch
) -> MainWindow:
    """A window after a lesson, and with what was before in `before`."""
    monkeypatch.setattr("mnist_gui.gui.teaching.mnist.find", lambda: None)
    monkeypatch.setattr(learning, "DRAWN_ALONE", 1000)
    monkeypatch.setattr(learning, "DRAWN_TEST", 100)
    page.before = (copy.copy(page.model), page.model.network.parameters.copy())
    click(page, "learnButton")
    wait_for(State.IDLE)
    return page


def test_a_lesson_trains_the_present_network_with_the_charts_live(learned: MainWindow) -> None:
    _, parameters = learned.before
    assert not np.array_equal(learned.model.network.parameters, parameters)
    assert learned.model.record.recipe.name == learning.RECIPE.name
    assert learned.isWindowModified()
    assert len(learned.charts.accuracy._training.getData()[0]) > 10
    assert learned.charts.accuracy._test.getData()[0].tolist() == list(range(1, 1 + learning.GENTLE.epochs))
    assert "Learned from 20 digits" in learned.statusBar().currentMessage()
    (own_before, own), (_, test) = learned.views.my_digits_page._scores._labels
    assert own_before.text().endswith("%")
    assert own.text().endswith("%")
    assert test.text() == f"{learned.model.record.test_accuracy * 100:.1f} %"


def test_the_data_that_the_network_knows_is_taken_if_it_is_in_memory(
    ready: MainWindow, taught: list[MyDigit], wait_for: Callable[[State], None], qtbot: QtBot
) -> None:
    ready.train()
    qtbot.waitUntil(lambda: ready.model.record.epochs == 2, timeout=20_000)
    wait_for(State.IDLE)
    ready.explorer.setCurrentWidget(ready.views.my_digits_page)
    ready.views.teaching.learn()
    assert ready.trainer.state is State.RUNNING
    wait_for(State.IDLE)
    assert (ready.model.record.data, ready.model.record.recipe) == ("bars", learning.RECIPE)


def test_learning_can_be_undone_once(learned: MainWindow) -> None:
    before, parameters = learned.before
    click(learned, "unlearnButton")
    np.testing.assert_array_equal(learned.model.network.parameters, parameters)
    assert learned.model.record == before.record
    assert (learned.windowTitle(), learned.isWindowModified()) == ("shipped model[*] — mnist_gui", False)
    assert not learned.views.my_digits_page.unlearn_button.isEnabled()
    learned.views.teaching.unlearn()
    np.testing.assert_array_equal(learned.model.network.parameters, parameters)


def test_two_lessons_are_undone_one_by_one(learned: MainWindow, wait_for: Callable[[State], None]) -> None:
    after_one = learned.model.network.parameters.copy()
    click(learned, "learnButton")
    wait_for(State.IDLE)
    learned.views.teaching.unlearn()
    np.testing.assert_array_equal(learned.model.network.parameters, after_one)
    learned.views.teaching.unlearn()
    np.testing.assert_array_equal(learned.model.network.parameters, learned.before[1])


def test_another_model_ends_the_undoing(learned: MainWindow, messages: Messages) -> None:
    messages.answers = ["Discard"]
    learned.model_files.open_shipped()
    assert not learned.views.my_digits_page.unlearn_button.isEnabled()


def test_a_lesson_without_digits_says_what_to_do(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_L, CTRL)
    assert window.trainer.state is State.IDLE
    assert "name it" in window.statusBar().currentMessage()
