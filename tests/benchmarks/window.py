"""The program as the person meets it: how soon it is there, how it answers while it trains, what memory it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from typing import Any

import numpy as np

from .contenders import UnavailableError
from .report import Comparison, Measure
from .timing import Timings, take_turns

_BYTECODE = tempfile.TemporaryDirectory(prefix="mnist_gui-bytecode-", ignore_cleanup_errors=True)


def _run(*command: str) -> str:
    # An installed program is compiled; here the first, untimed run leaves its bytecode for the others, whatever the
    # caller's environment says.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = _BYTECODE.name
    result = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, env=environment)
    if result.returncode:
        raise UnavailableError(f"the window: {(result.stderr.strip().splitlines() or ['?'])[-1]}")
    return result.stdout


def _child(task: str, *arguments: object) -> Any:
    code = f"import sys; from {__package__}.window_child import run; run(*sys.argv[1:])"
    return json.loads(_run("-c", code, task, *map(str, arguments)).splitlines()[-1])


def start_up(rounds: int) -> list[Comparison]:
    """Time whole processes: to the first paint of the window, and to the help of the command line."""
    paint = {
        "mnist_gui": partial(_child, "first_paint"),
        "an empty window with a plot": partial(_child, "first_paint_empty"),
    }
    shown = take_turns(paint, rounds, turn=0)
    commands = {"mnist_gui": ("-m", "mnist_gui", "--help"), "import numpy": ("-c", "import numpy")}
    helped = take_turns({name: partial(_run, *command) for name, command in commands.items()}, rounds, turn=0)
    return [
        Comparison.of(shown, "first paint, whole process", "an empty window with a plot", 1.35),
        Comparison.of(helped, "--help, whole process", "import numpy", 1.5),
    ]


def throughput(rounds: int) -> list[Comparison]:
    """Time training in the open window beside the same without it."""
    inside, outside = map(np.array, _child("throughput", rounds))
    timings = Timings({"mnist_gui": inside, "without a window": outside})
    return [Comparison.of(timings, "training in the open window", "without a window", 1 / 0.9)]


def use() -> list[Measure]:
    """Measure the window in use; of what a pen does, the medians of three runs."""
    pens = [_child("pen") for _ in range(3)]
    pen = {name: float(np.median([run[name] for run in pens])) for name in pens[0]}
    memory, empty = _child("hundred_epochs"), _child("memory_empty")
    median = f"median {pen['answered_median']:.1f} ms"
    growth = memory["last"] - memory["first"]
    note = f"30 s of training, {pen['moves']:,.0f} pen moves, the median of 3 runs"
    history = f"{growth:.1f} MB in all, of which {memory['history']:.1f} MB are the run's history"
    return [
        Measure("event loop late, 99 %", pen["late_99"], "ms", 8, note),
        Measure("event loop late, at worst", pen["late_worst"], "ms", 40, note),
        Measure("pen move to painted ink, 99 %", pen["inked_99"], "ms", 12, note),
        Measure("pen move to painted answer, 99 %", pen["answered_99"], "ms", 30, median),
        Measure("training beside that pen, times slower", pen["slower"], "×", 1 / 0.45, "than without a window"),
        Measure("memory: growth over 100 epochs beyond history", growth - memory["history"], "MB", 5, history),
        Measure("memory: above an empty window", memory["last"] - empty, "MB", 250, "images loaded, training"),
    ]
