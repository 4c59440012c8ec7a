"""A random walk over the window: 2,000 actions, and nothing goes wrong; and what goes wrong would be noticed.

More of it, of another seed, by command: `python -m tests.walk --seed 7 --actions 20000`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def walk(*options: str) -> subprocess.CompletedProcess[str]:
    folders = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(folders)}
    command = [sys.executable, "-m", "tests.walk", *options]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.timeout(400)  # the walk has a limit of its own
def test_nothing_goes_wrong_in_2000_actions() -> None:
    done = walk("--seed", "0", "--actions", "2000", "--limit", "360")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("exception", "ZeroDivisionError: planted"),
        ("warning", "Qt warns: planted"),
        ("widget", "windows where 1 should be"),
        ("thread", "threads that are left"),
        ("stall", "Timeout (0:00:01)!"),
        ("death", "Aborted"),
    ],
)
def test_what_goes_wrong_is_told_with_how_to_repeat_it(fault: str, told: str) -> None:
    done = walk("--seed", "3", "--actions", "100", "--rest", "20", "--plant", fault)
    assert done.returncode == 1
    assert told in done.stderr
    assert "To repeat it: python -m tests.walk --seed 3 --actions 100" in done.stderr
    assert re.search(r"^  \d+: \w+", done.stderr, re.MULTILINE)  # what was done last


def test_a_walk_without_end_is_ended() -> None:
    done = walk("--seed", "3", "--actions", "100000", "--limit", "3")
    assert done.returncode == 1
    assert "It took more than 3 s. To repeat it: python -m tests.walk --seed 3 --actions 100000" in done.stderr


def test_memory_that_grows_is_too_much() -> None:
    from tests.walk.__main__ import grows

    steady = [(500 * i, 200 + i % 3) for i in range(1, 41)]
    growing = [(500 * i, 200 + 1.2 * i) for i in range(1, 41)]
    assert not grows(steady)
    assert grows(growing)
