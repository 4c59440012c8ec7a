"""Arrays in files, read block by block: IDX, NumPy's .npy, and .npz, which is a zip of those."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from mnist_gui.data import idx
from mnist_gui.data.dataset import CLASSES, DataError
from mnist_gui.data.packing import opened
from mnist_gui.data.pixels import LONGEST_SIDE, Pixels
from mnist_gui.errors import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from mnist_gui.data.packing import Entry

NPY: Final = b"\x93NUMPY"

MAX_BYTES: Final = 2_000_000_000
"""Of all images of a file as they are stored: they are read in blocks, but it takes time."""

_SMALLEST_FLAT: Final = 64  # numbers in a row that are taken for an image and not for a label: 8×8
_IN_FORTRAN_ORDER: Final = 100_000_000  # bytes: such an array is read whole


@dataclass(frozen=True, slots=True)
class Array:
    """An array in a file, of which only the header was read.

    Attributes
    ----------
    entry : Entry
    format : str
        ``"IDX"`` or ``"NumPy"``.
    dtype : dtype
    shape : tuple of int
    fortran : bool
        Whether the first index runs fastest.
    """

    entry: Entry
    format: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool = False

    @property
    def count(self) -> int:
        """How many images or labels there are."""
        return self.shape[0]

    @property
    def is_images(self) -> bool:
        """Whether it holds images: grids of numbers, or many numbers in a row."""
        return len(self.shape) > 2 or (len(self.shape) == 2 and self.shape[1] >= _SMALLEST_FLAT)

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the images; (0, 0) if they have none."""
        match self.shape[1:]:
            case (flat,) if math.isqrt(flat) ** 2 == flat:
                return math.isqrt(flat), math.isqrt(flat)
            case (height, width) | (1, height, width) | (height, width, 1 | 3 | 4):
                return height, width
            case _:
                return 0, 0

    @property
    def _is_coloured(self) -> bool:
        return len(self.shape) == 4 and self.shape[1] != 1 and self.shape[3] in (3, 4)

    def images(self, tick: Callable[[int], None] | None) -> Iterator[NDArray[np.uint8]]:
        """Yield all images in blocks of shape (n, 28, 28)."""
        name, (height, width) = self.entry.name, self.image_size
        if not (1 <= height <= LONGEST_SIDE and 1 <= width <= LONGEST_SIDE):
            size = "×".join(map(str, self.shape[1:]))
            raise DataError(f"{name} holds images of {size} numbers; expected pixels in a square, up to {LONGEST_SIDE}")
        if math.prod(self.shape) * self.dtype.itemsize > MAX_BYTES:
            raise DataError(f"{name} promises {math.prod(self.shape):,} pixels, more than are read")
        pixels = Pixels(name)
        for block in self.blocks(tick):
            if self._is_coloured:
                grey = block[..., :3].mean(axis=-1, dtype=np.float32)
                block = grey if self.dtype.kind == "f" else np.rint(grey).astype(self.dtype)
            yield pixels(block.reshape(len(block), height, width))

    def labels(self) -> NDArray[np.int64]:
        """Return all labels: of several columns the first, or the place of the only 1 in each row."""
        values = np.concatenate(list(self.blocks(None)))
        if values.dtype.kind == "f" and not (np.isfinite(values).all() and (values == np.rint(values)).all()):
            raise DataError(f"{self.entry.name} has labels that are no whole numbers")
        if values.ndim == 2 and values.shape[1] > 1 and values.max() == 1 and (values.sum(axis=1) == 1).all():
            values = values.argmax(axis=1)
        values = values.reshape(len(values), -1)[:, 0]
        if self.format == "IDX" and values.dtype.kind == "i" and not 0 <= values.min() <= values.max() < CLASSES:
            # IDX is big-endian, but not all who write whole numbers know it.
            swapped = values.byteswap()
            values = swapped if 0 <= swapped.min() <= swapped.max() < CLASSES else values
        if values.dtype.itemsize > 4 and values.dtype.kind in "fu":  # so much would overflow, and is refused as well
            values = np.minimum(values, values.dtype.type(2**31))
        return np.asarray(values, np.int64)

    def blocks(self, tick: Callable[[int], None] | None) -> Iterator[NDArray[Any]]:
        """Yield the array in blocks of some 4 MB."""
        with opened(self.entry, tick) as stream:
            read_header(stream, self.entry)
            if self.fortran:
                size = math.prod(self.shape) * self.dtype.itemsize
                if size > _IN_FORTRAN_ORDER:
                    raise DataError(f"{self.entry.name} is a large array in Fortran's order, which is not read")
                backwards = np.concatenate(list(idx.blocks(stream, self.dtype, self.shape[::-1], self.entry.name)))
                yield np.ascontiguousarray(backwards.T)
            else:
                yield from idx.blocks(stream, self.dtype, self.shape, self.entry.name)


def is_array(head: bytes) -> bool:
    """Tell by its first bytes whether a file is an array."""
    return head.startswith(NPY) or idx.is_idx(head)


def look(entry: Entry) -> Array:
    """Read an array's header.

    Raises
    ------
    DataError
        If it isn't one of numbers, holds nothing, or more than a data set can.
    """
    with opened(entry) as stream:
        array = read_header(stream, entry)
    if not all(array.shape[1:]) or not array.shape:
        raise DataError(f"{entry.name} has the shape {array.shape}, and no images or labels")
    if not 1 <= array.count <= idx.MAX_ITEMS:
        raise DataError(
            f"{entry.name} is said by its header to hold {array.count:,} items; expected 1 to {idx.MAX_ITEMS:,}"
        )
    return array


def read_header(stream: BinaryIO, entry: Entry) -> Array:
    """Read the header of an IDX file or a .npy, and leave the stream where the numbers begin."""
    start = stream.read(len(NPY))
    if start != NPY:
        return Array(entry, "IDX", *idx.read_header(stream, start, entry.name))
    version = tuple(stream.read(2))
    try:
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        elif version == (2, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(stream)
        else:
            raise ValueError(f"version {version}")
    except (ValueError, TypeError, SyntaxError, RecursionError) as error:
        raise DataError(f"{entry.name} has a header that can't be read: {quoted(str(error))}") from error
    if dtype.kind not in "buif" or dtype.itemsize > 8:
        raise DataError(f"{entry.name} holds {quoted(str(dtype))}; expected numbers")
    if any(length < 0 for length in shape) or len(shape) > 4:
        raise DataError(f"{entry.name} has the shape {quoted(shape)}; expected one to four dimensions")
    return Array(entry, "NumPy", dtype, shape, fortran and len(shape) > 1)
