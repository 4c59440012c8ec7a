"""The network that the window shows and classifies with, and where it comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_gui import model_file
from mnist_gui.assets import SHIPPED_MODEL
from mnist_gui.nn import architectures
from mnist_gui.training import initialize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    import numpy as np
    from numpy.typing import NDArray

    from mnist_gui.history import Snapshot
    from mnist_gui.nn.network import Network
    from mnist_gui.training import Progress, Recipe

SHIPPED = "shipped model"
UNTITLED = "untitled model"


class Model:
    """A network of the window's own, with its record, its file, and whether training in it is unsaved.

    Attributes
    ----------
    network : Network
    record : ModelRecord
    path : Path or None
        The file that it was opened from or saved to.
    name : str
    changed : bool
        Whether there is training that no file holds.
    """

    def __init__(self) -> None:
        self.open_shipped()

    def open_shipped(self) -> None:
        """Go back to the model that comes with the program."""
        self._take(*model_file.load(SHIPPED_MODEL), None, SHIPPED)

    def open(self, path: str | PathLike[str]) -> None:
        """Open a file; if it is not a sound model, raise ModelFileError and change nothing."""
        path = Path(path)
        self._take(*model_file.load(path), path, path.name)

    def _take(self, network: Network, record: model_file.ModelRecord, path: Path | None, name: str) -> None:
        self.network, self.record, self.path, self.name, self.changed = network, record, path, name, False

    def save(self, path: str | PathLike[str], history: Sequence[Snapshot] = ()) -> None:
        """Write the model to a file and call it by that name; raise ModelFileError if it can't be written."""
        path = Path(path)
        model_file.save(path, self.network, self.record, history)
        self.path, self.name, self.changed = path, path.name, False

    def reset(self, architecture: str, recipe: Recipe, data: str) -> None:
        """Take a fresh, untrained network."""
        self.start(architecture, recipe, data)
        initialize(self.network, recipe)

    def start(self, architecture: str, recipe: Recipe, data: str, *, unsaved: bool = False) -> None:
        """Make room for the network that a run will train; what `follow` brings fills it.

        `unsaved` says that the run goes on from training that no file holds.
        """
        network = architectures.build(architecture, recipe.dtype)
        self._take(network, model_file.ModelRecord(architecture, recipe, data), None, UNTITLED)
        self.changed = unsaved

    def follow(self, progress: Progress) -> None:
        """Take over what training has come to."""
        self.network.parameters[:] = progress.parameters
        last = progress.epochs[-1] if progress.epochs else None
        self.record = replace(
            self.record,
            epochs=progress.step / progress.steps_per_epoch,
            test_loss=last.test_loss if last else None,
            test_accuracy=last.test_accuracy if last else None,
        )
        self.changed |= progress.step > 0

    def edit(self, parameters: NDArray[np.floating]) -> None:
        """Take parameters that the person has changed by hand; how good they are is not known."""
        self.network.parameters[:] = parameters
        self.record = replace(self.record, test_loss=None, test_accuracy=None)
        self.changed = True

    def describe(self) -> str:
        """Say in one line what it is."""
        parts = [self.name, f"{self.network.parameters.size:,} parameters"]
        if self.record.test_accuracy is not None:
            parts.append(f"test {self.record.test_accuracy:.1%}".replace("%", " %"))
        elif not self.record.epochs:
            parts.append("untrained")
        return " · ".join(parts)
