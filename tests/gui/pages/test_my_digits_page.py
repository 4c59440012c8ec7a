"""Teaching in the window: the keys under the answer, the page, lessons and their undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hand import SEVEN, THREE, draw, on_screen
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from mnist_gui import learning, my_digits
from mnist_gui.data import drawn
from mnist_gui.gui.pages import tabs
from mnist_gui.gui.pages.my_digits.lesson_scores import LessonScores
from mnist_gui.gui.training.trainer import State
from mnist_gui.my_digits import MyDigit, MyDigits, MyDigitsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Messages
    from PySide6.QtCore import QModelIndex
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow

CTRL = Qt.KeyboardModifier.ControlModifier


def click(window: MainWindow, name: str) -> None:
    QApplication.processEvents()
    QTest.mouseClick(window.findChild(QAbstractButton, name), Qt.MouseButton.LeftButton)


def lit(window: MainWindow) -> list[int]:
    while not window.session.up_to_date:  # the keys follow with the answer, a moment later
        QApplication.processEvents()
    return [n for n in range(10) if window.findChild(QAbstractButton, f"digitKey{n}").isChecked()]


def kept() -> list[int]:
    return [digit.label for digit in MyDigits().all()]


def rows(window: MainWindow) -> list[QModelIndex]:
    model = window.pages.page(tabs.MY_DIGITS).list.model()
    return [model.index(row, 0) for row in range(model.rowCount())]


def digits(window: MainWindow) -> list[QModelIndex]:
    """Those rows of the list that are pictures; the others are numbers that head a group."""
    return [row for row in rows(window) if row.flags()]


def shown(window: MainWindow) -> list[str]:
    """What is listed: "group" for the number at the head of one, and the label of each picture."""
    told = [row.data(Qt.ItemDataRole.ToolTipRole) for row in rows(window)]
    return ["group" if tip is None else tip[2] for tip in told]


def scores(window: MainWindow) -> list[str]:
    """Accuracy before the lesson and now: of the person's digits, then of the test set."""
    labels = window.pages.page(tabs.MY_DIGITS).findChild(LessonScores).findChildren(QLabel)
    return [label.text() for label in labels if label.text().endswith("%") or label.text() == "–"]


def says(window: MainWindow, text: str) -> bool:
    labels = window.pages.page(tabs.MY_DIGITS).findChildren(QLabel)
    return any(text in label.text() for label in labels if label.isVisible())


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
    window.pages.setCurrentWidget(window.pages.page(tabs.MY_DIGITS))
    qtbot.waitUntil(lambda: all(row.data() for row in digits(window)))
    return window


# The keys


