"""Fields for numbers: either decimal mark, science form, as many decimals as are needed, and never another number."""

from __future__ import annotations

import re
from math import isfinite
from typing import Final

import numpy as np
from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.faults import Guarded

_NUMBER: Final = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d{1,3})?", re.IGNORECASE)
_FRAME: Final = 18  # pixels: both paddings, both borders and the text cursor
_DECIMALS: Final = 300  # the field rounds to so many: none that a float can hold is lost


def parse(text: str, *, whole: bool = False) -> float:
    """Read a number as people write it.

    A comma is a decimal mark, as a point is; there is no mark for thousands.

    Parameters
    ----------
    text : str
    whole : bool
        Whether only whole numbers are wanted. Then no decimal mark is taken, which may have meant thousands; 1e3 is.

    Raises
    ------
    ValueError
        Says in a few words why it is no such number.
    """
    plain = text.strip().replace("−", "-")
    if not _NUMBER.fullmatch(plain):
        if sum(map(plain.count, ".,' ")) > 1:
            raise ValueError("write the number without marks for thousands")
        raise ValueError("that is not a number")
    if whole and "e" not in plain.lower() and ("," in plain or "." in plain):
        raise ValueError("a whole number is wanted, without any marks")
    number = float(plain.replace(",", "."))
    if not isfinite(number):
        raise ValueError("that number is too large")
    if whole and number != int(number):
        raise ValueError("a whole number is wanted")
    return number


def write(number: float, digits: int) -> str:
    """Write a number with a point, with at most so many significant digits, and without zeros at the end."""
    return str(np.format_float_positional(number, precision=digits, unique=True, fractional=False, trim="-"))


class NumberField(Guarded, QDoubleSpinBox):
    """Takes the number that is typed, or keeps its own and says in `refused` why.

    Parameters
    ----------
    least, most : float
        Both ends are in the range.
    whole : bool
        Take whole numbers alone.
    digits : int
        Significant digits that are shown; what is set or typed is kept in full.
    least_digits : int
        The field has room for so many, and grows with longer numbers.
    """

    refused = Signal(str)

    def __init__(
        self,
        least: float,
        most: float,
        *,
        whole: bool = False,
        digits: int = 12,
        least_digits: int = 4,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._least_digits = least_digits
        self._whole, self._digits = whole, digits
        self._before = 0.0  # the number before what is being typed
        self.setLocale(QLocale.c())  # one mark throughout the window, whatever the system's
        self.setDecimals(0 if whole else _DECIMALS)
        self.setRange(least, most)
        self.setCorrectionMode(QDoubleSpinBox.CorrectionMode.CorrectToPreviousValue)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.setFont(theme.tabular(self.font()))
        self.editingFinished.connect(self._settle)

    def sizeHint(self) -> QSize:
        """As wide as the number, and at least as some digits."""
        digits = max(self._least_digits, len(self.text()) + 1)
        return QSize(digits * self.fontMetrics().horizontalAdvance("0") + _FRAME, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _settle(self) -> None:
        self._before = super().value()
        self.updateGeometry()  # not while a number is being typed

    def setValue(self, number: float) -> None:
        """Show a number."""
        super().setValue(number)
        self._settle()

    def stepBy(self, steps: int) -> None:
        super().stepBy(steps)
        self._settle()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._settle()

    def value(self) -> float:
        """Return the number: an int if whole ones are wanted."""
        number = super().value()
        return int(number) if self._whole else number

    def textFromValue(self, number: float) -> str:
        return (str(int(number)) if self._whole else write(number, self._digits)).replace("-", "−")

    def valueFromText(self, text: str) -> float:
        for number in (super().value(), self._before):
            if text == self.textFromValue(number):
                return number  # which may have more digits than are shown
        try:
            return parse(text, whole=self._whole)
        except ValueError:
            return self._before

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        # No key is swallowed: what is typed without it would be another number.
        state = QValidator.State.Intermediate if self._why_not(text) else QValidator.State.Acceptable
        return state, text, position

    def fixup(self, text: str) -> str:
        """Say why what was typed is not taken; the number before it stays."""
        kept = self.textFromValue(self._before)
        self.refused.emit(f"{self.accessibleName() or 'The number'} stays {kept}: {self._why_not(text)}")
        return kept

    def _why_not(self, text: str) -> str:
        try:
            number = parse(text, whole=self._whole)
        except ValueError as error:
            return str(error)
        if not self.minimum() <= number <= self.maximum():
            return f"it can be {self.textFromValue(self.minimum())} to {self.textFromValue(self.maximum())}"
        return ""
