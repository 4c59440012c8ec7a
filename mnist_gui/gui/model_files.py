"""The dialogs that open and save models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QMessageBox

from mnist_gui.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist_gui.gui.main_window import MainWindow

MODEL_FILES = "Models (*.safetensors)"


class ModelFiles:
    """Asks for files, and before unsaved training is lost."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def open(self) -> None:
        """Let the person choose a model to open."""
        if self.may_discard():
            path, _ = QFileDialog.getOpenFileName(self._window, "Open model", self._folder(), MODEL_FILES)
            if path:
                self._load(lambda: self._window.model.open(path))

    def open_shipped(self) -> None:
        """Go back to the model that comes with the program."""
        if self.may_discard():
            self._load(self._window.model.open_shipped)

    def _load(self, load: Callable[[], None]) -> None:
        try:
            load()
        except UserError as error:
            QMessageBox.warning(self._window, "The model can't be opened", str(error))
        else:
            self._window.model_replaced()

    def save(self) -> bool:
        """Save to the model's file, or ask for one; return whether it was saved."""
        path = self._window.model.path
        return self._save_to(path) if path else self.save_as()

    def save_as(self) -> bool:
        """Ask for a file and save to it; return whether it was saved."""
        suggestion = Path(self._folder()) / (self._window.model.path or Path("model.safetensors")).name
        path, _ = QFileDialog.getSaveFileName(self._window, "Save model", str(suggestion), MODEL_FILES)
        if not path:
            return False
        return self._save_to(Path(path if Path(path).suffix else f"{path}.safetensors"))

    def _save_to(self, path: Path) -> bool:
        try:
            self._window.model.save(path)
        except UserError as error:
            QMessageBox.warning(self._window, "The model can't be saved", str(error))
            return False
        self._window.model_changed()
        self._window.say(f"Saved {path}")
        return True

    def _folder(self) -> str:
        path = self._window.model.path
        return str(path.parent) if path else ""

    def may_discard(self) -> bool:
        """Ask what to do with unsaved training, if there is any; return whether to go on."""
        if not self._window.model.changed:
            return True
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            "Unsaved training",
            "Save what the network has learned? Otherwise it is lost.",
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )
        return self.save() if answer == buttons.Save else answer == buttons.Discard
