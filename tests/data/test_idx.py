"""Data sets in the IDX format are read as they were written, and refused in one line where they are damaged."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from idx_files import encode, write_data_set

from mnist_gui import data
from mnist_gui.data import idx

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGES = "t10k-images-idx3-ubyte"
LABELS = "t10k-labels-idx1-ubyte"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound data set of 30 + 20 images, gzipped."""
    write_data_set(tmp_path / "letters")
    return tmp_path / "letters"


def spoil(folder: Path, name: str, change: Callable[[bytes], bytes], *, suffix: str = ".gz") -> None:
    """Replace a gzipped file by what `change` makes of its unpacked content, packed again or plain."""
    path = folder / f"{name}.gz"
    content = change(gzip.decompress(path.read_bytes()))
    path.unlink()
    (folder / f"{name}{suffix}").write_bytes(gzip.compress(content) if suffix else content)


def refusal(source: Path) -> str:
    """The one line with which a data set is refused."""
    with pytest.raises(data.DataError) as caught:
        data.load(source)
    message = str(caught.value)
    assert str(source) in message
    assert "\n" not in message
    return message


arrays = st.integers(0, 2).flatmap(
    lambda ndim: st_numpy.arrays(np.uint8, st_numpy.array_shapes(min_dims=1 + ndim, max_dims=1 + ndim, max_side=6))
)


@given(arrays, st.booleans())
def test_what_is_written_is_read(array: np.ndarray, packed: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("array.gz" if packed else "array")
        path.write_bytes(gzip.compress(encode(array)) if packed else encode(array))
        actual = idx.read(path, array.shape[1:])
    np.testing.assert_array_equal(actual, array, strict=True)


@given(st.binary(max_size=80), st.booleans())
def test_any_other_bytes_are_refused(content: bytes, packed: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("array.gz" if packed else "array")
        path.write_bytes(content)
        with pytest.raises(data.DataError):
            idx.read(path, (28, 28))


def test_a_folder_is_a_data_set_of_its_name(folder: Path) -> None:
    dataset = data.load(str(folder))
    assert dataset.name == "letters"
    assert dataset.train_images.shape == (30, 28, 28)
    assert dataset.train_labels.shape == (30,)
    assert dataset.test_images.shape == (20, 28, 28)
    assert dataset.test_labels.shape == (20,)
    for array in (dataset.train_images, dataset.train_labels, dataset.test_images, dataset.test_labels):
        assert array.dtype == np.uint8
        assert not array.flags.writeable


def test_a_folder_may_be_called_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_data_set(tmp_path / "mnist")
    monkeypatch.chdir(tmp_path)
    assert len(data.load("./mnist").train_labels) == 30
    monkeypatch.chdir("mnist")
    assert data.load(".").name == "mnist"


def test_plain_and_packed_files_mix_and_plain_ones_win(folder: Path) -> None:
    plain = np.full(20, 7, np.uint8)
    (folder / LABELS).write_bytes(encode(plain))
    np.testing.assert_array_equal(data.load(folder).test_labels, plain)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert "can't be read" in refusal(tmp_path / "nowhere")


def test_one_file_of_the_four_is_refused(folder: Path) -> None:
    message = refusal(folder / f"{IMAGES}.gz")
    assert f"lacks train-images-idx3-ubyte, train-labels-idx1-ubyte, {LABELS}" in message
    assert f"it holds {IMAGES}.gz (20 images)" in message


def test_missing_files_are_all_named(folder: Path) -> None:
    (folder / f"{IMAGES}.gz").unlink()
    (folder / f"{LABELS}.gz").unlink()
    assert f"lacks {IMAGES}, {LABELS}" in refusal(folder)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        pytest.param(IMAGES, lambda content: b"", "0 bytes, where the header alone has 16", id="empty"),
        pytest.param(LABELS, lambda content: content[:7], "7 bytes, where the header alone has 8", id="cut in header"),
        pytest.param(IMAGES, lambda content: content[:-1], "15,679 of 15,680 bytes", id="cut"),
        pytest.param(IMAGES, lambda content: content + b"x", "goes on after the 15,680 bytes", id="trailing bytes"),
        pytest.param(
            IMAGES, lambda content: b"\x89PNG" + content[4:], "number is 0x89504e47, not 0x00000803", id="picture"
        ),
        pytest.param(
            LABELS, lambda content: encode(np.zeros((20, 28, 28), np.uint8)), "not 0x00000801", id="images for labels"
        ),
        pytest.param(
            IMAGES, lambda content: encode(np.zeros((20, 2000, 3), np.uint8)), "2000×3 numbers", id="other size"
        ),
        pytest.param(IMAGES, lambda content: encode(np.zeros((0, 28, 28), np.uint8)), "hold 0 items", id="no images"),
        pytest.param(LABELS, lambda content: encode(np.zeros(0, np.uint8)), "hold 0 items", id="no labels"),
        pytest.param(
            IMAGES,
            lambda content: content[:4] + b"\xff" * 4 + content[8:],
            "hold 4,294,967,295 items; expected 1 to 1,000,000",
            id="absurd count",
        ),
        pytest.param(
            IMAGES, lambda content: encode(np.zeros((19, 28, 28), np.uint8)), "19 images, but", id="wrong counts"
        ),
        pytest.param(LABELS, lambda content: content[:10] + b"\x0a" + content[11:], "label 3 is 10", id="label 10"),
    ],
)
def test_a_damaged_file_is_refused(
    folder: Path, name: str, change: Callable[[bytes], bytes], expected: str, suffix: str
) -> None:
    spoil(folder, name, change, suffix=suffix)
    message = refusal(folder)
    assert expected in message
    assert f"{name}{suffix}" in message


def flip(content: bytes) -> bytes:
    """Change a byte in the middle."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda packed: packed[: len(packed) // 2], id="cut"),
        pytest.param(lambda packed: packed[:-2], id="cut in the checksum"),
        pytest.param(flip, id="altered"),
        pytest.param(lambda packed: packed[:-8] + b"\0\0\0\0" + packed[-4:], id="wrong CRC"),
        pytest.param(lambda packed: packed + b"more", id="trailing bytes"),
    ],
)
def test_bad_gzip_is_refused(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    path = folder / f"{IMAGES}.gz"
    path.write_bytes(damage(path.read_bytes()))
    assert f"{path} can't be unpacked" in refusal(folder)


def test_data_sets_are_compared_as_wholes(folder: Path) -> None:
    dataset = data.load(folder)
    assert dataset in {dataset}
    assert dataset != data.load(folder)
