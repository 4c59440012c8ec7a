"""A trained network on disk: safetensors, which other tools open and which can't run code."""

from __future__ import annotations

import json
import reprlib
import stat
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mnist_gui import atomic
from mnist_gui.errors import UserError, reason
from mnist_gui.history import Snapshot
from mnist_gui.nn import architectures
from mnist_gui.training import Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from mnist_gui.nn.network import Network

FORMAT_VERSION: Final = 1
_KEY: Final = "mnist_gui"  # safetensors keeps a map of strings; ours is one string of JSON under this key
_MAX_BYTES: Final = 100_000_000  # nothing that this program trains comes near it

# What a file may say of a network, by example; its recipe is checked by the defaults of `Recipe`.
_EXAMPLES: Final = {"architecture": "", "data": "", "epochs": 0.0, "test_loss": 0.0, "test_accuracy": 0.0}
_CHOICES: Final = {"schedule": ("one-cycle", "constant"), "dtype": ("float32", "float64")}
_POSITIVE: Final = ("epochs", "batch_size")


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
    from safetensors.numpy import save as to_bytes

    tensors = {name: np.ascontiguousarray(part) for name, part in network.named().items()}
    if history:
        tensors |= _history_tensors(history)
    metadata = {"format_version": FORMAT_VERSION, **asdict(record)}
    content = to_bytes(tensors, {_KEY: json.dumps(metadata)})
    try:
        atomic.write(path, content)
    except OSError as error:
        raise ModelFileError(f"The model can't be saved as {path}: {reason(error)}.") from error


def load(path: str | PathLike[str]) -> tuple[Network, ModelRecord]:
    """Read a network that `save` wrote.

    Returns
    -------
    Network
        A new one, float32 or float64 as it was saved.
    ModelRecord

    Raises
    ------
    ModelFileError
        If there is no such file, or if it is not a whole, sound model of this program.
    """
    path = Path(path)
    metadata, tensors = _read(path)
    record = _record(path, metadata)
    network = _empty_network(path, record)
    for name, part in network.named().items():
        tensor = tensors.pop(name, None)
        if tensor is None:
            raise ModelFileError(f"{path} is not a sound model: {name} is missing.")
        if tensor.shape != part.shape or tensor.dtype != part.dtype:
            raise ModelFileError(
                f"{path} is not a sound model: {name} should be {part.dtype} of shape {part.shape}, "
                f"and is {tensor.dtype} of shape {tensor.shape}."
            )
        if not np.isfinite(tensor).all():
            raise ModelFileError(f"{path} is not a sound model: {name} holds values that are not finite numbers.")
        part[...] = tensor
    strangers = tensors.keys() - _HISTORY.keys()
    if strangers:
        raise ModelFileError(f"{path} is not a sound model: {min(strangers)!r} does not belong in it.")
    _snapshots(path, tensors, network)
    return network, record


def load_history(path: str | PathLike[str]) -> tuple[Snapshot, ...]:
    """Read the moments of training that were kept with a network; none, if none were.

    Raises
    ------
    ModelFileError
        As `load`, or if the moments are not sound.
    """
    path = Path(path)
    network, _ = load(path)
    _, tensors = _read(path)
    return _snapshots(path, tensors, network)


def _snapshots(path: Path, tensors: dict[str, Any], network: Network) -> tuple[Snapshot, ...]:
    if not _HISTORY.keys() & tensors.keys():
        return ()
    try:
        steps, epochs, accuracies, parameters = (tensors[name] for name in _HISTORY)
        shapes = [epochs.shape, accuracies.shape, parameters.shape]
        sound = (
            all(tensors[name].dtype == dtype for name, dtype in _HISTORY.items())
            and shapes == [steps.shape, steps.shape, (*steps.shape, network.parameters.size)]
            and steps.ndim == 1
            and (np.diff(steps) > 0).all()
            and np.isfinite(parameters).all()
        )
    except KeyError:
        sound = False
    if not sound:
        raise ModelFileError(f"{path} is not a sound model: the history of its training is damaged.")
    return tuple(
        Snapshot(int(step), float(epoch), None if np.isnan(accuracy) else float(accuracy), vector)
        for step, epoch, accuracy, vector in zip(steps, epochs, accuracies, parameters, strict=True)
    )


