"""MNIST's four files: found where the person keeps them, else downloaded into the user's cache."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mnist_gui.data import caches, folder, idx
from mnist_gui.data.dataset import IMAGE_SIZE, DataError, Dataset
from mnist_gui.data.published import FILES, MIRRORS, is_published
from mnist_gui.data.published import PublishedFile as PublishedFile  # for those who know it from here

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE: Final = "MNIST_GUI_DATA"
"""The environment variable that names a folder with MNIST; empty is the same as unset."""


class NoDownloadError(DataError):
    """MNIST is not at hand, and no mirror gave it."""


class DownloadCancelled(Exception):  # noqa: N818 -- nothing went wrong
    """For a progress callback to raise when the person doesn't want to wait any longer."""


def load(
    progress: Callable[[int, int], None] | None = None, *, as_stored: bool = False, test_alone: bool = False
) -> Dataset:
    """Read MNIST, after a download if it isn't at hand.

    Parameters
    ----------
    progress : callable, optional
        Called during a download with the bytes done and the bytes in total of all four files, in the caller's thread.
        To cancel, it raises `DownloadCancelled`, which comes through to the caller; what it returns doesn't matter.
    as_stored, test_alone : bool
        For the folder that ``MNIST_GUI_DATA`` names; see `mnist_gui.data.load`.

    Raises
    ------
    DataError
        If the folder that ``MNIST_GUI_DATA`` names isn't sound, or MNIST can't be downloaded.
    """
    if named := os.environ.get(VARIABLE):
        try:
            return folder.load(Path(named), "mnist", as_stored=as_stored, test_alone=test_alone)
        except DataError as error:
            raise DataError(f"{VARIABLE}: {error}") from error
    cache = cache_folder()
    if find() is None:
        _download_into(cache, progress)
    # Exactly the files that were verified: other files in the cache are ignored.
    images, labels = ([cache / name for name in FILES if kind in name] for kind in ("images", "labels"))
    train, test = (
        (idx.read(image_path, (IMAGE_SIZE, IMAGE_SIZE)), idx.read(label_path))
        for image_path, label_path in zip(images, labels, strict=True)
    )
    return Dataset("mnist", *train, *test)


def is_mnist(dataset: Dataset) -> bool:
    """Tell whether a data set, whatever its name and wherever it comes from, is MNIST, with images as published."""
    return is_published(dataset.train_images, dataset.train_labels)


def find() -> Path | None:
    """Say where MNIST is, without the network: the folder that ``MNIST_GUI_DATA`` names, else the cache, else None.

    A folder that the person named is not checked here: if it's no good, `load` says why. The cache counts only while
    all its files have their checksum, so a damaged one is as good as none, and the next download repairs it.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named)
    cache = cache_folder()
    return cache if all(_is_sound(cache / name, file.sha256) for name, file in FILES.items()) else None


def _is_sound(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def cache_folder() -> Path:
    """Say where downloads are kept; the folder need not exist."""
    return caches.folder() / "mnist"


def _download_into(cache: Path, progress: Callable[[int, int], None] | None) -> None:
    from mnist_gui.data.download import download  # its libraries take longer to import than all the rest of the data

    try:
        download(FILES, MIRRORS, cache, progress)
    except DataError as error:
        raise NoDownloadError(str(error)) from error
