"""The store of the person's digits: nothing is lost, whatever happens."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_gui import ink, my_digits
from mnist_gui.ink import Stroke
from mnist_gui.my_digits import MyDigit, MyDigits, MyDigitsError, export, from_json, read_export, to_json

sys.path.append(str(Path(__file__).parent))  # when this file is run by itself
from cost import cost_of

SEVEN = np.array([(0.28, 0.25), (0.72, 0.25), (0.62, 0.5), (0.53, 0.75)])


def stroke(points=SEVEN) -> Stroke:
    return Stroke(points, np.full(len(points), 0.07))


def drawn(label=7, **more) -> MyDigit:
    return MyDigit(label, ink.from_strokes([stroke()]), (stroke(),), **more)


def pictured(label=3, seed=0) -> MyDigit:
    return MyDigit(label, np.random.default_rng(seed).integers(0, 256, (28, 28), np.uint8))


def ids(digits) -> list[str]:
    return sorted(digit.id for digit in digits)


@pytest.fixture
def store(tmp_path) -> MyDigits:
    return MyDigits(tmp_path / "deep" / "digits")


# One digit


@pytest.mark.parametrize("digit", [drawn(), pictured()])
def test_a_digit_survives_json(digit):
    read = from_json(to_json(digit))
    assert (read.label, read.id, read.time) == (digit.label, digit.id, digit.time)
    np.testing.assert_array_equal(read.image, digit.image)
    assert len(read.strokes) == len(digit.strokes)
    for mine, theirs in zip(read.strokes, digit.strokes, strict=True):
        np.testing.assert_array_equal(mine.points, theirs.points)
        np.testing.assert_array_equal(mine.widths, theirs.widths)


points = st.lists(st.tuples(*[st.floats(-2, 3)] * 2), min_size=1, max_size=8)


@given(st.lists(points, max_size=3), st.integers(0, 9))
def test_any_strokes_survive_json(lines, label):
    digit = MyDigit(label, np.full((28, 28), 9, np.uint8), tuple(stroke(np.array(line)) for line in lines))
    read = from_json(to_json(digit))
    assert [len(s.points) for s in read.strokes] == [len(line) for line in lines]
    if not lines:
        np.testing.assert_array_equal(read.image, digit.image)


def test_a_drawing_that_is_far_too_long_is_kept_as_its_image():
    digit = MyDigit(1, drawn().image.copy(), (stroke(np.tile(SEVEN, (5000, 1))),))
    read = from_json(to_json(digit))
    assert read.strokes == ()
    np.testing.assert_array_equal(read.image, digit.image)


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": 10},
        {"label": -1},
        {"id": "../../etc/passwd"},
        {"id": str(uuid.uuid4()).upper()},
        {"time": "yesterday"},
    ],
)
def test_a_digit_is_sound_from_the_start(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        MyDigit(**{"label": 7, "image": drawn().image, **wrong})


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"label": "7"},
        {"label": True},
        {"label": 12},
        {"label": 1e400},
        {"id": "../x"},
        {"id": 7},
        {"time": None},
        {"strokes": 5},
        {"strokes": [{"points": [[0, 0]]}]},
        {"strokes": [{"points": [], "widths": []}]},
        {"strokes": [{"points": [[0, 0, 0]], "widths": [1]}]},
        {"strokes": [{"points": [[0, float("nan")]], "widths": [1]}]},
        {"strokes": [{"points": [[0, 1e300], [1, 1]], "widths": [1, 1]}]},
        {"strokes": [{"points": [[0, 0]] * 20_000, "widths": [1] * 20_000}]},
        {"strokes": [{"points": "ab", "widths": "ab"}]},
        {"strokes": [], "image": "00"},
        {"strokes": [], "image": "xyz"},
        {"strokes": [], "image": None},
        {"strokes": [], "image": "00" * 783},
        {"time": "A b" * 500_000},
        {"format": "A b" * 500_000},
        {"label": 10**400},
        {"strokes": [{"points": [[0, 10**400]], "widths": [1]}]},
    ],
    ids=lambda change: repr(change)[:40],
)
def test_what_is_not_a_digit_is_refused_in_few_words(change):
    with pytest.raises(ValueError, match=r"\w") as caught:
        from_json(json.dumps(json.loads(to_json(drawn())) | change))
    assert len(str(caught.value)) < 150
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text", ["9" * 5000, "[" * 100_000, '{"a": NaN}', to_json(drawn())[:-1] + ', "label": 3}', "\ud800", '{"format": 1']
)
def test_other_text_is_refused(text):
    with pytest.raises(ValueError, match="not a digit of this program"):
        from_json(text)


def far_jumping(count=10_000) -> tuple[Stroke, ...]:
    return (stroke(np.random.default_rng(0).random((count, 2))),)


def tiny(count=10_000) -> tuple[Stroke, ...]:
    """As long in its own sides, but short on the paper."""
    return (stroke(np.random.default_rng(0).random((count, 2)) / 1000),)


def many(count=5_000) -> tuple[Stroke, ...]:
    return tuple(stroke(point[None]) for point in np.random.default_rng(0).random((count, 2)))


@pytest.mark.parametrize("make", [far_jumping, tiny, many])
def test_strokes_longer_than_anyone_draws_are_read_as_their_image_and_at_once(make):
    digit, seven = MyDigit(7, drawn().image.copy(), make()), json.loads(to_json(drawn()))
    assert from_json(to_json(digit)).strokes == ()
    seven["strokes"] = [{"points": s.points.tolist(), "widths": s.widths.tolist()} for s in make()]
    text = json.dumps(seven)
    started = time.process_time()
    read = from_json(text)
    assert time.process_time() - started < 1
    assert read.strokes == ()
    np.testing.assert_array_equal(read.image, digit.image)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00"])
def test_a_digit_of_any_year_is_taken_with_its_date(moment):
    assert from_json(to_json(drawn(time=moment))).time == moment


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_other_json_is_refused(content):
    with pytest.raises(ValueError, match=r"\w"):
        from_json(json.dumps(content))


# The store


def test_the_folder_is_made_for_the_first_digit(store):
    assert store.all() == []
    assert not store.folder.exists()
    store.add(drawn())
    assert len(store.all()) == 1


def test_digits_are_listed_by_label_and_then_time(store):
    digits = [drawn(7), pictured(3), drawn(7), drawn(0)]
    for digit in digits:
        store.add(digit)
    first, second = digits[0], digits[2]
    assert [digit.id for digit in store.all()] == [digits[3].id, digits[1].id, first.id, second.id]
    assert ids(MyDigits(store.folder).all()) == ids(digits)


def test_what_is_removed_can_be_restored(store):
    kept, gone = drawn(), pictured()
    for digit in (kept, gone):
        store.add(digit)
    store.remove([gone.id])
    assert ids(store.all()) == [kept.id]
    store.remove([gone.id])  # another window was quicker
    store.restore([gone.id])
    assert ids(MyDigits(store.folder).all()) == ids([kept, gone])


def test_a_damaged_file_is_reported_and_stays(store):
    good, bad = drawn(), drawn()
    for digit in (good, bad):
        store.add(digit)
    path = store.folder / f"{bad.id}.json"
    path.write_text(path.read_text()[:100])
    (store.folder / "note.json").write_bytes(b"\xff\xfe\x00")
    (store.folder / "copy.json").write_text(to_json(good))
    (store.folder / f"{uuid.uuid4()}.json").mkdir()
    new = MyDigits(store.folder)
    before = sorted(store.folder.iterdir())
    assert ids(new.all()) == [good.id]
    assert {path.name, "note.json", "copy.json"} < set(new.damaged)
    assert len(new.damaged) == 4
    assert sorted(store.folder.iterdir()) == before


# Crashes and full disks


@pytest.mark.parametrize("call", ["replace", "fsync"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_loses_nothing_and_leaves_nothing(store, monkeypatch, call, error):
    first = drawn()
    store.add(first)

    def fail(*_):
        raise error

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(MyDigitsError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        store.add(drawn())
    if isinstance(error, OSError):
        assert "No space left on device" in str(caught.value)
    monkeypatch.undo()
    assert [path.name for path in store.folder.iterdir()] == [f"{first.id}.json"]
    assert ids(MyDigits(store.folder).all()) == [first.id]


def test_a_crash_in_the_middle_of_writing_leaves_the_digits_that_were(store):
    store.add(drawn())
    program = (
        "import os, sys; from mnist_gui import my_digits; import numpy as np\n"
        "os.fsync = lambda _: os._exit(9)\n"
        "my_digits.MyDigits(sys.argv[1]).add(my_digits.MyDigit(1, np.zeros((28, 28), np.uint8)))"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(store.folder)], check=False)
    assert ended.returncode == 9
    assert len(store.all()) == 1
    assert store.damaged == ()


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    store = MyDigits(tmp_path / "file" / "digits")
    with pytest.raises(MyDigitsError, match="can't be kept"):
        store.add(drawn())
    assert store.all() == []


def test_export_leaves_what_was_there_if_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "mine.jsonl"
    export(path, [drawn()])
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(MyDigitsError, match="full"):
        export(path, [drawn(), drawn()])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_two_programs_that_add_at_once_lose_nothing(store):
    program = (
        "import sys; from mnist_gui import my_digits; import numpy as np\n"
        "store = my_digits.MyDigits(sys.argv[1])\n"
        "for _ in range(30): store.add(my_digits.MyDigit(int(sys.argv[2]), np.zeros((28, 28), np.uint8)))"
    )
    programs = [subprocess.Popen([sys.executable, "-c", program, str(store.folder), label]) for label in "15"]
    assert [running.wait(60) for running in programs] == [0, 0]
    assert [digit.label for digit in store.all()] == [1] * 30 + [5] * 30
    assert store.damaged == ()


# To and from one file


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 5)))
def test_an_import_adds_what_is_new(tmp_path, here, there):
    pool = [pictured(number, number) for number in range(6)]
    store = MyDigits(tmp_path / str(uuid.uuid4()))
    for number in set(here):
        store.add(pool[number])
    path = tmp_path / "digits.jsonl"
    export(path, [pool[number] for number in there])
    if there:
        assert store.merge(read_export(path)) == len(set(there) - set(here))
        assert store.merge(read_export(path)) == 0
    else:
        with pytest.raises(MyDigitsError, match="no digits"):
            read_export(path)
    assert ids(store.all()) == ids(pool[number] for number in set(here) | set(there))


def test_an_import_mends_a_damaged_file_and_keeps_it(store, tmp_path):
    digit = drawn()
    store.add(digit)
    export(tmp_path / "backup", store.all())
    (store.folder / f"{digit.id}.json").write_text("{")
    store = MyDigits(store.folder)
    assert store.merge(read_export(tmp_path / "backup")) == 1
    assert ids(store.all()) == [digit.id]
    assert [path.read_text() for path in (store.folder / "removed").iterdir()] == ["{"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no digits"),
        (b"\n\n", "no digits"),
        (b"hello\n", "line 1"),
        (b"[1]\n", "not a digit of this program"),
        (b"\x89PNG\r\n\x1a\n", "not text"),
        (to_json(drawn()).encode() + b"\n{\n", "line 2"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path, content, says):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(MyDigitsError, match=says) as caught:
        read_export(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_or_a_folder_is_one_sentence(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(MyDigitsError, match="can't be read"):
            read_export(path)


def test_an_enormous_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(my_digits, "_MAX_BYTES", 10)
    export(tmp_path / "mine", [drawn()])
    with pytest.raises(MyDigitsError, match="too large"):
        read_export(tmp_path / "mine")


@pytest.mark.skipif(os.name != "posix", reason="memory is measured as POSIX does")
@pytest.mark.parametrize(
    "make",
    [
        lambda: b"[0]," * 24_000_000,
        lambda: b"[" * 90_000_000,
        lambda: b'{"format": "' + b"A b" * 30_000_000 + b'"}',
        lambda: b'{"format": 1, "id": "' + b"A b" * 30_000_000,
        lambda: b"\n" * 90_000_000,
        lambda: (b"[0]," * 240_000 + b"\n") * 90,
    ],
    ids=["wide", "deep", "a long text", "no end", "blank lines", "many wide lines"],
)
def test_a_file_that_means_harm_is_refused_cheaply(tmp_path, make):
    (tmp_path / "bad.jsonl").write_bytes(make())
    cost = cost_of("from mnist_gui import my_digits\nrun = my_digits.read_export", tmp_path / "bad.jsonl")
    assert cost.refused
    assert len(cost.refused) < len(str(tmp_path)) + 200
    assert cost.seconds < 2
    assert cost.megabytes < 200


def test_what_a_file_holds_in_all_is_bounded(tmp_path, monkeypatch):
    export(tmp_path / "mine", [drawn() for _ in range(10)])
    monkeypatch.setattr(my_digits, "_MAX_IN_ALL", 100)
    with pytest.raises(MyDigitsError, match="far too much"):
        read_export(tmp_path / "mine")


@pytest.mark.skipif(os.name != "posix", reason="about pipes as POSIX has them")
@pytest.mark.timeout(20)
def test_a_pipe_is_refused_and_not_waited_for(store):
    store.add(drawn())
    os.mkfifo(store.folder / f"{uuid.uuid4()}.json")
    assert len(store.all()) == 1
    assert len(store.damaged) == 1
    with pytest.raises(MyDigitsError, match="not a file"):
        read_export(store.folder / store.damaged[0])


def test_reading_tells_how_far_it_is_and_can_be_ended(tmp_path):
    path = tmp_path / "mine"
    export(path, [drawn(), pictured()])
    told = []
    read_export(path, lambda done, total: told.append((done, total)))
    assert [total for _, total in told] == [path.stat().st_size] * 2
    assert told[0][0] < told[1][0] == path.stat().st_size

    def cancel(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_export(path, cancel)


def test_a_file_may_have_a_mark_and_line_ends_of_windows(tmp_path):
    export(tmp_path / "mine", [drawn(), pictured()])
    content = (tmp_path / "mine").read_bytes()
    (tmp_path / "mine").write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert len(read_export(tmp_path / "mine")) == 2


def test_the_persons_own_folder_is_the_default():
    assert MyDigits().folder == my_digits.digits_folder()
