"""What is packed once, twice, in a zip or not at all is the same stream, and nothing takes long or much memory."""

from __future__ import annotations

import gzip
import io
import os
import struct
import time
import zipfile
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_gui.data import packing
from mnist_gui.data.dataset import DataError
from mnist_gui.data.packing import Entry, members, opened

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = bytes(range(250)) * 3000


def entry(folder: Path, content: bytes) -> Entry:
    (folder / "file").write_bytes(content)
    return Entry(folder / "file", "file", len(content))


def refusal(entry: Entry) -> str:
    with pytest.raises(DataError) as caught, opened(entry) as stream:
        stream.read()
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(lambda content: content, id="plain"),
        pytest.param(gzip.compress, id="gzip"),
        pytest.param(lambda content: gzip.compress(gzip.compress(content)), id="doubly"),
        pytest.param(lambda content: gzip.compress(content) + bytes(1000), id="padded"),
        pytest.param(
            lambda content: b"".join(gzip.compress(content[at : at + 1000]) for at in range(0, len(content), 1000)),
            id="chained",
        ),
    ],
)
def test_what_is_packed_is_read(tmp_path: Path, pack) -> None:
    ticks: list[int] = []
    packed = pack(CONTENT)
    with opened(entry(tmp_path, packed), ticks.append) as stream:
        assert stream.read() == CONTENT
    assert sum(ticks) == len(packed)


def test_what_is_packed_thrice_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(gzip.compress(gzip.compress(CONTENT)))
    assert "packed more than 2 times" in refusal(entry(tmp_path, packed))


@given(st.binary(max_size=200))
def test_gzip_with_other_bytes_in_it_is_refused_or_read(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    folder = tmp_path_factory.mktemp("noise")
    packed = bytearray(gzip.compress(CONTENT[:500]))
    packed[10 : 10 + len(noise)] = noise
    with suppress(DataError), opened(entry(folder, bytes(packed))) as stream:
        stream.read(1_000_000)


@pytest.mark.parametrize("cut", [1, 5, 9, 200])
def test_what_is_cut_is_refused(tmp_path: Path, cut: int) -> None:
    assert "can't be unpacked" in refusal(entry(tmp_path, gzip.compress(CONTENT)[:-cut]))


def test_a_member_of_a_zip_is_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/a.gz", gzip.compress(CONTENT))
        archive.writestr("__MACOSX/folder/._a.gz", b"")
        archive.mkdir("empty")
        archive.writestr("nameless", b"")
        archive.infolist()[-1].filename = ""  # in the list of members
    (member,) = members(entry(tmp_path, buffer.getvalue()))
    assert member.place == "file/folder/a.gz"
    with opened(member) as stream:
        assert stream.read() == CONTENT


def test_a_zip_of_many_members_is_refused_before_it_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(packing.MAX_MEMBERS + 1):
            archive.writestr(str(number), b"")
    crowded = entry(tmp_path, buffer.getvalue())
    monkeypatch.setattr(packing.zipfile, "ZipFile", None)
    with pytest.raises(DataError, match="is a zip of more than 50 files: unpack it first"):
        members(crowded)


def test_a_long_name_in_a_header_costs_no_time(tmp_path: Path) -> None:
    header = b"\x1f\x8b\x08\x08" + bytes(4) + b"\0\xff"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(b"content") + packer.flush() + struct.pack("<II", zlib.crc32(b"content"), 7)
    named = entry(tmp_path, header + b"a" * 50_000_000 + b"\0" + body)
    start = time.perf_counter()
    with opened(named) as stream:
        assert stream.read() == b"content"
    assert time.perf_counter() - start < 2


@pytest.mark.skipif(os.name != "posix", reason="about pipes as POSIX has them")
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        assert f"{path} can't be read: that is not a file" in refusal(Entry(path, path.name, 0))


def test_what_goes_wrong_while_reading_names_the_file(tmp_path: Path) -> None:
    for error in (MemoryError(), OverflowError(), OSError(5, "Input/output error"), EOFError()):
        with pytest.raises(DataError, match="file"), opened(entry(tmp_path, b"")):
            raise error
