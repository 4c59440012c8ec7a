"""What a run came to, for the person who waited for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mnist_gui.recipe import RECIPES

if TYPE_CHECKING:
    from mnist_gui.training import Progress

CHANCE: Final = 0.14  # accuracy by guessing, with what luck may add on a small test set
ENOUGH: Final = 20_000  # images after which more than chance is to be expected
ENOUGH_AS_NOTEBOOK: Final = 1_000_000  # it divides the gradient by the batch size twice, and stays at chance for long


def nothing_learned(progress: Progress) -> str | None:
    """Say so if a run ended at chance where more was to be expected, and what to try.

    Ten digits that are equally frequent are guessed right in 10 % of the images; MNIST's most frequent one is 11.4 %.

    Parameters
    ----------
    progress : Progress
        The last of a run.

    Returns
    -------
    str or None
        A sentence or two; None if something was learned, or if the run was too short to tell.
    """
    recipe = progress.recipe
    enough = ENOUGH_AS_NOTEBOOK if recipe.as_notebook else ENOUGH
    if not progress.epochs or progress.step * recipe.batch_size < enough:
        return None
    last = progress.epochs[-1]
    if max(last.accuracy, last.test_accuracy) > CHANCE:
        return None
    usual = RECIPES[recipe.name].learning_rate if recipe.name in RECIPES else RECIPES["default"].learning_rate
    if recipe.learning_rate > 2 * usual:
        advice = f"A learning rate of {recipe.learning_rate:g} is too high here; try {usual:g} or less."
    elif recipe.learning_rate < usual / 20:
        advice = f"A learning rate of {recipe.learning_rate:g} may be too low; try {usual:g}."
    else:
        advice = (
            f"Try a tenth of the learning rate, {recipe.learning_rate / 10:g}, or another seed; and see whether the "
            "images of the data set go from 0, paper, to 255, ink."
        )
    return f"The network learned nothing: {last.test_accuracy:.1%} of its answers are right, as by guessing. {advice}"
