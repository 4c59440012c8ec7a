"""Pictures in folders, one for each class: ``training/7/12.png``, ``testing/7/3.png``, or the ten folders alone."""

from __future__ import annotations

import os
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui import picture_file
from mnist_gui.data.dataset import CLASSES, IMAGE_SIZE, DataError
from mnist_gui.data.packing import reading
from mnist_gui.data.pixels import fit
from mnist_gui.data.samples import MAX_IMAGES, split_of, without_validation
from mnist_gui.errors import UserError, one_line, reason
from mnist_gui.untrusted import open_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from PIL import Image

LARGEST: Final = 20_000_000
"""A picture of more bytes is refused."""

MAX_PIXELS: Final = 25_000_000
"""A picture of more pixels is refused."""

MAX_FOLDERS: Final = 1000
"""Of more folders in one the rest is not looked at."""

_HEADS: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF", b"P4", b"P5", b"P6")
_REDUCED: Final = 4 * IMAGE_SIZE  # pixels a side that a large picture is brought to first
_BLOCK: Final = 256  # pictures
_SURELY_SMALL: Final = 50_000  # bytes, which can't unpack to more than 50 MB
_HIDDEN: Final = ("thumbs.db", "desktop.ini")


def is_picture(head: bytes) -> bool:
    """Tell by its first bytes whether a file is a picture."""
    return head.startswith(_HEADS)


@dataclass(slots=True)
class Pictures:
    """Folders of pictures, one for each class.

    Attributes
    ----------
    name : str
        Where the folders are, in the folder that was asked for.
    files : tuple of (int, Path, int)
        Each file's label, place and size in bytes, class by class in the order of the names.
    title : str
    fitted, left_out : int
        How many pictures of other sizes, and how many other files, were met by reading them.
    """

    name: str
    files: tuple[tuple[int, Path, int], ...]
    title: str = "folders of pictures"
    fitted: int = 0
    left_out: int = 0

    @property
    def size(self) -> int:
        """Bytes that reading them reads."""
        return sum(size for _, _, size in self.files)

    @property
    def notes(self) -> list[str]:
        """What is worth saying after they were read."""
        notes = [f"{self.fitted:,} pictures of other sizes were fitted into 28×28"] * bool(self.fitted)
        return notes + [f"files that are no pictures were left out: {self.left_out:,}"] * bool(self.left_out)

    def blocks(self, tick: Callable[[int], None] | None) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
        """Yield images and labels."""
        for first in range(0, len(self.files), _BLOCK):
            images, labels = [], []
            for label, path, size in self.files[first : first + _BLOCK]:
                pixels = _read(path)
                if tick:
                    tick(size)
                if pixels is None:
                    self.left_out += 1
                    continue
                self.fitted += pixels.shape != (IMAGE_SIZE, IMAGE_SIZE)
                images.append(pixels if pixels.shape == (IMAGE_SIZE, IMAGE_SIZE) else fit(pixels[None])[0])
                labels.append(label)
            if images:
                yield np.stack(images), np.array(labels)


def find(folder: Path) -> tuple[list[tuple[str, Pictures]], list[str]]:
    """Look for folders of pictures.

    Returns
    -------
    list of (str, Pictures)
        What there is, each with the part of a data set it is (``"train"``, ``"test"``, ``""``); nothing if a folder
        isn't so arranged.
    list of str
        The classes' names, if they are more than digits.

    Raises
    ------
    DataError
        If there are more than ten classes, or too many pictures.
    """
    levels = subfolders(folder)
    parts = {path.name: split_of(path.name) for path in levels}
    places = without_validation([(parts[path.name], path) for path in levels if parts[path.name]])
    if sorted(split for split, _ in places) not in (["test", "train"], ["train"], ["test"]):
        places = [("", folder)]
    classes = {path: subfolders(path) for _, path in places}
    names = sorted({each.name for paths in classes.values() for each in paths if _holds_pictures(each)})
    if not names or (len(names) < 2 and not re.fullmatch(r"\d", names[0])):
        return [], []
    labels = _labels(names, folder)
    found = []
    for split, path in places:
        files = _list([(labels[each.name], each) for each in classes[path] if each.name in labels])
        if files:
            found.append((split, Pictures(path.name, files)))
    are_digits = all(re.search(r"\d", name) for name in names)
    return found, [] if are_digits else names


