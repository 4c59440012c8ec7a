"""The canvas, driven by the events that a mouse, a stylus and fingers send."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hand import LEFT, NONE, PLAIN, draw, move, press, release
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from painted import near, on_screen, pixels
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QInputDevice,
    QMouseEvent,
    QPalette,
    QPointingDevice,
    QTabletEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from mnist_gui import ink
from mnist_gui.gui.drawing.canvas import PEN_WIDTH, Canvas
from mnist_gui.gui.drawing.pen_area import PRESSURE_RANGE
from mnist_gui.ink import Stroke

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

SEVEN = [(100, 90), (180, 90), (260, 90), (225, 180), (190, 270)]
SLASH = [(140, 180), (180, 180), (240, 180)]


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(360, 360)
    with qtbot.waitExposed(canvas):
        canvas.show()
    return canvas


@pytest.fixture
def changes(canvas: Canvas) -> list[None]:
    """One entry for each time that the drawing changed."""
    changes: list[None] = []
    canvas.drawing_changed.connect(lambda: changes.append(None))
    return changes


@pytest.fixture
def failures(canvas: Canvas) -> list[str]:
    failures: list[str] = []
    canvas.picture_failed.connect(failures.append)
    return failures


def echo(canvas: Canvas, kind: QEvent.Type, place: tuple[int, int], *, marked: bool = True) -> None:
    """A mouse event that repeats a stylus or a finger."""
    sources = Qt.MouseEventSource
    source = sources.MouseEventSynthesizedBySystem if marked else sources.MouseEventNotSynthesized
    button = NONE if kind == QEvent.Type.MouseMove else LEFT
    buttons = NONE if kind == QEvent.Type.MouseButtonRelease else LEFT
    point = QPointF(*place)
    QApplication.sendEvent(canvas, QMouseEvent(kind, point, point, point, button, buttons, PLAIN, source))


@pytest.fixture(scope="module")
def stylus() -> QPointingDevice:
    able = QInputDevice.Capability.Position | QInputDevice.Capability.Pressure
    kind, pointer = QInputDevice.DeviceType.Stylus, QPointingDevice.PointerType.Pen
    return QPointingDevice("stylus", 7, kind, pointer, able, 1, 2)


@pytest.fixture
def write(canvas: Canvas, stylus: QPointingDevice) -> Callable[..., None]:
    def write(kind: QEvent.Type, place: tuple[float, float], pressure: float) -> None:
        button = NONE if kind == QEvent.Type.TabletMove else LEFT
        buttons = NONE if kind == QEvent.Type.TabletRelease else LEFT
        point = QPointF(*place)
        event = QTabletEvent(kind, stylus, point, point, pressure, 0, 0, 0, 0, 0, PLAIN, button, buttons)
        QApplication.sendEvent(canvas, event)
        assert event.isAccepted()

    return write


def darkness(canvas: Canvas, place: tuple[int, int]) -> int:
    """From 0, white, to 255, black."""
    return 255 - canvas.grab().toImage().pixelColor(*place).lightness()


def picture_of_a_digit() -> QImage:
    image = QImage(120, 160, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    for x, y, width, height in ((30, 30, 60, 12), (78, 30, 12, 100)):
        for column in range(x, x + width):
            for row in range(y, y + height):
                image.setPixelColor(column, row, QColor("black"))
    return image


# Mouse


def test_ink_appears_where_the_mouse_drew(canvas: Canvas) -> None:
    assert darkness(canvas, (180, 90)) == 0
    draw(canvas, SEVEN)
    assert darkness(canvas, (180, 90)) > 200
    assert darkness(canvas, (225, 180)) > 200
    assert darkness(canvas, (60, 300)) == 0
    (stroke,) = canvas.strokes()
    np.testing.assert_allclose(stroke.points, np.array(SEVEN) / 360)
    np.testing.assert_allclose(stroke.widths, PEN_WIDTH)


def test_edges_are_soft_and_not_hardened_by_repetition(canvas: Canvas) -> None:
    pen = PEN_WIDTH * 360
    press(canvas, (60, 100))
    move(canvas, *((x, 100) for x in range(62, 300, 2)))
    image = canvas.grab().toImage()
    column = np.array([255 - image.pixelColor(180, y).lightness() for y in range(60, 140)])
    assert column.sum() / column.max() == pytest.approx(pen, abs=0.2)
    assert ((column > 5) & (column < column.max() - 5)).any()


def test_the_finished_stroke_looks_as_it_did_while_drawn(canvas: Canvas) -> None:
    press(canvas, SEVEN[0])
    move(canvas, *SEVEN[1:])
    before = canvas.grab().toImage()
    release(canvas, SEVEN[-1])
    after = canvas.grab().toImage()
    canvas.resize(400, 400)
    canvas.grab()
    canvas.resize(360, 360)
    again = canvas.grab().toImage()
    assert again == after
    difference = np.asarray(before.bits(), np.int16) - np.asarray(after.bits(), np.int16)
    assert np.mean(difference != 0) < 0.002  # soft edges of the last half segment


def test_a_slow_pen_is_followed_closely(canvas: Canvas) -> None:
    """Moves of 1 % of the paper are all kept; those that nobody could see, of less than a pixel, are not."""
    turn = np.linspace(0, 2 * np.pi, 95)
    circle = np.rint(180 + 60 * np.stack([np.cos(turn), np.sin(turn)], axis=1))  # a move each 4 pixels of 360
    draw(canvas, [(int(x), int(y)) for x, y in circle])
    (stroke,) = canvas.strokes()
    np.testing.assert_allclose(stroke.points[: len(circle)] * 360, circle)
    press(canvas, (50, 50))
    for step in range(10):
        point = QPointF(50 + step / 10, 50)
        QApplication.sendEvent(canvas, QMouseEvent(QEvent.Type.MouseMove, point, point, NONE, LEFT, PLAIN))
    assert len(canvas.strokes()[1].points) == 1


@pytest.mark.parametrize("pen", [0.02, PEN_WIDTH, 0.2])
def test_a_stroke_painted_move_by_move_is_on_the_screen_as_one_painted_whole(canvas: Canvas, pen: float) -> None:
    """What a move changes is painted anew, all of it: nothing is left standing, nothing is cut off."""
    canvas.set_pen_width(pen)
    on_screen(canvas)  # and so painted, hint and all, before the first move
    turn = np.linspace(0, 5, 30)
    spiral = 180 + (20 + 22 * turn[:, None]) * np.stack([np.cos(2 * turn), np.sin(2 * turn)], axis=1)
    places = [(int(x), int(y)) for x, y in spiral]
    press(canvas, places[0])
    for place in places[1:]:
        move(canvas, place)
        seen = on_screen(canvas)
    difference = np.abs(seen - pixels(canvas)).max(axis=-1)
    assert (difference > 8).sum() == 0
    release(canvas, places[-1])
    np.testing.assert_array_equal(on_screen(canvas), pixels(canvas))


def test_a_line_is_as_wide_as_the_pen_up_to_where_it_is_now(canvas: Canvas) -> None:
    press(canvas, (60, 180))
    move(canvas, (160, 180), (300, 180))
    dark = 255 - pixels(canvas).mean(axis=-1)
    widths = dark[100:260, [80, 200, 250, 290]].sum(axis=0) / dark.max()  # the last two are in the last half segment
    np.testing.assert_allclose(widths, PEN_WIDTH * 360, atol=0.6)


def test_a_bend_is_round(canvas: Canvas) -> None:
    """The line is a parabola that touches the chords half way, not a polygon: (190 + 2 · 320 + 190) / 4 = 255."""
    draw(canvas, [(40, 60), (180, 320), (320, 60)])
    dark = 255 - pixels(canvas).mean(axis=-1) > 128
    inked = np.flatnonzero(dark[:, 180])
    assert (inked[0] + inked[-1] + 1) / 2 == pytest.approx(255, abs=1)
    edge = np.array([np.flatnonzero(column)[-1] for column in dark[:, 130:231].T])
    assert np.abs(np.diff(edge, 2)).max() <= 1  # it turns by little at a time


def test_ink_stays_on_the_paper_round_corners_included(canvas: Canvas) -> None:
    empty = pixels(canvas)
    for corner in ((3, 3), (357, 3), (3, 357), (357, 357)):
        draw(canvas, [(180, 180), corner])
    inked = pixels(canvas)
    for row in (slice(0, 2), slice(358, 360)):
        for column in (slice(0, 2), slice(358, 360)):
            np.testing.assert_array_equal(inked[row, column], empty[row, column])
    assert near(inked[5:9, 5:9], canvas.palette().text().color()).all()


def test_each_move_in_the_middle_of_a_stroke_is_a_change(canvas: Canvas, changes: list[None]) -> None:
    press(canvas, SEVEN[0])
    for count, place in enumerate(SEVEN[1:], start=2):
        move(canvas, place)
        assert len(changes) == count
        assert len(canvas.strokes()[0].points) == count
    seen = canvas.seen()
    assert seen is not None
    np.testing.assert_array_equal(seen, ink.from_strokes(canvas.strokes()))


def test_a_press_makes_a_dot_at_once_and_a_double_click_another(canvas: Canvas) -> None:
    press(canvas, (120, 120))
    assert darkness(canvas, (120, 120)) > 200
    release(canvas, (120, 120))
    assert darkness(canvas, (120, 120)) > 200
    assert not canvas.is_empty()
    assert canvas.seen() is None  # a dot is no digit
    QTest.mouseDClick(canvas, LEFT, PLAIN, QPoint(240, 240))  # what Qt makes of a second press that soon follows
    assert darkness(canvas, (240, 240)) > 200
    release(canvas, (240, 240))
    assert len(canvas.strokes()) == 2


def test_an_empty_canvas_has_nothing_to_see(canvas: Canvas) -> None:
    assert canvas.is_empty()
    assert canvas.strokes() == ()
    assert canvas.seen() is None


def test_other_buttons_draw_nothing(canvas: Canvas, changes: list[None]) -> None:
    QTest.mouseClick(canvas, Qt.MouseButton.RightButton, PLAIN, QPoint(100, 100))
    assert changes == []


def test_a_stroke_goes_on_beyond_the_paper_but_only_what_shows_is_seen(canvas: Canvas) -> None:
    draw(canvas, [(180, 60), (180, 180), (180, 360), (180, 900), (180, 2000)])
    (stroke,) = canvas.strokes()
    assert stroke.points[:, 1].max() > 5
    inside = Stroke(np.array([[0.5, 1 / 6], [0.5, 0.5], [0.5, 1]]), np.full(3, PEN_WIDTH))
    np.testing.assert_array_equal(canvas.seen(), ink.from_strokes([inside]))


def test_a_stroke_that_leaves_and_returns_is_one_step(canvas: Canvas) -> None:
    draw(canvas, [(180, 60), (350, 60), (500, 60), (500, 300), (350, 300), (180, 300)])
    assert len(canvas.strokes()) == 1
    assert darkness(canvas, (340, 180)) == 0
    canvas.undo()
    assert canvas.is_empty()


@pytest.mark.parametrize("end", ["hide", "deactivate", "disable", "lost release"])
def test_a_stroke_ends_when_the_mouse_is_lost(canvas: Canvas, end: str) -> None:
    press(canvas, SEVEN[0])
    move(canvas, *SEVEN[1:])
    match end:
        case "hide":
            canvas.hide()
        case "deactivate":
            QApplication.sendEvent(canvas, QEvent(QEvent.Type.WindowDeactivate))
        case "disable":
            canvas.setEnabled(False)
        case "lost release":
            point = QPointF(20, 20)
            QApplication.sendEvent(canvas, QMouseEvent(QEvent.Type.MouseMove, point, point, NONE, NONE, PLAIN))
    canvas.setEnabled(True)
    move(canvas, (20, 300))
    assert len(canvas.strokes()) == 1
    assert len(canvas.strokes()[0].points) == len(SEVEN)
    assert canvas.can_undo()


def test_a_thousand_moves_that_go_nowhere_are_one_point(canvas: Canvas, changes: list[None]) -> None:
    press(canvas, (100, 100))
    move(canvas, *[(100, 100)] * 1000)
    assert len(canvas.strokes()[0].points) == 1
    assert len(changes) == 1


def test_the_pen_width_is_kept_within_reason(canvas: Canvas) -> None:
    canvas.set_pen_width(0.12)
    draw(canvas, SEVEN)
    assert canvas.strokes()[0].widths[0] == pytest.approx(0.12)
    canvas.set_pen_width(9)
    assert canvas.pen_width == 0.2
    canvas.set_pen_width(-1)
    assert canvas.pen_width == 0.01


# Stylus and fingers


def test_pressure_changes_the_width(canvas: Canvas, write: Callable[..., None]) -> None:
    write(QEvent.Type.TabletPress, (60.5, 100.25), 0)
    write(QEvent.Type.TabletMove, (160.5, 100.25), 0.5)
    write(QEvent.Type.TabletMove, (260.5, 100.25), 1)
    write(QEvent.Type.TabletRelease, (280.5, 100.25), 0)
    (stroke,) = canvas.strokes()
    low, high = PRESSURE_RANGE
    np.testing.assert_allclose(stroke.widths / PEN_WIDTH, [low, (low + high) / 2, high, high])
    assert stroke.points[0, 0] == pytest.approx(60.5 / 360)
    assert darkness(canvas, (260, 88)) > 200
    assert darkness(canvas, (70, 88)) == 0


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("mouse_first", [True, False])
def test_a_stylus_that_is_repeated_as_a_mouse_draws_once(
    canvas: Canvas, write: Callable[..., None], marked: bool, mouse_first: bool
) -> None:
    steps = [(QEvent.Type.TabletPress, QEvent.Type.MouseButtonPress)]
    steps += [(QEvent.Type.TabletMove, QEvent.Type.MouseMove)] * 3
    steps += [(QEvent.Type.TabletRelease, QEvent.Type.MouseButtonRelease)]
    for place, (tablet, mouse) in zip(SEVEN, steps, strict=True):
        if mouse_first and tablet != QEvent.Type.TabletRelease:
            echo(canvas, mouse, place, marked=marked)
            write(tablet, place, 1)
        else:
            write(tablet, place, 1)
            echo(canvas, mouse, place, marked=marked)
    (stroke,) = canvas.strokes()
    assert len(stroke.points) == len(SEVEN)
    canvas.undo()
    assert canvas.is_empty()


def test_a_late_echo_of_the_stylus_draws_nothing(canvas: Canvas, write: Callable[..., None]) -> None:
    write(QEvent.Type.TabletPress, SEVEN[0], 1)
    write(QEvent.Type.TabletRelease, SEVEN[0], 0)
    echo(canvas, QEvent.Type.MouseButtonPress, SEVEN[0])
    echo(canvas, QEvent.Type.MouseButtonRelease, SEVEN[0])
    assert len(canvas.strokes()) == 1
    draw(canvas, SLASH)
    assert len(canvas.strokes()) == 2  # the mouse itself still draws


@pytest.fixture(scope="module")
def screen() -> QPointingDevice:
    return QTest.createTouchDevice()


def test_a_finger_draws_and_a_second_is_ignored(canvas: Canvas, screen: QPointingDevice) -> None:
    QTest.touchEvent(canvas, screen).press(0, QPoint(*SEVEN[0]), canvas).commit()
    QTest.touchEvent(canvas, screen).stationary(0).press(1, QPoint(50, 300), canvas).commit()
    for place in SEVEN[1:]:
        event = QTest.touchEvent(canvas, screen)
        event.move(0, QPoint(*place), canvas).move(1, QPoint(50, place[1]), canvas).commit()
    QTest.touchEvent(canvas, screen).stationary(0).release(1, QPoint(50, 300), canvas).commit()
    assert not canvas.can_undo()
    QTest.touchEvent(canvas, screen).release(0, QPoint(*SEVEN[-1]), canvas).commit()
    (stroke,) = canvas.strokes()
    np.testing.assert_allclose(stroke.points, np.array(SEVEN) / 360)


def test_a_finger_that_is_repeated_as_a_mouse_draws_once(canvas: Canvas, screen: QPointingDevice) -> None:
    QTest.touchEvent(canvas, screen).press(0, QPoint(*SEVEN[0]), canvas).commit()
    echo(canvas, QEvent.Type.MouseButtonPress, SEVEN[0])
    for place in SEVEN[1:]:
        QTest.touchEvent(canvas, screen).move(0, QPoint(*place), canvas).commit()
        echo(canvas, QEvent.Type.MouseMove, place)
    QTest.touchEvent(canvas, screen).release(0, QPoint(*SEVEN[-1]), canvas).commit()
    echo(canvas, QEvent.Type.MouseButtonRelease, SEVEN[-1])
    (stroke,) = canvas.strokes()
    assert len(stroke.points) == len(SEVEN)


# Undo


def test_of_a_stroke_that_was_none_no_ink_stays(canvas: Canvas, write: Callable[..., None]) -> None:
    """A mouse that turns out to be a stylus's echo takes its line back, off the screen too."""
    draw(canvas, SLASH)
    before = on_screen(canvas)
    press(canvas, (60, 60))
    move(canvas, (60, 200), (60, 300))
    assert np.abs(on_screen(canvas) - before).max() > 200
    write(QEvent.Type.TabletPress, (300, 300), 0.5)
    np.testing.assert_array_equal(on_screen(canvas)[:250], before[:250])
    write(QEvent.Type.TabletRelease, (300, 300), 0.5)
    np.testing.assert_array_equal(on_screen(canvas)[:250], before[:250])
    canvas.undo()
    np.testing.assert_array_equal(on_screen(canvas), before)


