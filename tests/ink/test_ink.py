"""A drawing comes out the same wherever and however large it is drawn, and as MNIST's digits are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from mnist_gui.ink import DIGIT_SIZE, Stroke, centre_of_mass, from_picture, from_strokes


def stroke(*points: tuple[float, float], width: float = 20.0) -> Stroke:
    return Stroke(np.array(points, float).reshape(-1, 2), np.full(len(points), width))


SEVEN = [stroke((100, 80), (240, 80), (180, 190), (150, 320)), stroke((130, 200), (220, 190))]


def moved(strokes: list[Stroke], scale: float = 1, shift: tuple[float, float] = (0, 0), pen: float = 1) -> list[Stroke]:
    return [Stroke(s.points * scale + shift, s.widths * scale * pen) for s in strokes]


def ink_box(image: np.ndarray) -> tuple[int, int]:
    """Height and width of what is at least half inked."""
    rows, columns = np.nonzero(image >= 128)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


@given(st.floats(0.02, 50), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(0.1, 3))
def test_size_place_and_pen_do_not_matter(scale: float, x: float, y: float, pen: float) -> None:
    expected, actual = from_strokes(SEVEN), from_strokes(moved(SEVEN, scale, (x, y), pen))
    assert expected is not None
    assert actual is not None
    assert np.abs(expected.astype(int) - actual).max() <= 1


@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 400)), min_size=2, max_size=12))
def test_a_drawing_is_prepared_as_mnist_was(points: list[tuple[float, float]]) -> None:
    image = from_strokes([stroke(*points, width=4)])
    if image is not None:
        assert (image.shape, image.dtype) == ((28, 28), np.uint8)
        assert max(ink_box(image)) in (DIGIT_SIZE - 1, DIGIT_SIZE, DIGIT_SIZE + 1)
        assert np.abs(centre_of_mass(image[None]) - 14).max() <= 0.5


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_the_centre_of_mass_is_as_near_to_mnists_as_half_a_pixel_allows(turn: int) -> None:
    """MNIST's lie evenly between 14 and 15, and no drawing may be further from the middle than half a pixel."""
    turned = [Stroke(s.points @ np.linalg.matrix_power(np.array([[0, 1], [-1, 0]]), turn), s.widths) for s in SEVEN]
    image = from_strokes(turned)
    assert image is not None
    np.testing.assert_allclose(centre_of_mass(image[None])[0], 14.25, atol=0.1)


def test_the_aspect_is_kept() -> None:
    image = from_strokes([stroke((0, 0), (50, 0), (50, 200), (0, 200), (0, 0), width=10)])
    assert image is not None
    height, width = ink_box(image)
    assert height == pytest.approx(20, abs=1)
    assert width == pytest.approx(2.4 + 17.6 / 4, abs=1)


def test_more_pressure_makes_a_thicker_line() -> None:
    points = np.array([(0.0, y) for y in range(0, 201, 10)])
    image = from_strokes([Stroke(points, np.linspace(10, 30, len(points)))])
    assert image is not None
    rows = image.astype(int).sum(axis=1)
    assert rows[20] > 1.3 * rows[8]


def test_pressure_thins_and_thickens_within_bounds() -> None:
    """From 0.6 to 1.5 of a line of 2.4 pixels, whatever the pen said."""
    points = np.array([(0.0, y) for y in range(0, 201, 5)])
    widths = np.where(np.abs(points[:, 1] - 100) < 40, 30.0, 1.0)  # thick in the middle
    image = from_strokes([Stroke(points, widths)])
    assert image is not None
    line = image[:, 4:24].sum(axis=1) / 255
    np.testing.assert_allclose(line[12:16], 1.5 * 2.4, atol=0.15)
    np.testing.assert_allclose(line[[7, 8, 20, 21]], 0.6 * 2.4, atol=0.15)


def test_dense_points_draw_the_same_as_sparse_ones() -> None:
    dense = [Stroke(np.linspace((0, 0), (30, 200), 500), np.full(500, 10.0))]
    sparse = from_strokes([stroke((0, 0), (30, 200), width=10)])
    np.testing.assert_array_equal(from_strokes(dense), sparse)


def test_whole_pixels_hardly_show_in_a_small_drawing() -> None:
    small = [stroke(*np.rint(s.points * 0.15), width=8) for s in SEVEN]
    exact, rounded = from_strokes(SEVEN), from_strokes(small)
    assert exact is not None
    assert rounded is not None
    assert np.corrcoef(exact.ravel(), rounded.ravel())[0, 1] > 0.95


