"""Lessons from the person's digits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mnist_gui import learning, training
from mnist_gui.data import drawn
from mnist_gui.data.dataset import Dataset
from mnist_gui.data.upright import make_upright
from mnist_gui.nn import architectures
from mnist_gui.training import Recipe, evaluate, train

MINE = 24  # the person's digits


@pytest.fixture(scope="module")
def rest() -> Dataset:
    return Dataset("drawn", *drawn.images(3000, 7), *drawn.images(500, 8))


@pytest.fixture
def mine(rest):
    """A hand that nobody expects: digits that stand on their heads."""
    images, labels = drawn.images(4 * MINE, 9)
    wanted = np.isin(labels, [2, 4, 7])
    return images[wanted][:MINE, ::-1], labels[wanted][:MINE]


def test_a_lesson_is_the_rest_and_the_persons_share(rest, mine):
    lesson = learning.lesson(rest, *mine, np.random.default_rng(0))
    count, own = len(lesson.train_images), len(lesson.train_images) - len(rest.train_images)
    assert own / count == pytest.approx(learning.SHARE, abs=0.001)
    np.testing.assert_array_equal(np.sort(lesson.train_labels[:-own]), np.sort(rest.train_labels))
    repeats = np.bincount(lesson.train_labels[-own:], minlength=10) / np.bincount(mine[1], minlength=10).clip(1)
    assert repeats[[2, 4, 7]] == pytest.approx(own / MINE, rel=0.2)
    assert lesson.test_images is rest.test_images
    assert lesson.name == rest.name


def test_a_digit_that_is_repeated_is_a_little_different_each_time(rest, mine):
    lesson = learning.lesson(rest, mine[0][:1], mine[1][:1], np.random.default_rng(0))
    own = lesson.train_images[len(rest.train_images) :]
    assert len(np.unique(own.reshape(len(own), -1), axis=0)) > 0.99 * len(own)
    assert np.corrcoef(own.mean(axis=0).ravel(), mine[0][0].ravel())[0, 1] > 0.8


def test_a_lesson_is_bounded_and_repeats(rest, mine, monkeypatch):
    monkeypatch.setattr(learning, "LESSON_SIZE", 1000)
    one, other = (learning.lesson(rest, *mine, np.random.default_rng(3)) for _ in range(2))
    assert len(one.train_images) == 1000
    np.testing.assert_array_equal(one.train_images, other.train_images)


def test_drawn_digits_stand_among_mnists(rest, mine, monkeypatch):
    counts = []
    for answer in (False, True):
        monkeypatch.setattr(learning, "is_mnist", lambda _, answer=answer: answer)
        counts.append(len(learning.lesson(rest, *mine, np.random.default_rng(0)).train_images))
    more = counts[1] - counts[0]
    assert more == pytest.approx(learning.DRAWN / (1 - learning.SHARE), abs=2)


def test_with_nothing_at_hand_the_rest_is_drawn(mine):
    lesson = learning.lesson(learning.NOTHING, *mine, np.random.default_rng(0))
    assert len(lesson.train_images) == pytest.approx(learning.DRAWN_ALONE / (1 - learning.SHARE), abs=1)
    assert len(lesson.test_images) == len(lesson.test_labels) == learning.DRAWN_TEST
    assert lesson.name == "drawn"


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
def test_every_network_has_its_recipe(rest, name):
    network = architectures.build(name, "float64")
    recipes = [learning.recipe_for(network, others) for others in (rest, learning.NOTHING)]
    assert [recipe.dtype for recipe in recipes] == ["float64"] * 2
    assert recipes[1].learning_rate < recipes[0].learning_rate


def test_a_lesson_teaches_and_forgets_little(rest, mine):
    network = architectures.build("notebook")
    for _ in train(network, rest, Recipe(epochs=4)):
        pass
    before = network.parameters.copy()
    unseen = drawn.images(400, 10)
    unseen = unseen[0][np.isin(unseen[1], [2, 4, 7])][:, ::-1], unseen[1][np.isin(unseen[1], [2, 4, 7])]
    own, other, test = (
        evaluate(network, *part).accuracy for part in (mine, unseen, (rest.test_images, rest.test_labels))
    )
    assert own < 0.6
    lesson = learning.lesson(rest, *mine, np.random.default_rng(0))
    for _ in train(network, lesson, learning.RECIPE, fresh=False):
        pass
    assert evaluate(network, *mine).accuracy > own + 0.3
    assert evaluate(network, *unseen).accuracy > other + 0.2
    assert evaluate(network, rest.test_images, rest.test_labels).accuracy > test - 0.03
    assert not np.array_equal(network.parameters, before)


def test_a_lesson_follows_the_networks_own_way(rest, mine, monkeypatch):
    bent = []
    warp = learning.augment.warp
    monkeypatch.setattr(learning.augment, "warp", lambda *a: bent.append(a[0]) or warp(*a))
    raw = learning.lesson(rest, *mine, np.random.default_rng(0))
    made = learning.lesson(rest, *mine, np.random.default_rng(0), upright=True)
    np.testing.assert_array_equal(made.train_labels, raw.train_labels)
    assert made.test_images is rest.test_images
    others = len(rest.train_images)
    assert made.prepared == len(made.train_images) - others
    np.testing.assert_array_equal(made.train_images[:others], raw.train_images[:others])
    np.testing.assert_array_equal(bent[1], make_upright(bent[0]))  # small maps come after it
    network = architectures.build("notebook")
    for upright, lesson in ((False, raw), (True, made)):
        recipe = learning.recipe_for(network, rest, upright=upright)
        assert recipe.upright is upright
        first = next(train(network, lesson, recipe, fresh=False))
        assert first.recipe.upright is upright


def test_a_run_makes_the_others_upright_and_leaves_the_persons(rest, mine, monkeypatch):
    lesson = learning.lesson(rest, *mine, np.random.default_rng(0), upright=True)
    seen = []
    take = training.Supply.make
    monkeypatch.setattr(training.Supply, "make", lambda self, *a: seen.append(self) or take(self, *a))
    recipe = replace(learning.recipe_for(architectures.build("notebook"), rest, upright=True), epochs=1)
    for _ in train(architectures.build("notebook"), lesson, recipe, fresh=False):
        pass
    others = len(rest.train_images)
    np.testing.assert_array_equal(seen[0].images[others:], lesson.train_images[others:])
    np.testing.assert_array_equal(seen[0].images[:others], make_upright(lesson.train_images[:others]))
    np.testing.assert_array_equal(seen[-1].images, make_upright(lesson.test_images))
