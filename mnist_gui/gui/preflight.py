"""Checks before Qt starts, because Qt aborts the process where something is missing."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Final

from mnist_gui.errors import UserError

# What PySide6's wheels load from the system (`readelf -d` on its libraries tells), and Debian's names for it.
_ALWAYS: Final = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
_X11: Final = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
DEBIAN_PACKAGES: Final = (*_ALWAYS.values(), *_X11.values())
"""All that a window needs, for a machine that is set up by a script."""

_COMMANDS: Final = "Start the program in a graphical session, or use a command: mnist-gui --help lists them."


def check() -> None:
    """Raise UserError if a window can't be opened, with what to do about it."""
    if not sys.platform.startswith("linux"):
        return
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    display = os.environ.get("DISPLAY")
    on_x11 = platform == "xcb" or not (platform or os.environ.get("WAYLAND_DISPLAY"))
    if on_x11 and not display:
        raise UserError(f"There is no display to open a window on. {_COMMANDS}")
    wanted = _ALWAYS | (_X11 if on_x11 else {})
    missing = [package for library, package in wanted.items() if not _loads(library)]
    if missing:
        raise UserError(
            "The window needs libraries that this system lacks. On Debian or Ubuntu: sudo apt install "
            + " ".join(missing)
        )
    if on_x11 and not _answers():
        raise UserError(f"The display {display} can't be opened. {_COMMANDS}")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _answers() -> bool:
    """Whether the X server lets us in."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))  # never null; an error is a state of the connection
    # It's left open, since an X server that loses its only client starts afresh, and would refuse Qt meanwhile.
    return not xcb.xcb_connection_has_error(connection)
