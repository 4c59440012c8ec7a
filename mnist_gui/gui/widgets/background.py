"""Work beside the window's own thread that the person waits for: reading a large picture, many digits, a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

from PySide6.QtCore import QEventLoop, Qt, QThread, Signal
from PySide6.QtWidgets import QProgressDialog, QWidget

from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_SOON_MS: Final = 120
"""What takes less is waited for without a word; nobody would notice."""


class Cancelled(Exception):  # noqa: N818 -- nothing went wrong
    """The person does not want to wait any longer."""


class _Worker(Guarded, QThread, Generic[T]):
    """Does one piece of work, and keeps what comes of it."""

    progressed = Signal(int)  # in thousandths

    def __init__(self, work: Callable[[Callable[[int, int], None]], T]) -> None:
        super().__init__()
        self.setObjectName("background")
        self._work = work
        self.cancelled = False
        self.result: T | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.result = self._work(self._report)
        except Exception as error:  # noqa: BLE001 -- raised again in the window's thread
            self.error = error

    def _report(self, done: int, total: int) -> None:
        if self.cancelled:
            raise Cancelled
        self.progressed.emit(round(1000 * done / max(1, total)))


def wait_for(window: QWidget, what: str, work: Callable[[Callable[[int, int], None]], T]) -> T:
    """Do some work in a thread; if it lasts, show that it goes on, with a way to cancel it.

    Parameters
    ----------
    window : QWidget
        What is in front of meanwhile.
    what : str
        What is being done, for the person.
    work : callable
        Given a function to call now and then with how much is done, of how much. That raises `Cancelled` when the
        person has had enough.

    Raises
    ------
    Cancelled
        Work that reports nothing then goes on to its end, and what comes of it is dropped.
    Exception
        Whatever the work raised.
    """
    worker = _Worker(work)
    worker.start()
    if not worker.wait(_SOON_MS):
        dialog = QProgressDialog(what, "Cancel", 0, 1000, window)
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.setMinimumDuration(0)
        dialog.show()
        worker.progressed.connect(dialog.setValue)
        loop = QEventLoop()
        worker.finished.connect(loop.quit)
        dialog.canceled.connect(loop.quit)
        if worker.isRunning():
            loop.exec()
        worker.cancelled = dialog.wasCanceled()
        dialog.deleteLater()
        if worker.cancelled:
            _leave(worker)
            raise Cancelled
        worker.wait()
    if worker.error is not None:
        raise worker.error
    return worker.result  # type: ignore[return-value]


_left: set[QThread] = set()
"""Cancelled work that has not come to its end: a thread must not be destroyed before."""


def _leave(worker: QThread) -> None:
    _left.add(worker)
    worker.finished.connect(lambda: _left.discard(worker))


def wait_for_all() -> None:
    """Wait until all cancelled work has ended."""
    for worker in list(_left):
        worker.wait()
        _left.discard(worker)
