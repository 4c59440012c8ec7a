"""Training in a process of its own, beside a program that has other things to do.

Two threads of one Python process take turns, and a window that draws while a network trains then gets a late turn and
costs the run a third of its speed. Two processes need not wait for each other.
"""

from __future__ import annotations

import pickle
import signal
import traceback
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_gui.errors import UserError
from mnist_gui.nn import architectures
from mnist_gui.training import train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.nn.layer import Array
    from mnist_gui.recipe import Recipe
    from mnist_gui.training import Progress


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What a run needs to be told.

    Attributes
    ----------
    architecture : str
    parameters : ndarray of float, shape (count,)
        What the run goes on from, unless it is to draw fresh ones.
    dataset : Dataset
    recipe : Recipe
    fresh : bool
        As for `train`.
    prepare : callable, optional
        Makes of the data set what is to be trained on, in the other process; it has to survive pickling.
    """

    architecture: str
    parameters: Array
    dataset: Dataset
    recipe: Recipe
    fresh: bool = True
    prepare: Callable[[Dataset], Dataset] | None = None


class _Command(Enum):
    BEGIN = auto()  # what was said before was meant for another run
    PAUSE = auto()
    RESUME = auto()
    STOP = auto()


class TrainingProcess:
    """A process that trains, one run after another; it is started for the first one and kept for those to come.

    One thread may follow a run while another steers it. If this process ends, however it does, so does the other.
    """

    def __init__(self) -> None:
        self._process: SpawnProcess | None = None
        self._runs: Connection  # runs there, progress back
        self._commands: Connection

    def begin(self) -> None:
        """Announce a run: from here on, commands are meant for it."""
        if self._process is None or not self._process.is_alive():
            from multiprocessing import get_context  # costs start-up time that only training needs to pay

            self.close()
            context = get_context("spawn")  # a fork of a process with threads and a window is not sound
            self._runs, runs = context.Pipe()
            commands, self._commands = context.Pipe(duplex=False)
            self._process = context.Process(target=_serve, args=(runs, commands), name="training", daemon=True)
            self._process.start()
            runs.close()
            commands.close()
        self._command(_Command.BEGIN)

    def follow(self, job: Job) -> Iterator[Progress]:
        """Train as told.

        Yields
        ------
        Progress
            Every one, as soon as it is there.

        Raises
        ------
        UserError
            As from `train`, for want of memory, or if the process was ended from outside.
        """
        try:
            _send(self._runs, job)
            while (letter := _receive(self._runs)) is not None:
                if isinstance(letter, BaseException):
                    raise letter
                yield letter
        except (EOFError, OSError) as error:
            self.close()
            raise UserError("The training process was ended from outside. Train again to start a new one.") from error

    def pause(self) -> None:
        """Ask for a rest before the next steps."""
        self._command(_Command.PAUSE)

    def resume(self) -> None:
        """End the rest."""
        self._command(_Command.RESUME)

    def stop(self) -> None:
        """Ask for the end of the run; a pause does not hold it up."""
        self._command(_Command.STOP)

    def close(self) -> None:
        """End the process, and what it does."""
        if self._process is not None:
            self._commands.close()
            self._runs.close()
            self._process.join()
            self._process.close()
            self._process = None

    def _command(self, command: _Command) -> None:
        with suppress(OSError):  # it was ended from outside: whoever follows the run hears of it
            self._commands.send(command)


def _serve(runs: Connection, commands: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal reaches both: the other end decides
    np.seterr(all="ignore")  # a run that diverges says so itself
    with suppress(EOFError, OSError):  # nobody listens any more
        while True:
            # In one expression: of what a run is made, this keeps nothing.
            _send(runs, _follow(_steps(_receive(runs)), runs, commands))


def _steps(job: Job) -> Iterator[Progress | None]:
    network = architectures.build(job.architecture, job.recipe.dtype)
    network.parameters[:] = job.parameters
    dataset = job.prepare(job.dataset) if job.prepare else job.dataset
    steps = train(network, dataset, job.recipe, fresh=job.fresh)
    del job, dataset
    yield from steps


def _follow(steps: Iterator[Progress | None], runs: Connection, commands: Connection) -> Exception | None:
    """Do a run as commanded; return what went wrong, if anything did."""
    while commands.recv() is not _Command.BEGIN:
        pass
    try:
        for progress in steps:
            if progress is not None:
                _send(runs, progress)
            paused = False
            while paused or commands.poll():
                command = commands.recv()
                if command is _Command.STOP:
                    return None
                paused = command is _Command.PAUSE
    except (EOFError, OSError):
        raise
    except MemoryError:
        return UserError("There is not enough memory for this run. Try a smaller batch.")
    except Exception as error:  # noqa: BLE001 - raised again at the other end
        if not isinstance(error, UserError):
            error.add_note(f"In the training process:\n{traceback.format_exc()}")
        return error
    return None


def _send(connection: Connection, letter: object) -> None:
    """Send an object, its arrays as they lie in memory: pickled, a data set would hold Python's lock for too long."""
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(letter, protocol=5, buffer_callback=buffers.append)
    connection.send((pickled, len(buffers)))
    for buffer in buffers:
        connection.send_bytes(buffer.raw())


def _receive(connection: Connection) -> Any:  # noqa: ANN401 - whatever was sent
    """Wait for what `_send` sends; its arrays are read-only."""
    pickled, count = connection.recv()
    return pickle.loads(pickled, buffers=[connection.recv_bytes() for _ in range(count)])  # noqa: S301 - our own
