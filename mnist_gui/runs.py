"""What the runs of a sitting came to: networks with their curves, to be compared and taken back."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mnist_gui import atomic, model_file
from mnist_gui.assets import shipped_model
from mnist_gui.errors import UserError, reason
from mnist_gui.nn import architectures

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    from mnist_gui.model_file import ModelRecord
    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network
    from mnist_gui.training import Progress


SHIPPED: Final = "shipped model"


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no one truth value to compare by
class Checkpoint:
    """The parameters of a network at one moment, and what is known of them.

    Attributes
    ----------
    record : ModelRecord
        Architecture, recipe, data, epochs, and test figures where they are known.
    parameters : ndarray of float, shape (count,)
        Read-only.
    name : str
        What the window calls it: its file's name, "shipped model", "untitled model".
    path : Path or None
        The file that it was opened from or saved to.
    progress : Progress or None
        The last of the run that led here, with its curves; None if no run of this sitting did.
    edited : bool
        Whether a person changed the parameters by hand.
    unsaved : bool
        Whether it holds training or edits that no file holds.
    """

    record: ModelRecord
    parameters: Array
    name: str = "untitled model"
    path: Path | None = None
    progress: Progress | None = None
    edited: bool = False
    unsaved: bool = False

    def __post_init__(self) -> None:
        self.parameters.flags.writeable = False

    @classmethod
    def shipped(cls, architecture: str = "notebook") -> Checkpoint:
        """Open the trained network of an architecture that comes with the program."""
        network, record = model_file.load(shipped_model(architecture))
        name = SHIPPED if architecture == "notebook" else f"{SHIPPED} ({architecture})"
        return cls(record, network.parameters, name)

    def build(self) -> Network:
        """Make a network with these parameters."""
        network = architectures.build(self.record.architecture, self.record.recipe.dtype)
        network.parameters[:] = self.parameters
        return network

    def describe(self) -> str:
        """Say in one line what it is."""
        parts = [self.name, f"{self.parameters.size:,} parameters"]
        if self.edited:
            parts.append("edited")
        if self.record.test_accuracy is not None:
            upright = " upright" if self.record.recipe.upright else ""
            parts.append(f"test {self.record.test_accuracy * 100:.1f} %{upright}")
        elif not self.record.epochs and not self.edited:
            parts.append("untrained")
        return " · ".join(parts)


def save_csv(path: str | PathLike[str], progress: Progress) -> None:
    """Write a run's curves as a table: one row for each point, and the test figures where an epoch ends.

    Raises
    ------
    UserError
        If the file can't be written.
    """
    training = {
        int(step): (float(loss), float(accuracy))
        for step, loss, accuracy in zip(progress.curve_steps, progress.loss_curve, progress.accuracy_curve, strict=True)
    }
    test = {
        number * progress.steps_per_epoch: (epoch.test_loss, epoch.test_accuracy)
        for number, epoch in enumerate(progress.epochs, start=1)
    }
    blank = ("", "")
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(["step", "epoch", "training_loss", "training_accuracy", "test_loss", "test_accuracy"])
    for step in sorted({*training, *test}):
        epoch = round(step / progress.steps_per_epoch, 6)
        table.writerow([step, epoch, *training.get(step, blank), *test.get(step, blank)])
    try:
        atomic.write(path, text.getvalue().encode())
    except OSError as error:
        raise UserError(f"The curves can't be saved as {path}: {reason(error)}.") from error
