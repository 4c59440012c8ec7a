"""One column of the network's view: its name and shape over what is shown, shortened where there is little room."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.steady_label import SteadyLabel

_TWO_LINES: Final = 10  # letters from which on a remark is broken where there is little room


class Column(QWidget):
    """One step of the way: a name, a shape in small grey, and what is shown of it.

    Parameters
    ----------
    title, shape : str
    view : QWidget
    tip : str
        A sentence that explains the term.
    short : str
        The name where there is little room.
    """

    def __init__(self, title: str, shape: str, view: QWidget, tip: str, short: str = "") -> None:
        super().__init__()
        self.view = view
        self._titles, self._text, self._compact = (title, short or title), shape, False
        self._added: list[QWidget] = []
        self._heading, self._shape = QLabel(title), SteadyLabel()
        font = self._heading.font()
        font.setBold(True)
        self._heading.setFont(font)
        theme.make_small(self._shape)
        self._shape.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._shape.setText(shape)
        for label in (self._heading, self._shape):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        view.setAccessibleName(f"{title}, {shape}")
        self._explain(tip)
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._heading)
        layout.addWidget(self._shape, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(theme.GRID)
        layout.addWidget(view, 1)

    def add(self, widget: QWidget) -> None:
        """Put something under what is shown."""
        self._added.append(widget)
        self._layout.addWidget(widget)

    @property
    def text(self) -> str:
        """The small grey line, unshortened."""
        return self._text

    def _explain(self, tip: str) -> None:
        for label in (self._heading, self._shape):
            label.setToolTip(tip)
        self.view.setAccessibleDescription(tip)

    def set_heading(self, title: str, tip: str, short: str) -> None:
        """Change the name, also where there is little room, and the sentence that explains it."""
        if title != self._titles[False]:
            self._titles = (title, short)
            self.view.setAccessibleName(f"{title}, {self._text}")
            self._heading.setText(self._titles[self._compact])
            self._explain(tip)

    def set_shape(self, text: str) -> None:
        """Change the small grey line."""
        self._text = text
        self._shape.setText(_compacted(text) if self._compact else text)

    def set_compact(self, compact: bool) -> None:
        """Shorten the name and the small grey line, or not."""
        if compact != self._compact:
            self._compact = compact
            self._heading.setText(self._titles[compact])
            self.set_shape(self._text)
            self._shape.forget()

    def least_width(self, compact: bool) -> int:
        """Return the room, in pixels, that name and shape need, shortened or not."""
        text = _compacted(self._text) if compact else self._text
        return max(
            self._heading.fontMetrics().horizontalAdvance(self._titles[compact]),
            self._shape.fontMetrics().size(0, text).width(),
            self.view.minimumSizeHint().width(),
            *(widget.minimumSizeHint().width() for widget in self._added),
        )


def _compacted(text: str) -> str:
    """Shorten a shape, or break a remark into two lines."""
    if "×" in text:
        return text.partition(" · ")[0].replace(" × ", "×")
    middle = len(text) / 2
    spaces = [place for place, letter in enumerate(text) if letter == " "]
    nearest = min(spaces, key=lambda place: abs(place - middle), default=None)
    return text if nearest is None or len(text) < _TWO_LINES else f"{text[:nearest]}\n{text[nearest + 1 :]}"
