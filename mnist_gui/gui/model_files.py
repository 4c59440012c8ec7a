"""The dialogs that open and save models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QFileDialog, QMessageBox

from mnist_gui import model_file
from mnist_gui.errors import UserError
from mnist_gui.history import History

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist_gui.gui.main_window import MainWindow

MODEL_FILES = "Models (*.safetensors)"


class ModelFiles:
    """Asks for files, and before unsaved training is lost."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    @property
    def keeps_run(self) -> bool:
        """Whether the moments of the run are saved with the model; some megabytes."""
        return QSettings().value("keeps_run") in (True, "true")

    @keeps_run.setter
    def keeps_run(self, keeps: bool) -> None:
        QSettings().setValue("keeps_run", keeps)

    def open(self) -> None:
        """Let the person choose a model to open."""
        if self.may_discard():
            path, _ = QFileDialog.getOpenFileName(self._window, "Open model", self._folder(), MODEL_FILES)
            if path and self._replace(lambda: self._window.model.open(path)):
                snapshots = model_file.load_history(path)
                if snapshots:
                    self._window.show_history(History(snapshots=snapshots))

    def open_shipped(self) -> None:
        """Go back to the model that comes with the program."""
        if self.may_discard():
            self._replace(self._window.model.open_shipped)

    def _replace(self, load: Callable[[], None]) -> bool:
        try:
            load()
        except UserError as error:
            QMessageBox.warning(self._window, "The model can't be opened", str(error))
            return False
        self._window.model_replaced()
        return True

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
            history = self._window.trainer.history if self.keeps_run else None
            self._window.model.save(path, history.snapshots if history else ())
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
