"""Paired timing: the contenders take turns in one process, so that a busy machine is unfair to none of them."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TURN = 0.02  # seconds that a contender works at a stretch


@dataclass(frozen=True)
class Spread:
    """The median of the rounds, and their quartiles."""

    median: float
    lower: float
    upper: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Spread:
        return cls(*np.percentile(values, [50, 25, 75]))


@dataclass(frozen=True)
class Timings:
    """Seconds per call, by contender; entry i of each belongs to round i."""

    seconds: dict[str, NDArray[np.float64]]

    def time(self, name: str) -> Spread:
        return Spread.of(self.seconds[name])

    def ratio(self, name: str, other: str) -> Spread:
        """Compare two contenders round by round."""
        return Spread.of(self.seconds[name] / self.seconds[other])

    def fastest(self, names: list[str]) -> str:
        return min(names, key=lambda name: self.time(name).median)


def take_turns(contenders: dict[str, Callable[[], object]], rounds: int, turn: float = TURN) -> Timings:
    """Time the contenders in alternating order, after a warm-up."""
    calls = {name: _calls_within(turn, work) for name, work in contenders.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    gc.collect()
    gc.disable()
    try:
        for i in range(rounds):
            for name in list(contenders)[:: 1 if i % 2 else -1]:
                seconds[name].append(_time(contenders[name], calls[name]))
    finally:
        gc.enable()
    return Timings({name: np.array(values) for name, values in seconds.items()})


def _calls_within(turn: float, work: Callable[[], object]) -> int:
    for _ in range(3):
        work()
    return max(1, round(turn / min(_time(work, 1) for _ in range(3))))


def _time(work: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        work()
    return (perf_counter() - start) / calls
