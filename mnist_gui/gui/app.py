"""Starts the window."""

from __future__ import annotations

import signal
import sys
import traceback
from typing import TYPE_CHECKING

from mnist_gui.gui import preflight

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from mnist_gui.gui.main_window import MainWindow


def run(path: Path | None = None) -> int:
    """Open the window and return the exit status when it is closed.

    Parameters
    ----------
    path : Path, optional
        A model to open, or a picture to put on the canvas.

    Raises
    ------
    UserError
        If there is no display, or if the system lacks libraries that a window needs.
    """
    preflight.check()
    from PySide6.QtCore import QCoreApplication, QTimer
    from PySide6.QtWidgets import QApplication

    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.gui.widgets import theme

    QCoreApplication.setOrganizationName("mnist_gui")
    QCoreApplication.setApplicationName("mnist_gui")
    app = QApplication(sys.argv[:1])
    app.setDesktopFileName("mnist_gui")
    theme.apply(app)
    sys.excepthook = report
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while Qt waits for events, Python's own handler would never run
    window = MainWindow()
    window.show()
    if path is not None:
        QTimer.singleShot(0, window, lambda: window.open(path))
    greet(window)
    return app.exec()


def greet(window: MainWindow) -> None:
    """Lead a person through the window who sees it for the first time."""
    from PySide6.QtCore import QTimer

    from mnist_gui.gui import settings

    if not settings.load().toured:
        settings.remember(toured=True)
        QTimer.singleShot(0, window, window.start_tour)


_shown: set[tuple[type[BaseException], str, int | None]] = set()
"""Kinds and places of the faults that were shown."""


def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show a fault of the program, which must not end it: the person may have unsaved training.

    It may have happened in any thread, or while a widget was painted. So the message waits for the window's event
    loop, there is one at a time, and a fault that comes again is not shown again.
    """
    traceback.print_exception(kind, error, trace)
    frames = traceback.extract_tb(trace)
    fault = (kind, frames[-1].filename, frames[-1].lineno) if frames else (kind, "", 0)
    if fault in _shown:
        return
    _shown.add(fault)
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QMessageBox

    from mnist_gui.gui.widgets import messages

    details = "".join(traceback.format_exception(kind, error, trace))

    def show() -> None:
        if isinstance(QApplication.activeModalWidget(), QMessageBox):
            return
        box = messages.box(
            QMessageBox.Icon.Critical,
            "mnist_gui",
            "Something went wrong inside the program.",
            "You can go on; save your model first. The details help to mend it.",
        )
        box.setDetailedText(details)
        box.exec()

    app = QApplication.instance()
    if app is not None:
        QTimer.singleShot(0, app, show)
