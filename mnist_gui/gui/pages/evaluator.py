"""Reads many images without holding the window up: in slices between its events."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from mnist_gui.data.upright import make_upright
from mnist_gui.explain import experiments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network

_SLICE_SECONDS: Final = 0.008
_AT_ONCE: Final = 64  # images between two looks at the clock


class Evaluator(QObject):
    """Classifies all images of a set with a copy of a network.

    10,000 images take the network of two filters some 60 ms. That is too long for one event and too short for a
    thread, which would fight the window for the interpreter.

    Whoever asks while an answer is being worked out gets that one first and then the newest: a slider that never rests
    sees answers all the same.
    """

    # The parameters, shape (count,), and the probabilities, shape (n, classes), both arrays of their own.
    finished = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._twin: Network | None = None
        self._images: NDArray[np.uint8] | None = None
        self._upright = False
        self._prepared: NDArray[np.uint8] = np.empty((0, 28, 28), np.uint8)  # upright, kept for the next answer
        self._ready = 0
        self._probabilities: Array = np.empty((0, 0))
        self._done = 0
        self._next: Array | None = None
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._work)

    @property
    def busy(self) -> bool:
        """Whether an answer is under way."""
        return self._timer.isActive()

    def ask(self, network: Network, images: NDArray[np.uint8], *, upright: bool = False) -> None:
        """Classify images; nothing is done for a network and images that were asked for last.

        Parameters
        ----------
        network : Network
        images : ndarray of uint8, shape (n, 28, 28)
        upright : bool
            Whether the network sees them made upright.
        """
        twin = self._twin
        if twin is None or (twin.architecture, twin.dtype) != (network.architecture, network.dtype):
            twin = None
        same = images is self._images and upright == self._upright
        if twin is not None and same:
            newest = twin.parameters if self._next is None else self._next
            if np.array_equal(newest, network.parameters):
                return
            if self.busy:
                self._next = network.parameters.copy()
                return
        if not same:
            self._images, self._upright, self._ready = images, upright, 0
            self._prepared = np.empty_like(images) if upright else images
        self._begin(network, twin)

    def cancel(self) -> None:
        """Forget what was asked for."""
        self._timer.stop()
        self._twin = self._next = None

    def _begin(self, network: Network, twin: Network | None) -> None:
        if twin is None:
            twin = experiments.copy_of(network)
        twin.parameters[:] = network.parameters
        self._twin, self._next = twin, None
        self._start()

    def _start(self) -> None:
        assert self._twin is not None
        assert self._images is not None
        self._probabilities, self._done = np.empty((len(self._images), self._twin.classes), self._twin.dtype), 0
        self._timer.start()

    def _work(self) -> None:
        assert self._twin is not None
        assert self._images is not None
        end = perf_counter() + _SLICE_SECONDS
        while self._done < len(self._images) and perf_counter() < end:
            part = slice(self._done, self._done + _AT_ONCE)
            if self._upright and self._done >= self._ready:
                self._prepared[part], self._ready = make_upright(self._images[part]), self._done + _AT_ONCE
            self._probabilities[part] = self._twin.probabilities(self._prepared[part])
            self._done += _AT_ONCE
        if self._done < len(self._images):
            return
        self._timer.stop()
        parameters, probabilities = self._twin.parameters.copy(), self._probabilities
        if self._next is not None:
            self._twin.parameters[:] = self._next
            self._next = None
            self._start()
        self.finished.emit(parameters, probabilities)
