"""Checks before Qt starts, because Qt aborts the process where something is missing."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Final

from mnist_gui.errors import UserError

# What PySide6's wheels load from the system, and Debian's names for it.
_ALWAYS: Final = {"libEGL.so.1": "libegl1", "libGL.so.1": "libgl1", "libfontconfig.so.1": "libfontconfig1"}
_X11: Final = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libdbus-1.so.3": "libdbus-1-3",
}


def check() -> None:
    """Raise UserError if a window can't be opened, with what to do about it."""
    if not sys.platform.startswith("linux"):
        return
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    on_x11 = "WAYLAND_DISPLAY" not in os.environ
    if not platform and on_x11 and not os.environ.get("DISPLAY"):
        raise UserError(
            "There is no display to open a window on. Start the program in a graphical session, or use a command: "
            "mnist-gui --help lists them."
        )
    wanted = _ALWAYS | (_X11 if platform == "xcb" or (not platform and on_x11) else {})
    missing = [package for library, package in wanted.items() if not _loads(library)]
    if missing:
        raise UserError(
            "The window needs libraries that this system lacks. On Debian or Ubuntu: sudo apt install "
            + " ".join(missing)
        )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
