"""Files as people have them: plain, in gzip once or twice, or in a zip, whatever their names say.

Whatever is read here comes as a stream, so a small file that unpacks to a huge one costs no more than what is asked of
it.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from mnist_gui.data.dataset import DataError
from mnist_gui.errors import one_line, reason
from mnist_gui.untrusted import open_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LARGEST: Final = 4_000_000_000
"""A file of more bytes is refused."""

CHUNK_SIZE: Final = 256 * 1024
"""Bytes that are read from the disk, or unpacked, at once."""

MAX_MEMBERS: Final = 50
"""A zip of more members holds something else than arrays and tables."""

_MAX_DIRECTORY: Final = 100_000  # bytes of a zip's list of members

GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"

_MAX_LAYERS: Final = 2  # gzip in gzip is common: a download's own packing, and a browser's or a mirror's
_MAX_GZIP_MEMBERS: Final = 100_000  # gzip files may be chained, as bgzip does for each 64 kB


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, or a member of a zip.

    Attributes
    ----------
    path : Path
        The file on disk.
    place : str
        Its path within the folder or zip that was asked for, with slashes.
    size : int
        Bytes, before any gzip is unpacked.
    member : str or None
        The member's name in the zip, if `path` is one.
    """

    path: Path
    place: str
    size: int
    member: str | None = None

    @property
    def name(self) -> str:
        """How messages call it."""
        return str(self.path) if self.member is None else f"{self.path} ({one_line(self.member)})"


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn whatever goes wrong with a file into a DataError that names it."""
    try:
        yield
    except (EOFError, zlib.error, zipfile.BadZipFile) as error:
        message = (
            f"{name} can't be unpacked: it is damaged, cut short, or not what it begins like ({one_line(str(error))})"
        )
        raise DataError(message) from error
    except OSError as error:
        raise DataError(f"{name} can't be read: {reason(error)}") from error
    except (MemoryError, OverflowError) as error:
        raise DataError(f"{name} needs more memory than there is") from error


@contextmanager
def opened(entry: Entry, tick: Callable[[int], None] | None = None) -> Iterator[BinaryIO]:
    """Open a file as a stream of what is in it, with all gzip taken off.

    Parameters
    ----------
    entry : Entry
    tick : callable, optional
        Called with the number of bytes whenever some are read from the entry. What it raises ends the reading.

    Raises
    ------
    DataError
        If it can't be opened, isn't a file, or is packed more than twice; and in place of what reading from the stream
        raises within the ``with``.
    """
    with reading(entry.name), ExitStack() as stack:
        source: BinaryIO = stack.enter_context(open_file(entry.path, LARGEST))
        if entry.member is not None:
            source = stack.enter_context(_open_member(source, entry))
        raw: io.RawIOBase = _Counted(source, tick)
        stream = io.BufferedReader(raw, CHUNK_SIZE)
        for _ in range(_MAX_LAYERS):
            if stream.peek(2)[:2] != GZIP:
                break
            raw = _Gunzip(stream)
            stream = io.BufferedReader(raw, CHUNK_SIZE)
        if stream.peek(2)[:2] == GZIP:
            raise DataError(f"{entry.name} is packed more than {_MAX_LAYERS} times")
        yield stream


def members(entry: Entry) -> list[Entry]:
    """List the files in a zip, without the folders and what macOS adds."""
    with reading(entry.name), open_file(entry.path, LARGEST) as file, _open_zip(file, entry) as archive:
        return [
            Entry(entry.path, f"{entry.place}/{info.filename}", info.file_size, info.filename)
            for info in archive.infolist()
            if info.filename and not info.is_dir() and not info.filename.startswith("__MACOSX/")
        ]


@contextmanager
def _open_zip(file: BinaryIO, entry: Entry) -> Iterator[zipfile.ZipFile]:
    _check_directory(file, entry)
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (RuntimeError, NotImplementedError, ValueError, struct.error) as error:
        # Encrypted, packed in an uncommon way, or damaged.
        raise zipfile.BadZipFile(str(error)) from error


@contextmanager
def _open_member(file: BinaryIO, entry: Entry) -> Iterator[BinaryIO]:
    with _open_zip(file, entry) as archive:
        try:
            info = archive.getinfo(entry.member or "")
        except KeyError as error:
            raise zipfile.BadZipFile("a member is gone") from error
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile("only plain and deflated members are read")
        with archive.open(info) as member:
            yield member  # type: ignore[misc]  # an IO[bytes]


def _check_directory(file: BinaryIO, entry: Entry) -> None:
    """Refuse a zip whose list of members is huge before Python's zipfile makes objects of it."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 66_000))
    end = file.read()
    file.seek(0)
    at = end.rfind(b"PK\x05\x06")
    if at < 0 or len(end) - at < 22:
        raise zipfile.BadZipFile("it has no list of members")
    count, directory = struct.unpack_from("<HI", end, at + 10)
    if count > MAX_MEMBERS or directory > _MAX_DIRECTORY or end[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        raise DataError(f"{entry.path} is a zip of more than {MAX_MEMBERS} files: unpack it first")


class _Counted(io.RawIOBase):
    """Tells of every chunk that is read."""

    def __init__(self, source: BinaryIO, tick: Callable[[int], None] | None) -> None:
        super().__init__()
        self._source, self._tick = source, tick

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        if self._tick:
            self._tick(len(data))
        return len(data)


class _Gunzip(io.RawIOBase):
    """Unpacks gzip. Python's own reads a header's name byte by byte: 50 MB of it take 15 seconds."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self._decoder = zlib.decompressobj(31)
        self._input = b""
        self._members = 1

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            if self._decoder.eof and not self._next_member():
                return 0
            data = self._input or self._source.read(CHUNK_SIZE)
            unpacked = self._decoder.decompress(data, len(buffer))
            self._input = self._decoder.unconsumed_tail
            if unpacked:
                buffer[: len(unpacked)] = unpacked
                return len(unpacked)
            if not data:
                raise EOFError("it ends before its end marker")

    def _next_member(self) -> bool:
        """Go on with what follows a member: another, padding with zeros, or nothing."""
        rest = self._decoder.unused_data or self._source.read(CHUNK_SIZE)
        while rest and not rest.strip(b"\0"):
            rest = self._source.read(CHUNK_SIZE)
        if not rest:
            return False
        rest = rest.lstrip(b"\0")
        self._members += 1
        if self._members > _MAX_GZIP_MEMBERS:
            raise zlib.error("it is made of too many pieces")
        self._decoder, self._input = zlib.decompressobj(31), rest
        return True
