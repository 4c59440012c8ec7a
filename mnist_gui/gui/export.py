"""Pictures to keep: any view as PNG or SVG, and the filters of a run as a film."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QPoint
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFileDialog

from mnist_gui import atomic
from mnist_gui.errors import UserError, reason
from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.widgets import messages
from mnist_gui.gui.widgets.images import from_qimage
from mnist_gui.nn import architectures
from mnist_gui.nn.layers import Conv2D

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL import Image
    from PySide6.QtWidgets import QWidget

    from mnist_gui.gui.session import Session
    from mnist_gui.history import Snapshot

FRAMES: Final = 80
FRAME_MS: Final = 60
LAST_FRAME_MS: Final = 2000


def save_view(widget: QWidget, path: Path) -> None:
    """Save what a widget shows, as SVG if the path ends so, else as PNG.

    Raises
    ------
    UserError
        If the file can't be written.
    """
    content = QBuffer()
    content.open(QIODevice.OpenModeFlag.WriteOnly)
    if path.suffix.lower() == ".svg":
        from PySide6.QtSvg import QSvgGenerator

        generator = QSvgGenerator()
        generator.setOutputDevice(content)
        generator.setSize(widget.size())
        generator.setViewBox(widget.rect())
        painter = QPainter(generator)
        widget.render(painter, QPoint())
        painter.end()
        del painter, generator  # before the buffer that they write to
    else:
        widget.grab().save(content, "PNG")
    _write(path, bytes(content.data().data()))


def save_film(snapshots: Sequence[Snapshot], architecture: str, path: Path) -> None:
    """Save the first convolution's filters over time: a strip of PNG if the path ends so, else an animated GIF.

    Raises
    ------
    UserError
        If the file can't be written.
    """
    from PIL import Image

    frames = _frames(snapshots, architecture)
    content = BytesIO()
    if path.suffix.lower() == ".png":
        width, height = frames[0].size
        chosen = frames[:: max(1, len(frames) // 12)]
        strip = Image.new("RGB", (width * len(chosen), height))
        for i, frame in enumerate(chosen):
            strip.paste(frame, (i * width, 0))
        strip.save(content, "PNG")
    else:
        durations = [FRAME_MS] * (len(frames) - 1) + [LAST_FRAME_MS]
        frames[0].save(content, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    _write(path, content.getvalue())


def _frames(snapshots: Sequence[Snapshot], architecture: str) -> list[Image.Image]:
    """Draw the filters at moments spread over a run, with one scale for all."""
    from PIL import Image

    network = architectures.build(architecture)
    layer = next(layer for layer in network.layers if isinstance(layer, Conv2D))
    chosen = [snapshots[i] for i in np.unique(np.linspace(0, len(snapshots) - 1, FRAMES).astype(int))]
    filters = []
    for snapshot in chosen:
        network.parameters[:] = snapshot.parameters
        filters.append(layer.weights[:, 0].copy())
    limit = max(float(np.abs(weights).max()) for weights in filters) or 1.0
    count, height, width = filters[0].shape
    view = MapView("diverging", (count, height, width), pixel=32, numbers=True)
    view.resize(view.sizeHint().width() + 16, view.sizeHint().height() + 16)
    frames = []
    for weights in filters:
        view.show_values(weights, -limit, limit)
        frames.append(Image.fromarray(from_qimage(view.grab().toImage())).convert("RGB"))
    return frames


def ask_for_view(view: QWidget, session: Session) -> None:
    """Let the person save a view."""
    kinds = "Pictures (*.png *.svg)"
    _ask(view, session, "Save view as picture", "view.png", kinds, lambda path: save_view(view, path))


def ask_for_film(window: QWidget, session: Session) -> None:
    """Let the person save the filters of the run that is shown."""
    if session.history is None or not session.history.snapshots:
        session.said.emit("Train first: there is no run yet whose filters could be shown over time.")
        return
    kinds = "Animated GIF (*.gif);;Strip of pictures (*.png)"
    save = partial(save_film, session.history.snapshots, session.checkpoint.record.architecture)
    _ask(window, session, "Save filters over time", "filters.gif", kinds, save)


def _ask(
    parent: QWidget, session: Session, title: str, suggestion: str, kinds: str, save: Callable[[Path], None]
) -> None:
    path, _ = QFileDialog.getSaveFileName(parent, title, suggestion, kinds)
    if not path:
        return
    path = path if Path(path).suffix else f"{path}{Path(suggestion).suffix}"
    try:
        save(Path(path))
    except UserError as error:
        messages.warn(parent, "The picture can't be saved", str(error))
    else:
        session.said.emit(f"Saved {path}")


def _write(path: Path, content: bytes) -> None:
    try:
        atomic.write(path, content)
    except OSError as error:
        raise UserError(f"The picture can't be saved as {path}: {reason(error)}.") from error
