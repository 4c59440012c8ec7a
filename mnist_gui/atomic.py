"""The one way in which files are written: whole or not at all.

A file is written under a temporary name beside its target, seen onto the disk, and renamed over the target. A crash, a
full disk or a pulled plug leaves what was there before, or all that is new. A program that is killed in the middle
leaves the temporary file; the next one that writes in the same folder removes it.
"""

from __future__ import annotations

import errno
import importlib.util
import os
import re
import stat
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from os import PathLike

_LOCKS: Final = importlib.util.find_spec("fcntl") is not None
if _LOCKS:  # not on Windows
    import fcntl

_OURS: Final = re.compile(r"\.mnist_gui-[0-9a-f]{32}\.part")
# What earlier versions left, who did not lock it. No writing lasts ten minutes.
_EARLIER: Final = re.compile(r"\.model-[a-z0-9_]{8}|\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part")
_DOWNLOADS: Final = re.compile(r"tmp[a-z0-9_]{8}")  # many programs name theirs so: only in a folder of our own
_STALE_SECONDS: Final = 600

_next_clearing: dict[str, float] = {}  # by folder


def write(path: str | PathLike[str], content: bytes) -> None:
    """Write a file, replacing what was there.

    A symbolic link stays one, and what it leads to is written. A new file gets the usual permissions; one that is
    replaced keeps its own.

    Parameters
    ----------
    path : path-like
    content : bytes

    Raises
    ------
    OSError
        If the file can't be written; `errors.reason` says why. What was there before is untouched.
    """
    try:
        target = Path(os.path.realpath(path))
    except ValueError as error:  # a null character
        raise OSError(errno.EINVAL, "that can't be the name of a file") from error
    mode = _mode(target)
    clear_left_overs(target.parent)
    temporary, descriptor = _create(target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                with suppress(OSError):  # some file systems know no permissions
                    temporary.chmod(mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if _LOCKS:
                temporary.replace(target)  # while the lock is held
        if not _LOCKS:
            temporary.replace(target)  # Windows renames no open file
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _mode(target: Path) -> int | None:
    """Return the permissions of the file that will be replaced, None if there is none; refuse what is not a file."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):  # a folder, or a pipe or a device, which a rename would replace
        raise OSError(errno.EINVAL, "that is not a file")
    if not os.access(target, os.W_OK):  # a rename would not ask
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(status.st_mode)


def _create(folder: Path) -> tuple[Path, int]:
    """Make and lock a temporary file; the lock, which ends with the process, tells others that it is in use."""
    while True:
        path = folder / f".mnist_gui-{uuid.uuid4().hex}.part"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        if not _LOCKS:
            return path, descriptor
        with suppress(OSError):  # some network's file systems have no locks; there nothing is cleared either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return path, descriptor
        os.close(descriptor)  # another program took it for a left-over before it was locked


def _sync_folder(folder: Path) -> None:
    """See a folder's entries onto the disk, where folders can be opened: a rename is not safe before that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def clear_left_overs(folder: str | PathLike[str], *, downloads: bool = False) -> None:
    """Remove temporary files of programs that were killed while they wrote in a folder; `write` calls this.

    Only what this program made is removed, and only if it is surely stale: nobody holds its lock, or, where there are
    no locks, ten minutes have passed.

    Parameters
    ----------
    folder : path-like
    downloads : bool
        Also remove unfinished downloads (``tmp????????``). Only for folders that belong to this program alone.
    """
    started = time.monotonic()
    key = os.fspath(folder)
    if not downloads and started < _next_clearing.get(key, 0.0):
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            locked = _OURS.fullmatch(entry.name)
            if locked or _EARLIER.fullmatch(entry.name) or (downloads and _DOWNLOADS.fullmatch(entry.name)):
                with suppress(OSError):  # another program may be quicker
                    _clear(Path(entry.path), by_lock=bool(locked) and _LOCKS)
    # Looking through a folder of many thousand digits for each that is added would take longer than adding it.
    now = time.monotonic()
    _next_clearing[key] = now + 50 * (now - started)


def _clear(path: Path, *, by_lock: bool) -> None:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        return
    if not by_lock:
        if abs(time.time() - status.st_mtime) > _STALE_SECONDS:
            path.unlink()
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while it is written
        path.unlink()
    finally:
        os.close(descriptor)
