"""The list of the person's digits."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from mnist_gui.gui.pages.my_digits.digit_list import MyDigitsList
from mnist_gui.my_digits import MyDigit


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_digit_of_any_year_has_a_tooltip_with_its_date(qtbot, time):
    digits = MyDigitsList()
    qtbot.addWidget(digits)
    digits.show_digits([MyDigit(3, np.zeros((28, 28), np.uint8), time=time)])
    model = digits.model()
    tip = model.data(model.index(1, 0), Qt.ItemDataRole.ToolTipRole)
    assert f"taught {time[:10]} " in tip
