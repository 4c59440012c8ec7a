"""A trained network on disk, with what is known of it and the moments of its training."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mnist_gui import atomic, tensor_file, untrusted
from mnist_gui.errors import UserError, one_line, quoted, reason
from mnist_gui.history import Snapshot
from mnist_gui.nn import architectures
from mnist_gui.recipe import LIMITS, Limits, Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from mnist_gui.nn.network import Network
    from mnist_gui.tensor_file import Tensors

FORMAT_VERSION: Final = 1
_MAX_BYTES: Final = 100_000_000  # nothing that this program trains comes near it
_MAX_DATA: Final = 100  # characters of a data set's name that are kept

# What the numbers beside the recipe can be. A cross-entropy is finite because probabilities are clipped.
_FIGURES: Final = {
    "epochs": Limits(0, 1e6),  # a network may be trained again and again
    "test_loss": Limits(0, 1e3),
    "test_accuracy": Limits(0, 1),
}
_CHOICES: Final = {"schedule": ("one-cycle", "constant"), "dtype": ("float32", "float64")}
_ODD: Final = 1e3  # parameters of such a size are tried out; training's stay below 100


class ModelFileError(UserError):
    """A model file can't be read or written."""


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What is known of a trained network beside its parameters.

    Attributes
    ----------
    architecture : str
        A key of `architectures.ARCHITECTURES`.
    recipe : Recipe
    data : str
        The name of the data set.
    epochs : float
        How many it was trained for; not whole if training was stopped.
    test_loss, test_accuracy : float or None
        On the data set's test images, where they were evaluated.
    """

    architecture: str
    recipe: Recipe = field(default_factory=Recipe)
    data: str = "mnist"
    epochs: float = 0
    test_loss: float | None = None
    test_accuracy: float | None = None


def save(path: str | PathLike[str], network: Network, record: ModelRecord, history: Sequence[Snapshot] = ()) -> None:
    """Write a network, whole or not at all.

    Parameters
    ----------
    path : path-like
    network : Network
    record : ModelRecord
    history : sequence of Snapshot, optional
        Moments of its training to keep with it, for `load_history`.

    Raises
    ------
    ModelFileError
        If the file can't be written. What was there before is untouched.
    """
    tensors = {name: np.ascontiguousarray(part) for name, part in network.named().items()}
    if history:
        tensors |= _history_tensors(history)
    content = tensor_file.pack(tensors, {"format_version": FORMAT_VERSION, **asdict(record)})
    try:
        atomic.write(path, content)
    except OSError as error:
        raise ModelFileError(f"The model can't be saved as {path}: {reason(error)}.") from error


def models_folder() -> Path:
    """Say where models are kept that could not be saved where the person wanted them; the folder need not exist."""
    import platformdirs  # here, because the window starts without it

    return platformdirs.user_data_path("mnist_gui", appauthor=False) / "models"


def rescue(name: str, network: Network, record: ModelRecord) -> Path:
    """Save a network in the user's data folder under a name that is free there, and return where; raise as `save`."""
    folder = models_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelFileError(f"The model can't be saved in {folder}: {reason(error)}.") from error
    wanted = Path(name)
    names = chain([wanted.name], (f"{wanted.stem}-{number}{wanted.suffix}" for number in count(2)))
    path = next(folder / free for free in names if not (folder / free).exists())
    save(path, network, record)
    return path


@dataclass(frozen=True, slots=True, eq=False)
class SavedModel:
    """All that a model file holds.

    Attributes
    ----------
    network : Network
        A new one, float32 or float64 as it was saved.
    record : ModelRecord
    history : tuple of Snapshot
        Moments of its training; empty if none were kept.
    """

    network: Network
    record: ModelRecord
    history: tuple[Snapshot, ...]


def read(path: str | PathLike[str]) -> SavedModel:
    """Read a file that `save` wrote.

    Raises
    ------
    ModelFileError
        If there is no such file, or if it is not a whole, sound model of this program.
    """
    path = Path(path)
    description, tensors = _read(path)
    record = _record(path, description)
    network = _empty_network(path, record)
    for name, part in network.named().items():
        tensor = tensors.pop(name, None)
        if tensor is None:
            raise ModelFileError(f"{path} is not a sound model: {name} is missing.")
        if tensor.shape != part.shape or tensor.dtype != part.dtype:
            raise ModelFileError(
                f"{path} is not a sound model: {name} should be {part.dtype} of shape {part.shape}, "
                f"and is {tensor.dtype} of shape {one_line(str(tensor.shape))}."
            )
        if not np.isfinite(tensor).all():
            raise ModelFileError(f"{path} is not a sound model: {name} holds values that are not finite numbers.")
        part[...] = tensor
    strangers = tensors.keys() - _HISTORY.keys()
    if strangers:
        raise ModelFileError(f"{path} is not a sound model: {quoted(min(strangers))} does not belong in it.")
    if not _answers(network):
        raise ModelFileError(f"{path} is not a sound model: its answers are not finite numbers.")
    return SavedModel(network, record, _snapshots(path, tensors, record))


def load(path: str | PathLike[str]) -> tuple[Network, ModelRecord]:
    """Read a network and what is known of it; raise as `read` does."""
    saved = read(path)
    return saved.network, saved.record


def load_history(path: str | PathLike[str]) -> tuple[Snapshot, ...]:
    """Read the moments of training that were kept with a network; raise as `read` does."""
    return read(path).history


def _answers(network: Network) -> bool:
    """Tell whether a network answers with finite numbers: weights may be finite, and their products not."""
    blank = np.zeros((28, 28), np.uint8)
    inked = blank.copy()
    inked[4:24, 12:16] = 255
    with np.errstate(all="ignore"):
        return bool(np.isfinite(network.probabilities(np.stack([blank, inked]))).all())


