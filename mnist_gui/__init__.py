"""Draw a digit, train a small NumPy CNN from nothing, and look inside it, in one window.

As a library: load and save networks, train and evaluate them, and turn drawings and pictures into what they read. The
names below are imported when they are first used, so that ``import mnist_gui`` costs nothing.

``load(path)``                              a network and its record, from a model file
``save(path, network, record)``             the way back
``build(name)``                             a network of one of the architectures, with all parameters 0
``train(network, data, recipe)``            a generator that trains in place and yields where the run stands
``evaluate(network, images, labels)``       losses and answers on labelled images
``load_data(source)``                       "mnist", "drawn", or a path
``read_drawing(strokes)``                   strokes of a pen, as 28×28 pixels like MNIST's
``read_picture(path)``                      a picture file, likewise
``record.recipe.prepare(images)``           images as that network wants them: upright, if it was trained so
``draw_digit(digit, rng)``                  a digit drawn by rule, as strokes
``Network``, ``Recipe``, ``Stroke``         what these take and give
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_gui.data import load as load_data
    from mnist_gui.data.drawn import draw as draw_digit
    from mnist_gui.ink import Stroke
    from mnist_gui.ink import from_file as read_picture
    from mnist_gui.ink import from_strokes as read_drawing
    from mnist_gui.model_file import load, save
    from mnist_gui.nn.architectures import build
    from mnist_gui.nn.network import Network
    from mnist_gui.recipe import Recipe
    from mnist_gui.training import evaluate, train

__version__ = "0.1.0"

__all__ = [
    "Network",
    "Recipe",
    "Stroke",
    "build",
    "draw_digit",
    "evaluate",
    "load",
    "load_data",
    "read_drawing",
    "read_picture",
    "save",
    "train",
]

_HOMES = {
    "Network": ("nn.network", "Network"),
    "Recipe": ("recipe", "Recipe"),
    "Stroke": ("ink", "Stroke"),
    "build": ("nn.architectures", "build"),
    "draw_digit": ("data.drawn", "draw"),
    "evaluate": ("training", "evaluate"),
    "load": ("model_file", "load"),
    "load_data": ("data", "load"),
    "read_drawing": ("ink", "from_strokes"),
    "read_picture": ("ink", "from_file"),
    "save": ("model_file", "save"),
    "train": ("training", "train"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- of whatever type the name has
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(f"mnist_gui.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
