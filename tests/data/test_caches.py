"""What is kept in the user's cache comes back to the last byte, or not at all."""

import hashlib
import zlib

import numpy as np
import pytest

from mnist_gui.data import caches


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"\x07", bytes(1000), bytes(range(256)) * 4, bytes([0, 3, 0, 0, 9, 0, 0, 0, 0, 1, 0])],
    ids=["nothing", "a zero", "one byte", "zeros", "all bytes", "some of both"],
)
def test_what_is_stored_comes_back(tmp_path, content):
    path = tmp_path / "edition" / "name"
    caches.store(path, content)
    assert caches.load(path, len(content)) == content
    assert caches.load(path, len(content) + 8) is None
    if content:
        assert caches.load(path, len(content) - 1) is None


def test_any_bytes_come_back(tmp_path):
    rng = np.random.default_rng(0)
    for share in (0.01, 0.3, 1.0):
        values = rng.integers(0, 256, 5000, np.uint8) * (rng.random(5000) < share)
        caches.store(tmp_path / "edition" / "name", values.tobytes())
        assert caches.load(tmp_path / "edition" / "name", 5000) == values.tobytes()


def test_what_was_packed_in_another_way_is_not_there(tmp_path):
    packed = zlib.compress(bytes(1000), 1)
    (tmp_path / "old").write_bytes(hashlib.sha256(packed).digest() + packed)
    assert caches.load(tmp_path / "old", 1000) is None


def test_the_first_file_of_an_edition_clears_the_others(tmp_path):
    caches.store(tmp_path / "1" / "a", b"old")
    caches.store(tmp_path / "2" / "a", b"new")
    caches.store(tmp_path / "2" / "b", b"newer")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2"]
    assert sorted(path.name for path in (tmp_path / "2").iterdir()) == ["a", "b"]
