"""Whatever bytes stand in a file, it is a sound data set or refused in one line."""

from __future__ import annotations

import gzip
import io
import struct
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mnist_gui import data

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (8, 28, 28), np.uint8)
LABELS = np.arange(8, dtype=np.uint8)
NUMBERS = st.sampled_from([0, 1, 2, 7, 8, 28, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1])


def check(files: dict[str, bytes]) -> data.Dataset | None:
    """Load a folder of these files: a data set whose parts fit, or one line; any warning is a failure."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        try:
            dataset = data.load(folder, test_alone=True)
        except data.DataError as error:
            message = str(error)
        else:
            message = ""
    if message:
        assert "\n" not in message
        assert len(message) <= 1000
        return None
    for images, labels in (
        (dataset.train_images, dataset.train_labels),
        (dataset.test_images, dataset.test_labels),
    ):
        assert images.shape == (len(labels), 28, 28)
        assert images.dtype == labels.dtype == np.uint8
        assert not len(labels) or labels.max() <= 9
    assert len(dataset.test_labels)
    return dataset


def idx_file(kind: int, shape: list[int], content: bytes) -> bytes:
    return struct.pack(f">2x2B{len(shape)}I", kind, len(shape), *shape) + content


@st.composite
def damaged(draw: st.DrawFn, sound: bytes) -> bytes:
    """A file of which some bytes are others, some are gone, or some were added."""
    content = bytearray(sound)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, min(len(content), 200)))
        content[at : at + draw(st.sampled_from([0, 1, 4, len(content)]))] = draw(st.binary(max_size=6))
    return bytes(content)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E, 0x07]),
    st.lists(NUMBERS, min_size=1, max_size=4),
    st.binary(max_size=64) | st.just(bytes(8 * 784)),
    st.booleans(),
)
def test_any_idx_header(kind: int, shape: list[int], content: bytes, packed: bool) -> None:
    file = idx_file(kind, shape, content)
    check(
        {
            "t10k-images-idx3-ubyte": gzip.compress(file) if packed else file,
            "t10k-labels-idx1-ubyte": idx_file(8, [8], LABELS.tobytes()),
        }
    )
    check(
        {
            "t10k-images-idx3-ubyte": idx_file(8, [8, 28, 28], IMAGES.tobytes()),
            "t10k-labels-idx1-ubyte": gzip.compress(file) if packed else file,
        }
    )


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_idx_files(draw: st.DataObject) -> None:
    images, labels = idx_file(8, [8, 28, 28], IMAGES.tobytes()), idx_file(8, [8], LABELS.tobytes())
    packed = draw.draw(st.booleans())
    files = {"test-images": images, "test-labels": labels}
    check({name: draw.draw(damaged(gzip.compress(file) if packed else file)) for name, file in files.items()})


CELLS = st.one_of(
    st.integers(-1, 300).map(str),
    st.floats().map(str),
    st.sampled_from(["", " ", '"', '""', "1e999", "nan", "-0", "0x1", "1_0", "٣", "9" * 400, "#", "\r", "\0"]),
    st.text(max_size=4),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 70), CELLS), max_size=4), st.sampled_from([",", ";", "\t", " "]))
@example([(0, "label")], ",")
def test_any_cells_in_a_table(changes: list[tuple[int, str]], comma: str) -> None:
    rows = [[str(number % 10), *map(str, IMAGES[number % 8].ravel()[:64])] for number in range(10)]
    for row, (column, text) in enumerate(changes):
        rows[row * 3][column : column + 1] = [text]
    check({"a.csv": "\n".join(comma.join(row) for row in rows).encode("utf-8", "surrogatepass")})


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "train-images-idx3-ubyte.gz", "a.npz", "a.npy", "a.zip"]))
def test_any_bytes_under_any_name(content: bytes, name: str) -> None:
    assert check({name: content}) is None


def npz(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


TYPES = [
    "|u1",
    "<i8",
    ">u8",
    "<f2",
    "<f4",
    ">f8",
    "|b1",
    "|O",
    "<U3",
    "<c16",
    "<m8[s]",
    "|V4",
    "<f16",
    "nonsense",
    "|u9",
]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(TYPES),
    st.lists(NUMBERS | st.sampled_from([-1, 2**63, 2**70]), max_size=5),
    st.booleans(),
    st.binary(max_size=64) | st.just(bytes(8 * 784)),
    st.sampled_from([(1, 0), (2, 0), (3, 0), (9, 9)]),
)
def test_any_npy_header(kind: str, shape: list[int], fortran: bool, content: bytes, version: tuple[int, int]) -> None:
    header = repr({"descr": kind, "fortran_order": fortran, "shape": tuple(shape)}).encode() + b"\n"
    length = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    file = b"\x93NUMPY" + bytes(version) + length + header + content
    check({"a.npz": npz(x_test=file, y_test=npy(LABELS))})
    check({"a.npz": npz(x_test=npy(IMAGES), y_test=file)})


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_npz_files(draw: st.DataObject) -> None:
    sound = npz(x=npy(IMAGES), y=npy(LABELS))
    content = draw.draw(damaged(sound))
    if draw.draw(st.booleans()):  # in the list of members, which is at the end
        content = sound[:-200] + draw.draw(damaged(sound[-200:]))
    check({"a.npz": content})


def test_what_is_sound_is_read() -> None:
    assert check({"a.npz": npz(x=npy(IMAGES), y=npy(LABELS))}) is not None
