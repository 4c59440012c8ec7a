"""What is painted, as arrays, for tests that say by a rule what must be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QApplication

from mnist_gui.gui.widgets.images import from_qimage

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QColor, QImage
    from PySide6.QtWidgets import QWidget


def pixels(painted: QWidget | QImage) -> NDArray[np.int16]:
    """Give a widget or a picture as red, green and blue, shape (height, width, 3), signed, to be subtracted."""
    image = painted.grab().toImage() if hasattr(painted, "grab") else painted
    return from_qimage(image)[..., :3].astype(np.int16)


def on_screen(widget: QWidget) -> NDArray[np.int16]:
    """Give what stands on the screen: of a widget in a window, not painted for the purpose."""
    QApplication.processEvents()
    return pixels(widget.screen().grabWindow(widget.winId()).toImage())


def near(seen: NDArray[np.int16], colour: QColor, tolerance: int = 12) -> NDArray[np.bool_]:
    """Tell which pixels have about a colour."""
    return np.abs(seen - np.array(colour.getRgb()[:3])).max(axis=-1) <= tolerance
