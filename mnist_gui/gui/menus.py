"""The menus: every command of the window, with its shortcut."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMessageBox

from mnist_gui import __version__, notebook
from mnist_gui.gui import export
from mnist_gui.gui.training.panel import State
from mnist_gui.gui.widgets import theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from mnist_gui.gui.main_window import MainWindow

_ABOUT = f"""<h3>mnist_gui {__version__}</h3>
<p>Draw a digit, train a small convolutional network from nothing, and look inside it.</p>
<p>The network is written in NumPy alone. MNIST is by Yann LeCun, Corinna Cortes and Christopher Burges.</p>"""


class Menus:
    """Builds the menu bar of a window and keeps it in step with what goes on."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        canvas, trainer, keys = window.canvas, window.trainer, QKeySequence.StandardKey
        bar, files = window.menuBar(), window.model_files

        file = bar.addMenu("&File")
        self._add(file, "Open &picture…", window.open_picture, keys.Open)
        file.addSeparator()
        self._open_model = self._add(file, "Open &model…", files.open, "Ctrl+Shift+O")
        self._add(file, "&Save model", files.save, keys.Save)
        self._add(file, "Save model &as…", files.save_as, "Ctrl+Shift+S")
        keeps_run = self._add(
            file, "Save the &run with the model", lambda: setattr(files, "keeps_run", keeps_run.isChecked())
        )
        keeps_run.setCheckable(True)
        keeps_run.setChecked(files.keeps_run)
        self._shipped = self._add(file, "&Back to the shipped model", files.open_shipped)
        file.addSeparator()
        self._add(file, "Save &view as picture…", partial(export.ask_for_view, window))
        self._add(file, "Save &filters over time…", partial(export.ask_for_film, window))
        file.addSeparator()
        self._add(file, "&Quit", window.close, "Ctrl+Q")

        edit = bar.addMenu("&Edit")
        undo = self._add(edit, "&Undo", canvas.undo, "Ctrl+Z")
        redo = self._add(edit, "&Redo", canvas.redo, "Ctrl+Shift+Z")
        undo.setEnabled(False)
        redo.setEnabled(False)
        canvas.undo_available_changed.connect(undo.setEnabled)
        canvas.redo_available_changed.connect(redo.setEnabled)
        self._add(edit, "&Clear", canvas.clear, keys.Delete)
        edit.addSeparator()
        self._add(edit, "&Paste picture", canvas.paste, keys.Paste)
        self._add(edit, "&Sample from the test set", window.show_sample, "Ctrl+R")

        train = bar.addMenu("&Train")
        self._train = self._add(train, "&Train from nothing", window.train, "Ctrl+T")
        self._train_on = self._add(train, "Train the present network &on", window.train_on, "Ctrl+Shift+T")
        self._pause = self._add(train, "&Pause", self._pause_or_resume, "Ctrl+P")
        self._stop = self._add(train, "&Stop", trainer.stop, "Ctrl+.")
        self._reset = self._add(train, "&Reset the weights", window.reset)

        train.addSeparator()
        teach = train.addMenu("The drawing &is a …")
        for digit in range(10):
            action = self._add(teach, f"&{digit}", partial(self._name_drawing, digit), f"Ctrl+{digit}")
            action.setAutoRepeat(False)  # a second press takes the first one back
        self._learn = self._add(train, "&Learn from my digits", lambda: window.views.teaching.learn(), "Ctrl+L")
        self.unlearn = self._add(train, "&Undo learning", lambda: window.views.teaching.unlearn())
        self.unlearn.setEnabled(False)

        appearance = bar.addMenu("&View").addMenu("&Appearance")
        group = QActionGroup(window)
        for text, choice in (("As the &system", "system"), ("&Light", "light"), ("&Dark", "dark")):
            action = self._add(appearance, text, partial(theme.set_appearance, choice))
            action.setCheckable(True)
            action.setChecked(choice == theme.appearance())
            group.addAction(action)

        help_menu = bar.addMenu("&Help")
        self._add(help_menu, "Guided &tour", window.start_tour)
        self._add(help_menu, "The &notebook's story", self._tell_story)
        self._add(help_menu, "&About mnist_gui", lambda: QMessageBox.about(window, "About mnist_gui", _ABOUT))
        self.show_state(State.IDLE)

    def _add(
        self, menu: QMenu, text: str, do: Callable[[], object], key: QKeySequence.StandardKey | str | None = None
    ) -> QAction:
        action = QAction(text, self._window)
        if key is not None:
            action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda: do())
        menu.addAction(action)
        return action

    def show_state(self, state: State) -> None:
        """Enable what makes sense now."""
        idle, running = state is State.IDLE, state in (State.RUNNING, State.PAUSED)
        for action in (self._train, self._train_on, self._learn, self._reset, self._open_model, self._shipped):
            action.setEnabled(idle)
        self._pause.setEnabled(running)
        self._pause.setText("&Resume" if state is State.PAUSED else "&Pause")
        self._stop.setEnabled(not idle)

    def _pause_or_resume(self) -> None:
        trainer = self._window.trainer
        (trainer.resume if trainer.state is State.PAUSED else trainer.pause)()

    def _name_drawing(self, digit: int) -> None:
        self._window.views.teaching.name_drawing(digit)

    def _tell_story(self) -> None:
        QMessageBox.information(self._window, "The notebook's two faults", notebook.FAULTS)
