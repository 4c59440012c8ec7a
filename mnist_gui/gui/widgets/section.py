"""A part of a page: a name, a line in small grey, and what belongs under them."""

from __future__ import annotations

from typing import Final, TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from mnist_gui.assets import ASSETS
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.gui.widgets.wrapped_label import WrappedLabel

L = TypeVar("L", bound=QLabel)

_CHECK_BOX: Final = """
QCheckBox { spacing: 8px; }
QCheckBox::indicator {
    width: 14px; height: 14px; border: 1px solid palette(placeholder-text); border-radius: 4px;
    background: palette(base);
}
QCheckBox::indicator:hover { border-color: palette(highlight); }
QCheckBox:focus { color: palette(highlight); text-decoration: underline; }
QCheckBox::indicator:checked { border-color: palette(highlight); background: palette(highlight); image: url(%s); }
QCheckBox::indicator:disabled { border-color: palette(mid); }
"""


def grey(text: str = "") -> QLabel:
    """Make a label in the small size and the quiet colour, with figures of one width."""
    return _quiet(QLabel(text))


def _quiet(label: L) -> L:
    label.setFont(theme.tabular(label.font()))
    theme.make_small(label)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label


def check_box(text: str, name: str, tip: str) -> QCheckBox:
    """Make a check box that can be told on dark paper too, where the toolkit's own frame is nearly invisible."""
    box = QCheckBox(text)
    box.setObjectName(name)
    box.setToolTip(tip)
    box.setAccessibleDescription(tip)
    box.setStyleSheet(_CHECK_BOX % (ASSETS / "icons" / "check-white.svg").as_posix())
    return box


class TextColumn(Guarded, QWidget):
    """A column for text and controls, so many letters of the present size wide."""

    def __init__(self, letters: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._letters = letters
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        least = super().minimumSizeHint()  # of what is in it
        return QSize(max(least.width(), self._letters * self.fontMetrics().averageCharWidth()), least.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class Section(QWidget):
    """Stands beside others on a page.

    Parameters
    ----------
    title : str
    note : str
        What to do here, or what is shown, in a few words.
    tip : str
        A sentence or two that explain the idea.

    Attributes
    ----------
    head : QHBoxLayout
        Takes widgets at the right of the title.
    body : QVBoxLayout
    """

    def __init__(self, title: str, note: str, tip: str) -> None:
        super().__init__()
        self.heading = heading = QLabel(title)
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        self.note = _quiet(WrappedLabel(note))
        for label in (heading, self.note):
            label.setToolTip(tip)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(heading)
        names.addWidget(self.note)
        self.head = QHBoxLayout()
        self.head.setSpacing(theme.GRID // 2)
        self.head.addLayout(names, 1)
        self.head.setAlignment(names, Qt.AlignmentFlag.AlignTop)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.GRID // 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID)
        layout.addLayout(self.head)
        layout.addLayout(self.body, 1)

    def set_title(self, text: str) -> None:
        """Change the name."""
        self.heading.setText(text)

    def set_note(self, text: str) -> None:
        """Change the line in small grey."""
        self.note.setText(text)
