"""Loads a data set beside the window's own thread, so that a download or a large file does not hold the window up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Signal

from mnist_gui import data
from mnist_gui.data import drawn
from mnist_gui.data.mnist import DownloadCancelled
from mnist_gui.errors import UserError
from mnist_gui.gui.training.mailbox import Mailbox
from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from mnist_gui.data.dataset import Dataset


class LoadingThread(Guarded, QThread):
    """Loads a data set, downloading it where need be.

    `loaded` or `failed` is emitted before `QThread.finished`; neither if it was cancelled.
    """

    loaded = Signal(object)  # a Dataset
    failed = Signal(str)
    progressed = Signal()  # take (done, total) in bytes from `mailbox`

    def __init__(self, source: str, parent: QObject | None = None, *, as_stored: bool = False) -> None:
        super().__init__(parent)
        self._as_stored = as_stored
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
            dataset = self._load()
        except DownloadCancelled:
            return
        except UserError as error:
            if not self._cancelled:
                self.failed.emit(str(error))
        except MemoryError:
            if not self._cancelled:
                self.failed.emit("There is not enough memory for this data set.")
        else:
            if not self._cancelled:
                self.loaded.emit(dataset)

    def _load(self) -> Dataset:
        if self.source == "drawn":
            for _ in drawn.prepare(drawn.TEST_SIZE, drawn.TEST_SEED):  # a run draws the others as it needs them
                if self._cancelled:
                    raise DownloadCancelled
        return data.load(self.source, progress=self._progress, as_stored=self._as_stored, whole=False)

    def _progress(self, done: int, total: int) -> None:
        if self._cancelled:
            raise DownloadCancelled
        if self.mailbox.put((done, total)):
            self.progressed.emit()
