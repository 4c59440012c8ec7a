"""The command: ``python -m tests.benchmarks``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mnist_gui.assets import SHIPPED_MODEL

from . import machine, network, pictures, reading, run, teaching, window
from .contenders import UnavailableError
from .report import COMPARISON_HEAD, MEASURE_HEAD, Comparison, table

COMPARED = [
    ("larger", network.larger),
    ("epoch", network.epoch),
    ("evaluation", network.evaluation),
    ("drawing", network.drawing),
    ("startup", run.first_step),
    ("startup", run.whole),
    ("startup", window.start_up),
    ("throughput", window.throughput),
]
SECTIONS = [
    "step",
    "notebook",
    *dict.fromkeys(name for name, _ in COMPARED),
    "use",
    "sizes",
    "reading",
    "pictures",
    "teaching",
]


def _skipped(error: UnavailableError) -> None:
    print(f"skipped: {error}", file=sys.stderr)


def _print_sizes(rounds: int) -> None:
    rows = []
    for filters, n, timings in network.sizes(rounds):
        ours, theirs = (timings.time(name).median / n * 1e6 for name in ("mnist_gui", "PyTorch"))
        ratio = timings.ratio("mnist_gui", "PyTorch")
        rows.append(
            [
                f"{filters}",
                f"{n}",
                f"{ours:.1f}",
                f"{theirs:.1f}",
                f"{ratio.median:.2f} ({ratio.lower:.2f}–{ratio.upper:.2f})",
                "" if ratio.median <= 1 else "PyTorch is ahead",
            ]
        )
    print(table(["filters", "batch", "µs an image, ours", "PyTorch's", "ratio (quartiles)", ""], rows), end="\n\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; by default all")
    parser.add_argument(
        "--rounds", type=int, default=21, help="rounds in which the contenders take turns (%(default)s)"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the training step's times, as .svg or .png")
    parser.add_argument(
        "--strokes", type=Path, metavar="FILE", help="pen strokes of several writers, for reading and teaching"
    )
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="folders of pictures whose names begin with the digit"
    )
    parser.add_argument(
        "--model", type=Path, default=SHIPPED_MODEL, metavar="FILE", help="what is taught, and reads pictures (shipped)"
    )
    arguments = parser.parse_args()
    chosen = arguments.sections or SECTIONS
    if unknown := set(chosen) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")

    print(table(["machine", ""], machine.describe()), end="\n\n")
    comparisons: list[Comparison] = []
    if "step" in chosen:
        timings, rows = network.step(arguments.rounds, _skipped)
        comparisons += rows
        if arguments.plot:
            from . import plot

            plot.draw(timings, arguments.plot)
            print(f"drawn: {arguments.plot}", file=sys.stderr)
    if "notebook" in chosen:
        comparisons += network.notebook_step(min(arguments.rounds, 5))
    for section, compare in COMPARED:
        if section in chosen:
            try:
                comparisons += compare(arguments.rounds)
            except UnavailableError as error:
                _skipped(error)
    if comparisons:
        print(table(COMPARISON_HEAD, [row.cells() for row in comparisons]), end="\n\n")
    if "use" in chosen:
        try:
            print(table(MEASURE_HEAD, [row.cells() for row in window.use()]), end="\n\n")
        except UnavailableError as error:
            _skipped(error)
    if "sizes" in chosen:
        try:
            _print_sizes(arguments.rounds)
        except UnavailableError as error:
            _skipped(error)
    if "reading" in chosen:
        if arguments.strokes:
            print(table(reading.HEAD, reading.rows(arguments.strokes)), end="\n\n")
            print(table(reading.ARCHITECTURES_HEAD, reading.architecture_rows(arguments.strokes)), end="\n\n")
        else:
            _skipped(UnavailableError("reading needs --strokes FILE"))
    if "pictures" in chosen:
        print(table(pictures.HEAD, pictures.rows(arguments.model, arguments.pictures)), end="\n\n")
        print(table(pictures.NO_DIGIT_HEAD, pictures.no_digit_rows(arguments.strokes)), end="\n\n")
    if "teaching" in chosen:
        try:
            print(table(teaching.HEAD, list(teaching.rows(arguments.strokes, arguments.model))), end="\n\n")
        except UnavailableError as error:
            _skipped(error)


main()
