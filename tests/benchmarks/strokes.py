"""Real pen strokes: JSON, plain or gzipped, {"samples": [{"label", "writer", "strokes": [[[x, y], …], …]}, …]}."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mnist_gui import ink

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PEN_WIDTH = 0.07  # of the canvas, which is about the height of a digit


@dataclass(frozen=True)
class Sample:
    label: int
    writer: object
    strokes: list[NDArray[np.float64]]  # each (n, 2), in units of the longer side of the digit

    def image(self, scale: float = 1, shift: float = 0, pen: float = PEN_WIDTH, grid: float = 0) -> NDArray[np.uint8]:
        """Draw it on a canvas of side 1, smaller, moved, with another pen, or on whole pixels of 1 / `grid`."""
        strokes = [stroke * scale + shift for stroke in self.strokes]
        if grid:
            strokes = [np.round(stroke * grid) / grid for stroke in strokes]
        image = ink.from_strokes([ink.Stroke(stroke, np.full(len(stroke), pen)) for stroke in strokes])
        return np.zeros((28, 28), np.uint8) if image is None else image

    def mapped(self, rows: NDArray[np.float64]) -> Sample:
        """Slant or turn it: point (x, y) becomes (x, y) @ rows, with rows of shape (2, 2)."""
        return Sample(self.label, self.writer, [stroke @ rows for stroke in self.strokes])


def read(path: Path) -> list[Sample]:
    """Read all samples of a file."""
    content = path.read_bytes()
    samples = json.loads(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)["samples"]
    return [Sample(s["label"], s["writer"], _unit(s["strokes"])) for s in samples]


def _unit(strokes: list[list[list[float]]]) -> list[NDArray[np.float64]]:
    arrays = [np.array(stroke, float).reshape(-1, 2) for stroke in strokes]
    points = np.concatenate(arrays)
    corner, side = points.min(axis=0), np.ptp(points, axis=0).max() or 1.0
    return [(array - corner) / side for array in arrays]
