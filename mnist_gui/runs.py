"""Finished runs, to be compared with one another."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_gui import atomic
from mnist_gui.errors import UserError, reason

if TYPE_CHECKING:
    from os import PathLike

    from mnist_gui.training import Progress


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What a run was and what it came to.

    Attributes
    ----------
    architecture, data : str
    progress : Progress
        The last of the run, with its recipe and its whole curves.
    """

    architecture: str
    data: str
    progress: Progress

    @property
    def test_accuracy(self) -> float | None:
        """At the end of the last whole epoch, in [0, 1]."""
        epochs = self.progress.epochs
        return epochs[-1].test_accuracy if epochs else None

    def save_csv(self, path: str | PathLike[str]) -> None:
        """Write the curves as a table: one row for each point, and the test figures where an epoch ends.

        Raises
        ------
        UserError
            If the file can't be written.
        """
        progress = self.progress
        training = {
            int(step): (float(loss), float(accuracy))
            for step, loss, accuracy in zip(
                progress.curve_steps, progress.loss_curve, progress.accuracy_curve, strict=True
            )
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
