"""How this number: one cell or one probability, worked out step by step with the network's own values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QBuffer, QEvent, QRectF, QStandardPaths, Qt, QUrl
from PySide6.QtGui import (
    QGuiApplication,
    QImage,
    QKeySequence,
    QPainter,
    QPalette,
    QPdfWriter,
    QPen,
    QTextDocument,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from mnist_gui import atomic
from mnist_gui.errors import reason
from mnist_gui.explain import arithmetic
from mnist_gui.explain.arithmetic import number
from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.pages.page import Page
from mnist_gui.gui.widgets import messages, theme
from mnist_gui.gui.widgets.images import to_qimage
from mnist_gui.gui.widgets.section import TextColumn
from mnist_gui.gui.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent

    from mnist_gui.explain.arithmetic import Cell, Field, Working
    from mnist_gui.gui.session import Session
    from mnist_gui.nn.network import Network

Question = tuple[int, "Cell"] | int  # a cell of a layer's maps, or a digit

_STEPS: Final = {
    Qt.Key.Key_Up: (0, -1, 0),
    Qt.Key.Key_Down: (0, 1, 0),
    Qt.Key.Key_Left: (0, 0, -1),
    Qt.Key.Key_Right: (0, 0, 1),
    Qt.Key.Key_PageUp: (-1, 0, 0),
    Qt.Key.Key_PageDown: (1, 0, 0),
}


class Card(QWidget):
    """A working: its grids of numbers side by side, then its lines, the result last."""

    def __init__(self) -> None:
        super().__init__()
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # as formulas are written
        self._key: object = None
        self._views: list[MapView] = []
        self._names: list[QLabel] = []
        self._grids = QGridLayout()
        self._grids.setHorizontalSpacing(theme.GRID)
        self._grids.setVerticalSpacing(theme.GRID // 2)
        self._table = QLabel()
        self._lines = QLabel()
        for label in (self._table, self._lines):
            label.setFont(theme.tabular(self.font()))
            label.setTextFormat(Qt.TextFormat.RichText)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(3 * theme.GRID)
        self._layout.addLayout(self._grids)
        self._layout.addWidget(self._table)
        self._layout.addWidget(self._lines)
        self._layout.addStretch()

    def show_working(self, working: Working) -> None:
        """Show how a number comes about."""
        accent = self.palette().color(QPalette.ColorRole.Highlight).name()
        key = tuple((grid.values.shape, grid.sign, grid.signed) for grid in working.grids)
        in_table = bool(working.labels)
        if key != self._key:
            self._key = key
            self._rebuild(working if not in_table else None)
        directions = QBoxLayout.Direction
        self._layout.setDirection(directions.TopToBottom if in_table else directions.LeftToRight)
        count = 0 if in_table else len(working.grids)
        for place, stretch in ((0, 2 * count), (2, 2), (3, 2 * (3 - count) if count else 0)):
            self._layout.setStretch(place, stretch)  # a single grid is no wider than one of three
        self._table.setVisible(in_table)
        if in_table:
            self._table.setText(arithmetic.as_table(working, accent))
        else:
            for view, label, grid in zip(self._views, self._names, working.grids, strict=True):
                high = float(np.abs(grid.values).max()) or 1.0
                label.setText(grid.name)
                view.show_values(grid.values, -high if grid.signed else 0.0, high if grid.signed else max(high, 1.0))
        *steps, result = working.lines
        rows = "".join(f"<tr><td>{x.text}</td><td align='right'>{number(x.value)}</td></tr>" for x in steps)
        self._lines.setText(
            f"<table cellpadding='3'>{rows}<tr><td>{result.text}&nbsp;&nbsp;&nbsp;</td>"
            f"<td align='right' style='color:{accent}'><b>{number(result.value)}</b></td></tr></table>"
        )

    def _rebuild(self, working: Working | None) -> None:
        """Make a view for each grid."""
        while (item := self._grids.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._views, self._names = [], []
        for i, grid in enumerate(working.grids if working else ()):
            maps, rows, columns = grid.values.shape
            view = MapView(
                "diverging" if grid.signed else "sequential", (maps, rows, columns), pixel=88, numbers=True, decimals=3
            )
            name, sign = QLabel(), QLabel(grid.sign)
            theme.make_small(name)
            name.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            for label in (name, sign):
                label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            view.setAccessibleName(grid.name)
            self._views.append(view)
            self._names.append(name)
            self._grids.addWidget(sign, 1, 2 * i)
            self._grids.addWidget(name, 0, 2 * i + 1)
            self._grids.addWidget(view, 1, 2 * i + 1)
            self._grids.setColumnStretch(2 * i + 1, 1)


class HowPage(Page):
    """Says how a number comes about; the number is asked for in the network view, or by the arrow keys."""

    has_keys = True

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._asked: Question | None = None
        self._pointed: Question | None = None  # what the mouse is over, shown while it is
        self.working: Working | None = None
        self._heading, self._note, self._hint = WrappedLabel(), WrappedLabel(), QLabel()
        self.card = Card()
        self.copy_button = QPushButton("Copy")
        self.copy_button.setObjectName("copyWorking")
        self.copy_button.setToolTip("Copy the working as text (Ctrl+C)")
        self.copy_button.clicked.connect(self.copy)
        self.worksheet_button = QPushButton("Worksheet")
        self.worksheet_button.setObjectName("worksheetButton")
        self.worksheet_button.setToolTip("A page with blanks for pupils to fill in, and a second one with the solution")
        menu = QMenu(self)
        menu.addAction("Save as PDF…", self.save_pdf)
        menu.addAction("Print…", self.print_worksheet)
        self.worksheet_button.setMenu(menu)
        self._lay_out()
        self.refresh()
        session.pointed.connect(self.point)

    def _lay_out(self) -> None:
        bold = self._heading.font()
        bold.setBold(True)
        self._heading.setFont(bold)
        theme.make_small(self._note)
        self._note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.worksheet_button)
        buttons.addStretch(1)
        told = TextColumn(30)
        left = QVBoxLayout(told)
        left.setContentsMargins(0, theme.GRID, 0, 0)
        left.setSpacing(theme.GRID)
        left.addWidget(self._heading)
        left.addWidget(self._note)
        left.addStretch(1)
        left.addLayout(buttons)
        content = QWidget()
        across = QHBoxLayout(content)
        across.setContentsMargins(0, theme.GRID // 2, 0, theme.GRID)
        across.setSpacing(3 * theme.GRID)
        across.addWidget(told)
        across.addWidget(self.card, 1)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._stack = QStackedLayout(self.content)
        self._stack.addWidget(self._hint)
        self._stack.addWidget(content)

    # --- what is asked ---

    def ask(self, question: Question) -> None:
        """Explain a cell, (layer, (map, row, column)), or the probability of a digit, until the next is asked for."""
        self._asked, self._pointed = question, None
        self.refresh()

    def point(self, question: Question | None) -> None:
        """Explain what the mouse is over; with None, what was asked before."""
        if question != self._pointed:
            self._pointed = question
            if self.isVisible():
                self.refresh()

    def refresh(self) -> None:
        question = self._asked if self._pointed is None else self._pointed
        self.working = self._work_out(question)
        if self.working is None:
            drawn = self._session.reading is not None
            self._hint.setText(
                "Click a cell of a feature map or a pooled map, or a bar: its number is worked out here, step by step."
                if drawn
                else "Draw a digit, then click any cell of its maps: its number is worked out here, step by step."
            )
            self._stack.setCurrentIndex(0)
            self._session.explained.emit(None, None)
            return
        self._heading.setText(self.working.title)
        self._note.setText(self.working.note)
        self.card.show_working(self.working)
        self._stack.setCurrentIndex(1)
        if self.isVisible():
            self._session.explained.emit(question, self.working.field)

    def _work_out(self, question: Question | None) -> Working | None:
        network, reading = self._session.network, self._session.reading
        if question is None or reading is None:
            return None
        if isinstance(question, int):
            return arithmetic.of_answer(network, reading, question)
        layer, cell = question
        layers = network.layers
        if layer >= len(layers) or not _is_inside(cell, layers[layer].output_shape):
            return None  # asked of a network that was here before
        return arithmetic.of_cell(network, reading, layer, cell)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._session.explained.emit(None, None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.isVisible():
            self.refresh()

    # --- keys ---

    def event(self, event: QEvent) -> bool:
        # The page's own Ctrl+C, even where the window has one.
        if event.type() == QEvent.Type.ShortcutOverride and event.matches(QKeySequence.StandardKey.Copy):  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.text().isdigit() and int(event.text()) < self._session.network.classes:
            self.ask(int(event.text()))
        elif event.key() in _STEPS:
            self._step(self._session.network, *_STEPS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _step(self, network: Network, layers: int, rows: int, columns: int) -> None:
        """Go to a neighbouring cell, or to the same place of another layer."""
        able = [i for i, layer in enumerate(network.layers) if arithmetic.can_explain(layer)]
        if isinstance(self._asked, int):
            self.ask((self._asked + rows + columns) % network.classes)
        elif not able:
            return
        elif self._asked is None:
            _, height, width = network.layers[able[0]].output_shape
            self.ask((able[0], (0, height // 2, width // 2)))
        else:
            layer, (number_, row, column) = self._asked
            nearest = max((i for i in able if i <= layer), default=able[0])
            if layers:
                layer = able[min(max(0, able.index(nearest) + layers), len(able) - 1)]
            cell = (number_, row + rows, column + columns)
            shape = network.layers[layer].output_shape
            self.ask((layer, tuple(min(max(0, c), n - 1) for c, n in zip(cell, shape, strict=True))))  # type: ignore[arg-type]

    # --- taking it along ---

    def copy(self) -> None:
        """Put the working on the clipboard as text."""
        if self.working is not None:
            QGuiApplication.clipboard().setText(arithmetic.as_text(self.working))

    def worksheet(self) -> QTextDocument:
        """Lay out the working for pupils: a page with blanks, then one with the solution."""
        assert self.working is not None
        reading = self._session.reading
        assert reading is not None
        document = QTextDocument(self)
        address = "drawing"
        document.addResource(
            QTextDocument.ResourceType.ImageResource, QUrl(address), picture(reading.image, self.working.field)
        )
        document.setHtml(arithmetic.worksheet(self.working, address))
        return document

    def save_pdf(self) -> None:
        """Ask for a file and write the worksheet to it."""
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        path, _ = QFileDialog.getSaveFileName(self, "Save worksheet", f"{folder}/worksheet.pdf", "PDF (*.pdf)")
        if not path:
            return
        path = path if path.lower().endswith(".pdf") else f"{path}.pdf"
        content = QBuffer()
        content.open(QBuffer.OpenModeFlag.WriteOnly)
        writer = QPdfWriter(content)
        self.worksheet().print_(writer)
        del writer  # it ends the file
        try:
            atomic.write(path, bytes(content.data().data()))
        except OSError as error:
            messages.warn(self, "The worksheet can't be saved", f"{path}: {reason(error)}.")
        else:
            self._session.said.emit(f"Saved {path}")

    def print_worksheet(self) -> None:
        """Let the person choose a printer, and print the worksheet."""
        # Imported when first needed: it asks the system for its printers.
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        if QPrintDialog(printer, self).exec():
            self.worksheet().print_(printer)


def picture(image: NDArray[np.uint8], field: Field, pixel: int = 14) -> QImage:
    """Paint an image as ink on paper, each pixel `pixel` wide, with a part of it outlined."""
    height, width = image.shape
    small = to_qimage(255 - image, QImage.Format.Format_Grayscale8)
    result = small.scaled(width * pixel, height * pixel).convertToFormat(QImage.Format.Format_RGB32)
    painter = QPainter(result)
    painter.setPen(QPen(Qt.GlobalColor.black, 4))
    painter.drawRect(result.rect())
    painter.setPen(QPen(Qt.GlobalColor.blue, 4))
    top, left, rows, columns = (pixel * side for side in field)
    painter.drawRect(QRectF(left, top, columns, rows))
    painter.end()
    return result


def _is_inside(cell: Cell, shape: tuple[int, ...]) -> bool:
    return len(shape) == len(cell) and all(c < n for c, n in zip(cell, shape, strict=True))
