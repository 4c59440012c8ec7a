"""Tables of a label and the pixels in each line are read in every form in which people export them."""

from __future__ import annotations

import gzip
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mnist_gui.data import table
from mnist_gui.data.dataset import DataError
from mnist_gui.data.packing import Entry

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (40, 28, 28), np.uint8)
IMAGES[:, 0] = IMAGES[:, -1] = 0
LABELS = np.arange(40) % 10


def lines(*, last: bool = False, comma: str = ",", scale: float | None = None, index: bool = False) -> list[str]:
    rows = []
    for number, (label, image) in enumerate(zip(LABELS, IMAGES, strict=True)):
        pixels = [str(value if scale is None else value / scale) for value in image.ravel().tolist()]
        cells = [*pixels, str(label)] if last else [str(label), *pixels]
        rows.append(comma.join([str(number), *cells] if index else cells))
    return rows


def entry(folder: Path, content: str | bytes) -> Entry:
    content = content if isinstance(content, bytes) else content.encode()
    (folder / "file").write_bytes(content)
    return Entry(folder / "file", "file", len(content))


HEADINGS = ",".join(["label", *(f"pixel{number}" for number in range(784))])
LAST_HEADINGS = ",".join([*(f"pixel{number}" for number in range(784)), "class"])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\n".join(lines()), id="label first"),
        pytest.param("\n".join(lines(last=True)), id="label last"),
        pytest.param("\n".join([HEADINGS, *lines()]) + "\n", id="headings"),
        pytest.param("\n".join([LAST_HEADINGS, *lines(last=True)]), id="headings, label last"),
        pytest.param("\r\n".join([HEADINGS, *lines(), "", ""]), id="from Windows"),
        pytest.param("\ufeff" + "\n".join(lines()), id="with a mark of the byte order"),
        pytest.param("\n".join(lines(comma=";")), id="semicolons"),
        pytest.param("\n".join(lines(comma="\t")), id="tabs"),
        pytest.param("\n".join(lines(comma=" ")), id="blanks"),
        pytest.param("\n".join(lines(scale=255)), id="from 0 to 1"),
        pytest.param("\n".join(lines(scale=1)), id="with decimals"),
        pytest.param("\n".join(["," + HEADINGS, *lines(index=True)]), id="numbered"),
        pytest.param(gzip.compress("\n".join(lines()).encode()), id="gzip"),
    ],
)
def test_a_table_is_read(tmp_path: Path, content: str | bytes) -> None:
    found = table.look(entry(tmp_path, content))
    assert found is not None
    assert found.has_labels
    images, labels = zip(*found.blocks(None), strict=True)
    np.testing.assert_array_equal(np.concatenate(images), IMAGES, strict=True)
    np.testing.assert_array_equal(np.concatenate(labels), LABELS)


def test_large_tables_come_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_CHUNK_SIZE", 5000)
    found = table.look(entry(tmp_path, "\n".join(lines())))
    assert found is not None
    parts = list(found.blocks(None))
    assert len(parts) > 10
    np.testing.assert_array_equal(np.concatenate([images for images, _ in parts]), IMAGES)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("1,2,3", "3 columns in the lines from 41; expected 785"),
        ("a" + ",0" * 784, "can't be read in the lines from 41"),
        ("1" + ",256" * 784, "pixels from 256 to 256 after others"),
        ("0.5" + ",0" * 784, "labels that are no whole numbers"),
        ("nan" + ",0" * 784, "labels that are no whole numbers"),
        ("1" + ",99999999999" * 784, "can't be read in the lines from 41"),
        ("1" * 300_000, "lines that are too long"),
        ("\n" * 20_000, "lines that are too long, or too short"),
    ],
    ids=lambda value: value[:12],
)
def test_a_bad_line_is_refused(tmp_path: Path, row: str, expected: str) -> None:
    found = table.look(entry(tmp_path, "\n".join([*lines(), row])))
    assert found is not None
    with pytest.raises(DataError) as caught:
        list(found.blocks(None))
    assert expected in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "content", ["", "\n\n", "1,2,3\n", "hello, world\n" * 100, "ImageId,Label\n1,3\n", "1" + ",0" * 700 + "\n"]
)
def test_other_text_is_no_table(tmp_path: Path, content: str) -> None:
    assert table.look(entry(tmp_path, content)) is None


def test_one_endless_line_is_refused_at_once(tmp_path: Path) -> None:
    start = time.perf_counter()
    assert table.look(entry(tmp_path, gzip.compress(b"0," * 50_000_000))) is None
    assert time.perf_counter() - start < 3  # of which packing takes the most
