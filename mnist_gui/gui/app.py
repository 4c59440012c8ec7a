"""Starts the window."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

from mnist_gui.gui import preflight

if TYPE_CHECKING:
    from types import TracebackType


def run() -> int:
    """Open the window and return the exit status when it is closed.

    Raises
    ------
    UserError
        If there is no display, or if the system lacks libraries that a window needs.
    """
    preflight.check()
    from PySide6.QtCore import QCoreApplication, QSettings, QTimer
    from PySide6.QtWidgets import QApplication

    from mnist_gui.gui import theme
    from mnist_gui.gui.main_window import MainWindow

    QCoreApplication.setOrganizationName("mnist_gui")
    QCoreApplication.setApplicationName("mnist_gui")
    app = QApplication(sys.argv[:1])
    app.setDesktopFileName("mnist_gui")
    theme.apply(app)
    sys.excepthook = _report
    window = MainWindow()
    window.show()
    settings = QSettings()
    if not settings.value("toured"):
        settings.setValue("toured", 1)
        QTimer.singleShot(0, window.start_tour)
    return app.exec()


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show a fault of the program, which must not end it: the person may have unsaved training."""
    traceback.print_exception(kind, error, trace)
    from PySide6.QtWidgets import QMessageBox

    box = QMessageBox(QMessageBox.Icon.Critical, "mnist_gui", "Something went wrong inside the program.")
    box.setInformativeText("You can go on; save your model first. The details help to mend it.")
    box.setDetailedText("".join(traceback.format_exception(kind, error, trace)))
    box.exec()
