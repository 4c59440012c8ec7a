"""The keys of the window on one sheet: those of the menus, read off them, and those of what is painted."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout

from mnist_gui.gui.widgets import theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

Row = tuple[str, str]  # what it does, and the keys

OTHER_KEYS: Final[dict[str, list[Row]]] = {
    "Everywhere": [
        ("To the next control, or the one before", "Tab, Shift+Tab"),
        ("Press the button that has the focus", "Enter, Space"),
    ],
    "Maps and filters": [
        ("Read the neighbouring cell", "Arrow keys"),
        ("Go to the next map, or the one before", "Page Down, Page Up"),
        ("Work the number out, as a click does", "Enter"),
        ("Change the selected weight in What if?", "type a number"),
    ],
    "Probabilities": [
        ("Read another digit", "Up, Down, Home, End"),
        ("Ask why this digit", "Enter"),
        ("Compare it with the one before", "Shift+Enter"),
    ],
    "Charts": [
        ("Read the next point, or the one before", "Right, Left"),
        ("Go to the next epoch, or the one before", "Page Up, Page Down"),
        ("Go to the first point, or the last", "Home, End"),
    ],
    "How this number?": [
        ("Go to a neighbouring cell", "Arrow keys"),
        ("Go to another layer", "Page Up, Page Down"),
        ("Ask for a digit", "0 to 9"),
        ("Copy the working", "Ctrl+C"),
    ],
}
"""Keys that are no actions of the menus."""


def of_menus(bar: QMenuBar) -> dict[str, list[Row]]:
    """List what has keys in each menu of a menu bar, those of its submenus included."""
    menus = {action.text().replace("&", ""): list(_rows(action.menu())) for action in bar.actions()}  # type: ignore[arg-type]
    return {title: rows for title, rows in menus.items() if rows}


def _rows(menu: QMenu, under: str = "") -> Iterator[Row]:
    for action in menu.actions():
        text = action.text().replace("&&", "\0").replace("&", "").replace("\0", "&").removesuffix("…").strip()
        inner: QMenu | None = action.menu()  # type: ignore[assignment]
        if inner is not None:
            yield from _rows(inner, f"{under}{text} ")
        elif action.shortcuts():
            native = QKeySequence.SequenceFormat.NativeText
            yield under + text, ", ".join(keys.toString(native) for keys in action.shortcuts())


class ShortcutSheet(QDialog):
    """Lists all keys; made each time it opens, so that it says what the menus say."""

    def __init__(self, bar: QMenuBar, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcutSheet")
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet = QTextBrowser()
        sheet.setAccessibleName("Keyboard shortcuts")
        sheet.setHtml("".join(map(_table, *zip(*(of_menus(bar) | OTHER_KEYS).items(), strict=True))))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.GRID)
        layout.addWidget(sheet)
        layout.addWidget(buttons)
        letter = sheet.fontMetrics().averageCharWidth()
        room = self.screen().availableGeometry()
        self.resize(min(72 * letter, room.width() - 64), min(90 * letter, room.height() - 64))


def _table(title: str, rows: list[Row]) -> str:
    cells = "".join(f"<tr><td width='62%'>{escape(what)}</td><td>{escape(keys)}</td></tr>" for what, keys in rows)
    return f"<h3>{escape(title)}</h3><table width='100%' cellpadding='2'>{cells}</table>"
