"""A data set in the IDX format, as MNIST and its kin are published: four files, each a short header and one array.

The header is a magic number, 0x0000080N for N dimensions of unsigned bytes, and the length of each dimension, all
big-endian 32-bit integers. LeCun's page on MNIST defines it.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.data.dataset import CLASSES, IMAGE_SIZE, DataError, Dataset

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FILE_NAMES: Final = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

MAX_ITEMS: Final = 1_000_000
"""A header that promises more is taken for damaged, before memory is set aside: EMNIST, the largest, has 814,255."""


def read_folder(folder: Path, name: str) -> Dataset:
    """Read the four files of a data set; where one is there both plain and as .gz, the plain one is read.

    Parameters
    ----------
    folder : Path
        Where the files are, under their official names.
    name : str
        The data set's name.

    Raises
    ------
    DataError
        If a file is missing or damaged, doesn't fit the others, or isn't about 28×28 pictures of ten classes.
    """
    try:
        present = {path.name for path in folder.iterdir()}
    except OSError as error:
        raise DataError(f"The data folder {folder} can't be read: {error.strerror}") from error
    missing = [file_name for file_name in FILE_NAMES if present.isdisjoint((file_name, f"{file_name}.gz"))]
    if missing:
        raise DataError(f"The data folder {folder} lacks {', '.join(missing)} (plain or .gz)")
    paths = [folder / (file_name if file_name in present else f"{file_name}.gz") for file_name in FILE_NAMES]
    return Dataset(name, *_read_split(*paths[:2]), *_read_split(*paths[2:]))


def _read_split(image_path: Path, label_path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read images and their labels, and check that they fit each other."""
    images, labels = read(image_path, (IMAGE_SIZE, IMAGE_SIZE)), read(label_path)
    if len(images) != len(labels):
        raise DataError(f"{image_path} holds {len(images):,} images, but {label_path.name} {len(labels):,} labels")
    wrong = np.flatnonzero(labels >= CLASSES)
    if len(wrong):
        raise DataError(f"{label_path}: label {wrong[0] + 1:,} is {labels[wrong[0]]}; expected 0 to {CLASSES - 1}")
    return images, labels


def read(path: Path, item_shape: tuple[int, ...] = ()) -> NDArray[np.uint8]:
    """Read one IDX file of bytes, unpacking it if its name ends in .gz.

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
    header = struct.Struct(f">{2 + len(item_shape)}I")
    magic = 0x800 + 1 + len(item_shape)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            start = stream.read(header.size)
            if len(start) < header.size:
                raise DataError(f"{path} is cut short: {len(start)} bytes, where the header alone has {header.size}")
            found_magic, count, *found_shape = header.unpack(start)
            if found_magic != magic:
                raise DataError(f"{path} is no such file: its magic number is {found_magic:#010x}, not {magic:#010x}")
            if tuple(found_shape) != item_shape:
                found, expected = ("×".join(map(str, shape)) for shape in (found_shape, item_shape))
                raise DataError(f"{path} holds images of {found} pixels; expected {expected}")
            if not 1 <= count <= MAX_ITEMS:
                raise DataError(f"{path} is said by its header to hold {count:,} items; expected 1 to {MAX_ITEMS:,}")
            size = count * int(np.prod(item_shape, dtype=int))
            # One byte more than there should be shows whether there are too many, and makes gzip check its CRC.
            content = stream.read(size + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} can't be unpacked: it is damaged, cut short, or not gzip ({error})") from error
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}") from error
    if len(content) < size:
        raise DataError(f"{path} is cut short: {len(content):,} of {size:,} bytes follow its header")
    if len(content) > size:
        raise DataError(f"{path} goes on after the {size:,} bytes that its header announces")
    return np.frombuffer(content, np.uint8).reshape(count, *item_shape)
