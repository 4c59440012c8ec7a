"""What the tests of the window share: no screen, settings that aren't the person's own, and nothing left behind."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import multiprocessing
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QSettings
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from mnist_gui.gui import settings
from mnist_gui.gui.main_window import MainWindow
from mnist_gui.gui.session import Session
from mnist_gui.gui.training.loading_thread import LoadingThread
from mnist_gui.gui.training.training_thread import TrainingThread
from mnist_gui.gui.widgets import theme

sys.path.append(str(Path(__file__).parent.parent / "data"))  # when this folder is run by itself
from idx_files import encode
from stage import Paper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtCore import QThread
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.training.trainer import State


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the window remembers in the test's own folder."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    monkeypatch.setattr("mnist_gui.gui.settings.path", lambda: tmp_path / "settings" / "settings.json")
    QCoreApplication.setOrganizationName("mnist_gui")
    QCoreApplication.setApplicationName("mnist_gui")


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> Iterator[list[QThread]]:
    """Fail where a thread, a process or a window outlives its test; give the threads in the order of their start."""
    started: list[QThread] = []

    def note(kind: type[QThread]) -> None:
        start = kind.start
        monkeypatch.setattr(kind, "start", lambda thread: (started.append(thread), start(thread)))

    note(TrainingThread)
    note(LoadingThread)
    threads, widgets = set(threading.enumerate()), set(QApplication.topLevelWidgets())
    yield started
    assert not [thread for thread in started if shiboken6.isValid(thread) and thread.isRunning()]
    assert multiprocessing.active_children() == []
    new = set(threading.enumerate()) - threads
    # Qt's threads that ran Python are dummies here, and a daemon is an answer of the tests' own server.
    assert not [thread for thread in new if not (isinstance(thread, threading._DummyThread) or thread.daemon)]
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = set(QApplication.topLevelWidgets()) - widgets
    # Qt keeps the last tool tip for a while, and pyqtgraph's plots leave the menus that they never showed.
    assert [w for w in left if w.metaObject().className() not in ("QTipLabel", "QMenu") or w.isVisible()] == []


@pytest.fixture
def styled(qapp: QApplication) -> Iterator[None]:
    """The program's style sheet, palette and text size."""
    font, locale = qapp.font(), QLocale()
    theme.apply(qapp)
    yield
    qapp.setFont(font)
    QLocale.setDefault(locale)
    qapp.setStyleSheet("")
    qapp.setPalette(QPalette())


@pytest.fixture
def open_window(styled: None, qtbot: QtBot) -> Callable[[], MainWindow]:
    def open_window() -> MainWindow:
        window = MainWindow()
        if not settings.load().place[2]:
            window.resize(1280, 800)  # the screen that there isn't has 800 × 800 pixels
        qtbot.addWidget(window, before_close_func=let_go)
        with qtbot.waitExposed(window):
            window.show()
        return window

    return open_window


def let_go(window: MainWindow) -> None:
    """End what goes on, and have nothing to ask about."""
    session = window.session
    session.trainer.shut_down()
    session.runs, session.checkpoint = (), replace(session.checkpoint, unsaved=False)


@pytest.fixture
def window(open_window: Callable[[], MainWindow]) -> MainWindow:
    return open_window()


@pytest.fixture
def session(qapp: QApplication) -> Iterator[Session]:
    """A session with a sheet of paper for a canvas, for pages and views without a window."""
    session = Session(Paper())
    yield session
    session.trainer.shut_down()
    session.edits.clear()


EXEC = QMessageBox.exec
"""For tests in which a box really opens."""


@pytest.fixture(autouse=True)
def no_unseen_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a box waits for an answer that no test will give, rather than wait with it."""

    def refuse(box: QMessageBox) -> int:
        raise AssertionError(f"nobody answers: {box.text()}")

    monkeypatch.setattr(QMessageBox, "exec", refuse)


class Messages:
    """Answers the window's questions in a person's place, and remembers what was said."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.said: list[str] = []
        self.buttons: set[str] = set()

    def show(self, box: QMessageBox) -> int:
        self.said.append(f"{box.text()} {box.informativeText()}".strip())
        buttons = {button.text().replace("&", ""): button for button in box.buttons()}
        self.buttons = set(buttons)
        only = next(iter(buttons)) if len(buttons) == 1 else None  # there is nothing to answer
        buttons[only or (self.answers.pop(0) if self.answers else "Cancel")].click()
        return box.result()

    def tell(self, *arguments: Any) -> None:
        self.said.append(arguments[2])


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Messages]:
    messages = Messages()
    monkeypatch.setattr(QMessageBox, "exec", lambda box: messages.show(box))  # bound to the box
    monkeypatch.setattr(QMessageBox, "about", messages.tell)
    yield messages
    assert messages.answers == []


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path | str], None]:
    """Have the person choose a file or folder in the next dialogs; nothing means that they cancel."""

    def choose(path: Path | str) -> None:
        for kind in ("getOpenFileName", "getSaveFileName"):
            monkeypatch.setattr(QFileDialog, kind, lambda *_: (str(path), ""))
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path))

    choose("")
    return choose


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set that is learned in an instant: ten bars at ten heights, with noise."""
    folder = tmp_path_factory.mktemp("data") / "bars"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for split, count in (("train", 640), ("t10k", 100)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = rng.integers(0, 60, (count, 28, 28), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[4 + 2 * label : 6 + 2 * label, 4:24] = 255
        (folder / f"{split}-images-idx3-ubyte").write_bytes(encode(images))
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(encode(labels))
    return folder


@pytest.fixture
def ready(window: MainWindow, data_folder: Path) -> MainWindow:
    """A window with the small data set chosen, and two epochs to go."""
    window.training_panel.data_box.choose(str(data_folder))
    window.training_panel.epochs_box.setValue(2)
    return window


@pytest.fixture
def wait_for(window: MainWindow, qtbot: QtBot) -> Callable[[State], None]:
    """Wait for a state that lasts; a short run may pass through RUNNING unseen. From Train on it is never IDLE."""
    return lambda state: qtbot.waitUntil(lambda: window.session.state is state, timeout=20_000)
