"""The canvas: draw a digit with mouse, finger or pen, or put a picture in its place, and take steps back.

Strokes are kept, not pixels, in units of the paper's side. So a drawing survives resizing, and looks as sharp on any
screen. What is on the canvas is always one frozen ``Content``; each undo step goes from one of them to another.
"""

from __future__ import annotations

from math import ceil, hypot
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QEvent, QMimeData, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QImage,
    QPainter,
    QPalette,
    QPen,
    QUndoStack,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from mnist_gui import ink
from mnist_gui.data.dataset import IMAGE_SIZE
from mnist_gui.gui.drawing import pictures
from mnist_gui.gui.drawing.drawing import Content, Step, on_paper, stroke_of
from mnist_gui.gui.drawing.ink_layer import InkLayer, knots, shades, smooth
from mnist_gui.gui.drawing.pen_area import PenArea
from mnist_gui.gui.drawing.pen_cursor import ring_cursor
from mnist_gui.gui.widgets.background import Cancelled, wait_for
from mnist_gui.gui.widgets.images import to_qimage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from os import PathLike

    from numpy.typing import NDArray
    from PySide6.QtGui import (
        QDragEnterEvent,
        QDragLeaveEvent,
        QDropEvent,
        QFocusEvent,
        QPaintEvent,
        QResizeEvent,
    )

    from mnist_gui.ink import Stroke

PEN_WIDTH: Final = 0.07
"""The pen's diameter at the start, in units of the paper's side."""

PEN_WIDTH_RANGE: Final = (0.01, 0.2)
"""The thinnest and the thickest pen, in units of the paper's side."""

UNDO_LIMIT: Final = 200
"""Steps that can be taken back."""

_CORNER: Final = 8  # radius of the paper's corners, in pixels
_MIN_STEP: Final = 0.003  # shorter moves add nothing to see, and a pen reports up to a thousand a second
_PICTURE_PART: Final = 0.82  # of the paper's side; the rest is margin, and room for the caption


