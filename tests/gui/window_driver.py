"""Starts the program as `python -m mnist_gui` does, and reports the window's state on standard output.

Nothing here acts on the window: that is done from outside, with the events of a real mouse and keyboard. Each line is
a JSON object, printed when something in it has changed.
"""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from mnist_gui.cli import main
from mnist_gui.gui.main_window import MainWindow

PERIOD = 30  # milliseconds
PLACES = ("canvas", "trainButton", "epochsBox")


def watch() -> None:
    window = next((w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible()), None)
    if window is None:
        return
    curve = window.charts.loss.training.getData()[0]
    state = {
        "places": {name: rectangle(window.findChild(QWidget, name)) for name in PLACES},
        "size": [window.width(), window.height()],
        "digit": window.network_view.answer,
        "strokes": len(window.canvas.strokes()),
        "points_drawn": sum(len(stroke.points) for stroke in window.canvas.strokes()),
        "read": window.session.up_to_date,
        "state": window.session.state.name,
        "states": states_of(window),
        "status": window.training_panel.status.text(),
        "points": 0 if curve is None else len(curve),
        "question": middle_of_discard(),
        "platform": QApplication.platformName(),
    }
    line = json.dumps(state)
    if line != watch.__dict__.get("last"):
        watch.__dict__["last"] = line
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def states_of(window: MainWindow) -> list[str]:
    """All that went on since the first look, in its order; a short run is over between two of them."""
    states: list[str] | None = watch.__dict__.get("states")
    if states is None:
        states = watch.__dict__["states"] = []
        window.session.trainer.state_changed.connect(lambda state: states.append(state.name))
    return states


def rectangle(widget: QWidget) -> list[int]:
    """Where it is on the screen: left, top, width, height."""
    corner = widget.mapToGlobal(QPoint(0, 0))
    return [corner.x(), corner.y(), widget.width(), widget.height()]


def middle_of_discard() -> list[int] | None:
    """Where to click so that training is given up, if that is asked."""
    box = QApplication.activeModalWidget()
    if not isinstance(box, QMessageBox):
        return None
    left, top, width, height = rectangle(box.button(QMessageBox.StandardButton.Discard))
    return [left + width // 2, top + height // 2]


class WatchedApplication(QApplication):
    """Looks at the window from the moment on that there is an event loop."""

    def exec(self) -> int:
        timer = QTimer(interval=PERIOD)
        timer.timeout.connect(watch)
        timer.start()
        return QApplication.exec()


if __name__ == "__main__":
    import PySide6.QtWidgets

    PySide6.QtWidgets.QApplication = WatchedApplication
    source = sys.argv.pop(1) if len(sys.argv) > 1 else None
    if source:
        show = MainWindow.show

        def show_ready(window: MainWindow) -> None:
            window.training_panel.data_box.choose(source)
            window.training_panel.epochs_box.setValue(3)
            show(window)

        MainWindow.show = show_ready
    sys.exit(main([]))
