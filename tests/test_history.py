import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_gui.history import History, index_at
from mnist_gui.training import RECIPES, Epoch, Progress


def progress(step, parameters=None, epochs=()):
    empty = np.empty(0)
    parameters = np.full(100, step, np.float64) if parameters is None else parameters
    return Progress(RECIPES["default"], step, 18_750, tuple(epochs), 0, 0, empty, empty, empty, parameters)


def steps_of(history):
    return [snapshot.step for snapshot in history.snapshots]


@given(st.lists(st.integers(1, 500), min_size=1, max_size=400))
def test_any_run_stays_within_the_limit_and_keeps_its_ends(strides):
    history = History(max_bytes=50 * 400)
    steps = np.cumsum([0, *strides]).tolist()
    for step in steps:
        history.add(progress(step))
        assert len(history.snapshots) <= 50
        assert history.snapshots[0].step == 0
        assert history.snapshots[-1].step == step
    kept = steps_of(history)
    assert kept == sorted(set(kept))
    assert all((snapshot.parameters == snapshot.step).all() for snapshot in history.snapshots)


def test_moments_stand_closer_at_the_start():
    history = History(max_bytes=200 * 400)
    for step in range(0, 18_751, 10):
        history.add(progress(step))
    gaps = np.diff(steps_of(history)[:-1])
    assert gaps[:5].max() < gaps[-5:].min()
    assert 50 < len(history.snapshots) <= 200


def test_a_snapshot_is_found_by_its_step():
    history = History()
    for step in (0, 100, 5000):
        history.add(progress(step))
    found = [history.snapshots[index_at(history.snapshots, step)] for step in (-1, 0, 99, 100, 4999, 5000, 10**6)]
    assert [snapshot.step for snapshot in found] == [0, 0, 0, 100, 100, 5000, 5000]


def test_snapshots_are_float32_copies_that_nobody_can_change():
    history, parameters = History(), np.ones(100)
    history.add(progress(3, parameters))
    parameters[:] = 7
    assert history.snapshots[0].parameters.dtype == np.float32
    assert (history.snapshots[0].parameters == 1).all()
    with pytest.raises(ValueError, match="read-only"):
        history.snapshots[0].parameters[0] = 2


def test_a_snapshot_knows_the_accuracy_of_the_last_whole_epoch():
    history = History()
    history.add(progress(10))
    history.add(progress(1875, epochs=[Epoch(0.4, 0.9, 0.3, 0.93)]))
    assert [(s.epoch, s.test_accuracy) for s in history.snapshots] == [(10 / 1875, None), (1, 0.93)]


def test_the_same_moment_is_kept_once():
    history = History()
    for step in (0, 5, 5, 3):
        history.add(progress(step))
    assert steps_of(history) == [0, 5]
