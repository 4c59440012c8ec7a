"""What every page behind a tab is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent


class Page(Guarded, QScrollArea):
    """A view of what the session holds. Only the page in sight is kept up to date.

    Attributes
    ----------
    content : QWidget
        Takes the page's layout. It fills the page, and scrolls where there is less room than its texts need.
    """

    has_keys = False  # whether the page answers to keys of its own

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.content = QWidget()
        self.setProperty("page", True)  # for the style sheet
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setWidget(self.content)
        for widget in (self.viewport(), self.content):
            widget.setAutoFillBackground(False)  # it stands on the panel's paper
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.rangeChanged.connect(self._set_focus_policy)
        self._set_focus_policy()

    def _set_focus_policy(self) -> None:
        """Let Tab lead to the page itself only where its keys do something: scroll, or what a subclass says."""
        scrolls = max(self.horizontalScrollBar().maximum(), self.verticalScrollBar().maximum()) > 0
        policy = Qt.FocusPolicy.TabFocus if scrolls else Qt.FocusPolicy.NoFocus
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if self.has_keys else policy)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Frame the page, unless the mouse led here: the person then looks elsewhere."""
        super().focusInEvent(event)
        self._frame(event.reason() != Qt.FocusReason.MouseFocusReason)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._frame(False)

    def _frame(self, framed: bool) -> None:
        if framed != bool(self.property("framed")):
            self.setProperty("framed", framed)
            self.style().polish(self)

    def minimumSizeHint(self) -> QSize:
        """Any: what has no room is scrolled to."""
        return QSize(0, 0)

    def refresh(self) -> None:
        """Show what the page has to say of the network that is looked at and of the drawing.

        Called at most once a frame for moves of the pen and updates of training while the page is in sight, and when
        it comes into sight; so it must be quick.
        """
