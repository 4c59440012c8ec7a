"""The window as a whole: what is in it, drawing and reading, keyboard, looks, and what it remembers."""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hand import SEVEN, THREE, draw, move, on_screen, press, release
from PIL import Image, ImageDraw
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAccessible, QAction, QPaintEvent, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QToolButton, QWidget

from mnist_gui.cli import main
from mnist_gui.data.upright import make_upright
from mnist_gui.gui import settings
from mnist_gui.gui.main_window import MainWindow
from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.pages import tabs
from mnist_gui.gui.pages.page import Page
from mnist_gui.gui.pages.tabs import TABS
from mnist_gui.gui.training.trainer import State
from mnist_gui.nn.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Messages
    from PySide6.QtCore import QThread
    from PySide6.QtGui import QRegion
    from pytestqt.qtbot import QtBot

CONTROLS = [
    *["clearButton", "undoButton", "redoButton", "penWidth", "recipeBox", "dataBox", "epochsBox", "batchSizeBox"],
    *["learningRateBox", "seedBox", "trainButton", "pauseButton", "stopButton", "sampleButton", "openButton"],
    "resetButton",
]
VIEWS = [
    *["canvas", "seenImage", "filterView", "featureMapView", "pooledView", "probabilityBars", "predictedDigit"],
    *["trainingProgress", "lossPlot", "accuracyPlot"],
]


def part(window: MainWindow, name: str, kind: type[QWidget] = QWidget) -> QWidget:
    found = window.findChildren(kind, name)
    assert len(found) == 1, name
    return found[0]


def digit(window: MainWindow) -> str:
    return part(window, "predictedDigit", QLabel).text()


def seen_by(window: MainWindow, name: str) -> np.ndarray | None:
    view = part(window, name, MapView)
    return view.values


@pytest.fixture
def read(qtbot: QtBot) -> Callable[[MainWindow], str]:
    """The digit that the window shows when it has caught up with the drawing."""

    def read(window: MainWindow) -> str:
        qtbot.waitUntil(lambda: window.session.up_to_date)
        return digit(window)

    return read


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Network]:
    """One entry for each image that a network reads with all its layers' values."""
    reads: list[Network] = []
    activations = Network.activations
    monkeypatch.setattr(
        Network, "activations", lambda network, images: (reads.append(network), activations(network, images))[1]
    )
    return reads


# What is in it


def test_each_part_has_its_name_for_people_and_screen_readers(window: MainWindow) -> None:
    for name in [*CONTROLS, *VIEWS]:
        widget = part(window, name)
        assert widget.isVisibleTo(window), name
        assert QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name), name
        if name in CONTROLS:
            assert len(widget.toolTip().split()) > 2, name
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, name


def test_the_answer_is_spoken(window: MainWindow, read: Callable[[MainWindow], str]) -> None:
    def spoken() -> str:
        return QAccessible.queryAccessibleInterface(part(window, "predictedDigit")).text(QAccessible.Text.Name)

    assert "–" in spoken()
    draw(window.canvas, on_screen(window.canvas, THREE))
    assert read(window) in spoken()


