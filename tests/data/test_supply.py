"""A run's images, made block by block."""

import numpy as np
import pytest

from mnist_gui.data import caches, drawn, upright
from mnist_gui.data.supply import Supply
from mnist_gui.data.upright import make_upright

BLOCK = 100


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch, tmp_path):
    """An empty cache, and blocks that are drawn in a moment."""
    monkeypatch.setattr(caches, "folder", lambda: tmp_path)
    monkeypatch.setattr(drawn, "BLOCK", BLOCK)
    monkeypatch.setattr(drawn, "_edition", lambda: "of this test")
    return tmp_path


@pytest.fixture
def digits():
    images, labels = drawn.images(430, seed=5)
    order = np.argsort(labels, kind="stable")  # as a folder for each digit has them
    return images[order], labels[order]


def whole(supply):
    for _ in supply.make(np.arange(len(supply.images))):
        pass
    return supply.images


@pytest.mark.parametrize("is_upright", [False, True])
@pytest.mark.parametrize("more", [0, 250])
def test_all_that_it_makes_is_what_it_should_be(digits, is_upright, more):
    supply = Supply(*digits, upright=is_upright, more=more)
    ruled, ruled_labels = drawn.images(more, drawn.TRAIN_SEED)
    images = np.concatenate([digits[0], ruled])
    np.testing.assert_array_equal(whole(supply), make_upright(images) if is_upright else images)
    np.testing.assert_array_equal(supply.labels, np.concatenate([digits[1], ruled_labels]))
    assert supply.own == 430


def test_what_is_prepared_stays_and_nothing_is_cached(digits, small_blocks):
    supply = Supply(*digits, upright=True, prepared=130)
    order = supply.arrange(np.random.default_rng(0).permutation(430))
    assert 20 < (order[:143] >= 300).sum() < 70  # it is in all parts
    images = whole(supply)
    np.testing.assert_array_equal(images[300:], digits[0][300:])
    np.testing.assert_array_equal(images[:300], make_upright(digits[0][:300]))
    assert not (small_blocks / "upright").exists()


def test_what_is_as_it_should_be_is_not_copied(digits):
    supply = Supply(*digits)
    assert supply.images is digits[0]
    assert not list(supply.make(np.arange(430)))


def test_the_first_epoch_asks_for_few_blocks_at_a_time(digits):
    supply = Supply(*digits, upright=True, more=200)
    order = supply.arrange(np.random.default_rng(0).permutation(630))
    np.testing.assert_array_equal(np.sort(order), np.arange(630))
    before = supply._missing.sum()
    for _ in supply.make(order[:300]):
        pass
    assert before - supply._missing.sum() <= 4  # of seven
    first, second = order[:300], order[-300:]
    for part in (first, second):  # both kinds, and all digits, in about equal shares
        assert 0.2 < (part >= supply.own).mean() < 0.45
        assert np.bincount(supply.labels[part], minlength=10).min() > 15


def test_the_order_does_not_depend_on_what_is_made(digits):
    fresh, made = (Supply(*digits, upright=True, more=200) for _ in range(2))
    whole(made)
    order = np.random.default_rng(0).permutation(630)
    np.testing.assert_array_equal(fresh.arrange(order), made.arrange(order))


def test_where_nothing_is_made_the_order_stays(digits):
    order = np.random.default_rng(0).permutation(430)
    assert Supply(*digits).arrange(order) is order


def test_upright_images_come_from_the_cache(digits, small_blocks, monkeypatch):
    images = np.concatenate([digits[0][:300]])
    first = whole(Supply(images, digits[1][:300], upright=True)).copy()
    assert len([path for path in (small_blocks / "upright").rglob("*") if path.is_file()]) == 3
    monkeypatch.setattr(upright, "make_upright", None)
    np.testing.assert_array_equal(whole(Supply(images, digits[1][:300], upright=True)), first)


def test_no_images_are_no_images():
    empty = np.empty((0, 28, 28), np.uint8), np.empty(0, np.uint8)
    assert len(whole(Supply(*empty, upright=True))) == 0
