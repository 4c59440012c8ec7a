"""The thread in which a network is trained, while the window goes on drawing."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QThread, Signal

from mnist_gui.errors import UserError
from mnist_gui.gui.training.mailbox import Mailbox
from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.nn import architectures
from mnist_gui.training import train

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.history import History
    from mnist_gui.nn.layer import Array
    from mnist_gui.training import Progress, Recipe

SHOWN_SECONDS: Final = 1 / 20
"""Between two updates of the window. More would hardly be seen, and make a moving pen wait."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """All that a run needs, captured when it is asked for.

    Attributes
    ----------
    architecture : str
    parameters : ndarray of float, shape (count,)
        Where to begin; a fresh run keeps of them only what its recipe freezes.
    dataset : Dataset
    recipe : Recipe
    fresh : bool
        Draw new parameters from the recipe's seed first.
    prepare : callable, optional
        Makes of the data set what is trained on, in the thread.
    """

    architecture: str
    parameters: Array
    dataset: Dataset
    recipe: Recipe
    fresh: bool = True
    prepare: Callable[[Dataset], Dataset] | None = None


class TrainingThread(Guarded, QThread):
    """Trains a network of its own; the window is sent copies of its parameters.

    It ends by itself at the end of the run, when that is stopped, and when it fails; `QThread.finished` says so, after
    `failed` where there is a reason to give.
    """

    progress_waiting = Signal()  # take it from `mailbox`
    failed = Signal(str)

    def __init__(self, job: Job, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("training")
        self.mailbox: Mailbox[Progress] = Mailbox()
        self._job, self._history = job, history
        self._stopped = False
        self._may_go_on = Event()
        self._may_go_on.set()

    @property
    def paused(self) -> bool:
        """Whether the run rests, or will before its next steps."""
        return not self._may_go_on.is_set()

    def pause(self) -> None:
        """Ask for a rest before the next steps."""
        self._may_go_on.clear()

    def resume(self) -> None:
        """End the rest."""
        self._may_go_on.set()

    def stop(self) -> None:
        """Ask for the end; a pause does not hold it up."""
        self._stopped = True
        self._may_go_on.set()

    def run(self) -> None:
        """Train. Called by Qt in the new thread."""
        try:
            with np.errstate(all="ignore"):  # a run that diverges says so itself
                self._train()
        except UserError as error:
            self.failed.emit(str(error))
        except MemoryError:
            self.failed.emit("There is not enough memory for this run. Try a smaller batch.")

    def _train(self) -> None:
        job, self._shown, self._epochs = self._job, 0.0, 0
        network = architectures.build(job.architecture, job.recipe.dtype)
        network.parameters[:] = job.parameters
        dataset = job.prepare(job.dataset) if job.prepare else job.dataset
        last: Progress | None = None
        try:
            for progress in train(network, dataset, job.recipe, fresh=job.fresh):
                if progress is not None:
                    last = progress
                    self._tell(progress)
                self._may_go_on.wait()
                if self._stopped:
                    return
        finally:
            if last is not None and self.mailbox.put(last):  # where the run stood when it was stopped, or failed
                self.progress_waiting.emit()

    def _tell(self, progress: Progress) -> None:
        """Keep every moment for the history; show the window some of them: all would hold it up."""
        self._history.add(progress)
        now, done = monotonic(), len(progress.epochs)
        if progress.step == 0 or done != self._epochs or now - self._shown >= SHOWN_SECONDS:
            self._shown, self._epochs = now, done
            if self.mailbox.put(progress):
                self.progress_waiting.emit()
