"""What all tests share: MNIST for those that are marked so, and no way to the person's files or the network."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from mnist_gui import data

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def mnist() -> data.Dataset:
    """MNIST itself."""
    if not os.environ.get("MNIST_GUI_DATA"):
        pytest.skip("MNIST_GUI_DATA names no folder with MNIST's four files")
    return data.load("mnist")


@pytest.fixture(scope="session")
def dead_address() -> str:
    """The address of a server that is down."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


@pytest.fixture(scope="session")
def cache_of_children(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's cache for programs that tests start; one for all, since the system's libraries fill it too."""
    return tmp_path_factory.mktemp("cache_of_children")


@pytest.fixture(autouse=True)
def isolation(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    cache_of_children: Path,
    dead_address: str,
) -> None:
    """Keep tests from the user's cache and the network, and from MNIST unless they are marked as needing it."""
    if request.node.get_closest_marker("mnist"):
        request.getfixturevalue("mnist")  # skips the test if there is none
    else:
        monkeypatch.delenv("MNIST_GUI_DATA", raising=False)
    cache = tmp_path_factory.mktemp("cache") / "mnist"
    monkeypatch.setattr("mnist_gui.data.mnist.cache_folder", lambda: cache)
    # One for all tests: the data set of drawn digits is then drawn once.
    monkeypatch.setattr("mnist_gui.data.caches.folder", lambda: cache_of_children / "mnist_gui")
    monkeypatch.setattr("mnist_gui.data.mnist.MIRRORS", (dead_address,))
    digits = tmp_path_factory.mktemp("data") / "digits"
    monkeypatch.setattr("mnist_gui.my_digits.digits_folder", lambda: digits)
    # The programs that a test starts know only the environment.
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_of_children))
    monkeypatch.setenv("XDG_DATA_HOME", str(digits.parent))
    monkeypatch.setenv("HTTPS_PROXY", dead_address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
