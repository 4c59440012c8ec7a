"""Warped images: still the same digits, near where they were."""

import numpy as np
import pytest

from mnist_gui.data import augment, drawn
from mnist_gui.ink import centre_of_mass


@pytest.fixture
def images():
    return drawn.images(300, seed=5)[0]


def test_the_same_seed_warps_alike(images):
    first, again, other = (augment.warp(images, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_images_move_a_little_and_keep_their_ink(images):
    kept = images.copy()
    warped = augment.warp(images, np.random.default_rng(0))
    np.testing.assert_array_equal(images, kept)
    assert (warped.shape, warped.dtype) == (images.shape, np.uint8)
    moved = np.abs(centre_of_mass(warped) - centre_of_mass(images)).max(axis=1)
    assert 0.2 < np.median(moved) < 1.5
    ink = warped.sum(axis=(1, 2), dtype=float) / images.sum(axis=(1, 2), dtype=float)
    assert np.median(ink) == pytest.approx(1, abs=0.1)


def lean(images):
    """How far the ink leans to the left per pixel down: its shear."""
    y, x = np.mgrid[:28, :28] + 0.5
    across, down = (
        np.stack([grid - middle for middle in centre])
        for grid, centre in zip((x, y), centre_of_mass(images).T, strict=True)
    )
    return (images * across * down).sum(axis=(1, 2)) / (images * down**2).sum(axis=(1, 2))


@pytest.mark.parametrize(("name", "least"), [("ROTATION", 0.08), ("SHEAR", 0.08)])
def test_images_turn_and_lean(images, monkeypatch, name, least):
    """Each by itself: one must not stand in for the other."""
    for other in {"ROTATION", "SHEAR", "SCALE", "SHIFT"} - {name}:
        monkeypatch.setattr(augment, other, 0.0)
    warped = augment.warp(images, np.random.default_rng(0))
    assert least < (lean(warped) - lean(images)).std() < 2 * least


def test_blended_pixels_are_rounded_to_the_nearest(images):
    """So that dark on light comes out as light on dark, and no warp makes images paler."""
    dark, light = (augment.warp(each, np.random.default_rng(0)) for each in (images, 255 - images))
    middle = np.s_[:, 8:20, 8:20]  # no paper from outside is blended in here
    assert (dark[middle].astype(int) + light[middle]).mean() == pytest.approx(255, abs=0.1)


def test_without_any_spread_nothing_changes(images, monkeypatch):
    for name in ("ROTATION", "SHEAR", "SCALE", "SHIFT"):
        monkeypatch.setattr(augment, name, 0.0)
    np.testing.assert_array_equal(augment.warp(images, np.random.default_rng(0)), images)


def test_a_shift_by_whole_pixels_is_exact(images, monkeypatch):
    still, shift = np.eye(2, dtype=np.float32), np.array([[1], [-2]], np.float32)
    monkeypatch.setattr(augment, "_affine_maps", lambda n, rng: (still[None].repeat(n, 0), shift[None].repeat(n, 0)))
    warped = augment.warp(images, np.random.default_rng(0))
    np.testing.assert_array_equal(warped[:, :-1, 2:], images[:, 1:, :-2])
    assert not warped[:, -1].any()


def test_no_images_are_no_images():
    assert augment.warp(np.empty((0, 28, 28), np.uint8), np.random.default_rng(0)).shape == (0, 28, 28)
