"""Ten keys by which the person says which digit the drawing is."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QToolButton, QVBoxLayout, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.section import grey

_ROWS: Final = ((1, 2, 3), (4, 5, 6), (7, 8, 9), (0,))  # as on a telephone
_KEY: Final = """
QToolButton {
    padding: 1px; border-color: transparent; background: transparent;
    color: palette(placeholder-text);
}
QToolButton:hover { background: palette(alternate-base); color: palette(text); }
QToolButton:focus { border: 2px solid palette(highlight); padding: 0; }
QToolButton:checked {
    background: palette(highlight); color: palette(highlighted-text); border-color: palette(highlight);
}
QToolButton:disabled { color: palette(dark); }
"""


class DigitKeys(QWidget):
    """The key of the digit as which the drawing is kept is lit; a second press on it takes the drawing back."""

    digit_named = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("digitKeys")
        self._caption = grey("wrong? it’s a")
        self._caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)  # all may be dark
        keys = QGridLayout()
        keys.setSpacing(2)
        for row, digits in enumerate(_ROWS):
            for column, digit in enumerate(digits, 1 if len(digits) == 1 else 0):
                keys.addWidget(self._key(digit), row, column)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID // 2)
        layout.addWidget(self._caption)
        layout.addLayout(keys)
        self.show_drawing(there=False, kept=None)

    def _key(self, digit: int) -> QToolButton:
        key = QToolButton()
        key.setObjectName(f"digitKey{digit}")
        key.setText(str(digit))
        key.setAccessibleName(f"The drawing is a {digit}")
        key.setToolTip(f"Keep the drawing in My digits, as a {digit} (Ctrl+{digit}). A second press takes it back")
        key.setCheckable(True)
        key.setStyleSheet(_KEY)
        key.setSizePolicy(key.sizePolicy().Policy.Expanding, key.sizePolicy().Policy.Fixed)
        key.setMinimumWidth(18)
        key.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        key.clicked.connect(partial(self._name, digit))
        self._group.addButton(key, digit)
        return key

    def _name(self, digit: int) -> None:
        key = self._group.button(digit)
        key.setChecked(not key.isChecked())  # which key is lit is said by what is kept, not by the press
        self.digit_named.emit(digit)

    def show_drawing(self, *, there: bool, kept: int | None) -> None:
        """Say whether there is a drawing to name, and which digit it is kept as, if it is kept."""
        self._caption.setText("wrong? it’s a" if kept is None else "kept as")
        self.setEnabled(there)
        for digit in range(10):
            self._group.button(digit).setChecked(digit == kept)
