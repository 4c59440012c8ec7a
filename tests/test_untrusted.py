"""A file is opened only if it is one, and is not too large; nothing is waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mnist_gui import untrusted


def test_a_file_is_read(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    assert untrusted.read(tmp_path / "file", 7) == b"content"
    with untrusted.open_file(str(tmp_path / "file"), 7) as file:
        assert file.read() == b"content"


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    with pytest.raises(OSError, match="far too large"):
        untrusted.read(tmp_path / "file", 6)


@pytest.mark.skipif(os.name != "posix", reason="about pipes and devices as POSIX has them")
@pytest.mark.timeout(10)
def test_pipes_devices_and_folders_are_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for path in (tmp_path / "pipe", tmp_path / "link", "/dev/zero", tmp_path):
        with pytest.raises(OSError, match="that is not a file"):
            untrusted.open_file(path, 10)


def test_what_is_missing_or_can_be_no_name_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        untrusted.open_file(tmp_path / "none", 10)
    with pytest.raises(OSError, match="can't be the name of a file"):
        untrusted.open_file("nul\0", 10)


@pytest.mark.skipif(os.name != "posix", reason="about pipes as POSIX has them")
@pytest.mark.timeout(10)
def test_a_pipe_that_takes_a_file_s_place_meanwhile_is_not_waited_for_either(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"content")
    before = (tmp_path / "file").stat()
    monkeypatch.setattr(Path, "stat", lambda path: before)
    with pytest.raises(OSError, match="that is not a file"):
        untrusted.open_file(tmp_path / "pipe", 10)
