"""Drawn digits are the same for the same seed, differ otherwise, and look like digits to the program's own ink."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mnist_gui.data import drawn
from mnist_gui.data.skeletons import form, skeletons
from mnist_gui.ink import centre_of_mass, from_strokes

if TYPE_CHECKING:
    from pathlib import Path


def test_the_data_set_is_labelled_balanced_and_read_only() -> None:
    data = drawn.load(train_size=300, test_size=100)
    assert data.name == "drawn"
    for images, labels, size in (
        (data.train_images, data.train_labels, 300),
        (data.test_images, data.test_labels, 100),
    ):
        assert (images.shape, images.dtype) == ((size, 28, 28), np.uint8)
        assert (labels.shape, labels.dtype) == ((size,), np.uint8)
        assert np.bincount(labels).tolist() == [size // 10] * 10
        assert not images.flags.writeable
        assert not labels.flags.writeable


def test_a_seed_decides_everything() -> None:
    first = drawn.images(60, seed=7)
    drawn._kept.clear()
    again, other = drawn.images(60, seed=7), drawn.images(60, seed=8)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_no_two_drawings_are_alike() -> None:
    images, _ = drawn.images(2000, seed=3)
    assert len(np.unique(images.reshape(2000, -1), axis=0)) == 2000


def test_every_drawing_is_prepared_as_mnist_was() -> None:
    images, _ = drawn.images(1000, seed=4)
    assert np.abs(centre_of_mass(images) - 14).max() <= 0.5
    assert images.max(axis=(1, 2)).min() > 150
    inked = images > 127
    height, width = inked.any(axis=2).sum(axis=1), inked.any(axis=1).sum(axis=1)
    assert np.abs(np.maximum(height, width) - 20).max() <= 2


def test_most_lean_to_the_right_and_some_to_the_left() -> None:
    images, _ = drawn.images(1000, seed=4)
    y, x = np.mgrid[:28, :28] + 0.5
    across, down = (grid - middle[:, None, None] for grid, middle in zip((x, y), centre_of_mass(images).T, strict=True))
    # Of the shear, x to the right per y down: to lean to the right is to have it below 0.
    lean = (images * across * down).sum(axis=(1, 2)) / (images * down**2).sum(axis=(1, 2))
    assert -0.2 < lean.mean() < -0.05
    assert 0.1 < (lean > 0).mean() < 0.4


def test_lines_are_as_thin_and_as_thick_as_mnists() -> None:
    images, _ = drawn.images(1000, seed=4)
    ink = np.pad(images / 255, ((0, 0), (2, 2), (2, 2)))
    slopes = np.hypot(*np.gradient(ink, axis=(1, 2))).sum(axis=(1, 2))
    thickness = 2 * ink.sum(axis=(1, 2)) / slopes  # a line's area is length × thickness, its outline 2 × length
    thin, median, thick = np.percentile(thickness, [5, 50, 95])  # MNIST's are 2.0, 2.6 and 3.8, so measured
    assert thin == pytest.approx(2.0, abs=0.2)
    assert median == pytest.approx(2.6, abs=0.2)
    assert thick == pytest.approx(3.8, abs=0.3)


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_is_drawn_in_strokes_that_the_canvas_could_have_made(digit: int) -> None:
    rng = np.random.default_rng(digit)
    for _ in range(20):
        strokes = drawn.draw(digit, rng)
        assert 1 <= len(strokes) <= 2
        assert from_strokes(strokes) is not None


def test_drawing_does_not_change_its_skeletons() -> None:
    before = [skeleton.places.copy() for skeleton in skeletons(4)]
    drawn.draw(4, np.random.default_rng(0))
    for skeleton, places in zip(skeletons(4), before, strict=True):
        np.testing.assert_array_equal(skeleton.places, places)


def test_a_path_goes_through_its_places() -> None:
    skeleton = form(1, "0,0 30,10 40,60", "10,50* 50,50")
    for matrix in (skeleton.sharp, skeleton.smooth):
        path = matrix @ skeleton.places
        distance = np.hypot(*(path[:, None] - skeleton.places).transpose(2, 0, 1))
        assert distance.min(axis=0).max() < 1e-9
    assert skeleton.ends.tolist() == [True, False, True, True, True]
    np.testing.assert_allclose(skeleton.sharp.sum(axis=1), 1, err_msg="a shifted skeleton is a shifted path")


def test_a_corner_is_sharp_only_in_the_sharp_path() -> None:
    skeleton = form(1, "0,0 50,0* 50,50")
    bend = {}
    for name in ("sharp", "smooth"):
        heading = np.diff(getattr(skeleton, name) @ skeleton.places, axis=0)
        heading = heading[np.hypot(*heading.T) > 0.1]  # neighbouring segments share a point
        bend[name] = np.abs(np.diff(np.unwrap(np.arctan2(heading[:, 1], heading[:, 0])))).max()
    assert bend["sharp"] == pytest.approx(np.pi / 2)
    assert bend["smooth"] < np.pi / 8


def test_drawing_can_be_left_off_between_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "_kept", {})
    drawing = drawn.prepare(300, seed=11)
    next(drawing)
    drawing.close()
    assert not drawn._kept
    assert sum(1 for _ in drawn.prepare(300, seed=11)) > 10
    assert not list(drawn.prepare(300, seed=11))  # they are there


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setattr(drawn.caches, "folder", lambda: tmp_path)
    monkeypatch.setattr(drawn, "_kept", {})
    return tmp_path / "drawn"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_the_data_set_comes_from_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = drawn.images(1500, drawn.TRAIN_SEED)
    assert [path.name for path in files(cache)] == ["1-0", "1-1"]
    assert sum(path.stat().st_size for path in files(cache)) < 500_000
    drawn._kept.clear()
    monkeypatch.setattr(drawn, "draw_block", None)
    again = drawn.images(1400, drawn.TRAIN_SEED)
    np.testing.assert_array_equal(again[0], first[0][:1400])
    np.testing.assert_array_equal(again[1], first[1][:1400])


def cut(content: bytes) -> bytes:
    return content[:-1]


def altered(content: bytes) -> bytes:
    return content[:-5] + b"?" + content[-4:]


def emptied(content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("spoil", [cut, altered, emptied])
def test_what_is_damaged_in_the_cache_is_drawn_anew(cache: Path, spoil) -> None:
    first = drawn.images(1000, drawn.TEST_SEED)
    (path,) = files(cache)
    sound = path.read_bytes()
    path.write_bytes(spoil(sound))
    drawn._kept.clear()
    np.testing.assert_array_equal(drawn.images(1000, drawn.TEST_SEED)[0], first[0])
    assert path.read_bytes() == sound


def test_only_the_data_set_is_cached_and_only_its_present_edition(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn.images(10, seed=77)
    assert not files(cache)
    (cache / "old").mkdir(parents=True)
    (cache / "old" / "1-0").write_bytes(b"digits of an earlier edition")
    drawn.images(10, drawn.TRAIN_SEED)
    assert [path.name for path in files(cache)] == ["1-0"]
    assert not (cache / "old").exists()


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(drawn.caches, "folder", lambda: tmp_path / "file")
    monkeypatch.setattr(drawn, "_kept", {})
    assert len(drawn.images(10, drawn.TRAIN_SEED)[0]) == 10


def test_only_the_last_sets_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "_kept", {})
    for seed in range(drawn.KEPT + 2):
        drawn.images(10, seed)
    assert [seed for _, seed in drawn._kept] == list(range(2, drawn.KEPT + 2))


def test_a_digit_depends_on_its_seed_and_its_block_alone() -> None:
    images, labels = drawn.images(2 * drawn.BLOCK, seed=5)
    for count in (10, drawn.BLOCK + 7):
        fewer, fewer_labels = drawn.images(count, seed=5)
        np.testing.assert_array_equal(fewer, images[:count])
        np.testing.assert_array_equal(fewer_labels, labels[:count])
    second = whole(drawn.draw_block(5, 1))
    np.testing.assert_array_equal(second[0], images[drawn.BLOCK :])
    np.testing.assert_array_equal(second[1], labels[drawn.BLOCK :])


def whole(drawing):
    """Draw a block to its end."""
    while True:
        try:
            next(drawing)
        except StopIteration as end:
            return end.value


def test_the_forms_of_a_digit_are_as_common_as_they_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    follow = drawn._paths

    def count(skeleton, haste, normals):
        seen.extend([skeleton.places.tobytes()] * len(haste))
        return follow(skeleton, haste, normals)

    monkeypatch.setattr(drawn, "_paths", count)
    for number in range(4):
        whole(drawn.draw_block(6, number))
    for digit in range(10):
        shares = drawn._shares(skeletons(digit))
        counts = [seen.count(skeleton.places.tobytes()) for skeleton in skeletons(digit)]
        assert sum(counts) == 4 * drawn.BLOCK / 10
        np.testing.assert_allclose(np.array(counts) / sum(counts), shares, atol=0.1)
