"""Edits of the network by hand, as steps that can be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist_gui.history import History, Snapshot
    from mnist_gui.runs import Checkpoint


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where the session stands: all that an edit changes, and that undoing it brings back."""

    checkpoint: Checkpoint
    history: History | None = None
    moment: Snapshot | None = None


class Edit(Guarded, QUndoCommand):
    """From one place to another, by `stand`, which takes one; changes of the same weight in a row are one step."""

    def __init__(
        self, stand: Callable[[Place], None], before: Place, after: Place, what: str, cell: tuple[int, ...] | None
    ) -> None:
        super().__init__(what)
        self._stand, self._before, self._after, self._cell = stand, before, after, cell

    def id(self) -> int:
        return -1 if self._cell is None else 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, Edit) or other._cell != self._cell or other._before.moment is not None:
            return False
        self._after = other._after
        return True

    def undo(self) -> None:
        self._stand(self._before)

    def redo(self) -> None:
        self._stand(self._after)