def test_the_steps_of_a_mouse_are_smoothed() -> None:
    """A line counted in whole pixels, 36 of them high, looks as the line that was meant."""
    meant = np.linspace((10, 5), (30, 41), 200)
    straight, counted = from_strokes([stroke(*meant, width=4)]), from_strokes([stroke(*np.rint(meant), width=4)])
    assert straight is not None
    assert counted is not None
    assert np.abs(straight.astype(int) - counted).mean() < 0.8
    stairs = [(10.0 * ((i + 1) // 2), 10.0 * (i // 2)) for i in range(40)]
    diagonal, smoothed = from_strokes([stroke((0, 0), (200, 195), width=20)]), from_strokes([stroke(*stairs)])
    assert diagonal is not None
    assert smoothed is not None
    assert np.abs(diagonal.astype(int) - smoothed).mean() < 2.5


def test_a_small_drawing_with_a_thick_pen_is_still_read_by_its_path() -> None:
    np.testing.assert_allclose(from_strokes(moved(SEVEN, pen=10)), from_strokes(SEVEN), atol=1)


@pytest.mark.parametrize(
    "strokes",
    [
        pytest.param([], id="empty canvas"),
        pytest.param([stroke()], id="stroke without points"),
        pytest.param([stroke((5, 5))], id="dot"),
        pytest.param([stroke((5, 5), (5, 5), (5, 5), width=0)], id="dot without width"),
        pytest.param([stroke((5, 5), (13, 8))], id="smudge"),
        pytest.param([stroke(*[(400 * (i % 2), 20 * i) for i in range(21)])], id="full canvas"),
    ],
)
def test_where_there_is_no_digit_there_is_no_image(strokes: list[Stroke]) -> None:
    assert from_strokes(strokes) is None


def test_a_dot_beside_a_digit_is_part_of_it() -> None:
    assert from_strokes([*SEVEN, stroke((170, 200))]) is not None


@pytest.mark.parametrize(
    ("points", "widths"),
    [(np.zeros((3, 2)), np.ones(2)), (np.zeros((3, 3)), np.ones(3)), (np.full((2, 2), np.nan), np.ones(2))],
)
def test_a_stroke_of_odd_numbers_is_refused(points: np.ndarray, widths: np.ndarray) -> None:
    with pytest.raises(ValueError, match="stroke"):
        Stroke(points, widths)


def picture_of(strokes: list[Stroke], mode: str = "L", paper: object = 255, ink: object = 0) -> Image.Image:
    image = Image.new(mode, (400, 400), paper)
    draw = ImageDraw.Draw(image)
    for line in strokes:
        draw.line([tuple(point) for point in line.points], ink, int(line.widths[0]), joint="curve")
    return image


def assert_reads_as_seven(image: Image.Image) -> None:
    actual, expected = from_picture(image), from_strokes(SEVEN)
    assert expected is not None
    assert actual is not None
    assert (actual.shape, actual.dtype) == ((28, 28), np.uint8)
    overlap = np.corrcoef(actual.ravel(), expected.ravel())[0, 1]
    assert overlap > 0.85


CLEAR = (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("mode", "paper", "ink"),
    [
        ("L", 255, 0),
        ("L", 0, 255),
        ("L", 200, 140),
        ("RGB", "white", "blue"),
        ("RGB", "navy", "yellow"),
        ("RGBA", "white", "black"),
        ("RGBA", CLEAR, "black"),
        ("RGBA", CLEAR, "white"),
        ("LA", (255, 255), (0, 255)),
        ("LA", (0, 0), (0, 255)),
        ("P", 0, 1),
        ("1", 1, 0),
        ("I;16", 60000, 900),
        ("I", 0, 70000),
        ("F", 0.0, 1.0),
        ("CMYK", (0, 0, 0, 0), (0, 0, 0, 255)),
    ],
)
def test_a_picture_may_be_of_any_kind(mode: str, paper: object, ink: object) -> None:
    image = picture_of(SEVEN, mode, paper, ink)
    if mode == "P":
        image.putpalette([255, 250, 240, 20, 40, 120])
    assert_reads_as_seven(image)


@pytest.mark.parametrize("size", [(60, 60), (1600, 1600)])
def test_a_picture_may_be_of_any_size(size: tuple[int, int]) -> None:
    assert_reads_as_seven(picture_of(SEVEN).resize(size))


def test_a_photo_has_uneven_light_noise_dust_and_a_table() -> None:
    y, x = np.mgrid[-1:1:400j, -1:1:400j]
    light = 180 - 40 * x + 25 * y - 30 * (x * x + y * y)
    photo = light * (0.4 + 0.6 * np.asarray(picture_of(SEVEN)) / 255)
    photo += np.random.default_rng(0).normal(0, 4, photo.shape)
    photo[350:354, 60:64] = 30
    photo[:, :8] = 20
    assert_reads_as_seven(Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8)))


def test_dust_leaves_no_trace() -> None:
    clean, dusty = picture_of(SEVEN), picture_of(SEVEN)
    for x, y in ((60, 60), (320, 90), (300, 330), (60, 250)):
        ImageDraw.Draw(dusty).ellipse((x, y, x + 4, y + 4), 0)
    np.testing.assert_array_equal(from_picture(dusty), from_picture(clean))


def test_a_picture_like_mnist_comes_through_as_it_is() -> None:
    expected = from_picture(picture_of(SEVEN))
    assert expected is not None
    again = from_picture(Image.fromarray(expected))
    assert again is not None
    assert np.abs(again.astype(int) - expected).mean() < 1


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(90, 160, (200, 200), np.uint8))


def dot() -> Image.Image:
    image = Image.new("L", (400, 400), 255)
    ImageDraw.Draw(image).ellipse((200, 200, 214, 214), 0)
    return image


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(Image.new("L", (300, 200), 255), id="white"),
        pytest.param(Image.new("RGBA", (300, 200), CLEAR), id="clear"),
        pytest.param(Image.new("RGB", (1, 1)), id="one pixel"),
        pytest.param(Image.new("I;16", (90, 90), 777), id="grey, 16 bits"),
        pytest.param(Image.linear_gradient("L"), id="light from one side"),
        pytest.param(noise(), id="noise"),
        pytest.param(dot(), id="dot"),
        pytest.param(picture_of([stroke((200, 50), (200, 350), width=290)]), id="blot"),
    ],
)
def test_a_picture_without_a_digit_has_none(image: Image.Image) -> None:
    assert from_picture(image) is None
