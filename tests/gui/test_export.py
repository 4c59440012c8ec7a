"""Pictures of views, and the film of the filters."""

import errno
import os
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QLabel

from mnist_gui.errors import UserError
from mnist_gui.gui.export import FRAMES, save_film, save_view
from mnist_gui.history import Snapshot
from mnist_gui.nn import architectures


@pytest.fixture
def label(qtbot):
    label = QLabel("some text")
    label.resize(120, 40)
    qtbot.addWidget(label)
    return label


def test_a_view_is_saved_as_png(label, tmp_path):
    save_view(label, tmp_path / "view.png")
    with Image.open(tmp_path / "view.png") as picture:
        assert picture.size == (120, 40)
        assert len(set(picture.convert("L").get_flattened_data())) > 1


def test_a_view_is_saved_as_svg(label, tmp_path):
    save_view(label, tmp_path / "view.svg")
    root = ET.parse(tmp_path / "view.svg").getroot()
    assert root.get("viewBox") == "0 0 120 40"
    assert any(child.tag.endswith("g") for child in root)


def run(count, architecture="notebook"):
    size = architectures.build(architecture).parameters.size
    return [Snapshot(i, i / 10, None, np.full(size, i - 1, np.float32)) for i in range(count)]


@pytest.mark.parametrize(("count", "frames"), [(1, 1), (5, 5), (500, FRAMES)])
def test_the_filters_move_in_an_animated_gif(qtbot, tmp_path, count, frames):
    save_film(run(count), "notebook", tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == frames


def test_the_film_rests_at_its_end_and_begins_again(qtbot, tmp_path):
    save_film(run(5), "notebook", tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        times = []
        for frame in range(film.n_frames):
            film.seek(frame)
            times.append(film.info["duration"])
        assert film.info["loop"] == 0
    assert times == [60] * 4 + [2000]


def test_the_filters_stand_side_by_side_in_a_strip(qtbot, tmp_path):
    save_film(run(3, "deep"), "deep", tmp_path / "strip.png")
    with Image.open(tmp_path / "strip.png") as strip:
        assert strip.width > 2 * strip.height / 8


@pytest.mark.parametrize("name", ["view.png", "view.svg"])
def test_a_picture_that_cannot_be_written_is_told_in_a_line(label, tmp_path, name):
    with pytest.raises(UserError, match=r"The picture can't be saved as .*: No such file"):
        save_view(label, tmp_path / "missing" / name)


def test_a_picture_is_written_whole_or_not_at_all(label, tmp_path, monkeypatch):
    (tmp_path / "view.png").write_text("before")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(UserError, match="No space left on device"):
        save_view(label, tmp_path / "view.png")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]
