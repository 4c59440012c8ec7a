"""Named arrays and a description of them in one safetensors file, which other tools open and which can't run code."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

Tensors = dict[str, np.ndarray[Any, Any]]

_KEY: Final = "mnist_gui"  # safetensors keeps a map of strings; ours is one string of JSON under this key
_CHECKSUM: Final = "sha256"
_MAX_HEADER: Final = 100_000  # bytes; ours has some 2,000. It is parsed as JSON, which takes up to thirty times as much
_DTYPES: Final = {"F32": np.float32, "F64": np.float64, "I64": np.int64}


def pack(tensors: Tensors, description: Mapping[str, object]) -> bytes:
    """Return the content of a file that holds arrays of float32, float64 or int64, and a description for JSON.

    A checksum of the arrays joins the description.
    """
    from safetensors.numpy import save

    return save(tensors, {_KEY: json.dumps({**description, _CHECKSUM: checksum(tensors)})})


def checksum(tensors: Tensors) -> str:
    """Return the SHA-256 of the arrays' bytes, one array after another in the order of their names."""
    digest = sha256()
    for name in sorted(tensors):
        digest.update(np.ascontiguousarray(tensors[name]).data)
    return digest.hexdigest()


def unpack_description(content: bytes) -> dict[str, Any]:
    """Return what a file says of its arrays.

    Raises
    ------
    ValueError
        If it is not a file that `pack` could have made.
    """
    length = int.from_bytes(content[:8], "little")
    if not 8 + length <= min(len(content), 8 + _MAX_HEADER):
        raise ValueError("there is no header of a sane length")
    try:
        description = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][_KEY])
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("its header is another program's") from error
    if not isinstance(description, dict):
        raise ValueError("its description is another program's")
    return description


def unpack(content: bytes, description: Mapping[str, object]) -> Tensors:
    """Return the arrays of a file whose description was read.

    Raises
    ------
    ValueError
        If they are not whole, are of other dtypes, or are not those of the checksum, where there is one.
    """
    from safetensors import SafetensorError, deserialize

    try:
        found = deserialize(content)  # type: ignore[no-untyped-call]
        tensors = {name: np.frombuffer(t["data"], _DTYPES[t["dtype"]]).reshape(t["shape"]) for name, t in found}
    except (SafetensorError, KeyError, OverflowError) as error:
        raise ValueError("its arrays are damaged or of another kind") from error
    expected = description.get(_CHECKSUM)
    if expected is not None and expected != checksum(tensors):
        raise ValueError("its arrays are not those that were saved")
    return tensors
