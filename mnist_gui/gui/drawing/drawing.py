"""What is drawn: as the rest of the window asks for it, and as the canvas keeps it and takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PySide6.QtGui import QUndoCommand

from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.ink import Stroke

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray


class Drawing(Protocol):
    """What is drawn, as the canvas offers it."""

    def seen(self) -> NDArray[np.uint8] | None:
        """Give what the network sees, shape (28, 28), or None if there is no digit."""

    def why_not(self) -> str:
        """Say in a few words why there is no digit; nothing if there is one."""

    def strokes_on_paper(self) -> list[Stroke]:
        """List what can be seen of the strokes, in units of the paper's side."""

    def set_strokes(self, strokes: Iterable[Stroke]) -> None:
        """Replace the drawing."""

    def set_picture(self, seen: NDArray[np.uint8], caption: str = "") -> None:
        """Replace the drawing by an image as the network sees it."""


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What can be on the canvas: strokes, or a picture of 28×28 with its caption."""

    strokes: tuple[Stroke, ...] = ()
    picture: NDArray[np.uint8] | None = None
    caption: str = ""


class Step(Guarded, QUndoCommand):
    """From one content to another; `show` puts one on the canvas."""

    def __init__(self, show: Callable[[Content], None], before: Content, after: Content, what: str) -> None:
        super().__init__(what)
        self._show, self._before, self._after = show, before, after

    def undo(self) -> None:
        self._show(self._before)

    def redo(self) -> None:
        self._show(self._after)


def stroke_of(line: list[tuple[float, float, float]]) -> Stroke:
    """Make a stroke of (x, y, width), each in units of the paper's side."""
    columns = np.array(line)
    return Stroke(columns[:, :2], columns[:, 2])


def on_paper(stroke: Stroke) -> list[Stroke]:
    """Parts of a stroke, in units of the paper's side, that can be seen."""
    inside = np.all((stroke.points >= 0) & (stroke.points <= 1), axis=1)
    if inside.all():
        return [stroke]
    # A part reaches to the edge, near where the line crosses it.
    near = inside.copy()
    near[1:] |= inside[:-1]
    near[:-1] |= inside[1:]
    cuts = np.flatnonzero(np.diff(near)) + 1
    runs = [run for run in np.split(np.arange(len(near)), cuts) if near[run[0]]]
    return [Stroke(np.clip(stroke.points[run], 0, 1), stroke.widths[run]) for run in runs]