def test_undo_and_redo_go_by_stroke(canvas: Canvas, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.undo_available_changed, check_params_cb=bool):
        draw(canvas, SEVEN)
    one = canvas.seen()
    picture = canvas.grab().toImage()
    draw(canvas, SLASH)
    two = canvas.seen()
    with qtbot.waitSignal(canvas.redo_available_changed, check_params_cb=bool):
        canvas.undo()
    np.testing.assert_array_equal(canvas.seen(), one)
    assert canvas.grab().toImage() == picture
    canvas.redo()
    np.testing.assert_array_equal(canvas.seen(), two)
    canvas.undo()
    canvas.undo()
    assert canvas.is_empty()
    assert canvas.seen() is None
    assert darkness(canvas, (180, 90)) == 0
    canvas.undo()  # nothing left
    assert not canvas.can_undo()
    assert canvas.can_redo()


def test_undo_in_the_middle_of_a_stroke_takes_that_stroke(canvas: Canvas) -> None:
    draw(canvas, SEVEN)
    press(canvas, SLASH[0])
    move(canvas, *SLASH[1:])
    canvas.undo()
    assert len(canvas.strokes()) == 1
    move(canvas, (300, 300))
    release(canvas, (300, 300))
    assert len(canvas.strokes()) == 1
    canvas.redo()
    assert len(canvas.strokes()[1].points) == len(SLASH)


