"""What goes on in the background: at most one thing at a time, loading a data set or training."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from mnist_gui.data import mnist
from mnist_gui.gui.training.loading_thread import LoadingThread
from mnist_gui.gui.training.training_thread import TrainingThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.gui.training.training_thread import Job
    from mnist_gui.history import History


class State(Enum):
    """What goes on in the background."""

    IDLE = auto()
    LOADING = auto()
    RUNNING = auto()
    PAUSED = auto()


class Trainer(QObject):
    """Owns the threads, so that nothing else in the window need know of them.

    The data set that was loaded last is kept: a second run, or a sample of it, starts at once.
    """

    state_changed = Signal(object)  # a State
    progressed = Signal(object)  # a Progress
    loading = Signal(int, int)  # bytes done, in total
    data_loaded = Signal(object)  # a Dataset
    loading_failed = Signal(str, str)  # source, one sentence
    training_failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.dataset: Dataset | None = None
        self.downloads = False  # whether what is being loaded comes from the network
        self._source: str | None = None
        self._loading: LoadingThread | None = None
        self._training: TrainingThread | None = None
        self._then: Callable[[Dataset], None] | None = None

    @property
    def state(self) -> State:
        """What is going on."""
        if self._loading is not None:
            return State.LOADING
        if self._training is not None:
            return State.PAUSED if self._training.paused else State.RUNNING
        return State.IDLE

    def holds(self, source: str) -> bool:
        """Whether the data set is in memory."""
        return self.dataset is not None and source == self._source

    def with_data(self, source: str, then: Callable[[Dataset], None], *, as_stored: bool = False) -> None:
        """Call `then` with a data set, at once or when it is loaded. Does nothing while one is being loaded.

        With `as_stored` it is loaded again, and its images are left as they are.
        """
        if self.dataset is not None and source == self._source and not as_stored:
            then(self.dataset)
        elif self._loading is None:
            self._then = then
            self.downloads = source == "mnist" and mnist.find() is None
            thread = self._loading = LoadingThread(source, self, as_stored=as_stored)
            thread.loaded.connect(self._data_loaded)
            thread.failed.connect(self._loading_failed)
            thread.progressed.connect(self._announce_loading)
            thread.finished.connect(self._loading_finished)
            thread.start()
            self.state_changed.emit(self.state)

    def _announce_loading(self) -> None:
        letter = self._loading.mailbox.take() if self._loading else None
        if letter:
            self.loading.emit(*letter)

    def _data_loaded(self, dataset: Dataset) -> None:
        if self._loading is None:  # shut down meanwhile
            return
        self.dataset, self._source = dataset, self._loading.source
        self._end_loading()
        self.data_loaded.emit(dataset)
        then, self._then = self._then, None
        if then:
            then(dataset)

    def _loading_failed(self, message: str) -> None:
        if self._loading is None:
            return
        source = self._loading.source
        self._end_loading()  # first, so that another attempt finds the way free
        self.loading_failed.emit(source, message)

    def _loading_finished(self) -> None:
        # By the time that this is heard, another thread may be loading, or even be done: what it brings is yet to come.
        if self._loading is not None and self.sender() is self._loading:
            self._end_loading()

    def _end_loading(self) -> None:
        if self._loading is not None:
            self._loading.wait()
            self._loading.deleteLater()
            self._loading = None
            self.state_changed.emit(self.state)

    def start(self, job: Job, history: History) -> None:
        """Train in a thread, which adds its moments to a history; does nothing while anything goes on."""
        if self.state is not State.IDLE:
            return
        thread = self._training = TrainingThread(job, history, self)
        thread.progress_waiting.connect(self._announce_progress)
        thread.failed.connect(self._training_failed)
        thread.finished.connect(self._training_finished)
        thread.start()
        self.state_changed.emit(self.state)

    def _announce_progress(self) -> None:
        progress = self._training.mailbox.take() if self._training else None
        if progress:
            self.progressed.emit(progress)

    def _training_failed(self, message: str) -> None:
        if self._training is not None:  # else it was shut down meanwhile
            self.training_failed.emit(message)

    def _training_finished(self) -> None:
        # By the time that this is heard, another thread may be training.
        if self._training is not None and self._training.isFinished():
            self._end_training()

    def _end_training(self) -> None:
        if self._training is not None:
            self._training.wait()
            self._announce_progress()
            self._training.deleteLater()
            self._training = None
            self.state_changed.emit(self.state)

    def pause(self) -> None:
        """Let the run rest."""
        if self._training is not None:
            self._training.pause()
            self.state_changed.emit(self.state)

    def resume(self) -> None:
        """End the rest."""
        if self._training is not None:
            self._training.resume()
            self.state_changed.emit(self.state)

    def stop(self) -> None:
        """End the run, or the download; what was learned stays."""
        if self._training is not None:
            self._training.stop()
        if self._loading is not None:
            self._then = None
            self._loading.cancel()

    def shut_down(self) -> None:
        """End everything and wait for it: for a step or two, and longer only for a mirror that stays silent."""
        self.stop()
        self._end_training()
        self._end_loading()
