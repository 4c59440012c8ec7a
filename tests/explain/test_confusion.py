"""The confusion matrix against plain counting."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_gui.explain.confusion import Confusion


@pytest.fixture(params=[0, 1, 300])
def confusion(request: pytest.FixtureRequest) -> Confusion:
    rng = np.random.default_rng(5)
    probabilities = rng.dirichlet(np.full(10, 0.3), request.param).reshape(-1, 10)
    return Confusion(probabilities, rng.integers(0, 8, request.param).astype(np.uint8))  # no image of 8 or 9


def plain(confusion: Confusion) -> list[tuple[int, int, float, int]]:
    """Truth, answer, confidence and place of each image."""
    return [
        (int(label), max(range(10), key=lambda digit: p[digit]), max(p), i)
        for i, (label, p) in enumerate(zip(confusion.labels, confusion.probabilities.tolist(), strict=True))
    ]


def test_counts_and_shares_are_those_of_plain_counting(confusion: Confusion) -> None:
    images = plain(confusion)
    for truth in range(10):
        row = [image for image in images if image[0] == truth]
        for answer in range(10):
            count = sum(image[1] == answer for image in row)
            assert confusion.counts[truth, answer] == count
            expected = count / len(row) if row else np.nan
            np.testing.assert_equal(confusion.shares[truth, answer], expected)
        np.testing.assert_equal(confusion.accuracies[truth], confusion.shares[truth, truth])


def test_the_accuracy_is_the_share_of_right_answers(confusion: Confusion) -> None:
    right = [truth == answer for truth, answer, _, _ in plain(confusion)]
    np.testing.assert_equal(confusion.accuracy, np.mean(right) if right else np.nan)


def test_mistakes_come_with_the_most_confident_first(confusion: Confusion) -> None:
    images = plain(confusion)
    for truth, answer in np.ndindex(10, 10):
        sign = 1 if truth == answer else -1
        expected = sorted((sign * p, i) for t, a, p, i in images if (t, a) == (truth, answer))
        assert confusion.read_as(truth, answer).tolist() == [i for _, i in expected]
    expected = sorted((-p, i) for t, a, p, i in images if t != a)
    assert confusion.mistakes().tolist() == [i for _, i in expected]
