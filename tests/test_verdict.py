"""A run that ends at chance says so, and what to try; others say nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mnist_gui.recipe import RECIPES, Recipe
from mnist_gui.training import Epoch, Progress
from mnist_gui.verdict import nothing_learned


def ended(accuracy: float, recipe: Recipe = RECIPES["default"], images: int = 60_000, epochs: int = 3) -> Progress:
    """The end of a run whose last epoch had this accuracy, training and test."""
    none = np.empty(0)
    past = (Epoch(2.3, 0.1, 2.3, 0.1),) * (epochs - 1)
    last = (Epoch(2.3, accuracy, 2.3, accuracy),) if epochs else ()
    step = images * epochs // recipe.batch_size
    return Progress(recipe, step, step, past + last, 1.0, 0.0, none.astype(int), none, none, none)


@pytest.mark.parametrize("accuracy", [0.0974, 0.1, 0.1135])
def test_chance_is_noticed(accuracy: float) -> None:
    sentence = nothing_learned(ended(accuracy))
    assert sentence is not None
    assert f"learned nothing: {accuracy:.1%} of its answers" in sentence
    assert sentence.isprintable()


@pytest.mark.parametrize(
    ("rate", "advice"),
    [(13, "13 is too high here; try 0.35"), (1e-5, "1e-05 may be too low"), (0.35, "0.035, or another")],
)
def test_the_advice_fits_the_rate(rate: float, advice: str) -> None:
    sentence = nothing_learned(ended(0.1, replace(RECIPES["default"], learning_rate=rate)))
    assert sentence is not None
    assert advice in sentence


def test_what_learned_something_or_had_no_time_to_is_left_alone() -> None:
    assert nothing_learned(ended(0.96)) is None
    assert nothing_learned(ended(0.2)) is None
    assert nothing_learned(ended(0.1, epochs=0)) is None
    assert nothing_learned(ended(0.1, images=300)) is None
    overfitted = replace(ended(0.1), epochs=(Epoch(0.1, 0.99, 5.0, 0.1),))
    assert nothing_learned(overfitted) is None


def test_the_notebook_s_run_stays_at_chance_for_long() -> None:
    assert nothing_learned(ended(0.112, RECIPES["notebook"], epochs=1)) is None
    assert nothing_learned(ended(0.112, RECIPES["notebook"], epochs=35)) is not None
