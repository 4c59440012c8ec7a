"""Small pictures to click, as many as there are; only those in sight are painted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.gui.widgets.picture_list import PictureList

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mnist_gui.explain.confusion import Confusion

_SIDE: Final = 56  # twice 28: whole pixels
_Index = QModelIndex | QPersistentModelIndex


class Thumbnails(PictureList):
    """Shows some of the images of a set, each with what it was read as."""

    image_chosen = Signal(int)  # its place in the set

    def __init__(self, parent: QWidget | None = None) -> None:
        self._images = _Images()
        super().__init__(self._images, _Painter(), _SIDE, "0 · 100 %", parent)
        self.setObjectName("thumbnails")
        self.setAccessibleName("Images")
        # An untrained network makes 9,000 mistakes: those far down are placed later.
        self.setLayoutMode(PictureList.LayoutMode.Batched)
        self.setBatchSize(200)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def show_images(self, images: NDArray[np.uint8], confusion: Confusion, places: NDArray[np.int64]) -> None:
        """Show those images of shape (n, 28, 28) that stand at `places`, an array of int, in that order."""
        if not self._images.has(images, confusion, places):
            self._images.take(images, confusion, places)
            self.scrollToTop()

    def _choose(self, index: QModelIndex) -> None:
        self.image_chosen.emit(self._images.place(index))

    def sizeHint(self) -> QSize:
        return QSize(400, 2 * self.gridSize().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * self.gridSize().width(), self.gridSize().height())


class _Images(Guarded, QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self._places: NDArray[np.int64] = np.empty(0, np.int64)
        self._images: NDArray[np.uint8] = np.empty((0, 28, 28), np.uint8)
        self._confusion: Confusion | None = None

    def has(self, images: NDArray[np.uint8], confusion: Confusion, places: NDArray[np.int64]) -> bool:
        same = self._images is images and np.array_equal(self._places, places)
        if same and len(places):  # only the confidences are new
            self._confusion = confusion
            self.dataChanged.emit(self.index(0), self.index(len(places) - 1))
        return same

    def take(self, images: NDArray[np.uint8], confusion: Confusion, places: NDArray[np.int64]) -> None:
        self.beginResetModel()
        self._images, self._confusion, self._places = images, confusion, places
        self.endResetModel()

    def place(self, index: _Index) -> int:
        return int(self._places[index.row()])

    def image(self, index: _Index) -> NDArray[np.uint8]:
        image: NDArray[np.uint8] = self._images[self.place(index)]
        return image

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._places)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        if self._confusion is None or not index.isValid():
            return None
        place = self.place(index)
        answer, label = self._confusion.answers[place], self._confusion.labels[place]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{answer} · {self._confusion.confidences[place] * 100:.0f} %"
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            probability = f"probability {self._confusion.confidences[place] * 100:.1f} %"
            return f"Image {place:,}: a {label}, read as {answer}, {probability}. Click to see how."
        return None


class _Painter(Guarded, QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        assert isinstance(model, _Images)
        colours, cell = option.palette, option.rect
        table = theme.colour_map("ink", dark=theme.is_dark(colours))
        left = cell.left() + (cell.width() - _SIDE) // 2
        square = QRectF(left, cell.top(), _SIDE, _SIDE)
        painter.save()
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # a painter asks the program, not the widget
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)  # pixels are shown as pixels
        painter.drawImage(square, theme.to_image(model.image(index).astype(np.float32), 0, 255, table))
        state = option.state
        near = bool(state & (QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_HasFocus))
        role = QPalette.ColorRole.Highlight if near else QPalette.ColorRole.Mid
        painter.setPen(QPen(colours.color(role), 2 if near else 0))
        painter.drawRect(square)
        painter.setFont(theme.tabular(theme.small(option.font)))
        painter.setPen(colours.color(QPalette.ColorRole.PlaceholderText))
        caption = QRectF(cell.left(), square.bottom(), cell.width(), cell.height() - _SIDE)
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, index.data())
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        assert isinstance(option.widget, PictureList)
        return option.widget.cell()
