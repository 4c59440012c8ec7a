"""Opens files that anyone may have made: never waits for a pipe, and never reads more than it was told to expect."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from os import PathLike


def open_file(path: str | PathLike[str], at_most: int) -> BinaryIO:
    """Open a file for reading.

    Parameters
    ----------
    path : path-like
    at_most : int
        The size in bytes above which it is refused.

    Returns
    -------
    BinaryIO
        At its beginning. Close it.

    Raises
    ------
    OSError
        If it can't be opened, is too large, or is a folder, a pipe, a device or a socket: these may have no end, and
        are not waited for. `errors.reason` says which.
    """
    try:
        # Looked at before it is opened, since opening alone can set a device going; and again once it is open.
        _check(Path(path).stat(), at_most)
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as error:  # a null character
        raise OSError(errno.EINVAL, "that can't be the name of a file") from error
    try:
        _check(os.fstat(descriptor), at_most)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read(path: str | PathLike[str], at_most: int) -> bytes:
    """Read a whole file, as `open_file` opens it; raise OSError if it has grown beyond `at_most` since."""
    with open_file(path, at_most) as file:
        content = file.read(at_most + 1)
    if len(content) > at_most:
        raise _too_large(at_most)
    return content


def _check(status: os.stat_result, at_most: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "that is not a file")
    if status.st_size > at_most:
        raise _too_large(at_most)


def _too_large(at_most: int) -> OSError:
    return OSError(errno.EFBIG, f"it is far too large: at most {at_most / 1e6:,.0f} MB are read")
