"""The IDX format, in which MNIST and its kin are published: a short header and one array.

The header is a magic number, 0x00000TNN for a type T and N dimensions (0x00000803: bytes, three of them), and the
length of each dimension, all big-endian 32-bit integers. LeCun's page on MNIST defines it.
"""

from __future__ import annotations

import math
import re
import struct
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from mnist_gui.data.dataset import DataError
from mnist_gui.data.packing import Entry, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

FILE_NAMES: Final = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

MAX_ITEMS: Final = 1_000_000
"""A header that promises more is taken for damaged: EMNIST, the largest, has 814,255."""

TYPES: Final = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""What the third byte says of the numbers."""

_BLOCK_SIZE: Final = 4_000_000  # bytes


def is_idx(head: bytes) -> bool:
    """Tell by its first four bytes whether a file is IDX."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in TYPES and 1 <= head[3] <= 4


def read_header(stream: BinaryIO, start: bytes, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Read the header of an IDX file of which some bytes, `start`, were read already: its numbers' type and shape."""
    start += stream.read(max(0, 8 - len(start)))
    if len(start) >= 4 and not is_idx(start):
        raise DataError(
            f"{name} is no such file: its magic number is 0x{start[:4].hex()}, not 0x00000803 (images) or 0x00000801"
        )
    named = re.search(r"idx([1-4])", name.rpartition("/")[2])
    dimensions = start[3] if len(start) >= 4 else int(named[1]) if named else 1
    size = 4 + 4 * dimensions
    start += stream.read(max(0, size - len(start)))
    if len(start) < size:
        raise DataError(f"{name} is cut short: {len(start)} bytes, where the header alone has {size}")
    return np.dtype(TYPES[start[2]]), struct.unpack(f">{start[3]}I", start[4:])


def blocks(stream: BinaryIO, dtype: np.dtype[Any], shape: tuple[int, ...], name: str) -> Iterator[NDArray[Any]]:
    """Yield an array that begins here and ends with the stream, in parts along its first dimension.

    Raises
    ------
    DataError
        If the stream ends early, or goes on.
    """
    item = math.prod(shape[1:]) * dtype.itemsize
    size, done = shape[0] * item, 0
    count = max(1, _BLOCK_SIZE // max(1, item))
    for first in range(0, shape[0], count):
        part = np.empty((min(count, shape[0] - first), *shape[1:]), dtype)
        view = part.reshape(-1).view(np.uint8).data
        while view.nbytes:
            received = stream.readinto(view)  # type: ignore[attr-defined]
            if not received:
                raise DataError(f"{name} is cut short: {done:,} of {size:,} bytes follow its header")
            done += received
            view = view[received:]
        yield part
    # One byte more shows whether there are too many, and makes gzip check its CRC.
    if stream.read(1):
        raise DataError(f"{name} goes on after the {size:,} bytes that its header announces")


def read(path: Path, item_shape: tuple[int, ...] = ()) -> NDArray[np.uint8]:
    """Read one IDX file of bytes, plain or packed.

    Parameters
    ----------
    path : Path
        The file.
    item_shape : tuple of int
        The shape that each item must have: ``(28, 28)`` for images, nothing for labels.

    Returns
    -------
    ndarray of uint8, shape (n, *item_shape)
        At least one item. Read-only.

    Raises
    ------
    DataError
        If the file can't be read or unpacked, or isn't exactly what its header and `item_shape` say.
    """
    with opened(Entry(path, path.name, 0)) as stream:
        dtype, shape = read_header(stream, b"", str(path))
        if dtype != np.uint8 or shape[1:] != item_shape:
            found, expected = ("×".join(map(str, shape)) or "1" for shape in (shape[1:], item_shape))
            raise DataError(f"{path} holds items of {found} numbers ({dtype.name}); expected {expected} (uint8)")
        if not 1 <= shape[0] <= MAX_ITEMS:
            raise DataError(f"{path} is said by its header to hold {shape[0]:,} items; expected 1 to {MAX_ITEMS:,}")
        content = np.concatenate(list(blocks(stream, dtype, shape, str(path))))
    content.setflags(write=False)
    return content
