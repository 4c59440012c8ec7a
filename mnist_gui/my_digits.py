"""The person's own digits, kept so that nothing is ever lost: a file for each, and no index to fight over.

A digit is written whole or not at all, whatever happens. Names are unique, so several windows may add at once. Nothing
is deleted: what is removed moves into a folder beside the others, and a file that can't be read is reported and stays.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from mnist_gui import atomic, ink, untrusted
from mnist_gui.data.dataset import CLASSES, IMAGE_SIZE
from mnist_gui.errors import UserError, quoted, reason
from mnist_gui.ink import Stroke

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from os import PathLike

    from numpy.typing import NDArray

FORMAT_VERSION: Final = 1
_REMOVED: Final = "removed"
_MAX_BYTES: Final = 100_000_000  # of a file to import: some 20,000 digits
_MAX_LINE: Final = 1_000_000  # bytes of a digit: 10,000 points in full. JSON takes up to thirty times as much memory
_MAX_POINTS: Final = 10_000  # of a drawing: a line thirty papers long. What is read need not have been drawn
_MAX_STROKES: Final = 100
_MAX_LENGTH: Final = 200  # of a drawing's lines, in its own longer sides: inking it takes time in proportion
_MAX_IN_ALL: Final = 3_000_000  # points and strokes of a file to import, together; a stroke takes 400 bytes
_LINE: Final = 20  # how many points a line counts for
_REACH: Final = 1000.0  # papers' sides from the corner, beyond which nothing was drawn either
_NO_DIGIT: Final = "it is not a digit of this program"


_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class MyDigitsError(UserError):
    """A digit of the person's can't be read or written."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no one truth value to compare by
class MyDigit:
    """A drawing, and which digit the person says it is.

    Attributes
    ----------
    label : int
        0 to 9.
    image : ndarray of uint8, shape (28, 28)
        What the network sees. Read-only.
    strokes : tuple of Stroke
        In units of the paper's side. Empty if only the image is known: of a picture or a sample.
    id : str
        A UUID, the same wherever the digit is copied.
    time : str
        When it was taught, in ISO 8601, UTC.
    """

    label: int
    image: NDArray[np.uint8]
    strokes: tuple[Stroke, ...] = ()
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    time: str = field(default_factory=lambda: datetime.now(UTC).isoformat())

    def __post_init__(self) -> None:
        if self.label not in range(CLASSES):
            raise ValueError(f"a label is a digit, not {quoted(self.label)}")
        if self.image.shape != (IMAGE_SIZE, IMAGE_SIZE) or self.image.dtype != np.uint8:
            raise ValueError(f"an image is 28×28 of uint8, not {self.image.shape} of {self.image.dtype}")
        if not _UUID.fullmatch(self.id):  # it becomes a file's name
            raise ValueError(f"its id is not a UUID as this program writes it: {quoted(self.id)}")
        try:
            datetime.fromisoformat(self.time)
        except ValueError as error:
            raise ValueError(f"its time is not one: {quoted(self.time)}") from error
        self.image.flags.writeable = False


def to_json(digit: MyDigit) -> str:
    """Write a digit as one line of JSON: its image as 784 bytes in hexadecimal, and its strokes if there are any.

    The numbers are written in full, so that the same image comes of them again, to the last bit.
    """
    record: dict[str, Any] = {"format": FORMAT_VERSION, "id": digit.id, "label": digit.label, "time": digit.time}
    record["image"] = digit.image.tobytes().hex()
    if _is_drawn_by_hand(digit.strokes):
        record["strokes"] = [
            {"points": stroke.points.tolist(), "widths": stroke.widths.tolist()} for stroke in digit.strokes
        ]
    return json.dumps(record)


