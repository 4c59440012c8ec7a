"""Finds by what is in them which files of a folder are images, labels or tables, and for training or test."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from mnist_gui.data import arrays, idx, pictures, table
from mnist_gui.data.arrays import Array
from mnist_gui.data.dataset import DataError
from mnist_gui.data.packing import ZIP, Entry, members, opened
from mnist_gui.data.samples import Pair, Rows, family_of, split_of, without_validation
from mnist_gui.data.table import Table
from mnist_gui.errors import one_line, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from mnist_gui.data.pictures import Pictures

WANTED: Final = (
    "wanted are MNIST's four files, a CSV of labels and pixels, an .npz, or pictures in a folder for each class"
)

MAX_LOOKED_AT: Final = 300
"""Files of one folder that are opened to see what they are."""

MAX_IN_ALL: Final = 1000
"""Files of all folders that are opened."""

_DEPTH: Final = 3  # folders within folders: torchvision keeps its files in MNIST/raw
_MAX_FOLDERS: Final = 200


@dataclass(slots=True)
class Found:
    """What lies in a folder: parts of data sets, what can't be read, and the names of all that was looked at."""

    parts: list[Array | Table] = field(default_factory=list)
    problems: list[DataError] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def look_at(self, entry: Entry, *, inside: bool = False, alone: bool = False) -> bool:
        """Look at one file, inside a zip or alone or among others; return whether it's a picture."""
        self.names.append(entry.place)
        as_named = any(hint in entry.place.lower() for hint in ("idx", "ubyte", ".npy", ".npz", ".csv"))
        try:
            with opened(entry) as stream:
                head = stream.read(64)
            if arrays.is_array(head) or ("idx" in entry.place.lower() and not head.startswith(ZIP)):
                self.parts.append(arrays.look(entry))
            elif head.startswith(ZIP) and not inside:
                for member in members(entry):
                    self.look_at(member, inside=True)
            elif pictures.is_picture(head):
                return True
            elif table.is_text(head) and (found := table.look(entry)):
                self.parts.append(found)
        except DataError as error:
            if alone:
                raise
            if as_named:
                self.problems.append(error)
        return False


@dataclass(frozen=True, slots=True)
class Choice:
    """The samples of one data set."""

    train: Pair | Rows | Pictures | None
    test: Pair | Rows | Pictures | None

    @property
    def is_complete(self) -> bool:
        """Whether both parts are there."""
        return self.train is not None and self.test is not None


def find(source: Path) -> tuple[Choice, list[str]]:
    """Look for a data set.

    Parameters
    ----------
    source : Path
        A folder, a file, or a zip.

    Returns
    -------
    Choice
        With at least one sample.
    list of str
        Remarks: on what was left out, or how classes are named.

    Raises
    ------
    DataError
        If there is none, or several.
    """
    found = Found()
    if not source.is_dir():
        try:
            size = source.stat().st_size
        except (OSError, ValueError) as error:
            raise DataError(f"The data folder {source} can't be read: {reason(error)}") from error
        found.look_at(Entry(source, source.name, size), alone=True)
    else:
        for entries in _walk(source):
            for entry in entries:
                if found.look_at(entry) or len(found.names) > MAX_IN_ALL:
                    break  # a folder of pictures, or of too many other things
    choice = _choose(found.parts, source)
    if choice and (choice.is_complete or not found.problems):
        return choice, _remarks(found.parts, choice)
    if found.problems:
        raise found.problems[0]
    if source.is_dir():
        within = pictures.subfolders(source)
        for folder in (source, *(within if len(within) == 1 else ())):
            samples, classes = pictures.find(folder)
            if samples:
                named = ", ".join(f"{number} is {one_line(name, 20)}" for number, name in enumerate(classes))
                return _decide(samples, folder) or Choice(None, None), [f"The classes by name: {named}."] * bool(
                    classes
                )
    raise DataError(_say_what_is_missing(found, source))


def _walk(source: Path) -> Iterator[list[Entry]]:
    """Yield the files of a folder and of those in it, folder by folder."""
    waiting = [(source, "")]
    for depth in range(_DEPTH + 1):
        below: list[tuple[Path, str]] = []
        for folder, place in waiting[:_MAX_FOLDERS]:
            files: list[Entry] = []
            try:
                with os.scandir(folder) as entries:
                    for entry in islice(entries, 100 * MAX_LOOKED_AT):
                        if entry.is_dir():
                            below.append((folder / entry.name, f"{place}{entry.name}/"))
                        elif entry.is_file() and not entry.name.startswith(".") and len(files) < MAX_LOOKED_AT:
                            files.append(Entry(folder / entry.name, place + entry.name, entry.stat().st_size))
            except OSError as error:
                if not depth:
                    raise DataError(f"The data folder {folder} can't be read: {reason(error)}") from error
            yield sorted(files, key=lambda file: file.place)
        waiting = sorted(below)


def _choose(parts: list[Array | Table], source: Path) -> Choice | None:
    """Make samples of arrays that belong together, first of those alike in place and name, at last of all."""
    groupings: list[Callable[[Array | Table], str]] = [
        lambda part: f"{_folder_of(part)}{family_of(part.entry.place)}",
        _folder_of,
        lambda _: "",
    ]
    partial: list[Choice] = []
    for key in groupings:
        groups: dict[str, list[Array | Table]] = defaultdict(list)
        for part in parts:
            groups[key(part)].append(part)
        choices = {name: _decide(_samples(group), source) for name, group in groups.items()}
        complete = {name: choice for name, choice in choices.items() if choice and choice.is_complete}
        if len(complete) > 1:  # EMNIST comes as six sets in one folder
            of_digits = {name: choice for name, choice in complete.items() if "digits" in name}
            complete = of_digits if len(of_digits) == 1 else complete
        if len(complete) > 1:
            names = ", ".join(one_line(name.strip("/") or "MNIST's names", 30) for name in sorted(complete)[:5])
            raise DataError(f"{source} holds {len(complete)} data sets ({names}): name the folder or file of one")
        if complete:
            return next(iter(complete.values()))
        partial += [choice for choice in choices.values() if choice]
    if not partial:
        return None
    # A training set of four files is one of which the test set is missing; a table alone may be parted.
    alone = partial[0]
    if isinstance(alone.train, Pair) and alone.train.images.format == "IDX" and split_of(alone.train.name) == "train":
        return None
    return alone


