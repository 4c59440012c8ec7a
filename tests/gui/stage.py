"""A stage for pages and views without a window: a sheet of paper, a session, and a network to look at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mnist_gui.data.dataset import Dataset
from mnist_gui.model_file import ModelRecord
from mnist_gui.nn import architectures
from mnist_gui.runs import Checkpoint
from mnist_gui.training import RECIPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.session import Session
    from mnist_gui.ink import Stroke
    from mnist_gui.nn.network import Network


class Paper:
    """Stands in for the canvas: what the network sees is what the test says."""

    def __init__(self) -> None:
        self.image: NDArray[np.uint8] | None = None
        self.caption = ""

    def seen(self) -> NDArray[np.uint8] | None:
        return self.image

    def why_not(self) -> str:
        return "nothing drawn yet" if self.image is None else ""

    def strokes_on_paper(self) -> list[Stroke]:
        return []

    def set_strokes(self, strokes: Iterable[Stroke]) -> None:
        raise NotImplementedError

    def set_picture(self, seen: NDArray[np.uint8], caption: str = "") -> None:
        self.image, self.caption = seen, caption


def started(name: str, seed: int = 0) -> Network:
    """A network with random parameters."""
    network = architectures.build(name)
    network.initialize(np.random.default_rng(seed))
    return network


def bar() -> NDArray[np.uint8]:
    """A drawing: one upright bar."""
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 12:16] = 255
    return image


def look(session: Session, network: Network | None, image: NDArray[np.uint8] | None, *, upright: bool = False) -> None:
    """Have a session look at a network (None: at the one that it has) and at an image, and say so at once."""
    assert isinstance(session.drawing, Paper)
    session.drawing.image = image
    session.drawing_changed()
    if network is not None:
        recipe = replace(RECIPES["default"], dtype=network.dtype.name, upright=upright)
        session.take_back(Checkpoint(ModelRecord(network.architecture, recipe), network.parameters.copy()))
    session.show_now()


def bring_on(page: QWidget, session: Session, qtbot: QtBot, size: tuple[int, int] = (1230, 250)) -> None:
    """Show a page as the window does: it is refreshed when the session says so and it is in sight."""
    qtbot.addWidget(page)
    page.resize(*size)
    session.changed.connect(lambda: page.isVisible() and page.refresh())
    with qtbot.waitExposed(page):
        page.show()


def give(session: Session, images: NDArray[np.uint8], labels: NDArray[np.integer]) -> None:
    """Have a session hold a data set with these test images, as when it has just been loaded."""
    session.trainer.dataset = dataset = Dataset("noise", images[:1], labels[:1], images, labels)
    session.trainer.data_loaded.emit(dataset)