class Canvas(PenArea):
    """A square sheet of paper for one digit.

    Signals
    -------
    drawing_changed()
        There is more, less or other ink than before; also at every move of the pen.
    picture_failed(str)
        A picture that was opened, pasted or dropped can't be used; says why in one line. The drawing stays.
    undo_available_changed(bool), redo_available_changed(bool)
        Whether there is a step to take back, or to take again.
    """

    drawing_changed = Signal()
    picture_failed = Signal(str)
    undo_available_changed = Signal(bool)
    redo_available_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName("Canvas")
        self.setAccessibleDescription("Draw a digit with mouse, finger or pen, or drop a picture of one here.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 200)
        self.setAcceptDrops(True)

        self._pen_width = PEN_WIDTH
        self._drawing = Content()
        self._line: list[tuple[float, float, float]] = []  # x, y, width of the stroke under way
        self._seen: NDArray[np.uint8] | None = None
        self._reason: ink.Reason | None = ink.Reason.NOTHING_DRAWN  # why nothing is seen
        self._seen_is_known = True
        self._ink: InkLayer | None = None
        self._inked: tuple[Stroke, ...] | None = None  # the finished strokes that are in _ink
        self._drop_is_near = False
        self._focus_is_shown = False

        self._history = QUndoStack(self)
        self._history.setUndoLimit(UNDO_LIMIT)
        self._history.canUndoChanged.connect(self.undo_available_changed)
        self._history.canRedoChanged.connect(self.redo_available_changed)

    # What is on the canvas

    def strokes(self) -> tuple[Stroke, ...]:
        """All strokes, the one under way included, in units of the paper's side; some may lead off the paper."""
        return (*self._drawing.strokes, stroke_of(self._line)) if self._line else self._drawing.strokes

    def strokes_on_paper(self) -> list[Stroke]:
        """List what can be seen of the strokes, cut where they lead off the paper."""
        return [part for stroke in self.strokes() for part in on_paper(stroke)]

    def seen(self) -> NDArray[np.uint8] | None:
        """Give what the network sees.

        Returns
        -------
        ndarray of uint8, shape (28, 28), or None
            0 is paper, 255 is ink; not to be written to. None if there is no digit.
        """
        if not self._seen_is_known:
            before = self._reason
            if self._drawing.picture is not None and not self._line:
                self._seen, self._reason = self._drawing.picture, None
            else:
                strokes = self.strokes_on_paper()
                image = ink.from_strokes(strokes)
                self._reason = ink.judge(strokes, image)
                self._seen = None if self._reason else image
            self._seen_is_known = True
            if self._reason != before:
                self.update()
        return self._seen

    def why_not(self) -> str:
        """Say in a few words why nothing is seen; nothing if something is."""
        self.seen()
        return str(self._reason or "")

    @property
    def caption(self) -> str:
        """What is written under the picture; nothing where there is none."""
        return self._drawing.caption

    def is_empty(self) -> bool:
        """Whether there is neither a stroke nor a picture."""
        return not self._line and not self._drawing.strokes and self._drawing.picture is None

    def set_strokes(self, strokes: Iterable[Stroke]) -> None:
        """Replace the drawing, with points and widths in units of the paper's side. Can be undone."""
        self._replace(Content(tuple(strokes)), "replace drawing")

    def set_picture(self, seen: NDArray[np.uint8], caption: str = "") -> None:
        """Replace the drawing by an image as the network sees it. Can be undone.

        Parameters
        ----------
        seen : ndarray of uint8, shape (28, 28)
            0 is paper, 255 is ink.
        caption : str
            What is written under it.
        """
        if seen.shape != (IMAGE_SIZE, IMAGE_SIZE) or seen.dtype != np.uint8:
            raise ValueError(f"a picture must be 28×28 of uint8, not {seen.shape} of {seen.dtype}")
        picture = seen.copy()
        picture.setflags(write=False)
        self._replace(Content((), picture, caption), "show picture")

    def clear(self) -> None:
        """Leave the paper empty. Can be undone."""
        self.lift_pen()
        if not self.is_empty():
            self._replace(Content(), "clear")

    def undo(self) -> None:
        """Take the last step back; a stroke under way ends, and is that step."""
        self.lift_pen()
        self._history.undo()

    def redo(self) -> None:
        """Take again what was undone."""
        self.lift_pen()
        self._history.redo()

    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._history.canUndo()

    def can_redo(self) -> bool:
        """Whether there is an undone step to take again."""
        return self._history.canRedo()

    @property
    def pen_width(self) -> float:
        """The pen's diameter for strokes to come, in units of the paper's side."""
        return self._pen_width

    def set_pen_width(self, fraction: float) -> None:
        """Take a thinner or thicker pen; beyond ``PEN_WIDTH_RANGE`` the nearest that there is."""
        self._pen_width = min(max(fraction, PEN_WIDTH_RANGE[0]), PEN_WIDTH_RANGE[1])
        self._shape_cursor()

    def _replace(self, drawing: Content, what: str) -> None:
        self.lift_pen()
        self._history.push(Step(self._show, self._drawing, drawing, what))

    def _show(self, drawing: Content) -> None:
        self._drawing = drawing
        self.update()
        self._change()

    def _change(self) -> None:
        self._seen_is_known = False
        self.drawing_changed.emit()

    # Pictures from elsewhere

    def open_picture(self, path: str | PathLike[str]) -> None:
        """Show a picture file of a digit as the network sees it, or say in ``picture_failed`` why not."""
        self._show_picture(lambda: pictures.from_file(path))

    def paste(self) -> None:
        """Show the picture, or the picture file, that is in the clipboard."""
        nothing = "The clipboard holds no picture"
        data = QGuiApplication.clipboard().mimeData() or QMimeData()  # None where nothing was ever copied
        self._show_data(data, "pasted picture", nothing)

    def _show_data(self, data: QMimeData, name: str, otherwise: str) -> None:
        try:
            read = pictures.from_data(data, name, otherwise)
        except ink.PictureError as error:
            self.picture_failed.emit(str(error))
        else:
            self._show_picture(read)

    def _show_picture(self, read: Callable[[], tuple[NDArray[np.uint8], str]]) -> None:
        try:
            seen, caption = wait_for(self, "Reading the picture …", lambda _: read())
        except ink.PictureError as error:
            self.picture_failed.emit(str(error))
        except MemoryError:
            self.picture_failed.emit("There is not enough memory for this picture")
        except Cancelled:
            self.picture_failed.emit("The picture was not read to its end")
        else:
            self.set_picture(seen, caption)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if pictures.may_be_in(event.mimeData()):
            self._copy(event)
            self._drop_is_near = True
            self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_is_near = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._copy(event)
        self._drop_is_near = False
        self.update()
        data = event.mimeData()
        self._show_data(data, "dropped picture", "What was dropped holds no picture")

    @staticmethod
    def _copy(event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)  # a file manager that proposes to move would delete the file
        event.accept()

    # The pen

    def pen_down(self, position: QPointF, pressure: float) -> None:
        self._line = [self._to_unit(position, pressure)]
        self.update()  # a picture or the hint may have to go
        self._change()

    def pen_moved(self, position: QPointF, pressure: float) -> None:
        here, (x, y, _) = self._to_unit(position, pressure), self._line[-1]
        if hypot(here[0] - x, here[1] - y) < _MIN_STEP:
            return
        self._line.append(here)
        last = self._last_moves()
        self._sheet().add(smooth(last * self._scale, slice(-2, -1)))
        reach = last[:, 2:].max() / 2
        low, high = last[:, :2].min(axis=0) - reach, last[:, :2].max(axis=0) + reach
        dirty = QRectF(*(low * self._side).tolist(), *((high - low) * self._side).tolist())
        self.update(dirty.translated(QPointF(self._paper().topLeft())).toAlignedRect().adjusted(-1, -1, 1, 1))
        self._change()

    def pen_up(self) -> None:
        self._sheet().add(smooth(self._last_moves() * self._scale, slice(-1, None)))
        self._inked = self.strokes()
        self._line = []
        self._history.push(Step(self._show, self._drawing, Content(self._inked), "stroke"))

    def pen_lost(self) -> None:
        self._line, self._inked = [], None
        self.update()
        self._change()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.EnabledChange):
            self._ink = None
            self._shape_cursor()
            self.update()
        super().changeEvent(event)

    # Geometry and looks

    def sizeHint(self) -> QSize:
        return QSize(360, 360)

    @property
    def _side(self) -> int:
        """Of the paper, in pixels that don't depend on the device."""
        return min(self.width(), self.height())

    @property
    def _scale(self) -> float:
        """Side of the paper in pixels of the device."""
        return self._side * self.devicePixelRatioF()

    def _paper(self) -> QRect:
        side = self._side
        return QRect((self.width() - side) // 2, (self.height() - side) // 2, side, side)

    def _to_unit(self, position: QPointF, pressure: float) -> tuple[float, float, float]:
        place = (position - QPointF(self._paper().topLeft())) / self._side
        return place.x(), place.y(), pressure * self._pen_width

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._shape_cursor()
        super().resizeEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        keys = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
        self._focus_is_shown = event.reason() in keys
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._focus_is_shown = False
        super().focusOutEvent(event)

    def _shape_cursor(self) -> None:
        self.setCursor(ring_cursor(self._pen_width * self._side, self.devicePixelRatioF(), self.palette()))

    def _sheet(self) -> InkLayer:
        """All ink but the last half segment of a stroke under way, whose end isn't known yet."""
        scale, side = self._scale, ceil(self._scale)
        if self._ink is None or self._ink.side != side or self._inked is not self._drawing.strokes:
            color = self.palette().color(QPalette.ColorRole.Text)
            self._ink = InkLayer(side, _CORNER, self.devicePixelRatioF(), color)
            self._inked = self._drawing.strokes
            for stroke in self._inked:
                self._ink.add(smooth(np.column_stack([stroke.points, stroke.widths]) * scale))
            if len(self._line) > 1:
                self._ink.add(smooth(np.array(self._line) * scale, slice(0, -1)))
        return self._ink

    def _last_moves(self) -> NDArray[np.float64]:
        """As many of the pen's moves, shape (n, 3), as decide on the last two segments of the stroke under way."""
        return np.array(self._line[-3:])

    def paintEvent(self, event: QPaintEvent) -> None:
        color, paper = self.palette().color, self._paper()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(paper, _CORNER, _CORNER)

        painter.setPen(color(QPalette.ColorRole.PlaceholderText))
        if self.is_empty():
            self._write(painter, paper, "Draw a digit here", 1.2)
        elif self._drawing.picture is not None and not self._line:
            self._paint_picture(painter, paper, self._drawing.picture)
            bottom = QRectF(paper).adjusted(_CORNER, paper.height() * (1 + _PICTURE_PART) / 2, -_CORNER, 0)
            self._write(painter, bottom.toRect(), self._drawing.caption, 0.9)
        else:
            self._paint_strokes(painter, paper)
            if self._reason is not None:
                painter.setPen(color(QPalette.ColorRole.PlaceholderText))
                foot = paper.adjusted(_CORNER, paper.height() * 9 // 10, -_CORNER, 0)
                self._write(painter, foot, str(self._reason), 0.9)

        strong = self._drop_is_near or self._focus_is_shown
        role, width = (QPalette.ColorRole.Highlight, 2) if strong else (QPalette.ColorRole.Mid, 1)
        painter.setPen(QPen(color(role), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inset = width / 2
        painter.drawRoundedRect(QRectF(paper).adjusted(inset, inset, -inset, -inset), _CORNER - inset, _CORNER - inset)

    def _write(self, painter: QPainter, box: QRect, text: str, size: float) -> None:
        font = self.font()
        font.setPointSizeF(self.fontInfo().pointSizeF() * size)
        painter.setFont(font)
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_strokes(self, painter: QPainter, paper: QRect) -> None:
        painter.drawImage(paper.topLeft(), self._sheet().image)
        if self._line:
            # The last half segment is straight. Qt draws no line that ends where it starts, so a dot is a point.
            *_, start, end = knots(self._last_moves() * self._side).tolist()
            color = self.palette().color(QPalette.ColorRole.Text)
            painter.setPen(QPen(color, end[2], Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.save()
            painter.setClipRect(paper)
            painter.translate(paper.topLeft())
            if len(self._line) > 1:
                painter.drawLine(QPointF(*start[:2]), QPointF(*end[:2]))
            else:
                painter.drawPoint(QPointF(*end[:2]))
            painter.restore()

    def _paint_picture(self, painter: QPainter, paper: QRect, picture: NDArray[np.uint8]) -> None:
        image = to_qimage(picture, QImage.Format.Format_Indexed8)
        image.setColorTable(shades(self.palette().color(QPalette.ColorRole.Text)))
        # Each of its pixels is a square of whole pixels of the screen.
        ratio = self.devicePixelRatioF()
        side = int(self._side * ratio * _PICTURE_PART) // IMAGE_SIZE * IMAGE_SIZE
        margin = int(self._side * ratio - side) // 2
        corner = QPointF(paper.topLeft()) + QPointF(margin, margin) / ratio
        painter.drawImage(QRectF(corner.x(), corner.y(), side / ratio, side / ratio), image)
