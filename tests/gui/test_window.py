"""The program itself in a real window: xdotool's mouse and keyboard on an X server of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from hand import THREE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.window

DRIVER = Path(__file__).with_name("window_driver.py")
PATIENCE = 40  # seconds


CHECK = """
from mnist_gui.errors import UserError
from mnist_gui.gui import preflight
try:
    preflight.check()
except UserError as error:
    print(error)
"""


def real_window(display: str, **more: str) -> dict[str, str]:
    """The environment of a program that opens a window on a display, whatever that of the tests is."""
    hidden = ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "QT_SCALE_FACTOR")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return environment | {"DISPLAY": display} | more


def complaint(environment: dict[str, str]) -> str:
    """What the program would say instead of opening a window; nothing if it would open one."""
    command = [sys.executable, "-c", CHECK]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """An X server without a screen, where Qt finds all that it needs for a window."""
    for program in ("Xvfb", "xdotool"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()  # it says which it has taken when it is ready
        assert number, "Xvfb did not start"
        missing = complaint(real_window(f":{number}"))
        try:
            if missing:
                pytest.skip(f"no real window can be opened: {missing}")
            yield f":{number}"
        finally:
            server.terminate()


class Window:
    """The program in a process of its own, seen through what its driver prints."""

    def __init__(self, display: str, home: Path, source: Path) -> None:
        self.environment = real_window(display, HOME=str(home), XDG_CONFIG_HOME=str(home))
        command = [sys.executable, str(DRIVER), str(source)]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=self.environment, **pipes)
        self.now: dict[str, Any] = {}
        self.history: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.now = json.loads(line)
                self.history.append(self.now)
                self._changed.notify_all()

    def wait(self, what: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until the state is as it should be."""
        end = monotonic() + PATIENCE
        with self._changed:
            while not (self.now and what(self.now)):
                assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
                assert monotonic() < end, self.now
                self._changed.wait(0.2)

    def do(self, *words: object) -> None:
        """Have xdotool act."""
        subprocess.run(["xdotool", *map(str, words)], env=self.environment, check=True, timeout=20)

    def place(self, name: str, x: float = 0.5, y: float = 0.5) -> tuple[int, int]:
        left, top, width, height = self.now["places"][name]
        return round(left + x * width), round(top + y * height)

    def click(self, name: str) -> None:
        self.do("mousemove", "--sync", *self.place(name), "click", 1)

    def end(self) -> tuple[int, str]:
        """Wait for the end; give the exit status and what was printed on standard error."""
        assert self.process.stderr is not None
        errors = self.process.stderr.read()
        self._reader.join(PATIENCE)
        return self.process.wait(PATIENCE), errors


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the program brings all libraries")
@pytest.mark.parametrize("library", ["libxcb-cursor.so.0", "libEGL.so.1"])
def test_where_a_library_is_missing_there_is_no_window_and_it_is_said_which(tmp_path: Path, library: str) -> None:
    """As on a machine that has Xvfb and xdotool, and not all that Qt needs: the tests below are skipped there."""
    (tmp_path / "sitecustomize.py").write_text(
        "import ctypes\nload = ctypes.CDLL.__init__\n"
        "def refuse(self, name, *more, **options):\n"
        f"    if name == {library!r}:\n        raise OSError('no such library')\n"
        "    load(self, name, *more, **options)\n"
        "ctypes.CDLL.__init__ = refuse\n",
        encoding="utf-8",
    )
    folders = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    package = library.split(".so")[0].replace("EGL", "egl1").replace("cursor", "cursor0")
    assert package in complaint(real_window(":54321", PYTHONPATH=folders))


@pytest.fixture
def window(display: str, tmp_path: Path, data_folder: Path) -> Iterator[Window]:
    window = Window(display, tmp_path, data_folder)
    try:
        window.wait(lambda now: now["size"][0] > 0)
        yield window
    finally:
        if window.process.poll() is None:
            window.process.kill()
        window.end()
        for stream in (window.process.stdout, window.process.stderr):
            if stream is not None:
                stream.close()


def draw(window: Window, points: list[tuple[float, float]]) -> None:
    left, top, width, height = window.now["places"]["canvas"]
    side = min(width, height)
    corner = left + (width - side) / 2, top + (height - side) / 2
    places = [(round(corner[0] + x * side), round(corner[1] + y * side)) for x, y in points]
    before = window.now["points_drawn"]
    window.do("mousemove", "--sync", *places[0], "mousedown", 1)
    for count, place in enumerate(places[1:], start=before + 2):
        window.do("mousemove", "--sync", *place)  # one by one: a busy window is told of the last of several moves only
        window.wait(lambda now, count=count: now["points_drawn"] >= count and now["read"])
    window.do("mouseup", 1)


def quit_without_saving(window: Window) -> None:
    window.do("key", "ctrl+q")
    window.wait(lambda now: now["question"] is not None)
    window.do("mousemove", "--sync", *window.now["question"], "click", 1)
    status, errors = window.end()
    assert status == 0
    assert errors == ""


def test_draw_read_undo_train_close(window: Window) -> None:
    assert window.now["platform"] == "xcb"
    assert window.now["digit"] == "–"

    draw(window, THREE)
    window.wait(lambda now: now["strokes"] == 1 and now["digit"] == "3")
    assert len({state["digit"] for state in window.history}) > 2  # read anew while it was drawn

    window.do("key", "ctrl+z")
    window.wait(lambda now: now["strokes"] == 0 and now["digit"] == "–")

    window.click("trainButton")
    window.wait(lambda now: now["status"] == "finished: 3 epochs")
    assert window.now["points"] == 60
    assert window.now["states"] == ["LOADING", "IDLE", "RUNNING", "IDLE"]

    draw(window, THREE)
    window.wait(lambda now: now["strokes"] == 1 and now["digit"] != "–")
    quit_without_saving(window)


def test_closing_in_the_middle_of_a_run(window: Window) -> None:
    window.do("mousemove", "--sync", *window.place("epochsBox"), "click", "--repeat", 2, 1, "type", "900")
    window.click("trainButton")
    window.wait(lambda now: now["state"] == "RUNNING" and now["points"] > 0)
    quit_without_saving(window)


def test_ctrl_c_in_the_terminal_ends_it(window: Window) -> None:
    window.click("trainButton")
    window.wait(lambda now: now["state"] != "LOADING")
    window.process.send_signal(signal.SIGINT)
    assert window.end() == (-signal.SIGINT, "")
