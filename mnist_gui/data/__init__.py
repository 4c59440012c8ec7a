"""Data sets of labelled digits: MNIST, drawn ones, and any folder of files in MNIST's format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_gui.data import idx, mnist
from mnist_gui.data.dataset import CLASSES, IMAGE_SIZE, DataError, Dataset

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

__all__ = ["CLASSES", "IMAGE_SIZE", "DataError", "Dataset", "load"]


def load(source: str | PathLike[str], *, progress: Callable[[int, int], None] | None = None) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    source : str or path-like
        ``"mnist"``, ``"drawn"``, or else a folder with four files named as MNIST's are, plain or .gz. A folder that is
        itself called mnist is given as ``"./mnist"``.
    progress : callable, optional
        Called with the bytes done and the bytes in total while MNIST is downloaded; see `mnist.download`.

    Returns
    -------
    Dataset
        Named as `source`, or as the folder; MNIST is named so wherever it lies.

    Raises
    ------
    DataError
        If the data set is missing, damaged, or can't be downloaded.
    """
    if source == "mnist":
        return mnist.load(progress)
    if source == "drawn":
        from mnist_gui.data import drawn

        return drawn.load()
    folder = Path(source)
    dataset = idx.read_folder(folder, folder.absolute().name)
    return replace(dataset, name="mnist") if mnist.is_mnist(dataset) else dataset
