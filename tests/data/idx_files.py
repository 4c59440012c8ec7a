"""Small data sets in the IDX format, for tests to read and to spoil."""

from __future__ import annotations

import gzip
import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path


def encode(array: np.ndarray) -> bytes:
    """Write an array of bytes in the IDX format."""
    return struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def write_data_set(folder: Path, *, train: int = 30, test: int = 20) -> None:
    """Fill a folder with the four files of a random data set, gzipped."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for split, count in (("train", train), ("t10k", test)):
        images = rng.integers(0, 256, (count, 28, 28), np.uint8)
        labels = rng.integers(0, 10, count, np.uint8)
        (folder / f"{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(encode(images)))
        (folder / f"{split}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(encode(labels)))
