"""The dialogs that open and save models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QFileDialog, QWidget

from mnist_gui import model_file
from mnist_gui.errors import UserError
from mnist_gui.gui import settings
from mnist_gui.gui.widgets import messages
from mnist_gui.gui.widgets.background import Cancelled, wait_for

if TYPE_CHECKING:
    from os import PathLike

    from mnist_gui.gui.session import Session

MODEL_FILES: Final = "Models (*.safetensors)"


class ModelFiles:
    """Asks for files; and, when the window is closed, what to do with networks that no file holds."""

    def __init__(self, session: Session, window: QWidget) -> None:
        self._session, self._window = session, window

    @property
    def keeps_run(self) -> bool:
        """Whether the moments of the run are saved with the model; some megabytes."""
        return settings.load().keeps_run

    @keeps_run.setter
    def keeps_run(self, keeps: bool) -> None:
        settings.remember(keeps_run=keeps)

    def open(self) -> None:
        """Let the person choose a model to open."""
        path, _ = QFileDialog.getOpenFileName(self._window, "Open model", self._folder(), MODEL_FILES)
        if path:
            self.open_file(path)

    def open_file(self, path: str | PathLike[str]) -> None:
        """Open a model, or say why it can't be opened."""
        try:
            saved = wait_for(self._window, "Opening the model …", lambda _: model_file.read(path))
            self._session.take_file(Path(path), saved)
        except Cancelled:
            return
        except UserError as error:
            messages.warn(self._window, "The model can't be opened", str(error))

    def save(self) -> bool:
        """Save to the model's file, or ask for one; return whether it was saved."""
        path = self._session.checkpoint.path
        return self._save_to(path) if path else self.save_as()

    def save_as(self) -> bool:
        """Ask for a file and save to it; return whether it was saved."""
        suggestion = Path(self._folder()) / (self._session.checkpoint.path or Path("model.safetensors")).name
        path, _ = QFileDialog.getSaveFileName(self._window, "Save model", str(suggestion), MODEL_FILES)
        if not path:
            return False
        return self._save_to(Path(path if Path(path).suffix else f"{path}.safetensors"))

    def _save_to(self, path: Path) -> bool:
        try:
            self._session.save(path, with_history=self.keeps_run)
        except UserError as error:
            messages.warn(self._window, "The model can't be saved", str(error))
            return False
        self._session.said.emit(f"Saved {path}")
        return True

    def _folder(self) -> str:
        path = self._session.checkpoint.path
        return str(path.parent) if path else ""

    def may_close(self) -> bool:
        """Ask what to do with networks that no file holds, if there are any; return whether to close the window."""
        unsaved, present = self._session.unsaved, self._session.checkpoint
        if not unsaved:
            return True
        buttons = messages.Button
        others = len(unsaved) - present.unsaved
        what = "What the network has learned" if present.unsaved else ""
        if others:
            networks = "1 network in Runs" if others == 1 else f"{others} networks in Runs"
            what = f"{what}, and {networks}," if what else networks
        verb = "is" if present.unsaved or others == 1 else "are"
        answer = messages.ask(
            self._window,
            "Unsaved training",
            f"{what} {verb} in no file, and lost when the window is closed.",
            (buttons.Save if present.unsaved else buttons.NoButton) | buttons.Discard | buttons.Cancel,
            buttons.Save if present.unsaved else buttons.Cancel,
        )
        return self.save() if answer == buttons.Save else answer == buttons.Discard
