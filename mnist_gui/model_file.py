"""A trained network on disk: safetensors, which other tools open and which can't run code."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mnist_gui.errors import UserError
from mnist_gui.nn import architectures
from mnist_gui.training import Recipe

if TYPE_CHECKING:
    from os import PathLike

    from mnist_gui.nn.network import Network

FORMAT_VERSION: Final = 1
_KEY: Final = "mnist_gui"  # safetensors keeps a map of strings; ours is one string of JSON under this key
_MAX_BYTES: Final = 100_000_000  # nothing that this program trains comes near it


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


def save(path: str | PathLike[str], network: Network, record: ModelRecord) -> None:
    """Write a network, whole or not at all: to a temporary file beside the target, which then takes its name.

    Raises
    ------
    ModelFileError
        If the file can't be written. What was there before is untouched.
    """
    from safetensors.numpy import save as to_bytes

    path = Path(path)
    tensors = {name: np.ascontiguousarray(part) for name, part in network.named().items()}
    metadata = {"format_version": FORMAT_VERSION, **asdict(record)}
    content = to_bytes(tensors, {_KEY: json.dumps(metadata)})
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as temporary:
            try:
                temporary.write(content)
                temporary.flush()
                os.fsync(temporary.fileno())
                temporary.close()
                _give_usual_permissions(temporary.name)
                Path(temporary.name).replace(path)
            except BaseException:
                temporary.close()
                Path(temporary.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ModelFileError(f"The model can't be saved as {path}: {error.strerror or error}.") from error


def _give_usual_permissions(path: str) -> None:
    """Undo the privacy of temporary files: a model is a file like any other."""
    umask = os.umask(0)
    os.umask(umask)
    with suppress(OSError):
        Path(path).chmod(0o666 & ~umask)


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
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ModelFileError(f"{path} is not a model of this program: it is far too large.")
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"The model {path} can't be read: {error.strerror or error}.") from error
    metadata, tensors = _parse(path, content)
    version = metadata.get("format_version")
    if version != FORMAT_VERSION:
        raise ModelFileError(
            f"{path} has model format {version!r}, and this program reads format {FORMAT_VERSION}: "
            "a newer version of the program may read it."
        )
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
    if tensors:
        raise ModelFileError(f"{path} is not a sound model: {min(tensors)} does not belong in it.")
    return network, record


def _parse(path: Path, content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    from safetensors import SafetensorError, deserialize

    try:
        tensors = {name: _array(tensor) for name, tensor in deserialize(content)}  # type: ignore[no-untyped-call]
        # The reader has checked this header; the library only gives its metadata for a file on disk.
        length = int.from_bytes(content[:8], "little")
        metadata = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][_KEY])
        if not isinstance(metadata, dict):
            raise TypeError
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"{path} is not a model of this program, or is damaged: choose a .safetensors file that it saved."
        ) from error
    return metadata, tensors


def _array(tensor: dict[str, Any]) -> np.ndarray[Any, Any]:
    dtype = {"F32": np.float32, "F64": np.float64}[tensor["dtype"]]
    return np.frombuffer(tensor["data"], dtype).reshape(tensor["shape"])


def _record(path: Path, metadata: dict[str, Any]) -> ModelRecord:
    try:
        known = {f.name: metadata[f.name] for f in fields(ModelRecord)}
        record = ModelRecord(**{**known, "recipe": Recipe(**known["recipe"])})
        float(record.epochs)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path} is not a sound model: its description is incomplete.") from error
    return record


def _empty_network(path: Path, record: ModelRecord) -> Network:
    if record.architecture not in list(architectures.ARCHITECTURES):
        raise ModelFileError(
            f"{path} holds a network called {record.architecture!r}, which this program does not know."
        )
    if record.recipe.dtype not in ("float32", "float64"):
        raise ModelFileError(f"{path} is not a sound model: {record.recipe.dtype!r} is no dtype of its parameters.")
    return architectures.build(record.architecture, record.recipe.dtype)
