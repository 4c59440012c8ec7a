"""MNIST is found or downloaded, whatever the mirrors do, and nothing wrong stays in the cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from idx_files import encode, write_data_set

from mnist_gui import data
from mnist_gui.data import mnist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = mnist.FILES


class Mirror(ThreadingHTTPServer):
    """A server on this machine that tests tell how to misbehave."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.address = f"http://127.0.0.1:{self.server_port}/"
        self.files = dict(files)
        self.cut_files: set[str] = set()
        self.asked: list[str] = []
        self.answers = threading.Event()
        self.answers.set()


class Answer(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        name = self.path.removeprefix("/")
        self.server.asked.append(name)
        self.server.answers.wait()
        with suppress(ConnectionError):  # the other side may have hung up
            if name not in self.server.files:
                self.send_error(404)
                return
            content = self.server.files[name]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if name in self.server.cut_files else content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The four files of a small data set in MNIST's place, by name."""
    write_data_set(tmp_path / "published", train=300)
    contents = {name: (tmp_path / "published" / name).read_bytes() for name in mnist.FILES}
    table = {
        name: mnist.PublishedFile(len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    }
    monkeypatch.setattr(mnist, "FILES", table)
    return contents


@pytest.fixture
def mirrors(published: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Mirror, Mirror]]:
    """Two sound mirrors, tried in this order."""
    with Mirror(published) as first, Mirror(published) as second:
        monkeypatch.setattr(mnist, "MIRRORS", (first.address, second.address))
        for mirror in (first, second):
            threading.Thread(target=mirror.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield first, second
        for mirror in (first, second):
            mirror.answers.set()
            mirror.shutdown()


def cached() -> dict[str, bytes]:
    """What is in the cache, by name."""
    folder = mnist.cache_folder()
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def failure() -> str:
    """The one line with which MNIST is refused."""
    with pytest.raises(data.DataError) as caught:
        data.load("mnist")
    message = str(caught.value)
    assert "\n" not in message
    return message


def alter(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def test_mnist_is_downloaded_once(
    mirrors: tuple[Mirror, Mirror], published: dict[str, bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    assert mnist.find() is None
    dataset = data.load("mnist")
    assert dataset.name == "mnist"
    assert len(dataset.train_images) == 300
    assert cached() == published
    assert mnist.find() == mnist.cache_folder()

    np.testing.assert_array_equal(data.load("mnist").train_images, dataset.train_images)
    assert mirrors[0].asked == list(published)
    assert mirrors[1].asked == []
    assert capfd.readouterr() == ("", "")


def stays_silent(mirror: Mirror) -> None:
    mirror.answers.clear()


def lacks_a_file(mirror: Mirror) -> None:
    del mirror.files[TRAIN_LABELS]


def breaks_off(mirror: Mirror) -> None:
    mirror.cut_files.add(TRAIN_IMAGES)


def serves_an_altered_file(mirror: Mirror) -> None:
    mirror.files[TEST_IMAGES] = alter(mirror.files[TEST_IMAGES])


def serves_a_short_file(mirror: Mirror) -> None:
    mirror.files[TEST_IMAGES] = mirror.files[TEST_IMAGES][:-1]


def serves_an_endless_file(mirror: Mirror) -> None:
    mirror.files[TEST_LABELS] += bytes(1_000_000)


@pytest.mark.parametrize(
    ("misbehave", "name", "reason"),
    [
        (stays_silent, TRAIN_IMAGES, "doesn't answer within 0.2 seconds"),
        (lacks_a_file, TRAIN_LABELS, "answers with status 404"),
        (breaks_off, TRAIN_IMAGES, "can't be reached or breaks off"),
        (serves_an_altered_file, TEST_IMAGES, "sends other bytes than were published"),
        (serves_a_short_file, TEST_IMAGES, "sends other bytes than were published"),
        (serves_an_endless_file, TEST_LABELS, "sends other bytes than were published"),
    ],
)
def test_where_a_mirror_fails_the_next_one_is_tried(
    mirrors: tuple[Mirror, Mirror],
    published: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    misbehave: Callable[[Mirror], None],
    name: str,
    reason: str,
) -> None:
    monkeypatch.setattr("mnist_gui.data.download.TIMEOUT", 0.2)
    first, second = mirrors
    misbehave(first)
    second.files.clear()
    message = failure()
    assert f"{name} can't be downloaded: {first.address} {reason}, {second.address} answers with status 404" in message
    assert "--data" not in message  # the command line adds that; a window has no such words
    assert cached().items() <= published.items()

    second.files.update(published)
    data.load("mnist")
    assert cached() == published


def test_a_mirror_that_is_down_costs_one_attempt(
    mirrors: tuple[Mirror, Mirror], published: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, dead_address: str
) -> None:
    first, second = mirrors
    first.files.clear()
    monkeypatch.setattr(mnist, "MIRRORS", (dead_address, first.address, second.address))
    data.load("mnist")
    assert first.asked == [TRAIN_IMAGES]
    assert second.asked == list(published)


def test_without_a_network_the_way_to_a_folder_is_shown(dead_address: str) -> None:
    message = failure()
    assert f"{dead_address} can't be reached" in message
    assert "--data" not in message  # the command line adds that; a window has no such words
    assert cached() == {}


def test_each_mirror_may_lack_what_the_other_has(mirrors: tuple[Mirror, Mirror], published: dict[str, bytes]) -> None:
    serves_an_altered_file(mirrors[0])
    lacks_a_file(mirrors[1])
    data.load("mnist")
    assert cached() == published


def test_a_damaged_cache_is_repaired(mirrors: tuple[Mirror, Mirror], published: dict[str, bytes]) -> None:
    data.load("mnist")
    path = mnist.cache_folder() / TEST_IMAGES
    path.write_bytes(alter(path.read_bytes()))
    assert mnist.find() is None
    data.load("mnist")
    assert cached() == published
    assert mirrors[0].asked == [*published, TEST_IMAGES]


def test_what_else_lies_in_the_cache_is_not_used(mirrors: tuple[Mirror, Mirror], published: dict[str, bytes]) -> None:
    dataset = data.load("mnist")
    plain = mnist.cache_folder() / TEST_LABELS.removesuffix(".gz")
    plain.write_bytes(encode(np.full(20, 7, np.uint8)))
    np.testing.assert_array_equal(data.load("mnist").test_labels, dataset.test_labels)
    assert mirrors[0].asked == list(published)


def test_a_cache_that_cannot_be_written_is_named(
    mirrors: tuple[Mirror, Mirror], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(mnist, "cache_folder", lambda: tmp_path / "file" / "mnist")
    assert f"The cache {tmp_path / 'file' / 'mnist'} can't be written" in failure()


def test_progress_runs_to_the_end(mirrors: tuple[Mirror, Mirror], published: dict[str, bytes]) -> None:
    reports: list[tuple[int, int]] = []
    data.load("mnist", progress=lambda done, total: reports.append((done, total)))
    size = sum(map(len, published.values()))
    done = [report[0] for report in reports]
    assert {report[1] for report in reports} == {size}
    assert (done[0], done[-1]) == (0, size)
    assert done == sorted(done)
    assert max(np.diff(done)) <= 8 * 1024


def test_cancelling_leaves_whole_files_only(mirrors: tuple[Mirror, Mirror], published: dict[str, bytes]) -> None:
    def cancel(done: int, total: int) -> None:
        if done > len(published[TRAIN_IMAGES]) + len(published[TRAIN_LABELS]):
            raise mnist.DownloadCancelled

    with pytest.raises(mnist.DownloadCancelled):
        data.load("mnist", progress=cancel)
    assert cached().keys() == {TRAIN_IMAGES, TRAIN_LABELS}
    assert cached().items() <= published.items()

    data.load("mnist")
    assert mirrors[0].asked == [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_IMAGES, TEST_LABELS]


def test_the_variable_names_a_folder(
    mirrors: tuple[Mirror, Mirror], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_data_set(tmp_path / "mine")
    monkeypatch.setenv("MNIST_GUI_DATA", str(tmp_path / "mine"))
    assert mnist.find() == tmp_path / "mine"
    dataset = data.load("mnist")
    assert dataset.name == "mnist"
    assert len(dataset.train_images) == 30
    assert mirrors[0].asked == []


def test_a_wrong_variable_is_an_error(
    mirrors: tuple[Mirror, Mirror], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.load("mnist")
    monkeypatch.setenv("MNIST_GUI_DATA", str(tmp_path / "nowhere"))
    message = failure()
    assert message.startswith("MNIST_GUI_DATA: ")
    assert str(tmp_path / "nowhere") in message

    monkeypatch.setenv("MNIST_GUI_DATA", "")
    assert mnist.find() == mnist.cache_folder()


def test_the_cache_has_the_program_s_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert mnist.cache_folder().name == "mnist"
    assert "mnist_gui" in mnist.cache_folder().parts


def test_importing_the_data_needs_only_numpy() -> None:
    program = "import mnist_gui.data, sys; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "numpy" in output.split()
    assert not {"pooch", "requests", "platformdirs", "PIL", "PySide6", "tqdm"}.intersection(output.split())


@pytest.mark.mnist
def test_mnist_is_the_published_one(mnist: data.Dataset) -> None:
    assert mnist.name == "mnist"
    assert mnist.train_images.shape == (60_000, 28, 28)
    assert mnist.test_images.shape == (10_000, 28, 28)
    assert mnist.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert hashlib.md5(encode(mnist.train_images)).hexdigest() == "6bbc9ace898e44ae57da46a324031adb"


@pytest.mark.mnist
def test_the_table_fits_the_published_files() -> None:
    folder = Path(os.environ["MNIST_GUI_DATA"])
    for name, file in mnist.FILES.items():
        if (folder / name).exists():
            content = (folder / name).read_bytes()
            assert mnist.PublishedFile(len(content), hashlib.sha256(content).hexdigest()) == file


@pytest.mark.mnist
def test_mnist_is_known_wherever_it_lies(mnist: data.Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.symlink_to(os.environ["MNIST_GUI_DATA"], target_is_directory=True)
    assert data.load(folder).name == "mnist"


@pytest.mark.mnist
def test_other_images_with_the_same_labels_are_another_set(mnist: data.Dataset) -> None:
    from dataclasses import replace

    from mnist_gui.data.mnist import is_mnist

    assert is_mnist(mnist)
    assert not is_mnist(replace(mnist, train_images=mnist.train_images.transpose(0, 2, 1).copy()))
    assert not is_mnist(replace(mnist, train_labels=mnist.train_labels[::-1].copy()))
