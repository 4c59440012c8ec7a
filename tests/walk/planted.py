"""Faults to put into the canvas on purpose, so that a test sees that a walk notices them."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import qWarning
from PySide6.QtWidgets import QFrame

from mnist_gui.gui.drawing.canvas import Canvas
from tests.walk import watch

if TYPE_CHECKING:
    from collections.abc import Callable

kept: list[object] = []


def _exception() -> None:
    raise ZeroDivisionError("planted")


def _thread() -> None:
    kept.append(thread := threading.Thread(target=threading.Event().wait, daemon=True))
    thread.start()


FAULTS: Final[dict[str, Callable[[], object]]] = {
    "exception": _exception,
    "warning": lambda: qWarning("planted"),
    "widget": lambda: kept.append(QFrame()),
    "thread": _thread,
    "stall": lambda: time.sleep(60),
    "death": os.abort,
}


def plant(kind: str) -> None:
    """Have a fault happen at the end of each stroke."""
    if kind == "stall":
        watch.STALL = 1  # so that nobody waits for long
    Canvas.pen_up = lambda canvas: FAULTS[kind]()  # type: ignore[method-assign]
