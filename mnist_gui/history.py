"""All of a run in a few megabytes: snapshots of the parameters, so that any moment can be looked at again."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mnist_gui.training import Progress

MAX_BYTES: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of a run.

    Attributes
    ----------
    step : int
        How many steps had been done.
    epoch : float
        The same in epochs.
    test_accuracy : float or None
        At the end of the last whole epoch before, in [0, 1].
    parameters : ndarray of float32, shape (count,)
        Read-only.
    """

    step: int
    epoch: float
    test_accuracy: float | None
    parameters: NDArray[np.float32]

    def describe(self) -> str:
        """Say in one line which moment it is, and how good the network was then."""
        tested = "" if self.test_accuracy is None else f" · test {self.test_accuracy * 100:.2f} %"
        return f"epoch {self.epoch:.2f} · step {self.step:,}{tested}"


class History:
    """The snapshots of one run, thinned as it grows.

    A new moment is kept if enough steps lie between it and the last one kept, and how many are enough grows in
    proportion to the steps done: early on, where more happens, snapshots stand close. When the limit is reached,
    every second one goes and the proportion doubles. The first stays for good, and so does the newest as long as it
    is the newest.

    Parameters
    ----------
    max_bytes : int
        What all the parameters together may take.
    snapshots : sequence of Snapshot
        Of a run that was kept.

    Attributes
    ----------
    snapshots : tuple of Snapshot
        In the order of time. Replaced, never changed, so that another thread may read while a run adds.
    """

    def __init__(self, max_bytes: int = MAX_BYTES, snapshots: Sequence[Snapshot] = ()) -> None:
        self._max_bytes = max_bytes
        # Of the steps done, between two snapshots: some 400 in all, near what a slider has pixels for.
        self._spacing = 1 / 48
        self.snapshots = tuple(snapshots)

    def add(self, progress: Progress) -> None:
        """Take in where a run stands."""
        kept = list(self.snapshots)
        if kept and progress.step <= kept[-1].step:
            return
        if len(kept) > 1 and self._too_close(kept[-2].step, kept[-1].step):
            kept.pop()  # it stood only as the newest
        parameters = progress.parameters.astype(np.float32)
        parameters.flags.writeable = False
        accuracy = progress.epochs[-1].test_accuracy if progress.epochs else None
        kept.append(Snapshot(progress.step, progress.step / progress.steps_per_epoch, accuracy, parameters))
        if len(kept) * parameters.nbytes > self._max_bytes:
            self._spacing *= 2
            kept = [*kept[:-1:2], kept[-1]]
        self.snapshots = tuple(kept)

    def _too_close(self, earlier: int, later: int) -> bool:
        return later - earlier < later * self._spacing


def index_at(snapshots: Sequence[Snapshot], step: int) -> int:
    """Return the index of the last snapshot that is not later than `step` (the first, if all are)."""
    return max(0, bisect_right(snapshots, step, key=lambda snapshot: snapshot.step) - 1)
