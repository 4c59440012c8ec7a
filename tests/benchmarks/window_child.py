"""What goes on inside the processes that `window` starts.

Each task opens the window (without a screen, unless QT_QPA_PLATFORM says otherwise), does one thing in it and prints
what it measured as JSON.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections import deque
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QEventLoop, QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.training import Progress, Recipe

PEN_EVENTS_A_SECOND = 250
PEN_SECONDS = 30
BARE_SECONDS = 5
TICK = 0.002
EPOCHS_COMPARED = 6


class Painted(QObject):
    """Tells when a widget was painted, and all that was painted with it."""

    painted = Signal()

    def __init__(self, widget: Any) -> None:
        super().__init__(widget)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self.painted.emit)  # the loop comes back to it after the painting
        return False


def empty_window() -> QMainWindow:
    """A bare window with one plot: what any program of this kind costs at least."""
    import pyqtgraph

    window = QMainWindow()
    window.setCentralWidget(pyqtgraph.PlotWidget())
    window.resize(1280, 800)
    window.show()
    return window


def first_paint_empty() -> None:
    app = QApplication([])
    window = empty_window()
    Painted(window.centralWidget().viewport()).painted.connect(app.exit)  # it covers the window, which paints nothing
    app.exec()


def first_paint() -> None:
    from mnist_gui.gui import app, main_window

    class Closing(main_window.MainWindow):
        def show(self) -> None:
            Painted(self).painted.connect(QApplication.exit)
            super().show()

    main_window.MainWindow = Closing
    app.run()


def memory_empty() -> float:
    app = QApplication([])
    window = empty_window()
    QTimer.singleShot(2000, app.exit)
    app.exec()
    del window
    return memory()


def memory() -> float:
    """Megabytes that would be free without this process, or are shared with no other."""
    import psutil

    return psutil.Process().memory_full_info().uss / 1e6


def open_window() -> tuple[QApplication, MainWindow, Dataset]:
    from mnist_gui import data
    from mnist_gui.data import mnist
    from mnist_gui.gui import settings
    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.gui.widgets import theme

    settings.path = lambda: Path(tempfile.mkdtemp()) / "settings.json"
    app = QApplication([])
    theme.apply(app)
    window = MainWindow()
    window.show()
    dataset = data.load("mnist" if mnist.find() else "drawn")
    QTimer.singleShot(500, app.exit)  # not quit: it would close the window
    app.exec()
    return app, window, dataset


def start(window: MainWindow, dataset: Dataset, recipe: Recipe) -> None:
    """Begin a run, and come back when it makes its first steps."""
    loop = QEventLoop()
    once = window.session.progressed.connect(loop.quit)
    window.session.train(dataset, "notebook", recipe)
    loop.exec()
    window.session.progressed.disconnect(once)


def bare_speed(dataset: Dataset, recipe: Recipe) -> float:
    """Train for some seconds without the window having anything to do; give the steps a second."""
    from mnist_gui.nn import architectures
    from mnist_gui.training import train

    begun, steps = 0.0, 0
    for progress in train(architectures.build("notebook"), dataset, recipe):
        if progress is None:
            continue
        steps, begun = progress.step, begun or perf_counter()
        if perf_counter() - begun > BARE_SECONDS:
            break
    return steps / (perf_counter() - begun)


def pen() -> dict[str, float]:
    """Train for half a minute with a moving pen.

    Give, in ms, how late the event loop was, and how long after a move of the pen its ink and its answer were painted;
    and the steps a second, with the pen and without a window.
    """
    from mnist_gui.training import RECIPES

    app, window, dataset = open_window()
    recipe = replace(RECIPES["default"], epochs=300)
    bare = bare_speed(dataset, recipe)
    late: list[float] = []
    inked: list[float] = []
    answered: list[float] = []
    moved: deque[float] = deque()  # when the pen moved, or should have: its ink is not yet painted
    unread: deque[float] = deque()  # not yet read by the network
    read: deque[float] = deque()  # read, the answer not yet painted
    canvas, view = window.canvas, window.network_view

    def refreshed() -> None:
        read.extend(unread)
        unread.clear()

    def painted(times: deque[float], spent: list[float]) -> None:
        now = perf_counter()
        spent.extend(now - at for at in times)
        times.clear()

    window.session.changed.connect(refreshed)
    Painted(canvas).painted.connect(lambda: painted(moved, inked))
    Painted(view.findChild(QWidget, "seenImage")).painted.connect(lambda: painted(read, answered))

    def send(kind: QEvent.Type, step: int) -> None:
        angle, side = step * math.tau / PEN_EVENTS_A_SECOND, min(canvas.width(), canvas.height())
        centre = QPointF(canvas.width() / 2, canvas.height() / 2)
        point = centre + QPointF(math.cos(angle), math.sin(2 * angle)) * (0.3 * side)  # an 8: it never rests
        pressed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        where = canvas.mapToGlobal(point)
        app.sendEvent(canvas, QMouseEvent(kind, point, where, button, pressed, Qt.KeyboardModifier.NoModifier))

    begun, step = 0.0, 0

    def move_pen() -> None:
        nonlocal step
        due = int((perf_counter() - begun) * PEN_EVENTS_A_SECOND)
        while step <= due:
            place = step % 200  # strokes of 0.8 s, and after every third one an empty sheet
            if step % 600 == 0:
                canvas.clear()
            if place == 0:
                send(QEvent.Type.MouseButtonPress, step)
            elif place == 199:
                send(QEvent.Type.MouseButtonRelease, step)
            else:
                moved.append(begun + step / PEN_EVENTS_A_SECOND)
                unread.append(moved[-1])
                send(QEvent.Type.MouseMove, step)
            step += 1

    due = 0.0

    def tick() -> None:
        nonlocal due
        now = perf_counter()
        late.append(max(0, now - due))
        due = max(due, now) + TICK

    # Every millisecond, so that no move is handed over later than a window system would.
    timers = [QTimer(app, timerType=Qt.TimerType.PreciseTimer, interval=ms) for ms in (1, 2)]
    for timer, work in zip(timers, (move_pen, tick), strict=True):
        timer.timeout.connect(work)
    start(window, dataset, recipe)
    begun = perf_counter()
    before = steps_done(window)
    due = begun + TICK
    for timer in timers:
        timer.start()
    QTimer.singleShot(PEN_SECONDS * 1000, app.exit)
    app.exec()
    for timer in timers:
        timer.stop()
    speed = (steps_done(window) - before) / (perf_counter() - begun)
    window.session.trainer.shut_down()
    return {
        "late_99": _percentile(late, 99),
        "late_worst": max(late) * 1e3,
        "inked_99": _percentile(inked, 99),
        "answered_99": _percentile(answered, 99),
        "answered_median": _percentile(answered, 50),
        "moves": len(inked),
        "slower": bare / speed,
    }


def steps_done(window: MainWindow) -> int:
    progress = window.session.checkpoint.progress
    return progress.step if progress else 0


def _percentile(seconds: list[float], percent: float) -> float:
    import numpy as np

    return float(np.percentile(seconds, percent)) * 1e3


def throughput(rounds: int) -> list[list[float]]:
    """Give the seconds of training in the open window, and of the same without it, round by round."""
    from mnist_gui.gui.training.trainer import State
    from mnist_gui.nn import architectures
    from mnist_gui.training import RECIPES, train

    app, window, dataset = open_window()
    recipe = replace(RECIPES["default"], epochs=EPOCHS_COMPARED)
    finished: list[Progress] = []

    def progressed(progress: Progress) -> None:
        if progress.finished:
            finished.append(progress)
            app.exit()

    window.session.progressed.connect(progressed)

    def inside() -> None:
        start(window, dataset, recipe)
        app.exec()
        while window.session.state is not State.IDLE:
            app.processEvents()

    def outside() -> None:
        for _ in train(architectures.build("notebook"), dataset, recipe):
            pass

    window_seconds, bare_seconds = [], []
    for i in range(rounds + 1):
        for work, seconds in [(inside, window_seconds), (outside, bare_seconds)][:: 1 if i % 2 else -1]:
            begun = perf_counter()
            work()
            seconds.append(perf_counter() - begun)
    return [window_seconds[1:], bare_seconds[1:]]


def hundred_epochs() -> dict[str, float]:
    """Train for a hundred epochs in the window.

    Give, in MB, the memory after the first and after the last, and what of it the run's history takes.
    """
    from mnist_gui.training import RECIPES

    app, window, dataset = open_window()
    after: dict[int, float] = {}
    history: dict[int, float] = {}

    def progressed(progress: Progress) -> None:
        done = len(progress.epochs)
        if done in (1, 101) and done not in after:
            after[done] = memory()
            kept = window.session.history.snapshots if window.session.history else ()
            history[done] = sum(snapshot.parameters.nbytes for snapshot in kept) / 1e6
        if 101 in after:
            app.exit()

    window.session.progressed.connect(progressed)
    start(window, dataset, replace(RECIPES["default"], epochs=200))  # the last is in the middle of it, too
    app.exec()
    window.session.trainer.shut_down()
    return {"first": after[1], "last": after[101], "history": history[101] - history[1]}


TASKS: dict[str, Callable[..., Any]] = {
    task.__name__: task for task in (first_paint_empty, first_paint, memory_empty, pen, throughput, hundred_epochs)
}


def run(task: str, *arguments: str) -> None:
    """Do a task and print what comes of it."""
    print(json.dumps(TASKS[task](*map(int, arguments))), flush=True)
    os._exit(0)  # a window with unsaved training would ask
