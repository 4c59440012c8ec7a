"""Between Qt's pictures and NumPy's arrays: each side owns its memory, so that neither can outlive the other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from numpy.typing import NDArray


def to_qimage(pixels: NDArray[np.uint8], kind: QImage.Format) -> QImage:
    """Copy an array of shape (height, width), or (height, width, bytes per pixel), into a picture of Qt's."""
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], kind).copy()


def from_qimage(image: QImage) -> NDArray[np.uint8]:
    """Copy a picture of Qt's into an array of shape (height, width, 4): red, green, blue and opacity."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(bytes(image.constBits()), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4).copy()
