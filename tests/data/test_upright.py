"""Upright digits: whatever the slant, size, proportions and place, nearly the same picture comes of them."""

import numpy as np
import pytest

from mnist_gui.data import drawn
from mnist_gui.data.augment import sample
from mnist_gui.data.upright import CENTRE, MOST_SLANT, SPREAD, make_upright
from mnist_gui.ink import Stroke, centre_of_mass, from_strokes


@pytest.fixture(scope="module")
def images():
    return drawn.images(200, seed=5)[0]


def moments(image):
    """Means (y, x), variances (y, x) and covariance of an image's ink, by loops."""
    mass = sum(float(image[y, x]) for y in range(28) for x in range(28))

    def mean(function):
        return sum(image[y, x] * function(y + 0.5, x + 0.5) for y in range(28) for x in range(28)) / mass

    my, mx = mean(lambda y, _: y), mean(lambda _, x: x)
    vy, vx = mean(lambda y, _: (y - my) ** 2), mean(lambda _, x: (x - mx) ** 2)
    return my, mx, vy, vx, mean(lambda y, x: (y - my) * (x - mx))


def test_the_moments_are_what_they_should_be(images):
    for image in make_upright(images[:20]):
        my, mx, vy, vx, covariance = moments(image)
        assert (my, mx) == pytest.approx((CENTRE, CENTRE), abs=0.1)
        assert np.sqrt(max(vy, vx)) == pytest.approx(SPREAD, abs=0.25)
        assert abs(covariance / np.sqrt(vy * vx)) < 0.05


def test_proportions_go_half_way(images):
    for before, after in zip(images[:20], make_upright(images[:20]), strict=True):
        (_, _, vy, vx, covariance), (_, _, vy_after, vx_after, _) = moments(before), moments(after)
        ratio = np.sqrt((vx - covariance**2 / vy) / vy)
        assert np.sqrt(vx_after / vy_after) == pytest.approx(np.sqrt(ratio), rel=0.08)


@pytest.mark.parametrize(
    "rows",
    {
        "slanted": [[1, 0], [0.35, 1]],
        "slanted back": [[1, 0], [-0.35, 1]],
        "smaller": [[1.4, 0], [0, 1.4]],
        "all of it": [[1.25, 0], [-0.25, 1.25]],
    }.values(),
    ids=["slanted", "slanted back", "smaller", "all of it"],
)
def test_slant_size_and_place_hardly_matter(images, rows):
    maps = np.broadcast_to(np.array(rows, np.float32), (len(images), 2, 2))
    shifts = np.broadcast_to(np.array([[0.8], [-0.6]], np.float32), (len(images), 2, 1))
    changed = sample(images, maps, shifts)
    before, raw = make_upright(images).astype(float), images.astype(float)
    after = make_upright(changed).astype(float)
    apart = np.abs(after - before).mean(axis=(1, 2))
    apart_raw = np.abs(changed - raw).mean(axis=(1, 2))
    assert np.median(apart) < 0.4 * np.median(apart_raw)
    assert np.median(apart) < 12  # of 255: what a second sampling blurs


def test_each_image_stands_for_itself_and_stays_as_it_was(images):
    kept = images.copy()
    together = make_upright(images)
    np.testing.assert_array_equal(images, kept)
    assert (together.shape, together.dtype) == (images.shape, np.uint8)
    np.testing.assert_array_equal(together[7:8], make_upright(images[7:8]))
    np.testing.assert_array_equal(together[150:], make_upright(images[150:]))


def test_a_blank_image_stays_blank():
    assert not make_upright(np.zeros((2, 28, 28), np.uint8)).any()
    assert make_upright(np.empty((0, 28, 28), np.uint8)).shape == (0, 28, 28)


@pytest.mark.parametrize("rise", [0, 0.1, 0.3])
def test_a_dash_stays_a_dash(rise):
    dash = from_strokes([Stroke(np.array([[0.0, rise], [1.0, 0.0]]), np.full(2, 0.1))])
    _, _, vy, vx, _ = moments(make_upright(dash[None])[0])
    assert vx > 2 * vy
    assert np.sqrt(vx) == pytest.approx(SPREAD, abs=0.5)


def test_a_single_pixel_stays_within_the_field():
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, 3, 20] = 255
    result = make_upright(images)
    assert result.any()
    np.testing.assert_allclose(centre_of_mass(result)[0], CENTRE, atol=0.3)


def test_no_more_slant_is_taken_out_than_a_hand_can_have():
    x = np.linspace(0, 1, 20)
    strokes = [Stroke(np.stack([x, 0.3 * (1 - x)], axis=1), np.full(20, 0.1))]
    image = from_strokes(strokes)
    _, _, vy, _, covariance = moments(image)
    assert abs(covariance / vy) > MOST_SLANT  # or this would show nothing
    assert moments(make_upright(image[None])[0])[4] < 0  # it still rises
