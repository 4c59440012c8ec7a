"""What the window remembers: plain values of known type and range, whatever the file holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QSettings

from mnist_gui.gui import settings
from mnist_gui.gui.settings import Settings


def write(text: str | bytes) -> None:
    path = settings.path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_what_was_remembered_is_there_again() -> None:
    assert settings.load() == Settings()
    settings.remember(pen=99, appearance="dark", place=(1, -2, 1300, 900))
    settings.remember(toured=True)
    assert settings.load() == Settings(toured=True, appearance="dark", pen=99, place=(1, -2, 1300, 900))


@pytest.mark.parametrize(
    "odd",
    [
        '{"pen": 1e308}',
        '{"pen": 99999999999999999999999}',
        '{"pen": true}',
        '{"page": -1}',
        '{"appearance": ["dark"]}',
        '{"place": [0, 0, 1e3, 5]}',
        '{"place": [0, 0, 99999999, 5]}',
        '{"toured": "yes"}',
        '{"unknown": 1}',
        "[" * 100_000,
        "[]",
        "",
        "null",
        '{"pen": NaN}',
    ],
)
def test_what_is_odd_is_dropped(odd: str) -> None:
    write(odd)
    assert settings.load() == Settings()


def test_one_odd_value_leaves_the_others() -> None:
    write(json.dumps({**asdict(Settings(pen=88)), "page": "last"}))
    assert settings.load() == Settings(pen=88)


@given(st.binary(max_size=200))
def test_any_bytes_are_read(content: bytes) -> None:
    write(content)
    assert isinstance(settings.load(), Settings)


def test_where_nothing_can_be_written_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(settings, "path", lambda: tmp_path / "file" / "settings.json")
    settings.remember(pen=50)
    assert settings.load() == Settings()


def test_an_earlier_version_s_file_is_taken_over_as_text() -> None:
    earlier = Path(QSettings().fileName())
    earlier.parent.mkdir(parents=True, exist_ok=True)
    pickled = r"geometry=@Variant(\0\0\0\x7f\0\0\0\x14PyQt_PyObject\0\0\0\0\x04K\x01.)"
    earlier.write_text(f"[General]\n{pickled}\ntoured=1\npen=90\nview=3\nkeeps_run=true\nappearance=light\n")
    assert settings.load() == Settings(toured=True, appearance="light", page=3, pen=90, keeps_run=True)