def test_clear_can_be_undone(canvas: Canvas) -> None:
    canvas.clear()
    assert not canvas.can_undo()  # nothing was there
    draw(canvas, SEVEN)
    press(canvas, SLASH[0])
    canvas.clear()
    assert canvas.is_empty()
    canvas.undo()
    assert len(canvas.strokes()) == 2


def test_strokes_can_be_set(canvas: Canvas, changes: list[None]) -> None:
    draw(canvas, SEVEN)
    strokes = canvas.strokes()
    canvas.clear()
    changes.clear()
    canvas.set_strokes(strokes)
    assert len(changes) == 1
    assert darkness(canvas, (180, 90)) > 200
    canvas.undo()
    assert canvas.is_empty()


def test_steps_are_bounded(canvas: Canvas) -> None:
    for _ in range(250):
        QTest.mouseClick(canvas, LEFT, PLAIN, QPoint(100, 100))
    count = 0
    while canvas.can_undo():
        canvas.undo()
        count += 1
    assert count == 200


class Sketching(RuleBasedStateMachine):
    """What is on the canvas is always what was there after so many steps, whatever was undone and redone between."""

    def __init__(self) -> None:
        super().__init__()
        self.canvas, self.other = Canvas(), Canvas()
        for canvas in (self.canvas, self.other):
            canvas.resize(200, 200)
        self.shown: list[object] = [self.content()]  # after each step that can be undone or redone
        self.at = 0

    def content(self) -> tuple[object, ...]:
        seen = self.canvas.seen()
        points = tuple(stroke.points.tobytes() for stroke in self.canvas.strokes())
        return points, self.canvas.caption, None if seen is None else seen.tobytes()

    def note_step(self) -> None:
        self.at += 1
        self.shown[self.at :] = [self.content()]

    @rule(start=st.tuples(st.integers(5, 195), st.integers(5, 195)), way=st.integers(30, 90))
    def stroke(self, start: tuple[int, int], way: int) -> None:
        x, y = start
        draw(self.canvas, [start, ((x + way) % 200, y), (x, (y + way) % 200)])
        self.note_step()

    @rule(seed=st.integers(0, 3))
    def picture(self, seed: int) -> None:
        image = np.random.default_rng(seed).integers(0, 256, (28, 28), np.uint8)
        self.canvas.set_picture(image, f"picture {seed}")
        self.note_step()

    @rule()
    def clear(self) -> None:
        steps = not self.canvas.is_empty()
        self.canvas.clear()
        assert self.canvas.is_empty()
        if steps:
            self.note_step()

    @rule()
    def undo(self) -> None:
        self.canvas.undo()
        self.at = max(0, self.at - 1)

    @rule()
    def redo(self) -> None:
        self.canvas.redo()
        self.at = min(self.at + 1, len(self.shown) - 1)

    @rule()
    def undo_in_the_middle_of_a_stroke(self) -> None:
        press(self.canvas, (50, 60))
        move(self.canvas, (120, 150))
        self.canvas.undo()
        release(self.canvas, (120, 150))
        self.shown[self.at + 1 :] = [None]  # what the stroke came to is seen when it is redone
        self.canvas.redo()
        self.shown[self.at + 1] = self.content()
        self.canvas.undo()

    @invariant()
    def the_canvas_shows_the_step_that_it_is_at(self) -> None:
        assert self.content() == self.shown[self.at]
        assert self.canvas.can_undo() == (self.at > 0)
        assert self.canvas.can_redo() == (self.at < len(self.shown) - 1)

    @invariant()
    def it_is_painted_as_a_canvas_that_was_given_the_same(self) -> None:
        other, seen = self.other, self.canvas.seen()
        other.clear()
        if self.canvas.strokes():
            other.set_strokes(self.canvas.strokes())
        elif seen is not None:
            other.set_picture(seen, self.canvas.caption)
        other.seen()  # what stands under a drawing that is no digit is known when it has been read
        assert self.canvas.grab().toImage() == other.grab().toImage()

    def teardown(self) -> None:
        self.canvas.deleteLater()
        self.other.deleteLater()


