"""What a message quotes is short, on one line, and can be seen."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_gui.errors import QUOTED_AT_MOST, UserError, one_line, quoted, reason

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=100),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=100), inner),
)


@given(values)
def test_any_value_is_quoted_in_a_short_line(value):
    text = quoted(value)
    assert text.isprintable()
    assert len(text) <= 4 * QUOTED_AT_MOST


@pytest.mark.parametrize(
    ("value", "text"),
    [("conv\n", r"'conv\n'"), (True, "True"), ([1, 2], "[1, 2]"), ({"a": 1}, "{'a': 1}"), (1e299, "1e+299")],
)
def test_a_short_value_is_quoted_as_it_is(value, text):
    assert quoted(value) == text


@pytest.mark.parametrize("value", ["A b" * 400_000, [0] * 1_000_000, {"a": "b" * 1_000_000}, 10**5000], ids=range(4))
def test_a_long_value_is_cut_at_once(value):
    started = time.process_time()
    assert len(quoted(value)) <= QUOTED_AT_MOST
    assert time.process_time() - started < 0.5


def test_a_text_keeps_its_ends():
    assert one_line("a" * 100 + "z" * 100, 11) == "aaaaa…zzzzz"
    assert one_line("two\nlines\t\x07 \u202e") == r"two lines \x07 \u202e"


def test_a_message_is_one_line_whatever_it_quotes():
    message = str(UserError(f"{'x' * 5000}\n can't be read: No such file"))
    assert len(message) == 1000
    assert message.endswith(" can't be read: No such file")
    assert message.isprintable()


def test_the_reason_is_what_the_system_says():
    assert reason(FileNotFoundError(2, "No such file or directory", "/x")) == "No such file or directory"
    assert reason(OSError("full")) == "full"
    assert reason(ValueError()) == "ValueError"