def _folder_of(part: Array | Table) -> str:
    return part.entry.place.rpartition("/")[0] + "/"


def _samples(parts: Iterable[Array | Table]) -> list[tuple[str, Pair | Rows | Pictures]]:
    """Put images and labels together: those of one part of the data set by their names, else by how many there are."""
    samples: list[tuple[str, Pair | Rows | Pictures]] = []
    images: dict[str, list[Array]] = defaultdict(list)
    labels: dict[str, list[Array]] = defaultdict(list)
    known = set()
    for part in sorted(parts, key=lambda part: (part.entry.place.endswith((".gz", ".zip", ".z")), part.entry.place)):
        if isinstance(part, Table):
            if part.has_labels:
                samples.append((_split_of(part), Rows(part)))
            continue
        twin = (_split_of(part), part.is_images, family_of(part.entry.place), part.shape)
        if twin not in known:  # else the same file, plain and packed: the plain one is read
            known.add(twin)
            (images if part.is_images else labels)[_split_of(part)].append(part)
    paired = [split for split in ("train", "test", "val", "") if len(images[split]) == 1 and len(labels[split]) == 1]
    samples += [(split, Pair(images[split].pop(), labels[split].pop())) for split in paired]
    rest = [part for group in labels.values() for part in group]
    for part in (part for group in images.values() for part in group):
        fitting = [each for each in rest if each.count == part.count]
        if len(fitting) == 1:
            rest.remove(fitting[0])
            samples.append((_split_of(part) or _split_of(fitting[0]), Pair(part, fitting[0])))
    return samples


def _split_of(part: Array | Table) -> str:
    folder, _, name = part.entry.place.rpartition("/")
    return split_of(name) or split_of(folder)


def _decide(samples: Sequence[tuple[str, Pair | Rows | Pictures]], source: Path) -> Choice | None:
    """Say which of the samples is for training: by their names, else the larger."""
    samples = without_validation(samples)
    train = [sample for split, sample in samples if split == "train"]
    test = [sample for split, sample in samples if split == "test"]
    rest = sorted((sample for split, sample in samples if not split), key=lambda sample: -sample.size)
    match len(train), len(test), len(rest):
        case 0, 0, 0:
            return None
        case (1, 1, _) | (1, 0, 0):
            return Choice(train[0], test[0] if test else None)
        case 0, 1, 0:
            return Choice(None, test[0])
        case 1, 0, 1:
            return Choice(train[0], rest[0])
        case 0, 1, 1:
            return Choice(rest[0], test[0])
        case 0, 0, 1:
            return Choice(rest[0], None)
        case 0, 0, 2 if rest[0].size > rest[1].size:
            return Choice(rest[0], rest[1])
    names = ", ".join(one_line(sample.name) for _, sample in samples[:4])
    raise DataError(f"{source}: which of {names} is for training, and which for testing, can't be told by their names")


def _remarks(parts: list[Array | Table], choice: Choice) -> list[str]:
    """Name a table without labels that lies beside a set that had to be parted: it is easily taken for a test set."""
    bare = [part.entry.place for part in parts if isinstance(part, Table) and not part.has_labels]
    return [f"{one_line(bare[0])} has no labels and is not used."] if bare and not choice.is_complete else []


def _say_what_is_missing(found: Found, source: Path) -> str:
    """Say in one line what lies in a folder, and what is wanted."""
    held = [part for part in found.parts if isinstance(part, Array) and part.format == "IDX"]
    described = [f"{one_line(name)}" for name in found.names[:3]]
    more = f" and {len(found.names) - 3} more" if len(found.names) > 3 else ""
    if held:
        there = {(_split_of(part).replace("val", "test") or "train", part.is_images) for part in held}
        roles = (("train", True), ("train", False), ("test", True), ("test", False))
        lacking = [name for name, role in zip(idx.FILE_NAMES, roles, strict=True) if role not in there]
        listed = ", ".join(_describe(part) for part in held[:4])
        if lacking:
            return f"The data folder {source} lacks {', '.join(lacking)} (plain or packed); it holds {listed}"
        return f"{source}: which images and labels belong together can't be told: {listed}"
    bare = [part for part in found.parts if isinstance(part, Table)]
    if bare:
        return f"{bare[0].entry.name} has {bare[0].side}×{bare[0].side} pixels a line, but no labels"
    if not described:
        return f"The data folder {source} holds no files that are read; {WANTED}"
    return f"{source} holds no data set that is read, but {', '.join(described)}{more}; {WANTED}"


def _describe(part: Array) -> str:
    """Name an IDX file and what it holds, which may be other than its name says."""
    content = f"{part.count:,} {'images' if part.is_images else 'labels'}"
    if part.is_images == ("label" in part.entry.place.rpartition("/")[2].lower()):
        expected = "0x00000801" if part.is_images else "0x00000803"
        content += f": its magic number is 0x0000080{len(part.shape)}, not {expected}"
    return f"{one_line(part.entry.place)} ({content})"