def _snapshots(path: Path, tensors: Tensors, record: ModelRecord) -> tuple[Snapshot, ...]:
    if not _HISTORY.keys() & tensors.keys():
        return ()
    network = _empty_network(path, record)
    try:
        steps, epochs, accuracies, parameters = (tensors[name] for name in _HISTORY)
        shapes = [epochs.shape, accuracies.shape, parameters.shape]
        sound = (
            all(tensors[name].dtype == dtype for name, dtype in _HISTORY.items())
            and shapes == [steps.shape, steps.shape, (*steps.shape, network.parameters.size)]
            and steps.ndim == 1
            and (steps >= 0).all()
            and (np.diff(steps) > 0).all()
            and _within(epochs, _FIGURES["epochs"]).all()
            and (np.isnan(accuracies) | _within(accuracies, _FIGURES["test_accuracy"])).all()
            and np.isfinite(parameters).all()
        )
    except KeyError:
        sound = False
    if sound:
        for vector in parameters[np.abs(parameters).max(axis=1) > _ODD]:
            network.parameters[:] = vector
            sound = sound and _answers(network)
    if not sound:
        raise ModelFileError(f"{path} is not a sound model: the history of its training is damaged.")
    return tuple(
        Snapshot(int(step), float(epoch), None if np.isnan(accuracy) else float(accuracy), vector)
        for step, epoch, accuracy, vector in zip(steps, epochs, accuracies, parameters, strict=True)
    )


def _within(values: np.ndarray[Any, Any], limits: Limits) -> np.ndarray[Any, np.dtype[np.bool_]]:
    inside: np.ndarray[Any, np.dtype[np.bool_]] = (values >= limits.least) & (values <= limits.most)
    return inside


_HISTORY: Final = {
    "history.steps": np.int64,
    "history.epochs": np.float64,
    "history.test_accuracies": np.float64,
    "history.parameters": np.float32,
}


def _history_tensors(history: Sequence[Snapshot]) -> Tensors:
    columns = (
        [snapshot.step for snapshot in history],
        [snapshot.epoch for snapshot in history],
        [np.nan if snapshot.test_accuracy is None else snapshot.test_accuracy for snapshot in history],
        [snapshot.parameters for snapshot in history],
    )
    return {name: np.array(column, dtype) for (name, dtype), column in zip(_HISTORY.items(), columns, strict=True)}


def _read(path: Path) -> tuple[dict[str, Any], Tensors]:
    """Read description and tensors, and check that they are of a format that this program knows."""
    try:
        content = untrusted.read(path, _MAX_BYTES)
    except OSError as error:
        raise ModelFileError(f"The model {path} can't be read: {reason(error)}.") from error
    try:
        description = tensor_file.unpack_description(content)
        version = description.get("format_version")
        if version != FORMAT_VERSION:
            raise ModelFileError(
                f"{path} has model format {quoted(version)}, and this program reads format {FORMAT_VERSION}: "
                "a newer version of the program may read it."
            )
        return description, tensor_file.unpack(content, description)
    except (ValueError, MemoryError) as error:
        raise ModelFileError(
            f"{path} is not a model of this program, or is damaged: choose a .safetensors file that it saved."
        ) from error


def _record(path: Path, description: dict[str, Any]) -> ModelRecord:
    try:
        known = {f.name: description[f.name] for f in fields(ModelRecord)}
        unknown = set(known["recipe"]) - {f.name for f in fields(Recipe)}
        if unknown:
            raise ModelFileError(
                f"{path} was trained with a setting called {quoted(min(unknown))}, which this program does not "
                "know: a newer version of the program may read it."
            )
        record = ModelRecord(**{**known, "recipe": Recipe(**known["recipe"])})
    except (KeyError, TypeError) as error:
        raise ModelFileError(f"{path} is not a sound model: its description is incomplete.") from error
    for name in ("architecture", "data"):
        value = getattr(record, name)
        if type(value) is not str:
            raise ModelFileError(f"{path} is not a sound model: {name} can't be {quoted(value)}.")
    for name, limits in _FIGURES.items():
        value = getattr(record, name)
        if not _is_number(value, float, limits) and not (value is None and name.startswith("test_")):
            raise ModelFileError(
                f"{path} is not a sound model: {name} can't be {quoted(value)}, "
                f"it is from {limits.least:g} to {limits.most:g}."
            )
    for f in fields(Recipe):
        value = getattr(record.recipe, f.name)
        if f.name in LIMITS:
            sound = _is_number(value, type(f.default), LIMITS[f.name])
        else:
            sound = type(value) is type(f.default) and value in _CHOICES.get(f.name, (value,))
        if not sound:
            raise ModelFileError(f"{path} is not a sound model: its recipe's {f.name} can't be {quoted(value)}.")
    return replace(record, data=one_line(record.data, _MAX_DATA))


def _is_number(value: object, kind: type, limits: Limits) -> bool:
    """Whether a value out of JSON, which anyone can write, is a number of a kind, and can be; True is none."""
    allowed = (int, float) if kind is float else (int,)
    return type(value) in allowed and limits.least <= value <= limits.most  # type: ignore[operator]


def _empty_network(path: Path, record: ModelRecord) -> Network:
    if record.architecture not in architectures.ARCHITECTURES:
        raise ModelFileError(
            f"{path} holds a network called {quoted(record.architecture)}, which this program does not know."
        )
    return architectures.build(record.architecture, record.recipe.dtype)
