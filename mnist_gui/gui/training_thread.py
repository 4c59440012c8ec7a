"""Training and loading outside the window's thread, and the one-slot mailbox between the two."""

from __future__ import annotations

from threading import Event, Lock
from time import monotonic
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import numpy as np
from PySide6.QtCore import QObject, QThread, Signal

from mnist_gui import data
from mnist_gui.data import drawn
from mnist_gui.data.mnist import DownloadCancelled
from mnist_gui.errors import UserError
from mnist_gui.history import History
from mnist_gui.training import PROGRESS_SECONDS, train

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.nn.network import Network
    from mnist_gui.training import Progress, Recipe

T = TypeVar("T")

PATIENCE: Final = 0.02  # seconds that training waits for a busy window


class Mailbox(Generic[T]):
    """One slot, in which a newer letter replaces an older one.

    A queued signal for each letter was measured to starve a busy window for many seconds. Here at most one is
    under way: `put` says whether the slot was empty, and only then is there something to announce.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._letter: T | None = None

    def put(self, letter: T) -> bool:
        """Leave a letter; return True if there was none."""
        with self._lock:
            was_empty = self._letter is None
            self._letter = letter
            return was_empty

    def take(self) -> T | None:
        """Empty the slot."""
        with self._lock:
            letter, self._letter = self._letter, None
            return letter


class TrainingThread(QThread):
    """Runs `train` on a network that is this thread's alone.

    The window asks; the thread acts between two steps of the generator. It ends by itself at the end of the run, when
    stopped, and when the run fails; `QThread.finished` says so, after `failed` where there is a reason to give.
    """

    progress_waiting = Signal()  # take it from `mailbox`
    failed = Signal(str)

    def __init__(
        self,
        network: Network,
        dataset: Dataset,
        recipe: Recipe,
        *,
        fresh: bool = True,
        prepare: Callable[[Dataset], Dataset] | None = None,  # what the thread is to make of the data set first
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("training")
        self.mailbox: Mailbox[Progress] = Mailbox()
        self.history = History()
        self._network, self._dataset, self._recipe, self._fresh = network, dataset, recipe, fresh
        self._prepare = prepare
        self._stopped = False
        self._may_go_on = Event()
        self._may_go_on.set()
        self._window_is_free = Event()
        self._window_is_free.set()

    @property
    def paused(self) -> bool:
        """Whether a rest was asked for."""
        return not self._may_go_on.is_set()

    def pause(self) -> None:
        """Ask for a rest before the next steps."""
        self._may_go_on.clear()

    def resume(self) -> None:
        """End the rest."""
        self._may_go_on.set()

    def give_way(self) -> None:
        """Ask for a moment's rest, until `take_turn`, while the window draws.

        Python runs one thread at a time, and each of the hundreds of calls by which the window draws may hand over to
        the other thread, and then waits up to 5 ms for its turn: side by side both crawl, one after the other they
        don't.
        """
        self._window_is_free.clear()

    def take_turn(self) -> None:
        """Say that the window has drawn."""
        self._window_is_free.set()

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
        dataset = self._prepare(self._dataset) if self._prepare else self._dataset
        shown, epochs = 0.0, 0
        for progress in train(self._network, dataset, self._recipe, fresh=self._fresh):
            if progress is not None:
                self.history.add(progress)
                # The many of the first steps are for the history alone: to show them all would hold the run up.
                now, done = monotonic(), len(progress.epochs)
                if progress.step == 0 or done != epochs or now - shown >= PROGRESS_SECONDS:
                    shown, epochs = now, done
                    if self.mailbox.put(progress):
                        self.progress_waiting.emit()
            self._may_go_on.wait()
            self._window_is_free.wait(PATIENCE)
            if self._stopped:
                return


class LoadingThread(QThread):
    """Loads a data set, downloading it where need be.

    `loaded` or `failed` is emitted before `QThread.finished`; neither if it was cancelled.
    """

    loaded = Signal(object)  # a Dataset
    failed = Signal(str)
    downloading = Signal()  # take (done, total) in bytes from `mailbox`

    def __init__(self, source: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("loading")
        self.mailbox: Mailbox[tuple[int, int]] = Mailbox()
        self.source = source
        self._cancelled = False

    def cancel(self) -> None:
        """Ask for the end; a mirror that stays silent is given up only when its time is over."""
        self._cancelled = True

    def run(self) -> None:
        """Load. Called by Qt in the new thread."""
        try:
            if self.source == "drawn":
                for _ in drawn.prepare(drawn.TRAIN_SIZE, drawn.TRAIN_SEED):
                    if self._cancelled:
                        return
            dataset = data.load(self.source, progress=self._progress)
        except DownloadCancelled:
            return
        except UserError as error:
            if not self._cancelled:
                self.failed.emit(str(error))
        else:
            if not self._cancelled:
                self.loaded.emit(dataset)

    def _progress(self, done: int, total: int) -> None:
        if self._cancelled:
            raise DownloadCancelled
        if self.mailbox.put((done, total)):
            self.downloading.emit()
