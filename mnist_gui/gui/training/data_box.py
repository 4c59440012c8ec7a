"""The box in which the person chooses what to train on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QWidget


class DataBox(QComboBox):
    """MNIST, drawn digits, or a folder or file, which is asked for; those that were chosen stay in the list."""

    folder_requested = Signal()
    file_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.addItem("MNIST", "mnist")
        self.addItem("Drawn digits", "drawn")
        self.addItem("Folder…", None)
        self.addItem("File…", None)
        self._chosen = 0
        self.activated.connect(self._activated)

    def source(self) -> str:
        """Return "mnist", "drawn" or the path of a folder or file."""
        return str(self.itemData(self._chosen))

    def choose(self, source: str) -> None:
        """Choose a data source; a folder or file is added to the list."""
        index = self.findData(source)
        if index < 0:
            index = self.count() - 2
            self.insertItem(index, source.rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1], source)
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