def test_undo_and_redo_in_any_order(qapp: object) -> None:
    run_state_machine_as_test(
        Sketching,
        settings=settings(
            max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )


# Pictures


def test_a_picture_is_shown_in_crisp_pixels_and_drawing_replaces_it(canvas: Canvas) -> None:
    seen = np.zeros((28, 28), np.uint8)
    seen[10:18, 14] = 255
    canvas.set_picture(seen, "test image 1234 · a 1")
    np.testing.assert_array_equal(canvas.seen(), seen)
    assert not canvas.is_empty()
    image = canvas.grab().toImage()
    row = [image.pixelColor(x, 180).name() for x in range(20, 340)]
    paper, black = canvas.palette().base().color().name(), canvas.palette().text().color().name()
    assert set(row) == {paper, black}
    assert row.count(black) == 10  # 82 % of 360 are 280 in whole pixels
    press(canvas, SEVEN[0])
    move(canvas, *SEVEN[1:])
    assert darkness(canvas, (185, 180)) == 0
    release(canvas, SEVEN[-1])
    assert len(canvas.strokes()) == 1
    canvas.undo()
    np.testing.assert_array_equal(canvas.seen(), seen)
    with pytest.raises(ValueError, match="28×28"):
        canvas.set_picture(np.zeros((8, 8), np.uint8))


def test_its_caption_is_written_under_the_picture(canvas: Canvas) -> None:
    looks = []
    for caption in ("", "test image 7 · label 3", "another"):
        canvas.set_picture(np.zeros((28, 28), np.uint8), caption)
        looks.append(pixels(canvas))
    plain, written, other = looks
    rows = np.flatnonzero(np.abs(written - plain).max(axis=(1, 2)) > 30)
    assert 325 < rows.min() < rows.max() < 360
    assert np.abs(other - written).max() > 30


def test_a_picture_file_is_opened(canvas: Canvas, tmp_path: Path) -> None:
    path = tmp_path / "digit.png"
    picture_of_a_digit().save(str(path))
    canvas.open_picture(path)
    np.testing.assert_array_equal(canvas.seen(), ink.from_picture(ink.open_picture(path)))


@pytest.mark.parametrize("kind", ["missing", "no picture", "folder", "blank"])
def test_a_bad_picture_is_told_and_the_drawing_stays(
    canvas: Canvas, failures: list[str], tmp_path: Path, kind: str
) -> None:
    draw(canvas, SEVEN)
    seen = canvas.seen()
    path = tmp_path / "bad.png"
    match kind:
        case "no picture":
            path.write_text("not a picture", encoding="utf-8")
        case "folder":
            path.mkdir()
        case "blank":
            Image.new("L", (50, 50), "white").save(path)
    canvas.open_picture(path)
    (failure,) = failures
    assert "bad.png" in failure
    assert "\n" not in failure
    if kind == "blank":
        assert failure == "bad.png holds no digit: nothing on the paper"
    np.testing.assert_array_equal(canvas.seen(), seen)
    assert len(canvas.strokes()) == 1


def test_a_picture_is_pasted(canvas: Canvas, failures: list[str], tmp_path: Path) -> None:
    clipboard = QGuiApplication.clipboard()
    clipboard.setImage(picture_of_a_digit())
    canvas.paste()
    pasted = canvas.seen()
    assert pasted is not None
    assert pasted.sum() > 0

    path = tmp_path / "digit.png"
    picture_of_a_digit().save(str(path))
    canvas.clear()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    clipboard.setMimeData(data)
    canvas.paste()
    np.testing.assert_array_equal(canvas.seen(), pasted)

    clipboard.setText("seven")
    canvas.paste()
    assert failures == ["The clipboard holds no picture"]
    np.testing.assert_array_equal(canvas.seen(), pasted)
    clipboard.clear()


def test_a_large_transparent_picture_is_pasted(canvas: Canvas) -> None:
    image = picture_of_a_digit().convertToFormat(QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    for row in range(30, 130):
        for column in range(50, 60):
            image.setPixelColor(column, row, QColor("black"))
    QGuiApplication.clipboard().setImage(image.scaled(2400, 3200))
    canvas.paste()
    assert canvas.seen() is not None
    QGuiApplication.clipboard().clear()


def drop(canvas: Canvas, data: QMimeData, *, leave: bool = False) -> bool:
    """Whether the canvas took it."""
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    enter = QDragEnterEvent(QPoint(50, 50), actions, data, LEFT, PLAIN)
    enter.setDropAction(Qt.DropAction.MoveAction)
    enter.ignore()
    QApplication.sendEvent(canvas, enter)
    if leave:
        QApplication.sendEvent(canvas, QDragLeaveEvent())
    elif enter.isAccepted():
        event = QDropEvent(QPointF(50, 50), actions, data, LEFT, PLAIN)
        QApplication.sendEvent(canvas, event)
        assert event.dropAction() == Qt.DropAction.CopyAction
    return enter.isAccepted()


def test_a_picture_is_dropped(canvas: Canvas, failures: list[str], tmp_path: Path) -> None:
    data = QMimeData()
    data.setImageData(picture_of_a_digit())
    assert drop(canvas, data)
    dropped = canvas.seen()
    assert dropped is not None

    path = tmp_path / "digit.png"
    picture_of_a_digit().save(str(path))
    canvas.clear()
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/"), QUrl.fromLocalFile(str(path))])
    assert drop(canvas, data)
    np.testing.assert_array_equal(canvas.seen(), dropped)
    assert path.exists()

    path.write_text("not a picture", encoding="utf-8")
    assert drop(canvas, data)
    assert len(failures) == 1
    np.testing.assert_array_equal(canvas.seen(), dropped)

    data = QMimeData()
    data.setText("seven")
    assert not drop(canvas, data)


def test_the_canvas_shows_that_a_picture_may_be_dropped(canvas: Canvas) -> None:
    accent = canvas.palette().highlight().color().name()
    data = QMimeData()
    data.setImageData(picture_of_a_digit())
    plain = canvas.grab().toImage()
    QApplication.sendEvent(canvas, QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, LEFT, PLAIN))
    assert canvas.grab().toImage().pixelColor(180, 0).name() == accent
    QApplication.sendEvent(canvas, QDragLeaveEvent())
    assert canvas.grab().toImage() == plain


# Looks


def test_the_drawing_survives_resizing(canvas: Canvas) -> None:
    draw(canvas, SEVEN)
    seen = canvas.seen()
    press(canvas, SLASH[0])
    canvas.resize(720, 500)  # in the middle of a stroke
    move(canvas, (410, 250), (480, 250))
    release(canvas, (480, 250))
    canvas.undo()
    np.testing.assert_array_equal(canvas.seen(), seen)
    assert darkness(canvas, (110 + 250, 125)) > 200  # the paper is the square in the middle
    assert darkness(canvas, (110 + 180, 90)) == 0


def test_the_palette_is_followed(canvas: Canvas) -> None:
    draw(canvas, SEVEN)
    palette = QPalette(canvas.palette())
    palette.setColor(QPalette.ColorRole.Base, QColor("#102030"))
    palette.setColor(QPalette.ColorRole.Text, QColor("#f0e0d0"))
    canvas.setPalette(palette)
    image = canvas.grab().toImage()
    assert image.pixelColor(180, 90).name() == "#f0e0d0"
    assert image.pixelColor(60, 300).name() == "#102030"


def test_the_hint_goes_with_the_first_ink(canvas: Canvas) -> None:
    def middle() -> int:
        image = canvas.grab().toImage()
        return sum(image.pixelColor(x, y).lightness() < 250 for x in range(100, 260) for y in range(170, 190))

    assert middle() > 0
    press(canvas, (20, 20))
    assert middle() == 0
    canvas.undo()
    assert middle() > 0


def test_the_focus_ring_is_for_the_keyboard(canvas: Canvas, qtbot: QtBot) -> None:
    accent = canvas.palette().highlight().color().name()
    canvas.activateWindow()
    canvas.clearFocus()
    canvas.setFocus(Qt.FocusReason.MouseFocusReason)
    assert canvas.grab().toImage().pixelColor(180, 0).name() != accent
    canvas.clearFocus()
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(canvas.hasFocus)
    assert canvas.grab().toImage().pixelColor(180, 0).name() == accent


@pytest.mark.parametrize("pen", [0.03, PEN_WIDTH, 0.2])
def test_the_cursor_is_a_ring_as_large_as_the_pen(canvas: Canvas, pen: float) -> None:
    canvas.set_pen_width(pen)
    ring = canvas.cursor().pixmap().toImage()
    seen = [x for x in range(ring.width()) if ring.pixelColor(x, ring.height() // 2).alpha() > 60]
    assert seen[-1] - seen[0] == pytest.approx(pen * 360, abs=4)  # with the ring's own width of 1 to 3
    canvas.resize(180, 180)
    assert canvas.cursor().pixmap().width() < ring.width()


def test_it_can_be_made_in_a_disabled_parent(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.setEnabled(False)
    assert Canvas(parent).objectName() == "canvas"


@pytest.mark.parametrize("ratio", ["1.5", "2"])
def test_it_is_sharp_on_a_dense_screen(ratio: str) -> None:
    """In a process of its own, since Qt reads the ratio when it starts."""
    script = """
import numpy as np
from PySide6.QtWidgets import QApplication
from mnist_gui.gui.drawing.canvas import Canvas
from mnist_gui.ink import Stroke
application = QApplication([])
canvas = Canvas()
canvas.resize(360, 360)
canvas.set_strokes([Stroke(np.array([[0.2, 0.2], [0.8, 0.8]]), np.array([0.1, 0.1]))])
canvas.show()
image = canvas.grab().toImage()
row = [255 - image.pixelColor(x, image.height() // 2).lightness() for x in range(20, image.width() - 20)]
print(image.width(), sum(5 < value < 250 for value in row), sum(value >= 250 for value in row))
"""
    environment = os.environ | {"QT_SCALE_FACTOR": ratio, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", script]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    width, soft, full = map(int, output.split())
    assert width == 360 * float(ratio)
    assert soft <= 4  # a line at 45° has two soft pixels at either edge, whatever the ratio
    assert full == pytest.approx(0.1 * width * 2**0.5, abs=3)
