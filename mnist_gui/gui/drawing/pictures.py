"""Digits in pictures from elsewhere: files, the clipboard, and what is dropped on the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage

from mnist_gui import ink
from mnist_gui.gui.widgets.images import from_qimage

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image
    from PySide6.QtCore import QMimeData

_MAX_PASTED: Final = 1024  # pixels of a pasted picture's longer side; what's read of it is smaller still


def from_file(path: str | PathLike[str]) -> tuple[NDArray[np.uint8], str]:
    """Read a picture file of a digit.

    Returns
    -------
    ndarray of uint8, shape (28, 28)
        As the network sees it.
    str
        What to call it.

    Raises
    ------
    PictureError
        If it can't be read, or holds no digit.
    """
    name = Path(path).name
    return _digit(ink.open_picture(path), name), name


def from_data(data: QMimeData, name: str, otherwise: str) -> Callable[[], tuple[NDArray[np.uint8], str]]:
    """Take what was pasted or dropped, to be read as `from_file` does; `otherwise` says that it holds no picture."""
    files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    if files:
        return lambda: from_file(files[0])
    image = data.imageData() if data.hasImage() else None
    if not isinstance(image, QImage) or image.isNull():
        raise ink.PictureError(otherwise)
    picture = _to_pillow(image)  # now: what was dropped belongs to Qt, which may take it back
    return lambda: (_digit(picture, name), name)


def may_be_in(data: QMimeData) -> bool:
    """Tell whether it's worth a try: a picture, or a file of any kind."""
    return data.hasImage() or any(url.isLocalFile() for url in data.urls())


def _digit(picture: Image.Image, name: str) -> NDArray[np.uint8]:
    result = ink.explain_picture(picture)
    if result.image is None:
        raise ink.PictureError(f"{name} holds no digit: {result.reason}")
    return result.image


def _to_pillow(image: QImage) -> Image.Image:
    from PIL import Image  # here, because the window starts without it

    if max(image.width(), image.height()) > _MAX_PASTED:
        size, keep = QSize(_MAX_PASTED, _MAX_PASTED), Qt.AspectRatioMode.KeepAspectRatio
        image = image.scaled(size, keep, Qt.TransformationMode.SmoothTransformation)
    return Image.fromarray(from_qimage(image))
