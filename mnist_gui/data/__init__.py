"""Data sets of labelled digits: any folder of files in MNIST's format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mnist_gui.data import idx
from mnist_gui.data.dataset import CLASSES, IMAGE_SIZE, DataError, Dataset

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["CLASSES", "IMAGE_SIZE", "DataError", "Dataset", "load"]


def load(source: str | PathLike[str]) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    source : str or path-like
        A folder with four files named as MNIST's are, plain or .gz.

    Returns
    -------
    Dataset
        Named as the folder.

    Raises
    ------
    DataError
        If the data set is missing or damaged.
    """
    folder = Path(source)
    return idx.read_folder(folder, folder.absolute().name)