_HISTORY: Final = {
    "history.steps": np.int64,
    "history.epochs": np.float64,
    "history.test_accuracies": np.float64,
    "history.parameters": np.float32,
}


def _history_tensors(history: Sequence[Snapshot]) -> dict[str, np.ndarray[Any, Any]]:
    columns = (
        [snapshot.step for snapshot in history],
        [snapshot.epoch for snapshot in history],
        [np.nan if snapshot.test_accuracy is None else snapshot.test_accuracy for snapshot in history],
        [snapshot.parameters for snapshot in history],
    )
    return {name: np.array(column, dtype) for (name, dtype), column in zip(_HISTORY.items(), columns, strict=True)}


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read metadata and tensors, and check that they are of a format that this program knows."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a device or a pipe may have no end
            raise ModelFileError(f"{path} is not a model of this program: it is not even a file.")
        if status.st_size > _MAX_BYTES:
            raise ModelFileError(f"{path} is not a model of this program: it is far too large.")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise ModelFileError(f"The model {path} can't be read: {reason(error)}.") from error
    metadata, tensors = _parse(path, content)
    version = metadata.get("format_version")
    if version != FORMAT_VERSION:
        raise ModelFileError(
            f"{path} has model format {reprlib.repr(version)}, and this program reads format {FORMAT_VERSION}: "
            "a newer version of the program may read it."
        )
    return metadata, tensors


def _parse(path: Path, content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    from safetensors import SafetensorError, deserialize

    try:
        tensors = {name: _array(tensor) for name, tensor in deserialize(content)}  # type: ignore[no-untyped-call]
        # The reader has checked this header; the library only gives its metadata for a file on disk.
        length = int.from_bytes(content[:8], "little")
        metadata = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][_KEY])
        if not isinstance(metadata, dict):
            raise TypeError
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelFileError(
            f"{path} is not a model of this program, or is damaged: choose a .safetensors file that it saved."
        ) from error
    return metadata, tensors


def _array(tensor: dict[str, Any]) -> np.ndarray[Any, Any]:
    dtype = {"F32": np.float32, "F64": np.float64, "I64": np.int64}[tensor["dtype"]]
    return np.frombuffer(tensor["data"], dtype).reshape(tensor["shape"])


def _record(path: Path, metadata: dict[str, Any]) -> ModelRecord:
    try:
        known = {f.name: metadata[f.name] for f in fields(ModelRecord)}
        unknown = set(known["recipe"]) - {f.name for f in fields(Recipe)}
        if unknown:
            raise ModelFileError(
                f"{path} was trained with a setting called {reprlib.repr(min(unknown))}, which this program does not "
                "know: a newer version of the program may read it."
            )
        record = ModelRecord(**{**known, "recipe": Recipe(**known["recipe"])})
    except (KeyError, TypeError) as error:
        raise ModelFileError(f"{path} is not a sound model: its description is incomplete.") from error
    for name, default in _EXAMPLES.items():
        value = getattr(record, name, None)
        if not _is_like(value, default) and not (value is None and name.startswith("test_")):
            raise ModelFileError(f"{path} is not a sound model: {name} can't be {reprlib.repr(value)}.")
    for f in fields(Recipe):
        value = getattr(record.recipe, f.name)
        allowed = _CHOICES.get(f.name, (value,))
        if not _is_like(value, f.default) or value not in allowed or (f.name in _POSITIVE and value < 1):
            raise ModelFileError(f"{path} is not a sound model: its recipe's {f.name} can't be {reprlib.repr(value)}.")
    return record


def _is_like(value: object, default: object) -> bool:
    """Whether a value out of JSON, which anyone can write, has the type of another, and a sane size."""
    if isinstance(default, float):
        return type(value) in (int, float) and 0 <= value < 1e300  # type: ignore[operator]
    return type(value) is type(default) and not (isinstance(value, int) and not 0 <= value < 2**32)


def _empty_network(path: Path, record: ModelRecord) -> Network:
    if record.architecture not in architectures.ARCHITECTURES:
        raise ModelFileError(
            f"{path} holds a network called {reprlib.repr(record.architecture)}, which this program does not know."
        )
    return architectures.build(record.architecture, record.recipe.dtype)
