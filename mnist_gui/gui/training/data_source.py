"""How the window comes by data sets: from memory, from files, by a download, or what the person chooses instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from mnist_gui.data import mnist
from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets import messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist_gui.data.dataset import Dataset
    from mnist_gui.gui.session import Session
    from mnist_gui.gui.training.data_box import DataBox

DATA_FILES = "Data sets (*.npz *.csv *.csv.gz *.zip *.gz);;All files (*)"
_NOT_HERE = "MNIST is not on this computer yet."
_CONSENT = "Its 70,000 digits can be downloaded once (12 MB); they stay in your cache folder."


class DataSource(QObject):
    """Loads the data set that a box names; asks before a download, and what to do where one fails."""

    def __init__(self, session: Session, box: DataBox, window: QWidget) -> None:
        super().__init__(window)
        self._window, self._session, self._trainer, self._box = window, session, session.trainer, box
        self._then: Callable[[Dataset], None] = _nothing
        box.folder_requested.connect(self.choose_folder)
        box.file_requested.connect(self.choose_file)
        session.data_wanted.connect(self.use)
        session.trainer.loading_failed.connect(self._loading_failed)

    def use(self, then: Callable[[Dataset], None]) -> None:
        """Load the data set that the box names, with the person's consent to a download, and go on with it."""
        if self._trainer.state is State.LOADING:
            self._session.said.emit("The images are still being loaded")
            return
        source = self._box.source()
        at_hand = source != "mnist" or self._trainer.holds(source) or mnist.find() is not None
        if at_hand or self._offer(_NOT_HERE, _CONSENT, "Download"):
            self.use_from(self._box.source(), then)

    def use_from(self, source: str, then: Callable[[Dataset], None]) -> None:
        """Load a data set, if it is not in memory, and go on with it; asks only if that fails."""
        if self._trainer.holds(source):
            self._trainer.with_data(source, then)
            return
        self._then = then
        self._trainer.with_data(source, lambda dataset: self._check(source, dataset))

    def _check(self, source: str, dataset: Dataset) -> None:
        """Tell what was found in a data set; where its images were changed, let the person say no."""
        if not dataset.remarks:
            self._then(dataset)
            return
        text = " ".join(dataset.remarks)
        if "as stored" not in text:
            self._session.said.emit(text)
            self._then(dataset)
            return
        box = messages.box(QMessageBox.Icon.Question, "Data", f"Found in {dataset.title}", text, self._window)
        yes = box.addButton("Use them so", QMessageBox.ButtonRole.AcceptRole)
        stored = box.addButton("As stored", QMessageBox.ButtonRole.ActionRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(yes)
        box.exec()
        if box.clickedButton() is stored:
            self._trainer.with_data(source, self._then, as_stored=True)
        elif box.clickedButton() is yes:
            self._then(dataset)

    def choose_folder(self) -> bool:
        """Let the person choose a folder that holds a data set; return whether they did."""
        folder = QFileDialog.getExistingDirectory(self._window, "Folder with a data set")
        if folder:
            self._box.choose(folder)
        return bool(folder)

    def choose_file(self) -> bool:
        """Let the person choose a file that holds a data set; return whether they did."""
        path, _ = QFileDialog.getOpenFileName(self._window, "File with a data set", "", DATA_FILES)
        if path:
            self._box.choose(path)
        return bool(path)

    def _loading_failed(self, source: str, message: str) -> None:
        if source != "mnist":
            messages.warn(self._window, "The data can't be used", message)
        elif self._offer("MNIST can't be loaded.", message, "Retry"):
            self._trainer.with_data(self._box.source(), self._then)

    def _offer(self, text: str, detail: str, go_on: str) -> bool:
        """Ask how to come by data; return whether to go on, with what is then chosen in the box."""
        box = messages.box(QMessageBox.Icon.Question, "MNIST", text, detail, self._window)
        yes = box.addButton(go_on, QMessageBox.ButtonRole.AcceptRole)
        drawn = box.addButton("Use drawn digits", QMessageBox.ButtonRole.ActionRole)
        folder = box.addButton("Choose folder…", QMessageBox.ButtonRole.ActionRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(yes)
        box.exec()
        clicked = box.clickedButton()
        if clicked is drawn:
            self._box.choose("drawn")
        elif clicked is folder:
            return self.choose_folder()
        return clicked in (yes, drawn)


def _nothing(dataset: Dataset) -> None:
    """Go on with a data set by doing nothing: it is in memory, and the pages have been told."""