def from_json(text: str) -> MyDigit:
    """Read what `to_json` wrote; raise ValueError, which says why in a few words, if it is anything else.

    The image is made from the strokes, as this program makes it today. Strokes longer than anyone draws are left
    out, and the image is the one that was written.
    """
    try:
        record = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(_NO_DIGIT) from error
    try:
        if record["format"] != FORMAT_VERSION:
            raise ValueError(f"it has format {quoted(record['format'])}, which a newer program may read")
        if type(record["label"]) is not int:
            raise ValueError(f"a label is a digit, not {quoted(record['label'])}")
        strokes = tuple(_stroke(stroke["points"], stroke["widths"]) for stroke in record.get("strokes", ()))
        if sum(len(stroke.points) for stroke in strokes) > _MAX_POINTS:
            raise ValueError("its strokes are far too long")
        if not _is_drawn_by_hand(strokes):
            strokes = ()
        image = ink.from_strokes(strokes)
        if image is None:
            image = _image(record["image"])
        return MyDigit(record["label"], image, strokes, record["id"], record["time"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(_NO_DIGIT) from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a key is there twice")
    return record


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _image(text: str) -> NDArray[np.uint8]:
    try:
        return np.frombuffer(bytes.fromhex(text), np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)
    except ValueError as error:
        raise ValueError("its image is not one of 28×28 pixels") from error


def _stroke(points: object, widths: object) -> Stroke:
    try:
        stroke = Stroke(np.array(points, np.float64), np.array(widths, np.float64))
        reach = max(np.abs(stroke.points).max(), np.abs(stroke.widths).max())
    except (ValueError, OverflowError) as error:
        raise ValueError("its strokes are not lists of points and widths") from error
    if reach > _REACH:
        raise ValueError("its strokes lead far off the paper")
    return stroke


def _is_drawn_by_hand(strokes: Sequence[Stroke]) -> bool:
    """Whether a drawing is not so long that handling it would take much time."""
    if len(strokes) > _MAX_STROKES or sum(len(stroke.points) for stroke in strokes) > _MAX_POINTS:
        return False
    drawn = [stroke.points for stroke in strokes if len(stroke.points)]
    if not drawn:
        return True
    length = sum(float(np.hypot(*np.diff(points, axis=0).T).sum()) for points in drawn)
    return length <= _MAX_LENGTH * float(np.ptp(np.concatenate(drawn), axis=0).max())


def digits_folder() -> Path:
    """Say where the person's digits are kept; the folder need not exist."""
    import platformdirs  # here, because the window starts without it

    return platformdirs.user_data_path("mnist_gui", appauthor=False) / "digits"


class MyDigits:
    """The digits in a folder.

    Parameters
    ----------
    folder : path-like, optional
        Made when the first digit comes. By default the person's own.

    Attributes
    ----------
    folder : Path
    damaged : tuple of str
        Names of files that could not be read the last time that all were.
    """

    def __init__(self, folder: str | PathLike[str] | None = None) -> None:
        self.folder = digits_folder() if folder is None else Path(folder)
        self.damaged: tuple[str, ...] = ()
        self._known: dict[str, MyDigit] = {}  # a digit never changes, so each file is read once

    def all(self) -> list[MyDigit]:
        """List all digits, those of other windows included, by digit and then in the order of time."""
        found, damaged = {}, []
        for path in sorted(self.folder.glob("[!.]*.json")):
            try:
                found[path.stem] = self._known.get(path.stem) or self._read(path)
            except (OSError, ValueError):
                damaged.append(path.name)
        self._known, self.damaged = found, tuple(damaged)
        return sorted(found.values(), key=lambda digit: (digit.label, digit.time, digit.id))

    @staticmethod
    def _read(path: Path) -> MyDigit:
        digit = from_json(untrusted.read(path, _MAX_LINE).decode())
        if digit.id != path.stem:
            raise ValueError("it is not named after its digit")
        return digit

    def add(self, digit: MyDigit) -> None:
        """Keep a digit; raise MyDigitsError if it can't be kept."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            atomic.write(self.folder / f"{digit.id}.json", (to_json(digit) + "\n").encode())
        except OSError as error:
            raise MyDigitsError(f"The digit can't be kept in {self.folder}: {reason(error)}.") from error

    def remove(self, ids: Iterable[str]) -> None:
        """Take digits off the list; `restore` brings them back."""
        self._move(ids, self.folder, self.folder / _REMOVED)

    def restore(self, ids: Iterable[str]) -> None:
        """Bring removed digits back."""
        self._move(ids, self.folder / _REMOVED, self.folder)

    def _move(self, ids: Iterable[str], source: Path, target: Path) -> None:
        try:
            target.mkdir(parents=True, exist_ok=True)
            for name in ids:
                with suppress(FileNotFoundError):  # another window was quicker
                    (source / f"{name}.json").replace(target / f"{name}.json")
        except OSError as error:
            raise MyDigitsError(f"The digits can't be moved to {target}: {reason(error)}.") from error

    def merge(self, digits: Iterable[MyDigit]) -> int:
        """Keep digits from elsewhere, but for those that are here already; return how many are new."""
        present = {digit.id for digit in self.all()}
        new = {digit.id: digit for digit in digits if digit.id not in present}
        self.remove(name for name in new if f"{name}.json" in self.damaged)  # what it takes the place of is kept too
        for digit in new.values():
            self.add(digit)
        return len(new)


def export(path: str | PathLike[str], digits: Sequence[MyDigit]) -> None:
    """Write digits to one file, a line each; raise MyDigitsError and leave what was there if that fails."""
    try:
        atomic.write(path, "".join(to_json(digit) + "\n" for digit in digits).encode())
    except OSError as error:
        raise MyDigitsError(f"The digits can't be saved as {path}: {reason(error)}.") from error


def read_export(path: str | PathLike[str], progress: Callable[[int, int], object] | None = None) -> list[MyDigit]:
    """Read a file that `export` wrote, all of it.

    Parameters
    ----------
    path : path-like
    progress : callable, optional
        Called after each line with how many bytes of how many are read. What it raises ends the reading.

    Raises
    ------
    MyDigitsError
        If any of it can't be read: half of somebody's digits would be worse than a sentence that says so.
    """
    digits = []
    try:
        with untrusted.open_file(path, _MAX_BYTES) as file:
            total = os.fstat(file.fileno()).st_size
            if _weight(file) > _MAX_IN_ALL:
                raise MyDigitsError(f"{path} holds far too much.")
            # The limit on a line bounds what parsing it takes.
            for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE + 1), b""), 1):
                digit = _digit_in(path, number, line)
                if digit is not None:
                    digits.append(digit)
                if progress is not None:
                    progress(file.tell(), total)
    except OSError as error:
        raise MyDigitsError(f"The digits in {path} can't be read: {reason(error)}.") from error
    except MemoryError as error:
        raise MyDigitsError(f"There is not enough memory for the digits in {path}.") from error
    if not digits:
        raise MyDigitsError(f"{path} holds no digits.")
    return digits


def _weight(file: BinaryIO) -> int:
    """Estimate what a file would take in memory before it is parsed: JSON needs a bracket for each point."""
    weight = 0
    while piece := file.read(_MAX_LINE):
        weight += piece.count(b"[") + _LINE * piece.count(b"\n")
    file.seek(0)
    return weight


def _digit_in(path: str | PathLike[str], number: int, line: bytes) -> MyDigit | None:
    """Read a line of an export; None if it is blank."""
    try:
        if len(line) > _MAX_LINE:
            raise ValueError("it is far too long for a digit")
        text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        return from_json(text) if text else None
    except UnicodeDecodeError as error:
        raise MyDigitsError(f"The digits in {path} can't be read: it is not text.") from error
    except ValueError as error:
        raise MyDigitsError(f"The digits in {path} can't be read: line {number}: {error}.") from error
