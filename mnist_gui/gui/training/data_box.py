"""The box in which the person chooses what to train on."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from mnist_gui.gui.widgets.faults import Guarded

_LONGEST: Final = 14  # letters of the name of a folder or file that are shown


class DataBox(Guarded, QComboBox):
    """MNIST, drawn digits, or a folder or file, which is asked for; those that were chosen stay in the list."""

    folder_requested = Signal()
    file_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.addItem("MNIST", "mnist")
        self.addItem("Drawn digits", "drawn")
        self.addItem("Folder…", None)
        self.addItem("File…", None)
        self._chosen = 0
        self.activated.connect(self._activated)

    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(4, 0)  # with a style sheet, Qt's own hint is short by some pixels

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def source(self) -> str:
        """Return "mnist", "drawn" or the path of a folder or file."""
        return str(self.itemData(self._chosen))

    def choose(self, source: str) -> None:
        """Choose a data source; a folder or file is added to the list."""
        index = self.findData(source)
        if index < 0:
            index = self.count() - 2
            name = source.rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1]
            short = name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}…{name[-_LONGEST // 2 :]}"
            self.insertItem(index, short, source)
            self.setItemData(index, source, Qt.ItemDataRole.ToolTipRole)
        self._chosen = index
        self.setCurrentIndex(index)

    def _activated(self, index: int) -> None:
        if self.itemData(index) is None:
            folder = self.itemText(index) == "Folder…"
            self.setCurrentIndex(self._chosen)
            (self.folder_requested if folder else self.file_requested).emit()
        else:
            self._chosen = index
