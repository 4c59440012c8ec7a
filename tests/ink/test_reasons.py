"""A drawing that is no digit says why, and one that is being drawn says nothing between its strokes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from made_pictures import LETTERS, SIGNS, other_drawings

from mnist_gui.data import drawn
from mnist_gui.ink import Reason, Stroke, from_strokes, judge, several_digits


def stroke(*points: tuple[float, float], width: float = 20.0) -> Stroke:
    return Stroke(np.array(points, float).reshape(-1, 2), np.full(len(points), width))


def beside(strokes: list[Stroke], x: float, y: float = 0) -> list[Stroke]:
    return [Stroke(s.points + np.array([x, y]), s.widths) for s in strokes]


@pytest.mark.parametrize(
    ("strokes", "reason"),
    [
        ([], Reason.NOTHING_DRAWN),
        ([stroke()], Reason.NOTHING_DRAWN),
        ([stroke((5, 5))], Reason.TOO_SMALL),
        ([stroke((5, 5), (13, 8))], Reason.TOO_SMALL),
        ([stroke(*[(400 * (i % 2), 20 * i) for i in range(21)])], Reason.TOO_MUCH_INK),
        ([stroke((0, 100), (200, 100)), stroke((100, 0), (100, 200))], Reason.SIGN),
        ([stroke((0, 0), (0, 200)), stroke((150, 0), (150, 200))], Reason.SEVERAL),
        ([stroke((0, 0), (0, 200))], None),
        ([stroke((0, 0), (10, 120), (90, 120)), stroke((70, 10), (60, 220))], None),  # a 4
        ([stroke((80, 40), (20, 40), (20, 110), (90, 150), (20, 210)), stroke((20, 0), (110, 0))], None),  # a 5
    ],
)
def test_the_reason_of_a_drawing(strokes: list[Stroke], reason: Reason | None) -> None:
    assert judge(strokes) is reason
    if reason is None:
        assert from_strokes(strokes) is not None


def test_nothing_flickers_while_a_digit_is_drawn() -> None:
    for digit in range(10):
        for seed in range(40):
            strokes = drawn.draw(digit, np.random.default_rng([digit, seed]))
            assert [judge(strokes[: count + 1]) for count in range(len(strokes))] == [None] * len(strokes)


def test_two_digits_side_by_side_are_several_and_come_apart() -> None:
    apart = 0
    for seed in range(50):
        rng = np.random.default_rng([7, seed])
        one, other = (drawn.draw(int(rng.integers(10)), rng) for _ in range(2))
        both = [*one, *beside(other, 110)]
        if judge(both) is Reason.SEVERAL:
            groups = [{id(s) for s in group} for group in several_digits(both)]
            apart += groups == [{id(s) for s in one}, {id(s) for s in both[len(one) :]}]
    assert apart >= 40


def test_one_above_the_other_are_several() -> None:
    rng = np.random.default_rng(0)
    both = [*drawn.draw(3, rng), *beside(drawn.draw(8, rng), 0, 150)]
    assert judge(both) is Reason.SEVERAL
    assert len(several_digits(both)) == 2


def test_size_and_place_do_not_matter() -> None:
    for _, strokes in other_drawings(45, 8):
        moved = [Stroke(0.03 * s.points + 900, 0.03 * s.widths) for s in strokes]
        assert judge(moved) is judge(strokes)


def test_most_plus_and_times_signs_are_signs_and_no_letter_is_too_small() -> None:
    for name in ("plus", "times"):
        found = Counter(judge(drawn.draw_form(SIGNS[name], np.random.default_rng([1, i]))) for i in range(40))
        assert found[Reason.SIGN] >= 15, name
    assert all(
        judge(drawn.draw_form(form, np.random.default_rng(2))) is not Reason.TOO_SMALL for form in LETTERS.values()
    )
