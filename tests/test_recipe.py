"""What suits which architecture, and what joins MNIST."""

from dataclasses import fields, replace

import numpy as np
import pytest

from mnist_gui import learning, training
from mnist_gui.data import Dataset, caches, drawn
from mnist_gui.data.upright import make_upright
from mnist_gui.nn.architectures import ARCHITECTURES, build
from mnist_gui.recipe import LIMITS, RECIPES, Recipe, recipe_for
from mnist_gui.training import suited, train


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_notebooks_recipe_is_the_same_for_all(architecture):
    assert recipe_for("notebook", architecture) is RECIPES["notebook"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_default_recipe_adapts_and_keeps_its_name(architecture):
    recipe = recipe_for("default", architecture)
    assert recipe.name == "default"
    assert recipe.batch_size == RECIPES["default"].batch_size
    assert recipe_for("default", "notebook") == RECIPES["default"]


def tiny(name):
    images, labels = drawn.images(64, seed=3)
    return Dataset(name, images, labels, images, labels)


@pytest.mark.parametrize(("name", "images"), [("mnist", 64 + 40), ("fashion", 64)])
def test_drawn_digits_join_mnist_alone(monkeypatch, name, images):
    monkeypatch.setattr(training, "is_mnist", lambda data: data.name == "mnist")
    recipe = Recipe(epochs=1, batch_size=8, drawn=40)
    *_, last = (progress for progress in train(build("notebook"), tiny(name), recipe) if progress)
    assert last.steps == images / 8


def test_warps_are_drawn_from_the_seed_and_leave_the_data_alone(monkeypatch):
    seen = []
    warp = training.augment.warp
    monkeypatch.setattr(training.augment, "warp", lambda *a: seen.append(warp(*a)) or seen[-1])
    data, recipe, results = tiny("x"), Recipe(epochs=2, batch_size=32, warp=True), []
    kept = data.train_images.copy()
    for _ in range(2):
        network = build("notebook")
        for _ in train(network, data, recipe):
            pass
        results.append(network.parameters)
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(data.train_images, kept)
    assert len(seen) == 4  # two batches in each first epoch
    np.testing.assert_array_equal(seen[:2], seen[2:])
    plain = build("notebook")
    for _ in train(plain, data, replace(recipe, warp=False)):
        pass
    assert (plain.parameters != results[0]).any()


@pytest.mark.parametrize("recipe", [recipe_for(name, kind) for name in RECIPES for kind in ARCHITECTURES])
def test_what_the_program_offers_keeps_within_the_limits(recipe):
    for name, limits in LIMITS.items():
        assert limits.least <= getattr(recipe, name) <= limits.most


def test_the_limits_are_for_all_numbers_of_a_recipe():
    numbers = {f.name for f in fields(Recipe) if type(f.default) in (int, float)}
    assert numbers == set(LIMITS)


def test_only_the_default_recipe_is_upright():
    assert RECIPES["default"].upright
    assert not RECIPES["notebook"].upright
    assert not Recipe().upright


def test_a_recipe_prepares_images_as_its_network_sees_them():
    images, _ = drawn.images(20, seed=3)
    assert Recipe().prepare(images) is images
    np.testing.assert_array_equal(Recipe(upright=True).prepare(images), make_upright(images))


@pytest.mark.parametrize(
    ("data", "upright"),
    [
        (tiny("fashion"), False),
        (tiny("mnist"), False),  # a name proves nothing
        (replace(tiny("mine"), digits=True), True),
        (drawn.load(20, 10), True),
    ],
)
def test_only_what_is_known_to_be_digits_is_made_upright(data, upright):
    asked = Recipe(epochs=1, batch_size=16, upright=True)
    assert suited(asked, data) == replace(asked, upright=upright)
    first = next(train(build("notebook"), data, asked))
    assert first.recipe.upright is upright
    assert suited(replace(asked, upright=False), data).upright is False


@pytest.mark.mnist
def test_mnist_is_known_to_be_digits(mnist):
    assert suited(RECIPES["default"], mnist) is RECIPES["default"]


def test_a_run_learns_from_and_is_tested_on_upright_images():
    raw = replace(tiny("mine"), digits=True)
    made = replace(raw, train_images=make_upright(raw.train_images), test_images=make_upright(raw.test_images))
    recipe, results = Recipe(epochs=2, batch_size=8, warp=True), []
    for data, asked in ((raw, replace(recipe, upright=True)), (made, recipe), (raw, recipe)):
        network = build("notebook")
        *_, last = (progress for progress in train(network, data, asked) if progress)
        results.append((network.parameters, last.epochs[-1].test_loss))
    np.testing.assert_array_equal(results[0][0], results[1][0])  # and small maps came after
    assert results[0][1] == results[1][1]
    assert (results[0][0] != results[2][0]).any()


def test_the_same_seed_gives_the_same_weights_with_a_cache_and_without(monkeypatch, tmp_path):
    monkeypatch.setattr(training, "is_mnist", lambda _: True)
    monkeypatch.setattr(drawn, "_kept", {})
    images, labels = drawn.images(2000, seed=3)
    data = Dataset("mnist", images, labels, images[:1000], labels[:1000])
    recipe = Recipe(epochs=2, batch_size=64, drawn=1500, upright=True)
    results = []
    (tmp_path / "file").touch()  # no folder, so that nothing can be kept
    for folder in ("empty", "empty", "file"):
        monkeypatch.setattr(caches, "folder", lambda folder=folder: tmp_path / folder)
        network = build("notebook")
        for _ in train(network, data, recipe):
            pass
        results.append(network.parameters)
    assert len([path for path in (tmp_path / "empty").rglob("*") if path.is_file()]) == 2 + 1 + 1 + 2
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_the_first_step_waits_for_few_images(monkeypatch):
    monkeypatch.setattr(training, "is_mnist", lambda _: True)
    images, labels = drawn.images(2000, seed=3)
    blocks, block = [], drawn.block
    monkeypatch.setattr(drawn, "block", lambda *a: blocks.append(a) or block(*a))
    data = Dataset("mnist", images, labels, images, labels)
    for progress in train(build("notebook"), data, Recipe(epochs=1, drawn=5000, upright=True)):
        if progress and progress.step:
            break
    assert len(blocks) <= 3  # of five, as MNIST has two here


@pytest.mark.parametrize("recipe", [Recipe(epochs=2, upright=True), RECIPES["notebook"], Recipe(epochs=2, warp=True)])
def test_drawn_digits_alone_are_drawn_as_a_run_comes_to_them(monkeypatch, recipe):
    drawn_for, block = [], drawn.block
    monkeypatch.setattr(drawn, "block", lambda *a: drawn_for.append(a) or block(*a))
    monkeypatch.setattr(drawn, "_kept", {})
    data = drawn.load(3000, 100, whole=False)
    assert (len(data.train_images), data.train_size) == (0, 3000)
    assert drawn_for == [(drawn.TEST_SEED, 0)]
    warps = []
    monkeypatch.setattr(training.augment, "warp", lambda images, _: warps.append(len(images)) or images)
    running = train(build("notebook", recipe.dtype), data, replace(recipe, epochs=2))
    first = next(progress for progress in running if progress and progress.step)
    assert first.steps == 2 * 94
    if not recipe.as_notebook:
        assert drawn_for[1:] == [(drawn.TRAIN_SEED, 0)]
    for progress in running:
        if progress and progress.epochs:
            break
    assert sorted(drawn_for[1:]) == [(drawn.TRAIN_SEED, number) for number in range(3)]
    assert sum(warps) == (3000 if recipe.warp else 0)


def test_a_lesson_among_drawn_digits_draws_them_all():
    images, labels = drawn.images(20, seed=3)
    rest = drawn.load(2000, 100, whole=False)
    lesson = learning.lesson(rest, images, labels, np.random.default_rng(0))
    assert len(lesson.train_images) == pytest.approx(2000 / (1 - learning.SHARE), abs=1)
    assert lesson.to_draw == 0
