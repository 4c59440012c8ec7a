"""What must not happen during a walk, and is noted where it does."""

from __future__ import annotations

import faulthandler
import gc
import sys
import threading
import traceback
import warnings
from collections import Counter
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import psutil
from PySide6.QtCore import QCoreApplication, QEvent, QThread, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

STALL = 5  # seconds without a beat of the event loop
BEAT_MS: Final = 200
_OF_THE_PLATFORM: Final = "This plugin does not support"  # Qt's screen for tests, of things that only a real one can do
_QTS_OWN: Final = ("QTipLabel", "QMenu", "QComboBoxPrivateContainer")  # kept by Qt for the next time


class Watch:
    """Notes exceptions, warnings and what is left behind; a stall ends the process with a traceback of it."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        sys.excepthook = self._note_exception
        sys.unraisablehook = lambda what: self._note_exception(what.exc_type, what.exc_value, what.exc_traceback)
        threading.excepthook = lambda what: self._note_exception(what.exc_type, what.exc_value, what.exc_traceback)
        warnings.simplefilter("error")
        warnings.showwarning = lambda message, *_, **__: self.faults.append(f"Python warns: {message}")  # type: ignore[assignment]
        qInstallMessageHandler(self._note_message)
        self._threads = set(threading.enumerate())
        self._last_beat = 0.0
        self._widgets: list[Counter[str]] = []
        self._timer = QTimer(interval=BEAT_MS)
        self._timer.timeout.connect(self.beat)
        self._timer.start()
        self.beat()

    def beat(self) -> None:
        """The event loop is alive: start the count again, if the last time is not just over: it takes milliseconds."""
        now = monotonic()
        if now - self._last_beat > BEAT_MS / 1000:
            self._last_beat = now
            faulthandler.dump_traceback_later(STALL, exit=True)

    def _note_exception(self, kind: Any, error: Any, trace: Any) -> None:
        self.faults.append("".join(traceback.format_exception(kind, error, trace)))

    def _note_message(self, kind: QtMsgType, _: object, text: str) -> None:
        if kind is not QtMsgType.QtDebugMsg and kind is not QtMsgType.QtInfoMsg and _OF_THE_PLATFORM not in text:
            self.faults.append(f"Qt warns: {text}")

    def look_around(self, root: QObject, *, windows: int) -> None:
        """Note threads and widgets that nobody needs where nothing goes on, and the window looks as at the start."""
        for _ in range(3):
            gc.collect()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            QCoreApplication.processEvents()
        running = [thread for thread in root.findChildren(QThread) if thread.isRunning()]
        if running:
            self.faults.append(f"threads that are left: {running}")
        # Qt's threads that ran Python are dummies here.
        new = [t for t in set(threading.enumerate()) - self._threads if not isinstance(t, threading._DummyThread)]
        if new:
            self.faults.append(f"threads that are left: {new}")
        # Each of pyqtgraph's plots has a bare widget that it never shows.
        tops = [
            w for w in QApplication.topLevelWidgets() if w.metaObject().className() not in _QTS_OWN and not w.parent()
        ]
        tops = [w for w in tops if w.isVisible() or type(w) is not QWidget]
        if len(tops) != windows:
            self.faults.append(f"{len(tops)} windows where {windows} should be: {tops}")
        self._widgets.append(Counter(type(widget).__name__ for widget in QApplication.allWidgets()))
        self._compare()

    def _compare(self) -> None:
        """Note a kind of widget that was more at each of the last three looks, and is more than it ever was before."""
        if len(self._widgets) < 8:  # some are made when they are first needed
            return
        *before, second, third, fourth = self._widgets
        for kind, count in fourth.items():
            most = max(look[kind] for look in before)
            if most < second[kind] < third[kind] < count and count > most + 5:
                self.faults.append(f"ever more widgets: {most}, {second[kind]}, {third[kind]}, {count} {kind}")

    def end(self) -> None:
        """Let the process end in peace."""
        self._timer.stop()
        faulthandler.cancel_dump_traceback_later()
        qInstallMessageHandler(None)


def memory() -> float:
    """Tell how much memory the process holds, in megabytes."""
    return psutil.Process().memory_info().rss / 1e6