def test_the_window_starts_without_reading_digits(
    taught: list[MyDigit], open_window: Callable[[], MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MyDigits, "all", lambda _: pytest.fail("read"))
    open_window()


def test_there_is_nothing_to_name_on_an_empty_canvas(window: MainWindow) -> None:
    assert not window.network_view.keys.isEnabled()
    window.teaching.name_drawing(3)
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
    page = window.pages.page(tabs.MY_DIGITS)
    window.pages.setCurrentWidget(page)
    assert says(window, "Teach the network your own handwriting")
    draw(window.canvas, on_screen(window.canvas, THREE))
    click(window, "digitKey3")
    assert not says(window, "Teach the network your own handwriting")
    assert shown(window) == ["group", "3"]


def test_digits_stand_in_groups_with_what_they_are_read_as(page: MainWindow, taught: list[MyDigit]) -> None:
    assert shown(page) == [part for digit in range(10) for part in ("group", str(digit), str(digit))]
    images = page.session.prepare(np.array([digit.image for digit in MyDigits().all()]))
    probabilities = page.session.network.probabilities(images)
    marks = [row.data().startswith("✓") for row in digits(page)]
    assert marks == [int(p.argmax()) == n // 2 for n, p in enumerate(probabilities)]
    note = page.pages.page(tabs.MY_DIGITS).list_part.note
    assert note.text() == f"20 digits · {sum(marks)} read right"


def test_a_click_puts_a_digit_back_on_the_canvas(three: MainWindow) -> None:
    click(three, "digitKey3")
    seen = three.canvas.seen()
    three.canvas.clear()
    three.pages.setCurrentWidget(three.pages.page(tabs.MY_DIGITS))
    listed = three.pages.page(tabs.MY_DIGITS).list
    place = listed.visualRect(listed.model().index(1)).center()
    QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=place)
    np.testing.assert_array_equal(three.canvas.seen(), seen)
    assert lit(three) == [3]
    three.canvas.undo()
    assert three.canvas.is_empty()


def test_delete_removes_what_is_selected_and_it_can_be_put_back(page: MainWindow, taught: list[MyDigit]) -> None:
    draw(page.canvas, on_screen(page.canvas, THREE))
    listed = page.pages.page(tabs.MY_DIGITS).list
    assert not page.pages.page(tabs.MY_DIGITS).remove_button.isEnabled()
    listed.setFocus()
    listed.selectAll()
    assert len(listed.selected()) == 20
    QTest.keyClick(listed, Qt.Key.Key_Delete)
    assert kept() == []
    assert not page.canvas.is_empty()  # the window's Delete would have cleared it
    assert page.findChild(QAbstractButton, "restoreAllButton").text() == "Put 20 back"
    click(page, "restoreAllButton")
    assert len(kept()) == 20
    listed.clearSelection()
    listed.setCurrentIndex(listed.model().index(1))
    click(page, "removeDigitsButton")
    assert len(kept()) == 19
    click(page, "restoreDigitsButton")
    assert len(kept()) == 20
    assert not page.pages.page(tabs.MY_DIGITS).restore_button.isVisible()


def test_digits_of_another_window_appear_with_the_page(window: MainWindow, taught: list[MyDigit]) -> None:
    MyDigits().add(MyDigit(0, taught[0].image.copy()))
    window.pages.setCurrentWidget(window.pages.page(tabs.MY_DIGITS))
    assert len(digits(window)) == 21


def test_a_damaged_file_is_mentioned(window: MainWindow) -> None:
    folder = my_digits.digits_folder()
    folder.mkdir(parents=True)
    (folder / "odd.json").write_text("{")
    window.pages.setCurrentWidget(window.pages.page(tabs.MY_DIGITS))
    assert says(window, "odd.json")


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
    page.before = page.session.checkpoint
    click(page, "learnButton")
    wait_for(State.IDLE)
    return page


def test_a_lesson_trains_the_present_network_with_the_charts_live(learned: MainWindow, qtbot: QtBot) -> None:
    assert not np.array_equal(learned.session.network.parameters, learned.before.parameters)
    assert learned.session.checkpoint.record.recipe.name == learning.RECIPE.name
    assert learned.isWindowModified()
    assert len(learned.charts.accuracy.training.getData()[0]) > 10
    assert learned.charts.accuracy.test.getData()[0].tolist() == list(range(1, 1 + learning.GENTLE.epochs))
    assert "Learned from 20 digits" in learned.statusBar().currentMessage()
    qtbot.waitUntil(lambda: len(scores(learned)) == 4)
    accuracies = [f"{run.record.test_accuracy * 100:.1f} %" for run in (learned.before, learned.session.checkpoint)]
    own_before, own, test_before, test = scores(learned)
    assert test == accuracies[1]
    assert test_before in ("–", accuracies[0])
    images = learned.session.prepare(np.stack([d.image for d in MyDigits().all()]))
    right = [
        (run.build().probabilities(images).argmax(1) == np.arange(20) // 2).mean()
        for run in (learned.before, learned.session.checkpoint)
    ]
    assert learned.session.checkpoint.record.recipe.upright  # in the network's own way
    assert (own_before, own) == (f"{right[0] * 100:.1f} %", f"{right[1] * 100:.1f} %")


def test_the_data_that_the_network_knows_is_taken_if_it_is_in_memory(
    ready: MainWindow, taught: list[MyDigit], wait_for: Callable[[State], None], qtbot: QtBot
) -> None:
    ready.training_panel.train()
    qtbot.waitUntil(lambda: ready.session.checkpoint.record.epochs == 2, timeout=20_000)
    wait_for(State.IDLE)
    ready.pages.setCurrentWidget(ready.pages.page(tabs.MY_DIGITS))
    ready.teaching.learn()
    assert ready.session.state is State.RUNNING
    wait_for(State.IDLE)
    assert (ready.session.checkpoint.record.data, ready.session.checkpoint.record.recipe) == ("bars", learning.RECIPE)


def test_learning_can_be_undone_once_and_the_lesson_stays_in_runs(learned: MainWindow) -> None:
    lesson = learned.session.checkpoint
    click(learned, "unlearnButton")
    assert learned.session.checkpoint is learned.before
    np.testing.assert_array_equal(learned.session.network.parameters, learned.before.parameters)
    assert (learned.windowTitle(), learned.isWindowModified()) == ("shipped model[*] — mnist_gui", False)
    assert not learned.pages.page(tabs.MY_DIGITS).unlearn_button.isEnabled()
    assert learned.session.runs == (lesson,)
    learned.teaching.unlearn()
    assert learned.session.checkpoint is learned.before


def test_the_last_lesson_alone_is_undone_the_others_are_in_runs(
    learned: MainWindow, wait_for: Callable[[State], None]
) -> None:
    first = learned.session.checkpoint
    click(learned, "learnButton")
    wait_for(State.IDLE)
    second = learned.session.checkpoint
    learned.teaching.unlearn()
    assert learned.session.checkpoint is first
    learned.teaching.unlearn()
    assert learned.session.checkpoint is first
    assert learned.session.runs == (first, second)


def test_another_model_ends_the_undoing(learned: MainWindow, messages: Messages) -> None:
    learned.session.open_shipped()
    assert not learned.pages.page(tabs.MY_DIGITS).unlearn_button.isEnabled()
    assert messages.said == []


def test_a_lesson_that_did_no_step_is_none(
    page: MainWindow, data_folder: Path, wait_for: Callable[[State], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_gui.gui.teaching.mnist.find", lambda: None)
    monkeypatch.setattr("mnist_gui.gui.training.training_thread.train", lambda *_, **__: iter(()))
    before = page.session.checkpoint
    click(page, "learnButton")
    wait_for(State.IDLE)
    assert page.session.checkpoint is before
    assert page.session.runs == ()
    assert not page.pages.page(tabs.MY_DIGITS).unlearn_button.isEnabled()
    assert "Learned" not in page.statusBar().currentMessage()


def test_a_lesson_without_digits_says_what_to_do(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_L, CTRL)
    assert window.session.state is State.IDLE
    assert "name it" in window.statusBar().currentMessage()
