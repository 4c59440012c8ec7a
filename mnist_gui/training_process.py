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
from typing import TYPE_CHECKING, Any, Final

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


PATIENCE: Final = 3.0
"""Seconds that a process is given to end by itself."""


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


class TrainingProcessError(RuntimeError):
    """A fault of the program in the training process. The message is its traceback."""


class TrainingProcess:
    """A process that trains, one run after another; it is started for the first one and kept for those to come.

    Each run is begun, and then followed to its end by one thread, while another may steer it. If this process ends,
    however it does, so does the other.
    """

    def __init__(self) -> None:
        self._process: SpawnProcess | None = None
        self._runs: Connection  # runs there, progress back
        self._commands: Connection

    def start(self) -> None:
        """Start the process, unless it is there already.

        Raises
        ------
        UserError
            If the system has no room for another one.
        """
        if self._process is not None and self._process.is_alive():
            return
        from multiprocessing import get_context  # costs start-up time that only training needs to pay

        self.close()
        context = get_context("spawn")  # a fork of a process with threads and a window is not sound
        (own_runs, runs), (commands, own_commands) = context.Pipe(), context.Pipe(duplex=False)
        process = context.Process(target=_serve, args=(runs, commands), name="training", daemon=True)
        try:
            process.start()
        except OSError as error:
            own_runs.close()
            own_commands.close()
            raise UserError(f"Training can't be started: {error}. Close other programs and try again.") from error
        finally:
            runs.close()
            commands.close()
        self._process, self._runs, self._commands = process, own_runs, own_commands

    def begin(self) -> None:
        """Announce a run: from here on, commands are meant for it. Starts the process if need be."""
        self.start()
        self._command(_Command.BEGIN)

    def follow(self, job: Job) -> Iterator[Progress]:
        """Train as told; whoever gives this up before its end ends the process.

        Yields
        ------
        Progress
            Every one, as soon as it is there.

        Raises
        ------
        UserError
            As from `train`, for want of memory, or if the process was ended from outside.
        TrainingProcessError
            If anything else goes wrong there.
        """
        over = False
        try:
            _send(self._runs, job)
            while not isinstance(letter := _receive(self._runs), Exception | None):
                yield letter
            over = True
        except (EOFError, OSError) as error:
            raise UserError("The training process was ended from outside. Train again to start a new one.") from error
        finally:
            if not over:
                self.close()
        if letter is not None:
            raise letter

    def pause(self) -> None:
        """Ask for a rest before the next steps."""
        self._command(_Command.PAUSE)

    def resume(self) -> None:
        """End the rest."""
        self._command(_Command.RESUME)

    def stop(self) -> None:
        """Ask for the end of the run; a pause does not hold it up, but the preparation of its data does."""
        self._command(_Command.STOP)

    def kill(self) -> None:
        """End the process at once, in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End the process after the step that it is in, or by force if that takes too long."""
        if self._process is not None:
            self._commands.close()
            self._runs.close()
            self._process.join(PATIENCE)
            self._process.kill()
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
            _send(runs, _do(_steps(_receive(runs)), runs, commands))


def _steps(job: Job) -> Iterator[Progress | None]:
    network = architectures.build(job.architecture, job.recipe.dtype)
    network.parameters[:] = job.parameters
    dataset = job.prepare(job.dataset) if job.prepare else job.dataset
    steps = train(network, dataset, job.recipe, fresh=job.fresh)
    del job, dataset
    yield from steps


def _do(steps: Iterator[Progress | None], runs: Connection, commands: Connection) -> Exception | None:
    """Do a run as commanded; return what went wrong, if anything did."""
    while commands.recv() is not _Command.BEGIN:
        pass
    while True:
        try:
            progress = next(steps)
        except StopIteration:
            return None
        except UserError as error:
            return error
        except MemoryError:
            return UserError("There is not enough memory for this run. Try a smaller batch.")
        except Exception:  # noqa: BLE001 - raised again at the other end
            return TrainingProcessError(traceback.format_exc())
        if progress is not None:
            _send(runs, progress)
        if not _may_go_on(commands):
            return None


def _may_go_on(commands: Connection) -> bool:
    """Take the commands that have come, rest while they say so, and return False if they say stop."""
    paused = False
    while paused or commands.poll():
        command = commands.recv()
        if command is _Command.STOP:
            return False
        paused = command is _Command.PAUSE
    return True


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
