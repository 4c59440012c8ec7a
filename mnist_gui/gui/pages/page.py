"""What every page behind a tab is."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from mnist_gui.gui.widgets.faults import Guarded


class Page(Guarded, QWidget):
    """A view of what the session holds. Only the page in sight is kept up to date."""

    def refresh(self) -> None:
        """Show what the page has to say of the network that is looked at and of the drawing.

        Called at most once a frame for moves of the pen and updates of training while the page is in sight, and when
        it comes into sight; so it must be quick.
        """
