"""The menus: every command of the window, with its shortcut."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMessageBox

from mnist_gui import __version__, notebook
from mnist_gui.gui import export
from mnist_gui.gui.pages.tabs import TABS
from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets import messages, theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from mnist_gui.gui.drawing.panel import DrawingPanel
    from mnist_gui.gui.model_files import ModelFiles
    from mnist_gui.gui.pages.tabs import Pages
    from mnist_gui.gui.session import Session
    from mnist_gui.gui.teaching import Teaching
    from mnist_gui.gui.training.panel import TrainingPanel

_ABOUT: Final = f"""<h3>mnist_gui {__version__}</h3>
<p>Draw a digit, train a small convolutional network from nothing, and look inside it.</p>
<p>The network is written in NumPy alone. MNIST is by Yann LeCun, Corinna Cortes and Christopher Burges.</p>"""


class Menus:
    """Builds the menu bar of a window and keeps it in step with what goes on."""

    def __init__(
        self,
        window: QMainWindow,
        session: Session,
        drawing: DrawingPanel,
        training: TrainingPanel,
        pages: Pages,
        teaching: Teaching,
        files: ModelFiles,
        start_tour: Callable[[], None],
    ) -> None:
        self._window = window
        canvas, keys, bar = drawing.canvas, QKeySequence.StandardKey, window.menuBar()

        file = bar.addMenu("&File")
        self._add(file, "Open &picture…", drawing.open_picture, keys.Open)
        file.addSeparator()
        self._open_model = self._add(file, "Open &model…", files.open, "Ctrl+Shift+O")
        self._add(file, "&Save model", files.save, keys.Save)
        self._add(file, "Save model &as…", files.save_as, "Ctrl+Shift+S")
        keeps_run = self._add(
            file, "Save the &run with the model", lambda: setattr(files, "keeps_run", keeps_run.isChecked())
        )
        keeps_run.setCheckable(True)
        keeps_run.setChecked(files.keeps_run)
        self._shipped = self._add(file, "&Back to the shipped model", session.open_shipped)
        file.addSeparator()
        self._add(
            file, "Save &view as picture…", lambda: export.ask_for_view(pages.page(pages.currentIndex()), session)
        )
        self._add(file, "Save &filters over time…", partial(export.ask_for_film, window, session))
        file.addSeparator()
        self._add(file, "&Quit", window.close, "Ctrl+Q")

        edit = bar.addMenu("&Edit")
        undo = self._add(edit, "&Undo stroke", canvas.undo, "Ctrl+Z")
        redo = self._add(edit, "&Redo stroke", canvas.redo, "Ctrl+Shift+Z")
        undo.setEnabled(False)
        redo.setEnabled(False)
        canvas.undo_available_changed.connect(undo.setEnabled)
        canvas.redo_available_changed.connect(redo.setEnabled)
        self._add(edit, "&Clear", canvas.clear, keys.Delete)
        edit.addSeparator()
        self._add(edit, "&Paste picture", canvas.paste, keys.Paste)
        self._add(edit, "&Sample from the test set", session.show_sample, "Ctrl+R")
        edit.addSeparator()
        self._edits = session.edits
        self._undo_edit = self._add(edit, "Undo change of the &network", self._edits.undo, "Ctrl+Alt+Z")
        self._redo_edit = self._add(edit, "Redo change of the net&work", self._edits.redo, "Ctrl+Alt+Shift+Z")

        train = bar.addMenu("&Train")
        self._train = self._add(train, "&Train from nothing", training.train, "Ctrl+T")
        self._train_on = self._add(train, "Train the present network &on", training.train_on, "Ctrl+Shift+T")
        self._pause = self._add(train, "&Pause", training.pause_or_resume, "Ctrl+P")
        self._stop = self._add(train, "&Stop", session.trainer.stop, "Ctrl+.")
        self._reset = self._add(train, "&Reset the weights", training.reset)

        train.addSeparator()
        teach = train.addMenu("The drawing &is a …")
        for digit in range(10):
            action = self._add(teach, f"&{digit}", partial(teaching.name_drawing, digit), f"Ctrl+{digit}")
            action.setAutoRepeat(False)  # a second press takes the first one back
        self._learn = self._add(train, "&Learn from my digits", teaching.learn, "Ctrl+L")
        unlearn = self._add(train, "Take the lesson &back", teaching.unlearn)
        unlearn.setEnabled(False)
        teaching.unlearn_available_changed.connect(unlearn.setEnabled)

        view = bar.addMenu("&View")
        larger = self._add(view, "&Larger text", partial(theme.enlarge, 1))
        larger.setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])  # + is Shift+= on many keyboards
        self._add(view, "&Smaller text", partial(theme.enlarge, -1), "Ctrl+-")
        self._add(view, "&Normal text", partial(theme.enlarge, None))
        view.addSeparator()
        shown = view.addMenu("&Page")
        for index, (title, _) in enumerate(TABS):
            self._add(shown, title.replace("&", "&&"), partial(pages.setCurrentIndex, index), f"Alt+{index + 1}")
        turn = lambda by: pages.setCurrentIndex((pages.currentIndex() + by) % pages.count())  # noqa: E731
        self._add(view, "Ne&xt page", partial(turn, 1), "Ctrl+Tab")
        self._add(view, "Pre&vious page", partial(turn, -1), "Ctrl+Shift+Tab")
        view.addSeparator()
        self._add(view, "&Full screen", self._turn_full_screen, "F11")
        appearance = view.addMenu("&Appearance")
        group = QActionGroup(window)
        for text, choice in (("As the &system", "system"), ("&Light", "light"), ("&Dark", "dark")):
            action = self._add(appearance, text, partial(theme.set_appearance, choice))
            action.setCheckable(True)
            action.setChecked(choice == theme.appearance())
            group.addAction(action)

        help_menu = bar.addMenu("&Help")
        self._add(help_menu, "Guided &tour", start_tour)
        self._add(help_menu, "&Keyboard shortcuts", self._show_shortcuts, "F1")
        self._add(help_menu, "The &notebook's story", self._tell_story)
        self._add(help_menu, "&About mnist_gui", lambda: QMessageBox.about(window, "About mnist_gui", _ABOUT))
        session.trainer.state_changed.connect(self._show_state)
        for changed in (self._edits.canUndoChanged, self._edits.canRedoChanged):
            changed.connect(lambda _: self._show_state(session.state))
        self._show_state(State.IDLE)

    def _add(
        self, menu: QMenu, text: str, do: Callable[[], object], key: QKeySequence.StandardKey | str | None = None
    ) -> QAction:
        action = QAction(text, self._window)
        if key is not None:
            action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda: do())
        menu.addAction(action)
        return action

    def _show_state(self, state: State) -> None:
        """Enable what makes sense now."""
        idle, running = state is State.IDLE, state in (State.RUNNING, State.PAUSED)
        for action in (self._train, self._train_on, self._learn, self._reset, self._open_model, self._shipped):
            action.setEnabled(idle)
        self._pause.setEnabled(running)
        self._pause.setText("&Resume" if state is State.PAUSED else "&Pause")
        self._stop.setEnabled(not idle)
        self._undo_edit.setEnabled(idle and self._edits.canUndo())
        self._redo_edit.setEnabled(idle and self._edits.canRedo())

    def _turn_full_screen(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _show_shortcuts(self) -> None:
        from mnist_gui.gui.widgets.shortcut_sheet import ShortcutSheet  # most people never ask

        ShortcutSheet(self._window.menuBar(), self._window).open()

    def _tell_story(self) -> None:
        messages.tell(self._window, "The notebook's two faults", notebook.FAULTS)
