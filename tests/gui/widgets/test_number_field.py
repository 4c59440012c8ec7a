"""Numbers as people type them: the number that was meant, or the one before and why; never another."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest

from mnist_gui.gui.widgets.number_field import NumberField, parse, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture(params=["en_US", "de_DE", "ar_EG"])
def locale(request: pytest.FixtureRequest) -> Iterator[str]:
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


def typed(field: NumberField, text: str) -> list[str]:
    """Type over what is there and go on; return what was said."""
    said: list[str] = []
    field.refused.connect(said.append)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    field.refused.disconnect(said.append)
    return said


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[("1e-3", 0.001), ("5e-4", 0.0005), ("2E-1", 0.2), (".05", 0.05), ("0,35", 0.35), ("0.05", 0.05)],
        *[("0.0003125", 0.0003125), ("0,0003125", 0.0003125), ("13", 13), ("1e2", 100), ("1.", 1), ("+3", 3)],
    ],
)
def test_what_is_typed_is_the_number(qtbot: QtBot, locale: str, text: str, number: float) -> None:
    field = NumberField(1e-9, 1000)
    qtbot.addWidget(field)
    field.setValue(0.35)
    assert typed(field, text) == []
    assert field.value() == number
    assert field.text() == write(number, 12)
    assert "," not in field.text()


@pytest.mark.parametrize("text", ["5000", "0", "1e", "-", "1,000.5", "1.2.3", "1 000 000", "-4", "1e999", "1x3", "abc"])
def test_what_is_no_such_number_leaves_the_one_before_and_says_why(qtbot: QtBot, locale: str, text: str) -> None:
    field = NumberField(1e-9, 1000)
    qtbot.addWidget(field)
    field.setAccessibleName("Rate")
    field.setValue(0.35)
    (said,) = typed(field, text)
    assert said.startswith("Rate stays 0.35: ")
    assert field.value() == 0.35
    assert field.text() == "0.35"


@pytest.mark.parametrize("text", ["5.5", "1,000", "1.000", "0.5", "1e-1", "1001", "1e999", "1'000"])
def test_a_whole_number_is_not_guessed_at(qtbot: QtBot, locale: str, text: str) -> None:
    field = NumberField(1, 1000, whole=True)
    qtbot.addWidget(field)
    field.setValue(10)
    typed(field, text)
    assert field.value() == 10
    assert typed(field, "1e2") == []
    assert field.value() == 100
    assert isinstance(field.value(), int)


def test_ten_digit_seeds_fit(qtbot: QtBot) -> None:
    field = NumberField(0, 2**32 - 1, whole=True)
    qtbot.addWidget(field)
    assert typed(field, "4294967295") == []
    assert field.value() == 4294967295
    assert field.text() == "4294967295"


def test_a_number_with_more_digits_than_are_shown_stays_as_it_is(qtbot: QtBot) -> None:
    field = NumberField(-9, 9, digits=4)
    qtbot.addWidget(field)
    field.setValue(1.23456789)
    assert field.text() == "1.235"
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.value() == 1.23456789


@given(st.floats(1e-9, 1e6))
def test_what_is_written_is_read_again(number: float) -> None:
    assert parse(write(number, 17)) == number
    assert parse(write(number, 17).replace(".", ",")) == number
    assert parse(f"{number!r}") == number


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_a_reason(text: str) -> None:
    for whole in (False, True):
        with suppress(ValueError):
            assert isinstance(parse(text, whole=whole), float)
