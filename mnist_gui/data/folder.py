"""Data sets as people have them, in a folder or a file, read and brought to MNIST's conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_gui.data import convention, idx
from mnist_gui.data.dataset import DataError, Dataset
from mnist_gui.data.finding import find
from mnist_gui.data.published import is_published
from mnist_gui.data.samples import EVERY, MAX_IMAGES, Pair, Store, collect
from mnist_gui.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from mnist_gui.data.finding import Choice
    from mnist_gui.data.pictures import Pictures
    from mnist_gui.data.samples import Rows


def load(
    source: Path,
    name: str,
    *,
    progress: Callable[[int, int], None] | None = None,
    as_stored: bool = False,
    test_alone: bool = False,
) -> Dataset:
    """Load a data set from a folder or a file; see `mnist_gui.data.load`.

    Parameters
    ----------
    source : Path
    name : str
        The data set's name.
    progress : callable, optional
        Called with the bytes done and the bytes in total. What it raises ends the reading and comes through.
    as_stored : bool
        Leave images in the units, colours and orientation in which they are stored.
    test_alone : bool
        Take a test set without a training set.

    Raises
    ------
    DataError
        If there is no data set, or it is damaged, too large, or of other than ten classes.
    """
    choice, remarks = find(source)
    if choice.train is None and not test_alone:
        assert choice.test is not None
        raise DataError(f"{source} is a test set alone ({choice.test.name}): training needs training images as well")
    train, test = Store(), Store()
    samples = [sample for sample in (choice.train, choice.test) if sample]
    total, done = sum(sample.size for sample in samples), 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(min(done, total), total)

    try:
        if choice.train:
            collect(choice.train.blocks(tick), train, None if choice.test else test, str(source))
        if choice.test:
            collect(choice.test.blocks(tick), test, None, str(source))
        parts = (*train.arrays(), *test.arrays())
        if len(train.labels) + len(test.labels) > MAX_IMAGES:
            raise DataError(f"{source} holds more than {MAX_IMAGES:,} images")
        if not len(test.labels):
            raise DataError(f"{source} holds {len(train.labels)} images: too few to keep one in {EVERY} for testing")
        lines = [] if _is_official(samples) else [_describe(choice, len(train.labels), len(test.labels)), *remarks]
        notes = dict.fromkeys(note for sample in samples for note in sample.notes)
        lines += [f"Images: {'; '.join(notes)}."] * bool(notes)
        if not (as_stored or is_published(*parts[:2])):  # what is known need not be judged
            lines += _convert(parts, _is_emnist(source, samples))
    except (MemoryError, OverflowError) as error:
        raise DataError(f"{source} needs more memory than there is") from error
    for array in parts:
        array.setflags(write=False)
    return Dataset(name, *parts, remarks=tuple(lines))


def _describe(choice: Choice, train: int, test: int) -> str:
    """Say in one line what was found."""
    sample = choice.train or choice.test
    assert sample is not None
    if choice.train is None:
        return f"Found {sample.title}: {test:,} test images ({one_line(sample.name)}), none for training."
    if choice.test is None:
        return (
            f"Found {sample.title}: {train + test:,} images ({one_line(sample.name)}), "
            f"of which every {EVERY}th is kept for testing."
        )
    return (
        f"Found {sample.title}: {train:,} training images ({one_line(choice.train.name)}) "
        f"and {test:,} test images ({one_line(choice.test.name)})."
    )


def _convert(parts: tuple[NDArray[np.uint8], ...], is_emnist: bool) -> list[str]:
    """Bring all images to MNIST's conventions, in place, and say what was done."""
    train_images, train_labels, test_images, test_labels = parts
    done = {"Training images": convention.normalise(train_images), "Test images": convention.normalise(test_images)}
    if done["Training images"] == done["Test images"] or not len(train_images):
        done = {"Images": done["Test images"]}
    lines = [f"{whose}: {'; '.join(what)}." for whose, what in done.items() if what]
    judged = (train_images, train_labels) if len(train_images) else (test_images, test_labels)
    lying = convention.lie_transposed(*judged)
    if lying or (lying is None and is_emnist):
        convention.transpose(train_images)
        convention.transpose(test_images)
        change = convention.CHANGED
        lines.append(f"Images: they lay on their side, as EMNIST's do, and were turned upright {change}.")
    elif is_emnist:
        lines.append("Images: they stand upright, although EMNIST's lie on their side; they were left so.")
    return lines


def _is_official(samples: list[Pair | Rows | Pictures]) -> bool:
    """Whether these are four files under their official names: there is nothing to say about them."""
    pairs = [sample for sample in samples if isinstance(sample, Pair)]
    places = [array.entry.place for pair in pairs for array in (pair.images, pair.labels)]
    return [place.removesuffix(".gz") for place in places] == list(idx.FILE_NAMES)


def _is_emnist(source: Path, samples: list[Pair | Rows | Pictures]) -> bool:
    return any("emnist" in f"{source.name}/{sample.name}".lower() for sample in samples)
