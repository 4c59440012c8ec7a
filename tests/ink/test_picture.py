"""What is around a digit is dropped, the digit stays whole, and each step can be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from made_pictures import Look, Sheet
from PIL import Image

from mnist_gui.data import drawn
from mnist_gui.ink import Reason, Stroke, explain_picture, from_picture, from_strokes
from mnist_gui.ink.paper import find_ink
from mnist_gui.ink.parts import find_parts, keep_only

if TYPE_CHECKING:
    from collections.abc import Callable

RNG = np.random.default_rng(0)
FIVE = [[(135, 100), (95, 100), (92, 145), (130, 160), (125, 200), (90, 200)], [(95, 88), (145, 88)]]
BOX_OF_TOUCHING = [(20, 60), (220, 60), (220, 258), (20, 258), (20, 60)]
ONE = [[(118, 75), (118, 205)]]


def picture(lines: list[list[tuple[float, float]]], also: Callable[[Sheet], None] | None = None, width: float = 9):
    sheet = Sheet(240, 280)
    for line in lines:
        sheet.line(np.array(line, float), width)
    if also:
        also(sheet)
    return Look().picture(sheet.coverage(), RNG)


def ring(sheet: Sheet) -> None:
    angle = np.linspace(0, 2 * np.pi, 100)[:, None]
    sheet.line((118, 140) + 100 * np.hstack([np.cos(angle), np.sin(angle)]), 4)


def frame(sheet: Sheet) -> None:
    sheet.line(np.array([(8, 8), (232, 8), (232, 272), (8, 272), (8, 8)]), 3)


def margin(sheet: Sheet) -> None:
    sheet.line(np.array([(20, -5), (20, 290)]), 3)


def writing_line(sheet: Sheet) -> None:
    sheet.line(np.array([(10, 258), (230, 258)]), 3)


def dust(sheet: Sheet) -> None:
    for x, y in ((30, 40), (200, 230), (60, 250)):
        sheet.line(np.array([(x, y), (x + 1, y)]), 3)


@pytest.mark.parametrize("also", [ring, frame, margin, writing_line, dust])
@pytest.mark.parametrize("lines", [FIVE, ONE], ids=["5", "1"])
def test_marks_around_a_digit_change_nothing(
    lines: list[list[tuple[float, float]]], also: Callable[[Sheet], None]
) -> None:
    alone, marked = from_picture(picture(lines)), from_picture(picture(lines, also))
    assert alone is not None
    assert marked is not None
    np.testing.assert_allclose(marked.astype(int), alone, atol=3)


@pytest.mark.parametrize("also", [ring, frame])
def test_a_ring_alone_is_a_zero_and_a_frame_nothing(also: Callable[[Sheet], None]) -> None:
    result = explain_picture(picture([], also))
    assert result.reason is (None if also is ring else Reason.NOTHING_ON_PAPER)


def test_a_margin_line_alone_may_be_a_one_but_a_line_that_lies_is_nothing() -> None:
    assert explain_picture(picture([], margin)).reason is None
    assert explain_picture(picture([], writing_line)).reason is Reason.NOTHING_ON_PAPER


def test_a_digit_that_touches_its_frame_is_cut_out() -> None:
    touching = [[(80.0, 110.0), (160.0, 110.0), (110.0, 256.0)]]  # a 7
    marked = from_picture(picture(touching, lambda sheet: sheet.line(np.array(BOX_OF_TOUCHING), 3)))
    alone = from_picture(picture(touching))
    assert alone is not None
    assert marked is not None
    assert np.corrcoef(alone.ravel(), marked.ravel())[0, 1] > 0.8


@pytest.mark.parametrize("bars", [1, 0])
def test_a_square_eight_and_zero_stay_whole(bars: int) -> None:
    square = [[(60, 40), (180, 40), (180, 240), (60, 240), (60, 40)], [(60, 140), (180, 140)]][: 1 + bars]
    image = from_picture(picture(square))
    assert image is not None
    assert (image[:, 14] > 128).sum() >= 4 + 2 * bars


def test_each_step_can_be_looked_at() -> None:
    result = explain_picture(picture(FIVE, ring))
    assert [step.name for step in result.steps] == [
        "brightness",
        "paper found",
        "marks dropped",
        "cropped",
        "line width",
        "centred",
    ]
    assert all(step.image.dtype == np.uint8 and step.image.ndim == 2 for step in result.steps)
    found, clean = result.steps[1].image, result.steps[2].image
    assert found.shape == clean.shape == (280, 240)
    assert clean.sum() < 0.7 * found.sum()
    assert result.steps[-1].image is result.image
    np.testing.assert_array_equal(result.image, from_picture(picture(FIVE, ring)))


def test_several_digits_come_apart() -> None:
    sheet = Sheet(320, 200)
    strokes = [drawn.draw(digit, np.random.default_rng(digit)) for digit in (3, 1, 7)]
    for place, one in zip((60, 160, 260), strokes, strict=True):
        sheet.strokes(one, (place, 100), 110, 9)
    result = explain_picture(Look().picture(sheet.coverage(), RNG))
    assert (result.image, result.reason) == (None, Reason.SEVERAL)
    assert len(result.digits) == 3
    for digit, one in zip(result.digits, strokes, strict=True):
        even = [Stroke(s.points, np.full(len(s.points), 8.0)) for s in one]
        assert np.corrcoef(digit.ravel(), from_strokes(even).ravel())[0, 1] > 0.85


def test_ink_in_colour_alone_is_found() -> None:
    sheet = Sheet(200, 200)
    sheet.strokes(drawn.draw(5, np.random.default_rng(0)), (100, 100), 120, 10)
    colours = Look(paper=(200, 120, 120), ink=(106, 168, 120))
    seen = from_picture(colours.picture(sheet.coverage(), RNG))
    grey = from_picture(Look().picture(sheet.coverage(), RNG))
    assert seen is not None
    assert np.corrcoef(seen.ravel(), grey.ravel())[0, 1] > 0.97


def test_light_ink_is_found_in_a_shadow_too() -> None:
    board = Look(paper=(60, 75, 65), ink=(235, 235, 230))
    light = np.where(np.arange(240) < 110, 0.6, 1.0) * np.ones((240, 1))
    alike = []
    for seed in range(5):
        sheet = Sheet(240, 240)
        sheet.strokes(drawn.draw(3, np.random.default_rng(seed)), (120, 120), 140, 10)
        seen, even = (from_picture(board.picture(sheet.coverage(), RNG, shade)) for shade in (light, 1.0))
        assert seen is not None
        assert even is not None
        alike.append(np.corrcoef(seen.ravel(), even.ravel())[0, 1])
    assert np.median(alike) > 0.6  # its edge is seen as ink here and there


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 500), (500, 1), (27, 9)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "1", "I;16", "F", "P", "LA"])
def test_tiny_and_odd_pictures_are_read_without_a_word(size: tuple[int, int], mode: str) -> None:
    rng = np.random.default_rng(1)
    noise = Image.fromarray(rng.integers(0, 256, (size[1], size[0]), np.uint8))
    for image in (Image.new(mode, size), noise.convert(mode) if mode != "I;16" else noise.convert("I").convert("I;16")):
        result = explain_picture(image)
        assert (result.image is None) is (result.reason is not None)


def test_nothing_stands_out_from_plain_paper() -> None:
    assert list(find_ink(np.full((50, 40), 200, np.float32))) == []


def test_parts_are_connected_also_at_corners_and_sum_up() -> None:
    coverage = np.zeros((40, 60), np.float32)
    coverage[5:9, 5:9] = coverage[9:12, 9:30] = 1  # these touch at a corner
    coverage[30:35, 40:42] = 0.5
    found = find_parts(coverage)
    assert [part.amount for part in found.parts] == [4 * 4 + 3 * 21, 5]
    first = found.parts[0]
    assert (first.low.tolist(), first.high.tolist(), first.height, first.width) == ([5, 5], [11, 29], 7, 25)
    kept = keep_only(coverage, found, [first])
    assert kept.sum() == first.amount
    np.testing.assert_array_equal(kept + keep_only(coverage, found, [found.parts[1]]), coverage)


def test_labels_of_a_long_winding_part_agree() -> None:
    coverage = np.zeros((99, 99), np.float32)
    coverage[::4] = 1
    for row in range(0, 95, 4):
        coverage[row : row + 4, 0 if row % 8 else -1] = 1
    assert len(find_parts(coverage).parts) == 1
