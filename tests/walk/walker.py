"""What a walk does: one action after another, each drawn from the seed and its number alone."""

from __future__ import annotations

import os
import shutil
from functools import partial
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QAction,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QTabBar,
    QTableWidget,
    QWidget,
)

from mnist_gui import my_digits
from mnist_gui.gui.main_window import MainWindow
from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets import theme
from mnist_gui.ink import Stroke
from tests.walk.things import CONTROL, KEYS, NUMBERS, PLAIN, SHIFT, Things

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
SEVEN: Final = ((0.28, 0.25), (0.5, 0.25), (0.72, 0.25), (0.62, 0.5), (0.53, 0.75))
SIZES: Final = ((1280, 800), (960, 620), (1100, 700), (1366, 700), (1920, 1000), (700, 500))
NEVER: Final = ("quit", "print")  # a walk closes the window in a way of its own, and has no printer
RUNS: Final = 12  # so many are kept at most


class Walker:
    """Someone who tries everything."""

    def __init__(self, seed: int, folder: Path, tell: Callable[[int, str], None]) -> None:
        self.seed, self._tell = seed, tell
        self.things = Things(folder)
        self.random = Random(seed)
        self._answer_for_the_person()
        # Popups that wait for an answer would wait for ever.
        self._impatience = QTimer(interval=40)
        self._impatience.timeout.connect(self._close_popup)
        self._impatience.start()
        self.window = self._open()
        self._actions: list[tuple[Callable[[], str | None], int]] = [
            (self.draw, 12),
            (self.draw_a_seven, 4),
            (self.press_key, 14),
            (self.click, 22),
            (self.press_named_button, 8),
            (self.drag, 6),
            (self.hover, 8),
            (self.turn_wheel, 4),
            (self.choose_in_box, 6),
            (self.type_number, 9),
            (self.choose_menu_item, 8),
            (self.change_page, 8),
            (self.slide, 6),
            (self.choose_in_list, 6),
            (self.resize, 3),
            (self.drop, 3),
            (self.copy, 3),
            (self.open, 3),
            (self.change_looks, 1),
            (self.train, 6),
            (self.stop, 4),
            (self.wait, 4),
            (self.close, 1),
        ]

    def step(self, number: int) -> None:
        """Do the action of this number, and let the window answer."""
        self.random = Random(self.seed * 1_000_003 + number)
        actions, weights = zip(*self._actions, strict=True)
        [action] = self.random.choices(actions, weights)
        self._tell(number, action.__name__)
        self._close_popup()
        details = action()
        if details:
            self._tell(number, f"{action.__name__}: {details}")
        QCoreApplication.processEvents()

    def rest(self) -> None:
        """Bring the window to where it was at the start: nothing goes on, and nothing is kept."""
        self._close_popup()
        self.window.session.trainer.shut_down()
        self._forget(0)
        for tour in self.window.findChildren(QWidget, "tour"):
            tour.close()
        self.window.session.open_shipped()
        self._forget(0)
        # Digits that were named are kept, and so is their memory: of hundreds it would look like a leak.
        shutil.rmtree(my_digits.digits_folder(), ignore_errors=True)
        self.window.showNormal()
        self.window.resize(*SIZES[0])
        # With a drawing, so that what is made when it is first needed is there, in a new window too.
        self.window.canvas.set_strokes([Stroke(np.array(SEVEN), np.full(len(SEVEN), 0.07))])
        self._wait_until(lambda: self.window.session.up_to_date)
        for page in (*range(1, self.window.pages.count()), 0):
            self.window.pages.setCurrentIndex(page)
            QCoreApplication.processEvents()
        self.window.canvas.clear()
        self._wait_until(lambda: self.window.session.up_to_date)

    def end(self) -> None:
        """Close the window, whatever goes on, as a person who wants to keep nothing."""
        self._impatience.stop()
        self.rest()
        self._answers = ["Discard"]
        self.window.close()
        self.window.deleteLater()
        QGuiApplication.clipboard().clear()  # what is Python's may not outlive it

    # --- the world ---

    def _answer_for_the_person(self) -> None:
        """Answer all dialogs: with any button, and with any file, good or bad."""
        self._answers: list[str] = []

        def answer(box: QMessageBox) -> int:
            buttons = box.buttons()
            wanted = [button for button in buttons if button.text().replace("&", "") in self._answers]
            self.random.choice(wanted or buttons).click()
            return box.result()

        def ask(*arguments: Any) -> QMessageBox.StandardButton:
            choices = [button for button in QMessageBox.StandardButton if arguments[3] & button]
            wanted = [button for button in choices if button.name in self._answers]
            return self.random.choice(wanted or choices)

        QMessageBox.exec = answer  # type: ignore[assignment]
        QMessageBox.question = staticmethod(ask)  # type: ignore[assignment]
        for kind in ("warning", "information", "about", "critical"):
            setattr(QMessageBox, kind, staticmethod(lambda *_: QMessageBox.StandardButton.Ok))
        for kind in ("getOpenFileName", "getSaveFileName"):
            setattr(QFileDialog, kind, staticmethod(lambda *_: (self._file(), "")))
        QFileDialog.getExistingDirectory = staticmethod(lambda *_: self._file())  # type: ignore[assignment]
        execute = QDialog.exec
        QDialog.exec = lambda dialog: answer(dialog) if isinstance(dialog, QMessageBox) else 0  # type: ignore[assignment]
        assert execute is not QDialog.exec

    def _file(self) -> str:
        return self.random.choice((str(self.things.data), *self.things.all))

    def _open(self) -> MainWindow:
        window = MainWindow()
        window.show()
        window.training_panel.data_box.choose(str(self.things.data))
        window.activateWindow()
        QTest.qWaitForWindowExposed(window)
        return window

    def _close_popup(self) -> None:
        popup = QApplication.activePopupWidget()
        if popup is not None:
            QTest.keyClick(popup, self.random.choice((Qt.Key.Key_Down, Qt.Key.Key_Escape, Qt.Key.Key_Escape)))
            popup.close()

    @staticmethod
    def _wait_until(what: Callable[[], bool], seconds: float = 3) -> None:
        end = monotonic() + seconds
        while not what():
            assert monotonic() < end, "the window does not come to rest"
            QTest.qWait(5)

    def _forget(self, most: int) -> None:
        """Keep no more than so many runs, as a person would in the end, by way of the session."""
        session = self.window.session
        for run in session.runs[: max(0, len(session.runs) - most)]:
            if run is not session.checkpoint or most == 0:
                session.forget(run)

    # --- where ---

    def _widgets(self, kind: type[QWidget] = QWidget) -> list[Any]:
        """All of a kind that can be seen and used, always in the same order."""
        return [w for w in self.window.findChildren(kind) if w.isVisible() and w.isEnabled()]

    def _place(self, widget: QWidget) -> QPoint:
        return QPoint(self.random.randrange(max(1, widget.width())), self.random.randrange(max(1, widget.height())))

    def _name(self, widget: QWidget) -> str:
        return f"{type(widget).__name__} {widget.objectName()}".strip()

    def _pick(self, kind: type[QWidget]) -> Any:
        widgets = self._widgets(kind)
        return self.random.choice(widgets) if widgets else None

    def _move(self, widget: QWidget, place: QPoint, buttons: Qt.MouseButton = NONE) -> None:
        at = QPointF(place)
        event = QMouseEvent(QEvent.Type.MouseMove, at, QPointF(widget.mapToGlobal(place)), NONE, buttons, PLAIN)
        QApplication.sendEvent(widget, event)

    # --- actions ---

    def _stroke(self, places: list[QPoint], *, lift: bool = True) -> None:
        canvas = self.window.canvas
        QTest.mousePress(canvas, LEFT, PLAIN, places[0])
        for place in places[1:]:
            self._move(canvas, place, LEFT)
            if self.random.random() < 0.2:
                QCoreApplication.processEvents()
        if lift:
            QTest.mouseRelease(canvas, LEFT, PLAIN, places[-1])

    def draw(self) -> str:
        """A scribble of any length, off the paper too, now and then without an end."""
        canvas = self.window.canvas
        count = self.random.choice((1, 2, 3, 8, 20))
        far = self.random.random() < 0.1
        places = [self._place(canvas) * (3 if far else 1) for _ in range(count)]
        lift = self.random.random() < 0.9
        self._stroke(places, lift=lift)
        return f"{count} points{'' if lift else ', not lifted'}"

    def draw_a_seven(self) -> None:
        canvas = self.window.canvas
        if self.random.random() < 0.7:
            canvas.clear()
        size = self.random.uniform(0.3, 1)
        side = min(canvas.width(), canvas.height())
        corner = QPoint((canvas.width() - side) // 2, (canvas.height() - side) // 2)
        self._stroke([corner + QPoint(int(x * side * size), int(y * side * size)) for x, y in SEVEN])

    def press_key(self) -> str:
        """Any key that means something, or a few of the same."""
        key, modifiers = self.random.choice(KEYS)
        widget = QApplication.focusWidget() or self.window
        for _ in range(self.random.choice((1, 1, 1, 3))):
            QTest.keyClick(widget if widget.isVisible() else self.window, key, modifiers)
        return f"{key.name} {modifiers.name} on {self._name(widget)}"

    def click(self) -> str | None:
        widget = self._pick(QWidget)
        place, modifiers = self._place(widget), self.random.choice((PLAIN, PLAIN, PLAIN, CONTROL, SHIFT))
        name = self._name(widget)
        if self.random.random() < 0.1:
            QTest.mouseDClick(widget, LEFT, modifiers, place)
            QTest.mouseRelease(widget, LEFT, modifiers, place)
        else:
            button = self.random.choice((LEFT, LEFT, LEFT, LEFT, Qt.MouseButton.RightButton))
            QTest.mouseClick(widget, button, modifiers, place)
        return f"{name} at {place.x()}, {place.y()}"

    def press_named_button(self) -> str | None:
        """A button by its name: they are few among all that can be clicked."""
        button = self._pick(QAbstractButton)
        text = button.text() or button.objectName()
        button.click()
        return text

    def drag(self) -> str:
        widget = self._pick(QWidget)
        name, places = self._name(widget), [self._place(widget) for _ in range(4)]
        QTest.mousePress(widget, LEFT, PLAIN, places[0])
        for place in places[1:]:
            self._move(widget, place, LEFT)
        QTest.mouseRelease(widget, LEFT, PLAIN, places[-1])
        return name

    def hover(self) -> str:
        widget = self._pick(QWidget)
        for _ in range(3):
            self._move(widget, self._place(widget))
        return self._name(widget)

    def turn_wheel(self) -> str:
        widget = self._pick(QWidget)
        at = QPointF(self._place(widget))
        angle = QPoint(0, self.random.choice((-240, -120, 120, 240)))
        event = QWheelEvent(
            at,
            QPointF(widget.mapToGlobal(at.toPoint())),
            QPoint(0, 0),
            angle,
            NONE,
            PLAIN,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)
        return self._name(widget)

    def choose_in_box(self) -> str | None:
        """An entry of a box, as if it had been chosen in its list."""
        box = self._pick(QComboBox)
        if box is None or not box.count():
            return None
        index = self.random.randrange(box.count())
        box.setCurrentIndex(index)
        box.activated.emit(index)
        return f"{box.itemText(index)} in {self._name(box)}"

    def type_number(self) -> str | None:
        field = self._pick(QLineEdit)
        if field is None:
            return None
        text = self.random.choice(NUMBERS)
        field.setFocus()
        field.selectAll()
        for character in text:  # QTest knows the keys of ASCII alone
            key = ord(character.upper()) if character.isascii() else 0
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QApplication.sendEvent(field, QKeyEvent(kind, key, PLAIN, character))
        QTest.keyClick(field, self.random.choice((Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Escape)))
        return f"{text!r} into {self._name(field.parentWidget())}"

    def choose_menu_item(self) -> str | None:
        items: list[QAction] = []
        left = [action for action in self.window.menuBar().actions() if action.isVisible()]
        while left:
            action = left.pop()
            # A menu of the window's is one of its children: Python's object of it may be gone otherwise.
            if (menu := action.menu()) is not None:
                left += menu.actions()
            elif action.text() and action.isEnabled() and not any(w in action.text().lower() for w in self._never()):
                items.append(action)
        if not items:
            return None
        item = self.random.choice(items)
        text = item.text()
        item.trigger()
        return text

    @staticmethod
    def _never() -> list[str]:
        return [f"{word[:at]}{mark}{word[at:]}" for word in NEVER for at in range(len(word)) for mark in ("", "&")]

    def change_page(self) -> str:
        tabs = self.window.pages.findChild(QTabBar)
        index = self.random.randrange(tabs.count())
        QTest.mouseClick(tabs, LEFT, PLAIN, tabs.tabRect(index).center())
        return tabs.tabText(index)

    def slide(self) -> str | None:
        """Any slider or scroll bar to anywhere; the one through time first of all."""
        sliders = self._widgets(QAbstractSlider)
        time = [slider for slider in sliders if slider.objectName() == "timeSlider"]
        slider = self.random.choice(time if time and self.random.random() < 0.6 else sliders)
        slider.setValue(self.random.randint(slider.minimum(), slider.maximum()))
        return f"{self._name(slider)} to {slider.value()}"

    def choose_in_list(self) -> str | None:
        """A row or several: then Open, Export and Remove have something to act on."""
        views = [view for view in self._widgets(QAbstractItemView) if view.model() and view.model().rowCount()]
        if not views:
            return None
        view = self.random.choice(views)
        index = view.model().index(self.random.randrange(view.model().rowCount()), 0)
        modifiers = self.random.choice((PLAIN, PLAIN, CONTROL, SHIFT))
        view.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)
        place = view.visualRect(index).center()
        act = partial(QTest.mouseDClick if self.random.random() < 0.2 else QTest.mouseClick, view.viewport())
        act(LEFT, modifiers, place)
        if isinstance(view, QTableWidget) and self.random.random() < 0.3:
            item = view.item(index.row(), 0)
            if item is not None:
                states = (Qt.CheckState.Checked, Qt.CheckState.Unchecked)
                item.setCheckState(self.random.choice(states))
        return f"row {index.row()} of {self._name(view)}"

    def resize(self) -> str:
        window = self.window
        how = self.random.choice(("size", "size", "size", "maximized", "normal", "minimized", "full screen"))
        if how == "size":
            window.showNormal()
            window.resize(*self.random.choice(SIZES))
        elif how == "maximized":
            window.showMaximized()
        elif how == "minimized":
            window.showMinimized()
            QCoreApplication.processEvents()
            window.showNormal()
        elif how == "full screen":
            window.showFullScreen()
        else:
            window.showNormal()
        window.activateWindow()
        return how

    def _data(self) -> tuple[QMimeData, str]:
        data, kind = QMimeData(), self.random.choice(("file", "file", "picture", "text", "nothing"))
        if kind == "file":
            path = self._file()
            data.setUrls([QUrl.fromLocalFile(path)])
            kind = os.path.basename(path)  # noqa: PTH119
        elif kind == "picture":
            side = self.random.choice((1, 30, 400, 1500))
            image = QImage(side, side, self.random.choice((QImage.Format.Format_RGB32, QImage.Format.Format_ARGB32)))
            image.fill(self.random.choice((Qt.GlobalColor.white, Qt.GlobalColor.black, Qt.GlobalColor.transparent)))
            for row in range(side // 5, side - side // 5):
                for column in range(side // 2 - side // 20, side // 2 + side // 20):
                    image.setPixel(column, row, 0xFF305070)
            data.setImageData(image)
            kind = f"picture of {side}"
        elif kind == "text":
            data.setText("seven")
        return data, kind

    def drop(self) -> str:
        data, kind = self._data()
        place, action = self._place(self.window.canvas), Qt.DropAction.CopyAction
        enter = QDragEnterEvent(place, action, data, LEFT, PLAIN)
        enter.ignore()
        QApplication.sendEvent(self.window.canvas, enter)
        if enter.isAccepted():
            QApplication.sendEvent(self.window.canvas, QDropEvent(QPointF(place), action, data, LEFT, PLAIN))
        return kind

    def copy(self) -> str:
        """Put something into the clipboard; a key pastes it."""
        data, kind = self._data()
        QGuiApplication.clipboard().setMimeData(data)
        if self.random.random() < 0.7:
            self.window.canvas.paste()
        return kind

    def open(self) -> str | None:
        """A file from the command line."""
        from pathlib import Path

        path = self._file()
        if not os.path.isfile(path) or self.window.session.state is not State.IDLE:  # noqa: PTH113
            return None
        self.window.open(Path(path))
        return os.path.basename(path)  # noqa: PTH119

    def change_looks(self) -> str:
        choice = self.random.choice(("light", "dark", "system"))
        theme.set_appearance(choice)
        return choice

    def train(self) -> str:
        """A run on the small data set, that may be long."""
        panel = self.window.training_panel
        if self.window.session.state is State.IDLE:
            panel.data_box.choose(str(self.things.data))
            panel.epochs_box.setValue(self.random.choice((1, 1, 2, 10, 1000)))
        self._forget(RUNS)
        what = self.random.choice((panel.train, panel.train, panel.train_on, panel.pause_or_resume, panel.reset))
        what()
        return what.__name__

    def stop(self) -> str:
        self.window.session.trainer.stop()
        return self.window.session.state.name

    def wait(self) -> None:
        QTest.qWait(self.random.choice((1, 10, 40)))

    def close(self) -> str:
        """And another window, where it closes."""
        if not self.window.close():
            return "not closed"
        self.window.deleteLater()
        self.window = self._open()
        return "a new window"
