"""What the window is about: the network, its run, the moment that is looked at, the drawing, the runs of this sitting.

Panels and pages are given the session. They show what it holds, ask it for things, and know neither the window nor one
another.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from mnist_gui import model_file
from mnist_gui.explain.reading import Reading, read
from mnist_gui.gui.edits import Edit, Place
from mnist_gui.gui.training.trainer import State, Trainer
from mnist_gui.gui.training.training_thread import Job
from mnist_gui.history import History
from mnist_gui.nn import architectures
from mnist_gui.runs import Checkpoint
from mnist_gui.training import initialize, suited
from mnist_gui.verdict import nothing_learned

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from numpy.typing import NDArray

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.gui.drawing.drawing import Drawing
    from mnist_gui.history import Snapshot
    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network
    from mnist_gui.training import Progress, Recipe

FRAME_MS: Final = 16
"""The answer and all maps are shown at most once in so many milliseconds, however often the pen moves."""


class Session(QObject):
    """Owns what the window is about, and says when it changes.

    Attributes
    ----------
    trainer : Trainer
        What goes on in the background.
    checkpoint : Checkpoint
        The present: the parameters that training, a file or an edit left, whatever moment is looked at.
    history : History or None
        The moments of the run that led to the present.
    moment : Snapshot or None
        The moment that is looked at; None is now.
    runs : tuple of Checkpoint
        What each run, each lesson and each row of edits of this sitting ended with, oldest first.
    edits : QUndoStack
        The row of edits by hand since the present network last came from elsewhere.
    freezes_filters : bool
        Whether the next run leaves the convolutions as they are.
    """

    changed = Signal()  # the network that is looked at, or the drawing; at most once a frame
    present_changed = Signal()  # the checkpoint, or the moment that is looked at
    network_replaced = Signal()  # before another than the present network is shown: scales start again
    run_replaced = Signal()  # after that: another run's curves and moments are to be shown
    runs_changed = Signal()
    progressed = Signal(object)  # a Progress
    learned_nothing = Signal(str)  # by a run that is over; what to try
    said = Signal(str)  # something to tell in the status bar

    data_wanted = Signal(object)  # load the chosen data set, and call this with it
    why_asked = Signal(int, bool)  # a digit, and whether it is compared with the one before
    how_asked = Signal(object)  # a cell of a layer's maps, or a digit
    pointed = Signal(object)  # at a cell with the mouse, or None
    explained = Signal(object, object)  # the cell that is explained, and the part of the image it depends on, or Nones

    def __init__(self, drawing: Drawing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.trainer = Trainer(self)
        self.drawing = drawing
        self.checkpoint = Checkpoint.shipped()
        self.history: History | None = None
        self.moment: Snapshot | None = None
        self.runs: tuple[Checkpoint, ...] = ()
        self.freezes_filters = False
        self.edits = QUndoStack(self)
        self._edited: Checkpoint | None = None  # what the present row of edits has in `runs`
        self._before_run: Place | None = None  # of the run that is on
        self._present = self.checkpoint.build()
        self._past: Network | None = None
        self._image: NDArray[np.uint8] | None = None
        self._image_is_known = True
        self._reading: Reading | None = None
        self._reading_is_known = True
        self._shown_at = 0.0
        self._frame = QTimer(self, singleShot=True)
        self._frame.timeout.connect(self.show_now)
        self.trainer.progressed.connect(self._follow)
        self.trainer.state_changed.connect(self._state_changed)

    # --- what is looked at ---

    @property
    def network(self) -> Network:
        """The network as it is at the moment that is looked at. Not to be changed."""
        return self._past or self._present

    @property
    def image(self) -> NDArray[np.uint8] | None:
        """The drawing brought to 28×28, uint8 of shape (28, 28), or None if there is no digit.

        It is the same for all networks, and what My digits keeps; `reading.image` is what this network sees of it.
        """
        if not self._image_is_known:
            self._image, self._image_is_known = self.drawing.seen(), True
        return self._image

    @property
    def reading(self) -> Reading | None:
        """What the network makes of the drawing, from one forward pass for all that show it."""
        if not self._reading_is_known:
            image = self.image
            self._reading = None if image is None else read(self.network, self.prepare(image[None])[0])
            self._reading_is_known = True
        return self._reading

    @property
    def is_upright(self) -> bool:
        """Whether the network sees digits made upright."""
        return self.checkpoint.record.recipe.upright

    def prepare(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Make of images, uint8 of shape (n, 28, 28), what the network sees."""
        return self.checkpoint.record.recipe.prepare(images)

    def drawing_changed(self) -> None:
        """Take note that there is other ink; it is looked at with the next frame."""
        self._image_is_known = False
        self._refresh()

    def _refresh(self) -> None:
        """Have all views show the network and the drawing with the next frame."""
        self._reading_is_known = False
        if not self._frame.isActive():
            since = 1000 * (perf_counter() - self._shown_at)
            self._frame.start(max(0, round(FRAME_MS - since)))

    def show_now(self) -> None:
        """Have all views show the network and the drawing, without waiting for the next frame."""
        self._frame.stop()
        self._shown_at = perf_counter()
        self.changed.emit()

    @property
    def up_to_date(self) -> bool:
        """Whether all views show the network and the drawing as they are."""
        return not self._frame.isActive()

    def look_at(self, moment: Snapshot | None) -> None:
        """Look at a moment of the run, or, for None, at the present."""
        self.moment = moment
        self._load_moment()
        self.present_changed.emit()
        self._refresh()

    def _load_moment(self) -> None:
        self._past = None
        if self.moment is not None:
            self._past = architectures.build(self.checkpoint.record.architecture)
            self._past.parameters[:] = self.moment.parameters

    # --- pictures of digits ---

    def show_sample(self) -> None:
        """Put a random test image on the canvas, with its true label."""
        self.data_wanted.emit(
            lambda dataset: self.show_test_image(int(np.random.default_rng().integers(len(dataset.test_images))))
        )

    def show_test_image(self, index: int) -> None:
        """Put a test image on the canvas, with its true label."""
        dataset = self.dataset
        assert dataset is not None
        label = dataset.test_labels[index]
        self.drawing.set_picture(dataset.test_images[index], f"test image {index:,} · label {label}")

    # --- training ---

    @property
    def state(self) -> State:
        """What goes on in the background."""
        return self.trainer.state

    @property
    def dataset(self) -> Dataset | None:
        """The data set that was loaded last."""
        return self.trainer.dataset

    def train(self, dataset: Dataset, architecture: str, recipe: Recipe) -> None:
        """Train a network from nothing."""
        self._train(dataset, architecture, recipe, fresh=True)

    def train_on(
        self, dataset: Dataset, recipe: Recipe, *, prepare: Callable[[Dataset], Dataset] | None = None
    ) -> None:
        """Train the network that is looked at further; `prepare` makes of the data set what it is trained on."""
        self._train(dataset, self.network.architecture, recipe, fresh=False, prepare=prepare)

    def _train(
        self,
        dataset: Dataset,
        architecture: str,
        recipe: Recipe,
        *,
        fresh: bool,
        prepare: Callable[[Dataset], Dataset] | None = None,
    ) -> None:
        if self.state is not State.IDLE:
            return
        if not fresh:  # a network goes on with images like those that it knows
            recipe = replace(recipe, upright=self.is_upright)
        if prepare is None:
            recipe = suited(recipe, dataset)
        network = architectures.build(architecture, recipe.dtype)
        if architecture == self.network.architecture:
            network.parameters[:] = self.network.parameters
            if self.freezes_filters:
                recipe = replace(recipe, freeze_filters=True)
                self.said.emit("The filters are frozen: see What if?")
        parameters = network.parameters.copy()
        if fresh and not recipe.freeze_filters:  # what the run begins with, to be seen until it says where it stands
            initialize(network, recipe, dataset.train_size)
        begun = Checkpoint(model_file.ModelRecord(architecture, recipe, dataset.name), network.parameters.copy())
        before, history = Place(self.checkpoint, self.history, self.moment), History()
        self._replace(Place(begun, history, None))
        self._before_run = before
        self.trainer.start(Job(architecture, parameters, dataset, recipe, fresh, prepare), history)

    def _follow(self, progress: Progress) -> None:
        """Copy parameters and scores from what training has come to."""
        last = progress.epochs[-1] if progress.epochs else None
        record = replace(
            self.checkpoint.record,
            epochs=progress.step / progress.steps_per_epoch,
            test_loss=last.test_loss if last else None,
            test_accuracy=last.test_accuracy if last else None,
        )
        self.checkpoint = replace(
            self.checkpoint, record=record, parameters=progress.parameters, progress=progress, unsaved=progress.step > 0
        )
        self._present.parameters[:] = progress.parameters
        self.progressed.emit(progress)
        self.present_changed.emit()
        if self.moment is None:
            self._refresh()

    def _state_changed(self, state: State) -> None:
        before = self._before_run
        if state is not State.IDLE or before is None:
            return
        self._before_run = None
        if self.checkpoint.unsaved:
            self.runs = (*self.runs, self.checkpoint)
            self.runs_changed.emit()
            progress = self.checkpoint.progress
            if progress is not None and (verdict := nothing_learned(progress)):
                self.learned_nothing.emit(verdict)
        else:  # not a single step was done
            self._replace(before)

    # --- the present network ---

    def reset(self, architecture: str, recipe: Recipe, data: str) -> None:
        """Take fresh, untrained parameters from the recipe's seed.

        Parameters
        ----------
        architecture : str
        recipe : Recipe
        data : str
            What it may be trained on, as `mnist_gui.data.load` takes it; a path says nothing of digits.
        """
        recipe = replace(recipe, upright=recipe.upright and data in ("mnist", "drawn"))
        network = architectures.build(architecture, recipe.dtype)
        initialize(network, recipe)
        self._replace(Place(Checkpoint(model_file.ModelRecord(architecture, recipe, data), network.parameters)))

    def open(self, path: str | PathLike[str]) -> None:
        """Open a model file; if it is not a sound one, raise ModelFileError and change nothing."""
        self.take_file(Path(path), model_file.read(path))

    def take_file(self, path: Path, saved: model_file.SavedModel) -> None:
        """Make a network that was read from a file the present one."""
        history = History(snapshots=saved.history) if saved.history else None
        self._replace(Place(Checkpoint(saved.record, saved.network.parameters, path.name, path), history))

    def open_shipped(self, architecture: str = "notebook") -> None:
        """Show the trained network of an architecture that comes with the program."""
        self._replace(Place(Checkpoint.shipped(architecture)))

    def take_back(self, checkpoint: Checkpoint) -> None:
        """Make one of the runs, or what was there before one, the present network again, with its curves."""
        self._replace(Place(checkpoint))

    def _replace(self, place: Place) -> None:
        """Make another network the present one. What it replaces is in a file or in `runs`, if anything was learned."""
        if self.checkpoint.unsaved and self.checkpoint not in self.runs:  # it was taken off the list
            self.runs = (*self.runs, self.checkpoint)
            self.runs_changed.emit()
        self.edits.clear()
        self._edited = None
        self.network_replaced.emit()
        self._stand(place)
        self.run_replaced.emit()

    def _stand(self, place: Place) -> None:
        self.checkpoint, self.history, self.moment = place.checkpoint, place.history, place.moment
        self._present = self.checkpoint.build()
        self._load_moment()
        self.present_changed.emit()
        self._refresh()
        self.show_now()

    def save(self, path: str | PathLike[str], *, with_history: bool) -> None:
        """Write the present network to a file and call it by that name; raise ModelFileError if it can't be."""
        path = Path(path)
        history = self.history.snapshots if with_history and self.history else ()
        model_file.save(path, self._present, self.checkpoint.record, history)
        before, saved = self.checkpoint, replace(self.checkpoint, path=path, name=path.name, unsaved=False)
        self.checkpoint = saved
        self._exchange(before, saved)
        self._edited = saved if self._edited is before else self._edited
        self.present_changed.emit()

    def edit(self, parameters: Array, what: str, cell: tuple[int, ...] | None = None) -> None:
        """Change the network that is looked at by hand, in a way that can be undone.

        An edit of the past is a network of its own: the present one stays in `runs`, and undoing the edit goes back.

        Parameters
        ----------
        parameters : ndarray of float, shape (count,)
        what : str
            What is done, in a few words.
        cell : tuple of int, optional
            The one weight that changes; changes of the same one in a row are one step.
        """
        if self.state is not State.IDLE:
            return
        before = Place(self.checkpoint, self.history, self.moment)
        record = replace(self.checkpoint.record, test_loss=None, test_accuracy=None)
        edited = replace(
            self.checkpoint,
            record=record,
            parameters=parameters.astype(self.checkpoint.parameters.dtype),
            edited=True,
            unsaved=True,
        )
        if self.moment is not None:
            self._edited = None  # a row of its own: what an earlier one has in `runs` stays
            edited = replace(edited, record=replace(record, epochs=self.moment.epoch), name="untitled model", path=None)
        self.edits.push(Edit(self._stand_edited, before, Place(edited, self.history, None), what, cell))

    def _stand_edited(self, place: Place) -> None:
        self._stand(place)
        checkpoint = place.checkpoint
        if checkpoint.edited and checkpoint not in self.runs:
            if self._edited is None:
                self.runs = (*self.runs, checkpoint)
                self.runs_changed.emit()
            else:
                self._exchange(self._edited, checkpoint)
            self._edited = checkpoint

    # --- the runs of this sitting ---

    def forget(self, checkpoint: Checkpoint) -> None:
        """Take a network off the list of runs."""
        self.runs = tuple(run for run in self.runs if run is not checkpoint)
        self.runs_changed.emit()

    def _exchange(self, before: Checkpoint, after: Checkpoint) -> None:
        if any(run is before for run in self.runs):
            self.runs = tuple(after if run is before else run for run in self.runs)
            self.runs_changed.emit()

    @property
    def unsaved(self) -> list[Checkpoint]:
        """All networks of this sitting that hold training or edits that no file holds."""
        made = [*self.runs, self.checkpoint] if self.checkpoint not in self.runs else [*self.runs]
        return [checkpoint for checkpoint in made if checkpoint.unsaved]
