"""Data sets of labelled digits: MNIST, drawn ones, and what people have in folders and files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_gui.data import folder, mnist
from mnist_gui.data.dataset import CLASSES, IMAGE_SIZE, DataError, Dataset

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

__all__ = ["CLASSES", "IMAGE_SIZE", "DataError", "Dataset", "load"]


def load(
    source: str | PathLike[str],
    *,
    progress: Callable[[int, int], None] | None = None,
    as_stored: bool = False,
    test_alone: bool = False,
    whole: bool = True,
) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    source : str or path-like
        ``"mnist"``, ``"drawn"``, or else a folder or a file. What it holds is found by its content: files in MNIST's
        format, plain or packed, under any names; CSV; ``.npz``; pictures in a folder for each class. A folder that is
        itself called mnist is given as ``"./mnist"``.
    progress : callable, optional
        Called with the bytes done and the bytes in total while MNIST is downloaded, see `mnist.download`, or a folder
        or file is read. What it raises ends the loading and comes through to the caller.
    as_stored : bool
        Leave images as they are stored: by default pixels from 0 to 1 are scaled, black on white is turned round, and
        digits that lie on their side are turned upright, where the images leave no doubt. `Dataset.remarks` tells.
    test_alone : bool
        Accept a test set without training images.
    whole : bool
        Draw all of the drawn digits now, which takes seconds; else a run draws those for training as it needs them.

    Returns
    -------
    Dataset
        Named as `source`, or as the folder or file; MNIST is named so wherever it lies.

    Raises
    ------
    DataError
        If the data set is missing, damaged, of other than ten classes, or can't be downloaded.
    """
    if source == "mnist":
        return mnist.load(progress, as_stored=as_stored, test_alone=test_alone)
    if source == "drawn":
        from mnist_gui.data import drawn

        return drawn.load(whole=whole)
    path = Path(source)
    dataset = folder.load(path, path.absolute().name, progress=progress, as_stored=as_stored, test_alone=test_alone)
    return replace(dataset, name="mnist") if mnist.is_mnist(dataset) else dataset
