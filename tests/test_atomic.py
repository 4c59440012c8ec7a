"""A file is written whole or not at all, whatever happens, and nothing is left beside it."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from mnist_gui import atomic

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(os.name != "posix", reason="about pipes, links, locks and permissions as POSIX has them")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    return path


@pytest.fixture(autouse=True)
def impatience(monkeypatch):
    """Look for left-overs at each writing, however short ago the last look was."""
    monkeypatch.setattr(atomic, "_next_clearing", {})


def test_a_file_is_written_and_replaced(tmp_path):
    for content in (b"", b"short", b"long" * 1_000_000):
        atomic.write(tmp_path / "file", content)
        assert contents(tmp_path) == {"file": content}
    atomic.write(str(tmp_path / ("x" * 255)), b"as long as names can be")


# Onto the disk


def test_file_and_folder_are_seen_onto_the_disk_in_this_order(path, monkeypatch):
    synced = []

    def fsync(descriptor):
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        synced.append((kind, path.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    atomic.write(path, b"after")
    # The file before it takes the name, and then the folder, whose entry the new name is.
    assert synced == [("file", b"before"), *([("folder", b"after")] if os.name == "posix" else [])]


def test_a_folder_that_can_not_be_synced_is_no_failure(path, monkeypatch):
    sync = os.fsync

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    atomic.write(path, b"after")
    assert path.read_bytes() == b"after"


# Failures


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_changes_nothing_and_leaves_nothing(path, monkeypatch, call, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(type(error)):
        atomic.write(path, b"after")
    assert contents(path.parent) == {"file": b"before"}


@posix
def test_a_disk_that_fills_in_the_middle_changes_nothing(path):
    program = (
        "import resource, signal, sys\nfrom mnist_gui import atomic\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n    atomic.write(sys.argv[1], bytes(1_000_000))\nexcept OSError as error:\n    print(error.strerror)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "File too large\n"
    assert contents(path.parent) == {"file": b"before"}


@pytest.mark.parametrize("name", ["nowhere/file", "file/file", "nul\0"])
def test_a_place_that_does_not_exist_is_refused(path, name):
    with pytest.raises(OSError, match=r"\w"):
        atomic.write(path.parent / name, b"after")
    assert contents(path.parent) == {"file": b"before"}


# What is not a plain file


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(OSError, match="that is not a file"):
        atomic.write(tmp_path, b"")
    assert contents(tmp_path) == {}


@posix
@pytest.mark.timeout(10)
@pytest.mark.parametrize("by_link", [False, True])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, by_link):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    target = tmp_path / "link" if by_link else pipe
    if by_link:
        target.symlink_to(pipe)
    with pytest.raises(OSError, match="that is not a file"):
        atomic.write(target, b"")
    assert pipe.is_fifo()


@posix
def test_a_device_is_refused():
    with pytest.raises(OSError, match="that is not a file"):
        atomic.write("/dev/null", b"")


@posix
def test_a_link_stays_a_link(path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "link").symlink_to(path)
    (folder / "further").symlink_to("link")
    atomic.write(folder / "further", b"after")
    assert (folder / "further").is_symlink()
    assert (folder / "link").is_symlink()
    assert path.read_bytes() == b"after"


@posix
def test_a_link_that_leads_nowhere_yet_is_followed(tmp_path):
    (tmp_path / "link").symlink_to("new")
    atomic.write(tmp_path / "link", b"content")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "new").read_bytes() == b"content"


@posix
def test_links_that_lead_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match=r"\w"):
        atomic.write(tmp_path / "a", b"")


# Permissions


@posix
def test_a_new_file_has_the_usual_permissions(tmp_path):
    before = os.umask(0o027)
    try:
        atomic.write(tmp_path / "file", b"")
    finally:
        assert os.umask(before) == 0o027
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


@posix
def test_a_file_that_is_replaced_keeps_its_permissions(path):
    path.chmod(0o600)
    atomic.write(path, b"after")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anything")
def test_a_write_protected_file_is_not_replaced(path):
    path.chmod(0o400)
    with pytest.raises(PermissionError):
        atomic.write(path, b"after")


# Left-overs


def kill_while_writing(folder: Path) -> Path:
    """Kill a program in the middle of a writing; return what it leaves."""
    program = (
        "import os, signal, sys\nfrom mnist_gui import atomic\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\natomic.write(sys.argv[1], b'half')"
    )
    done = subprocess.run([sys.executable, "-c", program, str(folder / "killed")], check=False)
    assert done.returncode == -signal.SIGKILL
    [left_over] = folder.glob(".mnist_gui-*.part")
    return left_over


@posix
def test_what_a_killed_program_left_is_removed_by_the_next(tmp_path):
    kill_while_writing(tmp_path)
    atomic.write(tmp_path / "next", b"whole")
    assert contents(tmp_path) == {"next": b"whole"}


@posix
def test_what_another_program_is_writing_is_left_alone(tmp_path):
    program = (
        "import os, sys\nfrom mnist_gui import atomic\nsync, waited = os.fsync, []\n"
        "def wait(descriptor):\n    sync(descriptor)\n    waited or print('here', flush=True)\n"
        "    waited or sys.stdin.readline()\n    waited.append(1)\n"
        "os.fsync = wait\natomic.write(sys.argv[1], b'slow')"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "slow")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as slow:
        assert slow.stdout is not None
        assert slow.stdout.readline() == "here\n"
        atomic.write(tmp_path / "quick", b"quick")
        slow.communicate("\n", timeout=60)
    assert slow.returncode == 0
    assert contents(tmp_path) == {"quick": b"quick", "slow": b"slow"}


def test_what_earlier_versions_left_is_removed_once_it_is_old(tmp_path):
    ours = [".model-k2_9xq0a", ".0b7c1f5e-6a0e-4a58-9d33-0a1b2c3d4e5f.part"]
    others = [".model-of-a-house", ".thesis.part", "tmpk2_9xq0a", "model-k2_9xq0a"]
    for name in ours + others:
        (tmp_path / name).write_bytes(b"half")
    atomic.write(tmp_path / "file", b"")
    assert len(contents(tmp_path)) == 7
    for name in ours + others:
        os.utime(tmp_path / name, (time.time() - 3600,) * 2)
    (tmp_path / ".model-12345678").mkdir()
    (tmp_path / ".model-12345678").rmdir()
    atomic._next_clearing.clear()
    atomic.write(tmp_path / "file", b"")
    assert sorted(contents(tmp_path)) == sorted([*others, "file"])
    atomic.clear_left_overs(tmp_path, downloads=True)
    assert "tmpk2_9xq0a" not in contents(tmp_path)


def test_a_folder_of_thousands_is_not_looked_through_for_each(tmp_path, monkeypatch):
    looks = []
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: looks.append(time.sleep(0.01)) or scan(folder))
    for i in range(20):
        atomic.write(tmp_path / str(i), b"")
    assert len(looks) < 10


def test_programs_that_write_at_once_lose_nothing(tmp_path):
    program = (
        "import sys\nfrom mnist_gui import atomic\n"
        "for i in range(100):\n    atomic._next_clearing.clear()\n"
        "    atomic.write(f'{sys.argv[1]}/{sys.argv[2]}{i}', sys.argv[2].encode() * 1000)\n"
        "    atomic.write(f'{sys.argv[1]}/shared', sys.argv[2].encode() * 1000)"
    )
    programs = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name]) for name in "abc"]
    assert [running.wait(60) for running in programs] == [0, 0, 0]
    written = contents(tmp_path)
    assert len(written) == 301
    assert written.pop("shared") in (b"a" * 1000, b"b" * 1000, b"c" * 1000)
    assert all(content == name[:1].encode() * 1000 for name, content in written.items())
