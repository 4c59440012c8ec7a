"""The step in plain C (`step.c`), compiled on the spot for this very machine."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .contenders import MOMENTUM, RATE, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mnist_gui.nn.network import Network

    from .contenders import Batch

FLAGS = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]


class PlainC:
    def __init__(self, start: Network, batch: Batch) -> None:
        self._parameters = start.parameters.copy()
        self._arrays = [batch.images, batch.labels, self._parameters, np.zeros_like(self._parameters)]
        images, labels, parameters, velocity = (ctypes.c_void_p(array.ctypes.data) for array in self._arrays)
        self.step: Callable[[], float] = partial(
            _compiled().step,
            images,
            labels,
            ctypes.c_int(len(batch.labels)),
            parameters,
            velocity,
            ctypes.c_float(RATE),
            ctypes.c_float(MOMENTUM),
        )

    def parameters(self) -> NDArray[Any]:
        return self._parameters


def _compiled() -> ctypes.CDLL:
    compiler = next(filter(None, map(shutil.which, ["cc", "gcc", "clang"])), None)
    if compiler is None:
        raise UnavailableError("no C compiler (cc, gcc, clang)")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps a loaded library open
        library = Path(folder) / "step.so"
        source = Path(__file__).with_name("step.c")
        result = subprocess.run(
            [compiler, *FLAGS, str(source), "-o", str(library), "-lm"], capture_output=True, text=True, check=False
        )
        if result.returncode:
            raise UnavailableError(f"{compiler} can't compile step.c: {result.stderr.strip().splitlines()[-1]}")
        loaded = ctypes.CDLL(str(library))
    loaded.step.restype = ctypes.c_float
    return loaded
