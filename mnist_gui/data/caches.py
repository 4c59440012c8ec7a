"""The one folder of the user's cache that holds what can be fetched or made again."""

from __future__ import annotations

import hashlib
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mnist_gui import atomic
from mnist_gui.untrusted import read

if TYPE_CHECKING:
    from pathlib import Path

CHECKSUM_SIZE: Final = hashlib.sha256().digest_size


def folder() -> Path:
    """Say where all caches are; the folder need not exist."""
    import platformdirs  # here, because most that imports this module never asks

    return platformdirs.user_cache_path("mnist_gui", appauthor=False)


def load(path: Path, size: int) -> bytes | None:
    """Read what `store` kept.

    Parameters
    ----------
    path : Path
    size : int
        Bytes that must come of it.

    Returns
    -------
    bytes or None
        None if it isn't there, can't be read, or is damaged: then it has to be made again.
    """
    try:
        content = read(path, CHECKSUM_SIZE + size + 1000)
        checksum, packed = content[:CHECKSUM_SIZE], content[CHECKSUM_SIZE:]
        if hashlib.sha256(packed).digest() != checksum:
            return None
        unpacked = zlib.decompressobj().decompress(packed, size + 1)
    except (OSError, zlib.error, MemoryError):
        return None
    return unpacked if len(unpacked) == size else None


def store(path: Path, content: bytes) -> None:
    """Keep bytes, packed and with a checksum. If that fails, nothing is kept: a cache is never needed."""
    packed = zlib.compress(content, 1)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, hashlib.sha256(packed).digest() + packed)


def clear(place: Path) -> None:
    """Remove the files in one of the folders here, and those in folders within it."""
    with suppress(OSError):
        for path in place.iterdir():
            if path.is_dir() and not path.is_symlink():
                clear(path)
                with suppress(OSError):
                    path.rmdir()
            else:
                with suppress(OSError):
                    path.unlink()
