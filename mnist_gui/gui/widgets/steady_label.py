"""A label whose text may change many times a second."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QLabel

from mnist_gui.gui.widgets.faults import Guarded


class SteadyLabel(Guarded, QLabel):
    """Keeps the size of the largest text that it has had, so that a new one does not make the window lay itself out.

    Parameters
    ----------
    widest : str
        A text for which there is room from the start.
    """

    def __init__(self, widest: str = "") -> None:
        super().__init__()
        self._widest = widest
        self._grow()

    def setText(self, text: str) -> None:
        """Show a text, and grow if it needs more room."""
        if text == self.text():
            return
        super().setText(text)
        self._grow()

    def _grow(self) -> None:
        room = self.fontMetrics().size(0, self._widest) if self._widest else QSize()
        needed = self.sizeHint().expandedTo(self.minimumSize()).expandedTo(room)
        if needed != self.minimumSize():
            self.setFixedSize(needed)

    def changeEvent(self, event: QEvent) -> None:
        """Take new measure if the font is another."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.forget()

    def forget(self) -> None:
        """Be no larger than the present text needs."""
        self.setMinimumSize(0, 0)
        self.setIndent(self.indent())  # or else the size that Qt has noted is at least the least one that there was
        self._grow()
