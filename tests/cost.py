"""What reading a file costs, measured in a program of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = """
import json, resource, sys, time
from mnist_gui.errors import UserError
{prepare}
import PIL.Image, safetensors  # which the idle window has not loaded, but a reader's libraries are no cost of the file

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)

before, started, refused = peak(), time.process_time(), ""
try:
    run(sys.argv[1])
except UserError as error:
    refused = str(error)
print(json.dumps([refused, time.process_time() - started, peak() - before]))
"""


@dataclass(frozen=True)
class Cost:
    """What it came to: why a file was refused ("" if it was not), and what was spent on it, in processor time."""

    refused: str
    seconds: float
    megabytes: float


def cost_of(prepare: str, path: Path) -> Cost:
    """Run code that defines `run`, and call it with a path; its memory is above what Python took before."""
    command = [sys.executable, "-c", _PROGRAM.format(prepare=prepare), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    return Cost(*json.loads(done.stdout))
