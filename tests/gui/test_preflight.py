"""Where no window can be opened, the program says so in one line and ends."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mnist_gui.errors import UserError
from mnist_gui.gui import preflight

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")


def message() -> str:
    with pytest.raises(UserError) as caught:
        preflight.check()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def on_x11(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Linux with all libraries and an X server."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    for name in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(preflight, "_loads", lambda library: True)
    monkeypatch.setattr(preflight, "_answers", lambda: True)


def test_where_nothing_is_missing_nothing_is_said(on_x11: None) -> None:
    preflight.check()


def test_a_missing_display_is_told(on_x11: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    assert "no display" in message()
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert "no display" in message()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    preflight.check()
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    preflight.check()


def test_a_display_that_lets_nobody_in_is_told(on_x11: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "_answers", lambda: False)
    assert "display :0 can't be opened" in message()


def test_missing_libraries_are_told_by_their_packages(on_x11: None, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {"libxcb-cursor.so.0", "libEGL.so.1"}
    monkeypatch.setattr(preflight, "_loads", lambda library: library not in missing)
    assert message().endswith("sudo apt install libegl1 libxcb-cursor0")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert message().endswith("sudo apt install libegl1")


def test_other_systems_need_no_check(on_x11: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    for platform in ("darwin", "win32"):
        monkeypatch.setattr(sys, "platform", platform)
        preflight.check()


@on_linux
@pytest.mark.parametrize("display", [None, ":54321"])
def test_the_program_ends_with_one_plain_line(display: str | None) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    if display:
        environment["DISPLAY"] = display
    command = [sys.executable, "-m", "mnist_gui"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("mnist-gui: ")
