"""Images in a table of text (CSV): in each line a label and the pixels of one image, row after row.

The label stands first or last, with or without a line of headings and a column of line numbers.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from mnist_gui.data.dataset import CLASSES, DataError
from mnist_gui.data.packing import opened
from mnist_gui.data.pixels import Pixels
from mnist_gui.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from mnist_gui.data.packing import Entry

LONGEST_LINE: Final = 256 * 1024
"""A longer line is refused: 128×128 pixels with several decimals each are shorter."""

SIDES: Final = range(8, 129)
"""How many pixels the images may have a side."""

_CHUNK_SIZE: Final = 1_000_000  # bytes that are parsed at once
_LABEL: Final = re.compile(r"\W*(label|class|target|digit|y|number)s?\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of images, of which only the first line was read.

    Attributes
    ----------
    entry : Entry
    delimiter : str or None
        None is any white space.
    headings : list of str
        Empty if there are none.
    columns : int
    side : int
        Pixels along each side of an image.
    """

    entry: Entry
    delimiter: str | None
    headings: list[str]
    columns: int
    side: int

    @property
    def has_labels(self) -> bool:
        """Whether there is a column besides the pixels."""
        return self.columns > self.side**2

    def blocks(self, tick: Callable[[int], None] | None) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
        """Yield images, shape (n, 28, 28), and their labels, shape (n,), some hundred at a time.

        Raises
        ------
        DataError
            If a line has other columns than the first, or holds what is no pixel or label.
        """
        name, pixels, column = self.entry.name, Pixels(self.entry.name), None
        first = self.columns - self.side**2 - 1  # 1 after a column of line numbers
        line = 2 if self.headings else 1
        with opened(self.entry, tick) as stream:
            for lines in _lines(stream, name, skip=bool(self.headings)):
                rows = self._parse(lines, line)
                if column is None:
                    column = self._label_column(rows, first)
                labels = rows[:, column]
                if not (np.isfinite(labels).all() and (labels == np.rint(labels)).all()):
                    raise DataError(f"{name}: in the lines from {line:,} there are labels that are no whole numbers")
                images = rows[:, first + 1 :] if column == first else rows[:, first:-1]
                yield pixels(images.reshape(-1, self.side, self.side)), labels.astype(np.int64)
                line += len(lines)

    def _parse(self, lines: list[str], number: int) -> NDArray[Any]:
        """Parse lines, the first of which has this number, to an array of shape (n, columns)."""
        text = "".join(lines)
        # Whole numbers are read ten times as fast.
        dtype = np.float32 if re.search(r"[.eEnN]", text) else np.int32
        try:
            rows = np.loadtxt(lines, dtype, delimiter=self.delimiter, comments=None, quotechar='"', ndmin=2)
        except (ValueError, OverflowError) as error:
            message = f"{self.entry.name} can't be read in the lines from {number:,}: {one_line(str(error))}"
            raise DataError(message) from error
        if rows.shape != (len(lines), self.columns):
            raise DataError(
                f"{self.entry.name} has {rows.shape[1]} columns in the lines from {number:,}; expected {self.columns}"
            )
        return rows

    def _label_column(self, rows: NDArray[Any], first: int) -> int:
        """Say which column holds the labels: as the headings say, else the one that varies and fits, else the first."""
        last = self.columns - 1
        for column in (first, last):
            if self.headings and _LABEL.fullmatch(self.headings[column]):
                return column

        def fits(column: int) -> bool:
            values = rows[:, column]
            return bool(len(np.unique(values)) > 1 and values.min() >= 0 and values.max() < CLASSES)

        return last if fits(last) and not fits(first) else first


def look(entry: Entry) -> Table | None:
    """Read the first lines of a file; None if it's no table of images."""
    with opened(entry) as stream:
        lines = [stream.readline(LONGEST_LINE).removeprefix(b"\xef\xbb\xbf"), stream.readline(LONGEST_LINE)]
    if not lines[0].endswith((b"\n", b"\r")) and lines[1]:
        return None
    texts = [line.decode("latin-1").strip() for line in lines if line.strip()]
    if not texts or b"\0" in lines[0]:
        return None
    delimiter = next((mark for mark in (",", ";", "\t") if mark in texts[0]), None)
    cells = texts[0].split(delimiter)
    headings = [] if _is_number(cells[-1]) and _is_number(cells[0] or "0") else cells
    for extra in (1, 0, 2):
        side = math.isqrt(max(0, len(cells) - extra))
        if side in SIDES and side**2 + extra == len(cells):
            return Table(entry, delimiter, headings, len(cells), side)
    return None


def is_text(head: bytes) -> bool:
    """Tell by its first bytes whether a file may be a table: digits, letters and marks, and nothing unseen."""
    return bool(re.fullmatch(rb"(\xef\xbb\xbf)?[\t\r\n -~]+", head[:64]))


def _is_number(text: str) -> bool:
    try:
        float(text.strip("\" '"))
    except ValueError:
        return False
    return True


def _lines(stream: BinaryIO, name: str, *, skip: bool) -> Iterator[list[str]]:
    """Yield whole lines that aren't empty, about ``_CHUNK_SIZE`` bytes at a time."""
    rest = b""
    while True:
        chunk = stream.read(_CHUNK_SIZE)
        text = rest + chunk
        end = text.rfind(b"\n") + 1 if chunk else len(text)
        if len(text) - end > LONGEST_LINE or text.count(b"\n") > _CHUNK_SIZE // (2 * SIDES[0] ** 2) + 1:
            raise DataError(f"{name} has lines that are too long, or too short, for images")
        rest = text[end:]
        lines = [line for line in text[:end].decode("latin-1").removeprefix("ï»¿").splitlines() if line.strip()]
        if skip and lines:
            skip, lines = False, lines[1:]
        if lines:
            yield lines
        if not chunk:
            return