def _labels(names: list[str], folder: Path) -> dict[str, int]:
    """Give each class a number: by the digit that stands in each name, else in the order of the names."""
    digits = [re.fullmatch(r"\D*(\d+)\D*", name) for name in names]
    numbers = [int(match[1][:6]) if match else -1 for match in digits]
    if all(match for match in digits) and len(set(numbers)) == len(names):
        if max(numbers) >= CLASSES:
            raise DataError(
                f"{folder} has pictures in folders for {len(names)} classes, {min(numbers)} to {max(numbers)}; the "
                f"network has ten, 0 to 9"
            )
        return dict(zip(names, numbers, strict=True))
    if len(names) > CLASSES:
        some = ", ".join(one_line(name, 20) for name in names[:3])
        raise DataError(f"{folder} has pictures of {len(names)} classes ({some} …); the network has ten")
    return {name: number for number, name in enumerate(names)}


def subfolders(folder: Path) -> list[Path]:
    """List the folders in a folder, but not those that systems hide there."""
    try:
        with os.scandir(folder) as entries:
            found = []
            for entry in entries:
                if entry.is_dir() and not entry.name.startswith((".", "__")):
                    found.append(folder / entry.name)
                if len(found) == MAX_FOLDERS:
                    break
    except OSError as error:
        raise DataError(f"The data folder {folder} can't be read: {reason(error)}") from error
    return sorted(found)


def _holds_pictures(folder: Path) -> bool:
    """Look at the first few files."""
    try:
        with os.scandir(folder) as entries:
            for _, entry in zip(range(10), (entry for entry in entries if entry.is_file()), strict=False):
                with Path(entry.path).open("rb") as file:
                    if is_picture(file.read(8)):
                        return True
    except OSError:
        pass
    return False


def _list(classes: list[tuple[int, Path]]) -> tuple[tuple[int, Path, int], ...]:
    """List the files of each class by their names, without those that systems hide in every folder."""
    files: list[tuple[int, Path, int]] = []
    for label, folder in classes:
        mine = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file() and not entry.name.startswith(".") and entry.name.lower() not in _HIDDEN:
                    mine.append((label, Path(entry.path), entry.stat().st_size))
                if len(files) + len(mine) > MAX_IMAGES:
                    raise DataError(f"{folder.parent} holds more than {MAX_IMAGES:,} files")
        files += sorted(mine)
    return tuple(files)


def _read(path: Path) -> NDArray[np.uint8] | None:
    """Read a picture as grey pixels; None if the file is none."""
    try:
        with reading(str(path)):
            with open_file(path, LARGEST) as file:
                if not is_picture(file.read(8)):
                    return None
                if file.seek(0, os.SEEK_END) > _SURELY_SMALL:
                    _check_size(path)
            return _to_pixels(picture_file.open_picture(path))
    except UserError as error:
        raise DataError(str(error)) from error


def _check_size(path: Path) -> None:
    """Refuse a huge picture before it is decoded."""
    from PIL import Image

    with suppress(OSError, SyntaxError, ValueError), warnings.catch_warnings():  # of which opening it tells more
        warnings.simplefilter("ignore")
        with Image.open(path, formats=picture_file.PICTURE_FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                size = f"{picture.width}×{picture.height}"
                raise DataError(f"{path} is too large: {size}, at most {MAX_PIXELS:,} pixels are read")


def _to_pixels(picture: Image.Image) -> NDArray[np.uint8]:
    """Grey, on white where it is transparent, of at most 112 pixels a side."""
    from PIL import Image

    if max(picture.size) > _REDUCED:
        deep = picture.mode.startswith(("I", "F"))
        picture = picture if deep or picture.mode in ("L", "LA", "RGB", "RGBA") else picture.convert("RGBA")
        width, height = (max(1, round(side * _REDUCED / max(picture.size))) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BOX if not deep else Image.Resampling.NEAREST)
    if picture.mode.startswith(("I", "F")):
        deep_values = np.nan_to_num(np.asarray(picture, np.float32))
        values = np.clip(deep_values * (255 / max(255.0, float(deep_values.max()))), 0, 255).astype(np.uint8)
    else:
        if picture.has_transparency_data:
            coloured = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", coloured.size, "white"), coloured)
        values = np.asarray(picture.convert("L"))
    return np.asarray(values, np.uint8)
