"""What suits which architecture, and what joins MNIST."""

from dataclasses import fields, replace

import numpy as np
import pytest

from mnist_gui import training
from mnist_gui.data import Dataset, drawn
from mnist_gui.nn.architectures import ARCHITECTURES, build
from mnist_gui.recipe import LIMITS, RECIPES, Recipe, recipe_for
from mnist_gui.training import train


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