def test_building_it_touches_neither_network_nor_cache_nor_thread(
    styled: None, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, nothing_left: list[QThread]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("not now")

    for name in ("mnist_gui.data.load", "mnist_gui.data.mnist.find", "mnist_gui.data.mnist.cache_folder"):
        monkeypatch.setattr(name, refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    before = threading.active_count()
    window = MainWindow()
    qtbot.addWidget(window)
    assert threading.active_count() == before
    assert nothing_left == []
    assert window.windowTitle() == "shipped model[*] — mnist_gui"
    assert not window.isWindowModified()


def test_what_is_out_of_sight_is_built_when_the_window_has_been_painted(styled: None, qtbot: QtBot) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    assert [window.pages.tabText(index) for index in range(window.pages.count())] == [name for name, _ in TABS]
    assert not isinstance(window.pages.widget(tabs.WHY), Page)
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: isinstance(window.pages.widget(tabs.WHY), Page))
    assert window.pages.currentWidget() is window.charts
    assert all(isinstance(window.pages.widget(index), Page) for index in range(window.pages.count()))


def test_the_views_know_what_was_before_them(window: MainWindow) -> None:
    accuracy = window.session.checkpoint.record.test_accuracy
    assert accuracy is not None
    texts = [label.text() for label in window.pages.page(tabs.MY_DIGITS).findChildren(QLabel)]
    assert any(f"{accuracy * 100:.1f} %" in text for text in texts), texts


@pytest.mark.parametrize("index", range(1, len(TABS)))
def test_a_view_that_is_asked_for_sooner_is_there(styled: None, qtbot: QtBot, index: int) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    window.pages.setCurrentIndex(index)
    assert window.pages.currentIndex() == index
    assert isinstance(window.pages.currentWidget(), Page)


# Drawing


def test_an_empty_canvas_gives_no_answer(window: MainWindow) -> None:
    assert digit(window) == "–"
    for name in ("seenImage", "featureMapView", "pooledView"):
        assert seen_by(window, name) is None
    assert seen_by(window, "filterView") is not None
    assert window.network_view.bars.probabilities is None


def test_a_three_is_read_as_three(window: MainWindow, read: Callable[[MainWindow], str]) -> None:
    draw(window.canvas, on_screen(window.canvas, THREE))
    assert read(window) == "3"
    seen = window.canvas.seen()
    assert seen is not None
    upright = make_upright(seen[None])
    np.testing.assert_array_equal(seen_by(window, "seenImage"), upright)
    shown = window.network_view.bars.probabilities
    np.testing.assert_allclose(shown, window.session.network.probabilities(upright)[0], atol=1e-6)
    assert "3: " in part(window, "probabilityBars").accessibleDescription()


def test_the_answer_follows_the_pen_in_the_middle_of_a_stroke(
    window: MainWindow, read: Callable[[MainWindow], str]
) -> None:
    canvas, places = window.canvas, on_screen(window.canvas, SEVEN)
    press(canvas, places[0])
    assert read(window) == "–"  # a dot is no digit
    pictures = []
    for place in places[1:]:
        move(canvas, place)
        assert read(window) in "0123456789"
        picture = seen_by(window, "seenImage")
        assert picture is not None
        np.testing.assert_array_equal(picture, make_upright(canvas.seen()[None]))
        pictures.append(picture.tobytes())
    assert len(set(pictures)) > 2
    assert not canvas.can_undo()
    release(canvas, places[-1])
    assert read(window) == "7"


def test_many_moves_at_once_are_one_redraw(
    window: MainWindow, read: Callable[[MainWindow], str], reads: list[Network]
) -> None:
    shown: list[None] = []
    window.session.changed.connect(lambda: shown.append(None))
    press(window.canvas, (20, 20))
    move(window.canvas, *((20 + 2 * i, 20 + i) for i in range(100)))
    assert (shown, reads) == ([], [])
    assert read(window) != "–"
    assert (len(shown), len(reads)) == (1, 1)


def test_ink_is_painted_at_once_and_the_answer_follows_within_a_frame(
    window: MainWindow, qtbot: QtBot, reads: list[Network]
) -> None:
    canvas, places = window.canvas, on_screen(window.canvas, SEVEN)
    press(canvas, places[0])
    qtbot.waitUntil(lambda: window.session.up_to_date)
    painted: list[tuple[QRegion, bool]] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 -- Qt's name
            if isinstance(event, QPaintEvent):
                painted.append((event.region(), window.session.up_to_date))
            return False

    watch = Watch()
    canvas.installEventFilter(watch)
    for place in places[1:4]:
        window.session.show_now()  # a frame has just been shown: the next is due after 16 ms
        painted.clear()
        before = len(reads)
        move(canvas, place)
        assert not window.session.up_to_date
        QApplication.sendPostedEvents(canvas, QEvent.Type.UpdateRequest)
        QApplication.sendPostedEvents(window, QEvent.Type.UpdateRequest)
        assert [up_to_date for _, up_to_date in painted] == [False]  # the answer is still to come
        assert painted[0][0].contains(QPoint(*place))
        assert len(reads) == before
        with qtbot.waitSignal(window.session.changed, timeout=1000):
            pass
        assert window.session.up_to_date
        assert len(reads) == before + 1
    canvas.removeEventFilter(watch)


@pytest.mark.parametrize("index", range(len(TABS)), ids=[name for name, _ in TABS])
def test_one_forward_pass_serves_all_that_show_the_drawing(
    ready: MainWindow, read: Callable[[MainWindow], str], reads: list[Network], index: int
) -> None:
    canvas, places = ready.canvas, on_screen(ready.canvas, THREE)
    ready.pages.setCurrentIndex(index)
    draw(canvas, places[:8])
    read(ready)
    if index == tabs.HOW:
        ready.session.how_asked.emit((1, (0, 9, 14)))
    press(canvas, places[8])
    read(ready)
    reads.clear()
    for count, place in enumerate(places[9:], start=1):
        move(canvas, place)
        assert read(ready) != "–"
        of_present = [network for network in reads if network is ready.session.network]
        assert len(of_present) == count
    release(canvas, places[-1])


@pytest.mark.parametrize("how", ["undoButton", "clearButton"])
def test_without_ink_there_is_no_answer(window: MainWindow, read: Callable[[MainWindow], str], how: str) -> None:
    button = part(window, how)
    draw(window.canvas, on_screen(window.canvas, THREE))
    assert read(window) == "3"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert read(window) == "–"
    assert seen_by(window, "featureMapView") is None
    assert window.network_view.bars.probabilities is None
    if how == "undoButton":
        assert not button.isEnabled()
        QTest.mouseClick(part(window, "redoButton"), Qt.MouseButton.LeftButton)
        assert read(window) == "3"


def test_a_scribble_is_no_digit_and_breaks_nothing(window: MainWindow, read: Callable[[MainWindow], str]) -> None:
    rng = np.random.default_rng(0)
    window.drawing_panel.pen_width.setValue(window.drawing_panel.pen_width.maximum())
    for _ in range(6):
        places = [tuple(place) for place in rng.integers(-200, 500, (60, 2)).tolist()]
        draw(window.canvas, places)
    assert read(window) == "–"


def test_a_picture_is_opened_and_a_bad_one_told(
    window: MainWindow, read: Callable[[MainWindow], str], choose: Callable[[Path | str], None], tmp_path: Path
) -> None:
    draw(window.canvas, on_screen(window.canvas, THREE))
    window.canvas.grab().save(str(tmp_path / "three.png"))
    QTest.mouseClick(part(window, "clearButton"), Qt.MouseButton.LeftButton)
    choose(tmp_path / "three.png")
    QTest.mouseClick(part(window, "openButton"), Qt.MouseButton.LeftButton)
    assert read(window) == "3"
    (tmp_path / "bad.png").write_text("no picture", encoding="utf-8")
    choose(tmp_path / "bad.png")
    QTest.mouseClick(part(window, "openButton"), Qt.MouseButton.LeftButton)
    assert "bad.png" in window.statusBar().currentMessage()
    assert read(window) == "3"


def test_a_sample_shows_its_label(ready: MainWindow, read: Callable[[MainWindow], str], qtbot: QtBot) -> None:
    QTest.mouseClick(part(ready, "sampleButton"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not ready.canvas.is_empty())
    caption = ready.canvas.caption
    assert "label" in caption
    index = int(caption.split()[2].replace(",", ""))
    assert ready.session.dataset is not None
    np.testing.assert_array_equal(ready.canvas.seen(), ready.session.dataset.test_images[index])
    assert caption.endswith(f"label {ready.session.dataset.test_labels[index]}")
    assert read(ready) != "–"


# Keyboard


def test_tab_reaches_every_control(window: MainWindow, qtbot: QtBot) -> None:
    for control in window.findChildren(QWidget):
        if control.objectName() in CONTROLS:
            control.setEnabled(True)
    window.activateWindow()
    window.canvas.setFocus()
    reached = []
    for _ in range(60):
        widget = QApplication.focusWidget()
        if widget is None or widget.objectName() in reached:
            break
        reached.append(widget.objectName())
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    assert {"canvas", *CONTROLS} <= set(reached)
    order = [name for name in reached if name in CONTROLS]
    assert order.index("recipeBox") < order.index("seedBox") < order.index("trainButton") < order.index("resetButton")


def test_shortcuts_act_on_the_drawing(window: MainWindow, read: Callable[[MainWindow], str]) -> None:
    keys = Qt.Key
    control, both = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ControlModifier | Qt.Modifier.SHIFT
    window.activateWindow()
    draw(window.canvas, on_screen(window.canvas, THREE))
    QTest.keyClick(window, keys.Key_Z, control)
    assert window.canvas.is_empty()
    QTest.keyClick(window, keys.Key_Z, both)
    assert read(window) == "3"
    QTest.keyClick(window, keys.Key_Delete)
    assert window.canvas.is_empty()
    QTest.keyClick(window, keys.Key_Delete)
    QTest.keyClick(window, keys.Key_Z, control)
    assert read(window) == "3"


def test_keys_in_a_field_are_the_field_s(window: MainWindow, read: Callable[[MainWindow], str]) -> None:
    window.activateWindow()
    draw(window.canvas, on_screen(window.canvas, THREE))
    box = window.training_panel.seed_box
    box.setFocus()
    box.selectAll()
    QTest.keyClick(box, Qt.Key.Key_Delete)
    QTest.keyClicks(box, "17")
    QTest.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(box, "5")
    assert read(window) == "3"
    assert window.training_panel.recipe().seed == box.value() != 0


def test_shortcuts_are_told_apart(window: MainWindow) -> None:
    keys = [action.shortcut().toString() for action in window.findChildren(QAction) if not action.shortcut().isEmpty()]
    assert len(keys) == len(set(keys)) >= 12
    assert {"Ctrl+Z", "Ctrl+Shift+Z", "Del", "Ctrl+R", "Ctrl+T", "Ctrl+O", "Ctrl+S", "Ctrl+V", "Ctrl+Q"} <= set(keys)


def test_menus_say_what_can_be_done(window: MainWindow, messages: object) -> None:
    window.show()
    actions = actions_of(window)
    assert not actions["Undo stroke"].isEnabled()
    assert not actions["Stop"].isEnabled()
    draw(window.canvas, on_screen(window.canvas, THREE))
    assert actions["Undo stroke"].isEnabled()
    actions["The notebook's story"].trigger()
    actions["About mnist_gui"].trigger()
    first, second = messages.said  # type: ignore[attr-defined]
    assert "twice" in first
    assert "NumPy" in second


def actions_of(window: MainWindow) -> dict[str, QAction]:
    return {action.text().replace("&", ""): action for action in window.findChildren(QAction) if action.text()}


def test_each_command_has_the_keys_that_tips_and_readme_name(window: MainWindow) -> None:
    keys = {
        "Train from nothing": "Ctrl+T",
        "Train the present network on": "Ctrl+Shift+T",
        "Pause": "Ctrl+P",
        "Stop": "Ctrl+.",
        "Undo stroke": "Ctrl+Z",
        "Redo stroke": "Ctrl+Shift+Z",
        "Open picture…": "Ctrl+O",
        "Open model…": "Ctrl+Shift+O",
        "Save model": "Ctrl+S",
        "Sample from the test set": "Ctrl+R",
        "Learn from my digits": "Ctrl+L",
        **{str(digit): f"Ctrl+{digit}" for digit in range(10)},
    }
    # What several parts of the window do by one name, such as to undo, is told apart by its keys.
    found = {(action.text().replace("&", ""), action.shortcut().toString()) for action in window.findChildren(QAction)}
    assert set(keys.items()) <= found


def test_while_training_goes_on_the_menus_offer_what_can_be_done(
    ready: MainWindow, qtbot: QtBot, wait_for: Callable[[State], None]
) -> None:
    actions = actions_of(ready)
    can_wait = {
        *("Train from nothing", "Train the present network on", "Reset the weights", "Learn from my digits"),
        *("Open model…", "Back to the shipped model"),
    }
    assert all(actions[name].isEnabled() for name in can_wait)
    pause, stop = actions["Pause"], actions["Stop"]
    assert not pause.isEnabled()
    ready.training_panel.epochs_box.setValue(1000)
    ready.training_panel.train()
    qtbot.waitUntil(lambda: ready.session.checkpoint.unsaved)
    assert not any(actions[name].isEnabled() for name in can_wait)
    assert pause.isEnabled()
    assert stop.isEnabled()
    pause.trigger()
    assert "Resume" in actions_of(ready)
    pause.trigger()
    assert "Resume" not in actions_of(ready)
    stop.trigger()
    wait_for(State.IDLE)
    assert all(actions[name].isEnabled() for name in can_wait)


def test_what_is_undone_is_told_apart(window: MainWindow, read: Callable[[MainWindow], str]) -> None:
    actions = {action.text().replace("&", ""): action for action in window.findChildren(QAction) if action.text()}
    stroke, change = actions["Undo stroke"], actions["Undo change of the network"]
    draw(window.canvas, on_screen(window.canvas, THREE))
    assert read(window) == "3"
    before = window.session.network.parameters.copy()
    assert (stroke.isEnabled(), change.isEnabled()) == (True, False)
    window.session.edit(0 * before, "change a weight")
    assert change.isEnabled()
    change.trigger()
    assert (change.isEnabled(), actions["Redo change of the network"].isEnabled()) == (False, True)
    window.session.show_now()
    np.testing.assert_array_equal(window.session.network.parameters, before)
    assert not window.canvas.is_empty()
    window.pages.page(tabs.WHAT_IF)
    buttons = [part(window, name, QToolButton) for name in ("undoButton", "undoEditButton")]
    pictures = [button.icon().pixmap(20, 20).toImage() for button in buttons]
    assert pictures[0] != pictures[1]
    assert len({button.toolTip() for button in buttons}) == 2
    texts = [button.text() for button in window.findChildren(QAbstractButton)]
    assert not [text for text in [*actions, *texts] if text.strip(" .…") in ("Undo", "Redo", "Undo learning")]


# Looks


def test_a_window_at_rest_does_nothing(window: MainWindow, qtbot: QtBot) -> None:
    """No widget asks for another layout or paint for ever: training would share its thread's time with that."""
    window.resize(1280, 800)
    window.show()
    qtbot.wait(300)
    seen: list[QEvent.Type] = []

    class Counter(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
            if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Paint, QEvent.Type.Resize):
                seen.append(event.type())
            return False

    counter = Counter(window)
    QApplication.instance().installEventFilter(counter)
    qtbot.wait(200)
    QApplication.instance().removeEventFilter(counter)
    assert len(seen) < 20


def colours_of(window: MainWindow) -> dict[str, str]:
    image = window.grab().toImage()

    def at(widget: QWidget, x: int, y: int) -> str:
        place = widget.mapTo(window, widget.rect().topLeft())
        return image.pixelColor(place.x() + x, place.y() + y).name()

    plot = part(window, "lossPlot")
    return {
        "window": image.pixelColor(2, window.height() // 2).name(),
        "paper": at(window.canvas, window.canvas.width() // 2 - 20, window.canvas.height() // 2 + 20),
        "panel": at(window.network_view, 4, window.network_view.height() - 4),
        "chart": at(plot, plot.width() - 4, 2),
        "button": at(part(window, "resetButton", QPushButton), 5, 12),
        "field": at(window.training_panel.seed_box, 3, 12),
    }


def test_light_and_dark_restyle_everything_at_run_time(window: MainWindow) -> None:
    actions = {action.text().replace("&", ""): action for action in window.findChildren(QAction)}
    actions["Light"].trigger()
    light = colours_of(window)
    actions["Dark"].trigger()
    dark = colours_of(window)
    for name in light:
        assert int(light[name][1:3], 16) > 230, name
        assert int(dark[name][1:3], 16) < 60, name
    assert actions["Dark"].isChecked()
    assert not actions["Light"].isChecked()
    assert MainWindow.palette(window).color(QPalette.ColorRole.Base).name() == dark["panel"]
    actions["Light"].trigger()
    assert colours_of(window) == light


@pytest.mark.parametrize("size", [(960, 620), (1024, 700), (1280, 800), (2400, 700), (1000, 1600)])
def test_everything_is_in_sight_at_odd_shapes(window: MainWindow, size: tuple[int, int]) -> None:
    draw(window.canvas, on_screen(window.canvas, THREE))
    window.resize(*size)
    QApplication.processEvents()
    assert (window.width(), window.height()) == size
    for name in [*CONTROLS, *VIEWS]:
        widget = part(window, name)
        place = widget.mapTo(window, widget.rect().topLeft())
        assert 0 <= place.x() <= place.x() + widget.width() <= size[0], name
        assert 0 <= place.y() <= place.y() + widget.height() <= size[1], name
        assert widget.width() >= min(20, widget.sizeHint().width()), name
    assert not window.grab().isNull()


# Memory


def test_size_pen_and_looks_are_remembered(open_window: Callable[[], MainWindow]) -> None:
    first = open_window()
    first.resize(970, 720)
    first.drawing_panel.pen_width.setValue(110)
    first.pages.setCurrentWidget(first.pages.page(tabs.RUNS))
    next(a for a in first.findChildren(QAction) if a.text() == "&Dark").trigger()
    first.close()
    second = open_window()
    assert second.height() == 720  # Qt makes the width fit the offscreen screen's 800 pixels
    assert second.drawing_panel.pen_width.value() == 110
    assert second.canvas.pen_width == pytest.approx(0.11)
    assert second.pages.currentWidget() is second.pages.page(tabs.RUNS)
    assert next(a for a in second.findChildren(QAction) if a.text() == "&Dark").isChecked()


def test_spoiled_settings_are_ignored(open_window: Callable[[], MainWindow]) -> None:
    settings.path().parent.mkdir(parents=True)
    settings.path().write_text('{"place": [1, 2, 3, "4"], "pen": 1e999, "appearance": "pink", "page": 7, "toured": 2}')
    window = open_window()
    assert window.width() == 1280
    assert window.drawing_panel.pen_width.value() == 70
    assert window.pages.currentIndex() == 0


# Real images


@pytest.mark.mnist
def test_the_shipped_model_reads_real_samples(window: MainWindow, qtbot: QtBot) -> None:
    right = 0
    for _ in range(40):
        window.session.show_sample()
        qtbot.waitUntil(lambda: not window.canvas.is_empty(), timeout=20_000)
        qtbot.waitUntil(lambda: window.session.up_to_date)
        right += digit(window) == window.canvas.caption[-1]
    assert right >= 34
    assert "60,000" in window.data_label.text()


# What it is opened with


def test_it_opens_with_a_picture_or_a_model(window: MainWindow, messages: Messages, tmp_path: Path) -> None:
    draw(window.canvas, on_screen(window.canvas, THREE))
    window.canvas.grab().save(str(tmp_path / "three.png"))
    window.canvas.clear()
    window.open(tmp_path / "three.png")
    assert window.canvas.caption == "three.png"
    window.session.save(tmp_path / "mine.safetensors", with_history=False)
    window.session.open_shipped()
    window.open(tmp_path / "mine.safetensors")
    assert window.session.checkpoint.name == "mine.safetensors"
    window.open(tmp_path / "none.safetensors")
    assert "none.safetensors" in messages.said[0]
    assert window.session.checkpoint.name == "mine.safetensors"


def test_pasting_where_nothing_was_ever_copied_says_so(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    clipboard = SimpleNamespace(mimeData=lambda: None)
    monkeypatch.setattr("mnist_gui.gui.drawing.canvas.QGuiApplication.clipboard", lambda: clipboard)
    window.canvas.paste()
    assert "holds no picture" in window.statusBar().currentMessage()


@pytest.mark.parametrize("side", [28, 300, 600, 1500])
def test_a_picture_that_is_pasted_as_picture_data_is_read_whatever_its_size(
    window: MainWindow, read: Callable[[MainWindow], str], side: int
) -> None:
    draw(window.canvas, on_screen(window.canvas, SEVEN))
    picture = window.canvas.grab().toImage().scaled(side, side)
    window.canvas.clear()
    QApplication.clipboard().setImage(picture)
    for _ in range(3):
        window.canvas.paste()
        assert read(window) == "7"


def test_a_picture_is_read_alike_by_the_window_and_the_command_line(
    window: MainWindow, read: Callable[[MainWindow], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "three.png"
    draw(window.canvas, on_screen(window.canvas, THREE))
    strokes = window.canvas.strokes_on_paper()
    picture = Image.new("L", (300, 300), 255)
    for stroke in strokes:
        ImageDraw.Draw(picture).line([(300 * x, 300 * y) for x, y in stroke.points], 0, 20)
    picture.save(path)
    window.canvas.open_picture(path)
    answer = read(window)
    assert main(["predict", str(path), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert str(told["digit"]) == answer
    np.testing.assert_allclose(told["probabilities"], window.network_view.bars.probabilities, atol=1e-6)
