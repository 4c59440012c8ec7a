"""A label whose text is wrapped into as many lines as its width asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent


_SCROLL_BAR: Final = 24  # pixels, at least


class WrappedLabel(Guarded, QLabel):
    """Is as high as its lines, and no lower.

    Qt's own wrapped label has all that is around it ask for the height that they would like to have at that width, and
    so a page would scroll long before its texts are cut.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self._fitted = -_SCROLL_BAR  # the width that the height was chosen for
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        """Show a text, in as many lines as it needs."""
        if text != self.text():
            super().setText(text)
            self._fit()

    def hasHeightForWidth(self) -> bool:
        return False

    def _fit(self) -> None:
        self._fitted = self.width()
        self.setMinimumHeight(0)  # or else the lines would be found to be at least as high as they were
        self.setFixedHeight(max(self.heightForWidth(self.width()), 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # A scroll bar that goes because there are fewer lines, and comes because there are more, would never rest.
        if not self._fitted <= self.width() < self._fitted + _SCROLL_BAR:
            self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()
