"""The canvas and what belongs to it: pen width, undo, redo, clear, pictures, samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QHBoxLayout, QLabel, QSlider, QToolButton, QVBoxLayout, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from mnist_gui.gui.drawing.canvas import Canvas
    from mnist_gui.gui.session import Session

PICTURE_FILES: Final = "Pictures (*.png *.jpg *.jpeg *.webp *.bmp *.gif *.tif *.tiff);;All files (*)"
_PEN_STEPS: Final = 1000  # slider steps for a pen as wide as the canvas


class DrawingPanel(Guarded, QWidget):
    """The left of the window."""

    def __init__(self, session: Session, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = canvas
        self.pen_width = QSlider(Qt.Orientation.Horizontal)
        self.pen_width.setObjectName("penWidth")
        self.pen_width.setAccessibleName("Pen width")
        self.pen_width.setToolTip("Pen width. It hardly matters for the answer: lines are brought to MNIST's thickness")
        self.pen_width.setRange(25, 130)
        self.pen_width.setValue(round(self.canvas.pen_width * _PEN_STEPS))
        self.pen_width.setMinimumWidth(56)

        undo = self._button("undoButton", "undo", "Undo stroke", "Undo the last stroke (Ctrl+Z)")
        redo = self._button("redoButton", "redo", "Redo stroke", "Draw again what was undone (Ctrl+Shift+Z)")
        clear = self._button("clearButton", "clear", "Clear", "Clear the canvas (Delete)")
        sample = self._button("sampleButton", "sample", "Sample", "Show a random test image (Ctrl+R)")
        open_picture = self._button("openButton", "open", "Open picture", "Read a picture of a digit (Ctrl+O)")
        undo.setEnabled(False)
        redo.setEnabled(False)

        pen = QLabel("Pen")
        theme.make_small(pen)
        pen.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        pen.setBuddy(self.pen_width)
        width = QHBoxLayout()
        width.setSpacing(theme.GRID)
        width.addWidget(pen)
        width.addWidget(self.pen_width, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID // 2)
        for button in (undo, redo, clear, sample, open_picture):
            buttons.addWidget(button)
        self._lines = (width, buttons)
        self._tools = tools = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        tools.setSpacing(theme.GRID)
        tools.addLayout(width, 1)
        tools.addLayout(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self.canvas, 1)
        layout.addLayout(tools)

        self.pen_width.valueChanged.connect(lambda value: self.canvas.set_pen_width(value / _PEN_STEPS))
        undo.clicked.connect(self.canvas.undo)
        redo.clicked.connect(self.canvas.redo)
        clear.clicked.connect(self.canvas.clear)
        sample.clicked.connect(session.show_sample)
        open_picture.clicked.connect(self.open_picture)
        self.canvas.drawing_changed.connect(session.drawing_changed)
        self.canvas.picture_failed.connect(session.said)
        self.canvas.undo_available_changed.connect(undo.setEnabled)
        self.canvas.redo_available_changed.connect(redo.setEnabled)

    def minimumSizeHint(self) -> QSize:
        """Narrow enough for two lines of tools."""
        widths = [line.minimumSize().width() for line in self._lines]
        width = max(self.canvas.minimumWidth(), *widths) + 2 * theme.GRID
        return QSize(width, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the tools out in one line or two, as there is room for them."""
        super().resizeEvent(event)
        widths = [line.minimumSize().width() for line in self._lines]
        in_line = sum(widths) + 3 * theme.GRID <= self.width()
        directions = QBoxLayout.Direction
        direction = directions.LeftToRight if in_line else directions.TopToBottom
        if direction != self._tools.direction():
            self._tools.setDirection(direction)
            self.updateGeometry()

    def open_picture(self) -> None:
        """Let the person choose a picture of a digit."""
        path, _ = QFileDialog.getOpenFileName(self, "Open picture", "", PICTURE_FILES)
        if path:
            self.canvas.open_picture(path)

    def _button(self, name: str, icon: str, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setIcon(theme.icon(icon))
        button.setIconSize(QSize(20, 20))
        button.setAccessibleName(text)
        button.setAccessibleDescription(tip)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button
