"""Pictures of each kind give the digit that was drawn, whatever is around it; and what holds no digit says why."""

from __future__ import annotations

import numpy as np
import pytest
from made_pictures import DIGITS, NO_DIGITS, digits, no_digits

from mnist_gui.data import drawn
from mnist_gui.explain.unlike import features
from mnist_gui.ink import Reason, explain_picture, from_picture

SEED = 31
COUNT = 10

LEAST = {"bold": 4, "frame": 7, "broken frame": 7, "hand frame": 7, "ring": 7, "hand ring": 7, "tight": 7}
"""Of 10 pictures so many are read at least; of other kinds 8. Some of these hands are past reading."""


@pytest.fixture(scope="module")
def known() -> tuple[np.ndarray, np.ndarray]:
    """Digits to compare with, so that nothing depends on how a network was trained."""
    images, labels = drawn.images(6000, 5)
    return features(images), labels


@pytest.mark.parametrize("kind", DIGITS)
def test_a_digit_is_found_in_each_kind_of_picture(kind: str, known: tuple[np.ndarray, np.ndarray]) -> None:
    right = 0
    for label, picture in digits(kind, COUNT, SEED):
        image = from_picture(picture)
        if image is not None:
            right += label == known[1][np.argmax(features(image[None]) @ known[0].T)]
    assert right >= LEAST.get(kind, 8)


REASONS = {
    "blank": {Reason.NOTHING_ON_PAPER: 10},
    "empty ruled": {Reason.NOTHING_ON_PAPER: 8},
    "dot": {Reason.TOO_SMALL: 9},
    "page": {Reason.SEVERAL: 9},
    "several": {Reason.SEVERAL: 8},
    "word": {Reason.SEVERAL: 8},
    "plus": {Reason.SIGN: 5},
}
"""How many of 10 pictures have which reason, at least."""


@pytest.mark.parametrize("kind", NO_DIGITS)
def test_what_is_no_digit_has_a_reason(kind: str) -> None:
    found = [explain_picture(picture) for picture in no_digits(kind, COUNT, SEED)]
    for reason, least in REASONS[kind].items():
        assert sum(result.reason is reason for result in found) >= least
    assert all((result.image is None) is (result.reason is not None) for result in found)
