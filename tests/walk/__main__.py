"""`python -m tests.walk --seed 7 --actions 20000`: walk, and say how to repeat it where something goes wrong.

The walk is done in a process of its own, so that even its sudden death is told, and with the action that led to it.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import subprocess
import sys
import tempfile
import traceback
from collections import deque
from pathlib import Path
from threading import Thread, Timer
from time import monotonic
from typing import Final

REST: Final = 500  # actions from one rest to the next, at which it is looked for what was left behind
GROWTH: Final = 20  # megabytes in 10,000 actions
LAST: Final = 12  # actions that are told where one fails


def main() -> int:
    """Walk as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.walk", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--actions", type=int, default=2000)
    parser.add_argument(
        "--limit", type=float, help="seconds until it is ended (by default 60, and 0.1 for each action)"
    )
    parser.add_argument("--in-this-process", action="store_true", help="so that a debugger sees it")
    parser.add_argument("--rest", type=int, default=REST, help="actions between two looks at what was left behind")
    parser.add_argument("--plant", metavar="FAULT", help="have something go wrong, to see that it is noticed")
    options = parser.parse_args()
    if options.in_this_process:
        return walk(options.seed, options.actions, options.rest, options.plant)
    return supervise(sys.argv[1:], options)


def supervise(words: list[str], options: argparse.Namespace) -> int:
    """Have another process walk as the words of the command say; tell its end."""
    limit = options.limit or 60 + 0.1 * options.actions
    root = Path(__file__).parent.parent.parent
    with tempfile.TemporaryDirectory(prefix="walk-") as folder:
        environment = {k: v for k, v in os.environ.items() if k not in ("MNIST_GUI_DATA", "PYTHONWARNINGS")}
        environment |= {f"XDG_{kind}_HOME": f"{folder}/{kind}" for kind in ("CACHE", "CONFIG", "DATA")}
        environment |= {"HOME": folder, "TMPDIR": folder, "QT_QPA_PLATFORM": "offscreen", "HTTPS_PROXY": "127.0.0.1:9"}
        environment["PYTHONPATH"] = os.pathsep.join([str(root), environment.get("PYTHONPATH", "")])
        command = [sys.executable, "-m", "tests.walk", *words]
        walker = subprocess.Popen(
            [*command, "--in-this-process"],
            cwd=root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert walker.stdout is not None
        assert walker.stderr is not None
        errors: list[str] = []
        reader = Thread(target=lambda stream: errors.extend(stream), args=(walker.stderr,))
        reader.start()
        late: list[float] = []
        timer = Timer(limit, lambda: (late.append(limit), walker.kill()))
        timer.start()
        start, last = monotonic(), deque[str](maxlen=LAST)
        for line in walker.stdout:
            if line.startswith("  "):
                last.append(line)
            else:
                print(line, end="", flush=True)
        status = walker.wait()
        timer.cancel()
        reader.join()
    if status:
        print("".join([*last, *errors[-200:]]), file=sys.stderr)
        why = f"It took more than {limit:.0f} s." if late else f"It ended with status {status}."
        again = ["python", "-m", "tests.walk", "--seed", str(options.seed), "--actions", str(options.actions)]
        print(f"{why} To repeat it: {' '.join(again)}", file=sys.stderr)
        return 1
    seconds = monotonic() - start
    print(f"seed {options.seed}: {options.actions} actions in {seconds:.0f} s, and nothing went wrong", flush=True)
    return 0


def walk(seed: int, actions: int, rest: int, fault: str | None) -> int:
    """Walk in this process; print each action, indented, and how much memory is held at each rest."""
    faulthandler.enable()
    from PySide6.QtCore import QCoreApplication, QStandardPaths
    from PySide6.QtWidgets import QApplication

    from mnist_gui import learning
    from mnist_gui.data import drawn, mnist
    from mnist_gui.gui.widgets import theme
    from tests.walk.planted import plant
    from tests.walk.walker import Walker
    from tests.walk.watch import Watch, memory

    if fault:
        plant(fault)
    # A walk needs no network and no more digits than a few.
    mnist.MIRRORS = ("http://127.0.0.1:9/",)
    drawn.TRAIN_SIZE, learning.DRAWN_ALONE, learning.DRAWN_TEST = 1000, 300, 100
    drawn.load.__defaults__ = (1000, 200)
    QStandardPaths.setTestModeEnabled(True)
    QCoreApplication.setOrganizationName("mnist_gui")
    QCoreApplication.setApplicationName("mnist_gui")
    app = QApplication(sys.argv[:1])
    theme.apply(app)
    watch = Watch()
    number = 0

    def tell(number: int, what: str) -> None:
        print(f"  {number}: {what}".encode("ascii", "backslashreplace").decode(), flush=True)

    def check() -> None:
        for fault in watch.faults:
            print(f"seed {seed}, action {number}: {fault}", file=sys.stderr, flush=True)
        if watch.faults:
            os._exit(1)  # whatever goes on

    held: list[tuple[int, float]] = []
    with tempfile.TemporaryDirectory(prefix="things-") as folder:
        try:
            walker = Walker(seed, Path(folder), tell)
            for number in range(1, actions + 1):
                watch.beat()
                walker.step(number)
                check()
                if number % rest == 0:
                    tell(number, "rest")
                    walker.rest()
                    watch.look_around(app, windows=1)
                    held.append((number, memory()))
                    print(f"{number} actions, {held[-1][1]:.0f} MB", flush=True)
                    check()
            walker.end()
            watch.look_around(app, windows=0)
        except Exception:  # noqa: BLE001 -- out of an action, where the window's own would come by the hook
            watch.faults.append(traceback.format_exc())
        check()
    watch.end()
    return 1 if grows(held) else 0


def grows(held: list[tuple[int, float]]) -> bool:
    """Tell how much memory grew, from the first quarter of a long walk on, and whether that is too much."""
    later = [(number, megabytes) for number, megabytes in held if number >= held[-1][0] / 4] if held else []
    if len(later) < 12:
        return False  # of a short one it says nothing: much is made when it is first needed
    half = len(later) // 2
    (first, least), (last, most) = (
        (sum(n for n, _ in part) / len(part), sorted(m for _, m in part)[len(part) // 2])
        for part in (later[:half], later[half:])
    )
    growth = 10_000 * (most - least) / (last - first)
    print(f"Memory grew by {growth:.1f} MB in 10,000 actions.", flush=True)
    return growth > GROWTH


if __name__ == "__main__":
    sys.exit(main())
