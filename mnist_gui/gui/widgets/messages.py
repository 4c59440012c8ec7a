"""Boxes that tell or ask something. What they quote may come from a file, so all of it is shown as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

Button = QMessageBox.StandardButton


def box(icon: QMessageBox.Icon, title: str, text: str, detail: str = "", parent: QWidget | None = None) -> QMessageBox:
    """Make a box that renders nothing, whatever looks like a link, a heading or a picture in its texts."""
    made = QMessageBox(icon, title, "", parent=parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setInformativeText(detail)
    return made


def warn(parent: QWidget, title: str, text: str) -> None:
    """Say what went wrong, and wait until that was read."""
    tell(parent, title, text, QMessageBox.Icon.Warning)


def tell(parent: QWidget, title: str, text: str, icon: QMessageBox.Icon = QMessageBox.Icon.Information) -> None:
    """Say something, and wait until that was read."""
    made = box(icon, title, text, parent=parent)
    made.setStandardButtons(Button.Ok)
    made.exec()


def ask(parent: QWidget, title: str, text: str, buttons: Button, default: Button) -> Button:
    """Ask a question; closing the box is the same as Cancel."""
    made = box(QMessageBox.Icon.Question, title, text, parent=parent)
    made.setStandardButtons(buttons)
    made.setDefaultButton(default)
    return Button(made.exec())
