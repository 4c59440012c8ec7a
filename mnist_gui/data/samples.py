"""Samples: images with their labels, wherever they come from. A data set is two of them, for training and testing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from mnist_gui.data.dataset import CLASSES, IMAGE_SIZE, DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from mnist_gui.data.arrays import Array
    from mnist_gui.data.table import Table

T = TypeVar("T")

MAX_IMAGES: Final = 450_000
"""Images of a data set, 353 MB. Of the sets of ten classes the largest, NIST's digits in QMNIST's form, has 402,953."""

EVERY: Final = 7
"""Where a data set isn't parted, each seventh image is for testing: six to one, as in MNIST."""

_TRAINING: Final = re.compile(r"train")
_TEST: Final = re.compile(r"t10k|test")
_VALIDATION: Final = re.compile(r"(?<![a-z])(val|valid|validation|dev|eval)(?![a-z])")


def split_of(name: str) -> str:
    """Say what a name tells of the part of a data set that it holds: ``"train"``, ``"test"``, ``"val"``, or nothing."""
    patterns = {"train": _TRAINING, "test": _TEST, "val": _VALIDATION}
    told = [split for split, pattern in patterns.items() if pattern.search(name.lower())]
    return told[0] if len(told) == 1 else ""


def without_validation(samples: Sequence[tuple[str, T]]) -> list[tuple[str, T]]:
    """Take the part for validation as the test set where there is no other, and else leave it out."""
    has_test = any(split == "test" for split, _ in samples)
    return [("test" if split == "val" else split, what) for split, what in samples if split != "val" or not has_test]


def family_of(name: str) -> str:
    """Return what remains of a file's name without what it says of part, content and format."""
    stem = name.lower().split("/")[-1]
    stem = re.sub(r"\.(gz|gzip|zip|z|npy|npz|csv|txt)(?=\.|$)", "", stem)
    stem = re.sub(r"idx\d|u?byte|int\d*|images?|labels?|classes|targets?|[xy](?=[-_.]|$)|(?<=[-_.])[xy]", "", stem)
    stem = re.sub(r"train(ing)?", "", _VALIDATION.sub("", _TEST.sub("", stem)))
    return re.sub(r"[^a-z0-9]+", "-", stem).strip("-")


@dataclass(frozen=True, slots=True)
class Pair:
    """Images in one array and labels in another."""

    images: Array
    labels: Array

    @property
    def name(self) -> str:
        """Where the images are, in the folder."""
        return self.images.entry.place

    @property
    def title(self) -> str:
        """The format."""
        return f"{self.images.format} files"

    @property
    def size(self) -> int:
        """Bytes that reading it reads."""
        return self.images.entry.size

    @property
    def notes(self) -> list[str]:
        """What is worth saying after it was read."""
        return _note_on_size(*self.images.image_size)

    def blocks(self, tick: Callable[[int], None] | None) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
        """Yield images and labels. All labels are looked at first: they are the smaller file."""
        if self.images.count != self.labels.count:
            raise DataError(
                f"{self.images.entry.name} holds {self.images.count:,} images, "
                f"but {self.labels.entry.place} {self.labels.count:,} labels"
            )
        if self.images.count > MAX_IMAGES:
            raise DataError(f"{self.images.entry.name} holds {self.images.count:,} images; {MAX_IMAGES:,} are read")
        labels = self.labels.labels()
        check_labels(labels, self.labels.entry.name)
        done = 0
        for images in self.images.images(tick):
            yield images, labels[done : done + len(images)]
            done += len(images)


@dataclass(frozen=True, slots=True)
class Rows:
    """Images and labels side by side in a table."""

    table: Table

    @property
    def name(self) -> str:
        """Where the table is, in the folder."""
        return self.table.entry.place

    @property
    def title(self) -> str:
        """The format."""
        return "CSV"

    @property
    def size(self) -> int:
        """Bytes that reading it reads."""
        return self.table.entry.size

    @property
    def notes(self) -> list[str]:
        """What is worth saying after it was read."""
        return _note_on_size(self.table.side, self.table.side)

    def blocks(self, tick: Callable[[int], None] | None) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
        """Yield images and labels."""
        for images, labels in self.table.blocks(tick):
            check_labels(labels, self.table.entry.name)
            yield images, labels


def _note_on_size(height: int, width: int) -> list[str]:
    same = (height, width) == (IMAGE_SIZE, IMAGE_SIZE)
    return [] if same else [f"images of {height}×{width} pixels were fitted into {IMAGE_SIZE}×{IMAGE_SIZE}"]


def check_labels(labels: NDArray[np.int64], name: str) -> None:
    """Refuse labels of other classes than ten, numbered from 0."""
    wrong = np.flatnonzero((labels < 0) | (labels >= CLASSES))
    if len(wrong):
        found = np.unique(labels)
        raise DataError(
            f"{name}: label {wrong[0] + 1:,} is {labels[wrong[0]]}; expected 0 to {CLASSES - 1}: the network has ten "
            f"classes, and here are {len(found)} (labels {found[0]} to {found[-1]})"
        )


@dataclass(slots=True)
class Store:
    """Collects images and labels as bytes, in buffers that grow in place: nothing is held twice."""

    images: bytearray = field(default_factory=bytearray)
    labels: bytearray = field(default_factory=bytearray)

    def add(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
        """Append some."""
        self.images += np.ascontiguousarray(images).data.cast("B") if len(images) else b""
        self.labels += labels.astype(np.uint8).tobytes()

    def arrays(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return all as arrays, which can be written to."""
        images = np.frombuffer(self.images, np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
        return images, np.frombuffer(self.labels, np.uint8)


def collect(
    blocks: Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]], train: Store, test: Store | None, name: str
) -> None:
    """Put what blocks hold into one store, or each seventh into another.

    Raises
    ------
    DataError
        If there are more images than a data set may have.
    """
    done = 0
    for images, labels in blocks:
        if len(train.labels) + len(labels) > MAX_IMAGES:
            raise DataError(f"{name} holds more than {MAX_IMAGES:,} images")
        if test is None:
            train.add(images, labels)
        else:
            for_test = np.arange(done, done + len(labels)) % EVERY == EVERY - 1
            train.add(images[~for_test], labels[~for_test])
            test.add(images[for_test], labels[for_test])
        done += len(labels)
    if not done:
        raise DataError(f"{name} holds no images")
