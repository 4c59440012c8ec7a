"""What follows a run and loads images beside the window's own thread, and the one-slot mailbox between the two."""

from __future__ import annotations

from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from PySide6.QtCore import QObject, QThread, Signal

from mnist_gui import data
from mnist_gui.data import drawn
from mnist_gui.data.mnist import DownloadCancelled
from mnist_gui.errors import UserError
from mnist_gui.history import History

if TYPE_CHECKING:
    from mnist_gui.training import Progress
    from mnist_gui.training_process import Job, TrainingProcess

T = TypeVar("T")

SHOWN_SECONDS: Final = 1 / 20
"""Between two updates of the window. More would hardly be seen, and make a moving pen wait."""


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
    """Follows a run that was begun in the training process, and which the window steers meanwhile.

    It ends by itself at the end of the run, when that is stopped, and when it fails; `QThread.finished` says so, after
    `failed` where there is a reason to give.
    """

    progress_waiting = Signal()  # take it from `mailbox`
    failed = Signal(str)

    def __init__(self, process: TrainingProcess, job: Job, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("training")
        self.mailbox: Mailbox[Progress] = Mailbox()
        self.history = History()
        self.job = job
        self.paused = False
        self._process = process

    def pause(self) -> None:
        """Ask for a rest before the next steps."""
        self.paused = True
        self._process.pause()

    def resume(self) -> None:
        """End the rest."""
        self.paused = False
        self._process.resume()

    def stop(self) -> None:
        """Ask for the end; a pause does not hold it up."""
        self._process.stop()

    def run(self) -> None:
        """Follow the run. Called by Qt in the new thread."""
        shown, epochs = 0.0, 0
        last: Progress | None = None
        try:
            for progress in self._process.follow(self.job):
                last = progress
                self.history.add(progress)
                # The many of the first steps are for the history alone: to show them all would hold the window up.
                now, done = monotonic(), len(progress.epochs)
                if progress.step == 0 or done != epochs or now - shown >= SHOWN_SECONDS:
                    shown, epochs = now, done
                    if self.mailbox.put(progress):
                        self.progress_waiting.emit()
        except UserError as error:
            self.failed.emit(str(error))
        if last is not None:  # where the run stood when it was stopped, or failed
            self.mailbox.put(last)


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
