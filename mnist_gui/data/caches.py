"""The one folder of the user's cache that holds what can be fetched or made again."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui import atomic
from mnist_gui.untrusted import read

if TYPE_CHECKING:
    from pathlib import Path

CHECKSUM_SIZE: Final = hashlib.sha256().digest_size
_FORMAT: Final = b"bits, then bytes"  # what is packed otherwise has another checksum, and is made again


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
        content = read(path, CHECKSUM_SIZE + size + -(-size // 8))
        checksum, packed = content[:CHECKSUM_SIZE], content[CHECKSUM_SIZE:]
        if _checksum(packed, size) != checksum:
            return None
        return _unpack(packed, size)
    except (OSError, ValueError, MemoryError):
        return None


def store(path: Path, content: bytes) -> None:
    """Keep bytes, packed and with a checksum. If that fails, nothing is kept: a cache is never needed.

    Parameters
    ----------
    path : Path
        In a folder that is named after the edition of what is kept: the first file of a new edition clears the others,
        which nobody will ask for again.
    content : bytes
    """
    packed = _pack(content)
    if not path.parent.exists():
        clear(path.parent.parent)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, _checksum(packed, len(content)) + packed)


def _checksum(packed: bytes, size: int) -> bytes:
    return hashlib.sha256(_FORMAT + size.to_bytes(8) + packed).digest()


def _pack(content: bytes) -> bytes:
    """Write one bit for each byte, whether it is other than 0, and then those that are.

    Images of digits become as small as by zlib's quickest way, in a ninth of its time.
    """
    values = np.frombuffer(content, np.uint8)
    inked = values != 0
    packed: bytes = np.packbits(inked).tobytes() + values[inked].tobytes()
    return packed


def _unpack(packed: bytes, size: int) -> bytes:
    """Undo `_pack`; raise ValueError if other than `size` bytes come of it."""
    bits = -(-size // 8)
    inked = np.unpackbits(np.frombuffer(packed, np.uint8, bits), count=size).view(np.bool_)
    values = np.zeros(size, np.uint8)
    values[inked] = np.frombuffer(packed, np.uint8, offset=bits) if len(packed) > bits else np.empty(0, np.uint8)
    unpacked: bytes = values.tobytes()
    return unpacked


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
