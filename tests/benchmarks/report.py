"""The tables that the command prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .timing import Spread, Timings


@dataclass(frozen=True)
class Comparison:
    """One line of the table: our time, theirs, and the ratio that must stay at or below the limit."""

    work: str
    against: str
    ours: Spread  # seconds
    theirs: Spread
    ratio: Spread
    limit: float | None = None

    @classmethod
    def of(
        cls, timings: Timings, work: str, against: str, limit: float | None = None, ours: str = "mnist_gui"
    ) -> Comparison:
        return cls(work, against, timings.time(ours), timings.time(against), timings.ratio(ours, against), limit)

    def cells(self) -> list[str]:
        ratio = f"{self.ratio.median:.3g} ({self.ratio.lower:.3g}–{self.ratio.upper:.3g})"
        return [
            self.work,
            self.against,
            in_seconds(self.ours),
            in_seconds(self.theirs),
            ratio,
            *verdict(self.ratio.median, self.limit),
        ]


COMPARISON_HEAD = ["work", "against", "ours", "theirs", "ratio (quartiles)", "at most", ""]


@dataclass(frozen=True)
class Measure:
    """One line of the table of absolute limits."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""

    def cells(self) -> list[str]:
        value = f"{self.value:.3g} {self.unit}"
        return [self.name, value, *verdict(self.value, self.limit), self.note]


MEASURE_HEAD = ["in the window", "measured", "at most", "", ""]


def verdict(value: float, limit: float | None) -> list[str]:
    """Return the cells of the limit and of whether it holds."""
    if limit is None:
        return ["–", ""]
    return [f"{limit:.3g}", "yes" if value <= limit else "NO"]


def in_seconds(spread: Spread) -> str:
    """Write a time with its quartiles, in a unit that suits it."""
    unit, factor = next((u, f) for u, f in [("s", 1), ("ms", 1e3), ("µs", 1e6)] if spread.median * f >= 1 or u == "µs")
    low, middle, high = (f"{value * factor:.3g}" for value in (spread.lower, spread.median, spread.upper))
    return f"{middle} {unit} ({low}–{high})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out cells in a Markdown table whose columns line up in a terminal too."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rule = ["-" * max(3, width) for width in widths]
    return "\n".join(
        "| " + " | ".join(cell.ljust(max(3, width)) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in [head, rule, *lines[1:]]
    )
