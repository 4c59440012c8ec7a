"""Which moment of the run all pages show, and the way back to now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.section import grey

if TYPE_CHECKING:
    from mnist_gui.gui.session import Session


class MomentNotice(QWidget):
    """Stands beside the tabs while the person looks at the past, whichever page is in sight."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._text = grey()
        self._text.setToolTip("The network, the answer and every page are shown as they were at this moment of the run")
        self.back_button = QPushButton("Back to now")
        self.back_button.setObjectName("backToNowButton")
        self.back_button.setToolTip("Show the network as it is now")
        self.back_button.setStyleSheet("padding: 1px 8px;")
        self.back_button.clicked.connect(lambda: session.look_at(None))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self._text)
        layout.addWidget(self.back_button)
        self._room = 0
        session.present_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        moment = self._session.moment
        self.setVisible(moment is not None)
        if moment is not None:
            self._text.setText(moment.describe())
        self.fit(self._room)

    def fit(self, room: int) -> None:
        """Show the button alone, which stands over what the time bar says, where the tabs leave no more room."""
        self._room = room
        needed = self._text.sizeHint().width() + theme.GRID + self.back_button.sizeHint().width()
        self._text.setVisible(needed <= room)
