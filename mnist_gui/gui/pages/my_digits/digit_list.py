"""The person's digits as pictures, digit by digit, each with what the network takes it for."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QKeySequence, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.gui.widgets.picture_list import PictureList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PySide6.QtGui import QPainter

    from mnist_gui.my_digits import MyDigit
    from mnist_gui.nn.layer import Array

_SIDE: Final = 56  # twice 28: whole pixels
_Index = QModelIndex | QPersistentModelIndex


class MyDigitsList(PictureList):
    """Each group begins with its digit. A click puts a picture on the canvas; Ctrl and Shift select several."""

    digit_chosen = Signal(object)  # a MyDigit
    selection_changed = Signal()
    remove_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self._items = _Items()
        super().__init__(self._items, _Painter(), _SIDE, "✗ 0 · 100 %", parent)
        self.setObjectName("myDigitsList")
        self.setAccessibleName("My digits")
        self.setSelectionMode(PictureList.SelectionMode.ExtendedSelection)
        self.clicked.connect(self._clicked)
        self.activated.connect(self._choose)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())

    def show_digits(self, digits: Sequence[MyDigit]) -> None:
        """Show digits that are in the order of their labels; those that were selected still are."""
        selected = {digit.id for digit in self.selected()}
        self._items.take(digits)
        for row, item in enumerate(self._items.items):
            if not isinstance(item, int) and item.id in selected:
                self.selectionModel().select(self._items.index(row), QItemSelectionModel.SelectionFlag.Select)

    def show_answers(self, probabilities: Array) -> None:
        """Say what the network takes the digits for: an array of shape (digits, 10)."""
        self._items.answer(probabilities)

    def selected(self) -> list[MyDigit]:
        """List the digits that are selected."""
        items = (self._items.items[index.row()] for index in self.selectedIndexes())
        return [item for item in items if not isinstance(item, int)]

    def _clicked(self, index: QModelIndex) -> None:
        if len(self.selectedIndexes()) == 1:
            self._choose(index)

    def _choose(self, index: QModelIndex) -> None:
        item = self._items.items[index.row()]
        if not isinstance(item, int):
            self.digit_chosen.emit(item)

    def event(self, event: QEvent) -> bool:
        # The window's Delete clears the canvas; here it removes what is selected.
        if isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Delete):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.remove_requested.emit()
                return True
        return super().event(event)

    def sizeHint(self) -> QSize:
        return QSize(600, 2 * self.gridSize().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(3 * self.gridSize().width(), self.gridSize().height())


class _Items(Guarded, QAbstractListModel):
    """Digits, and before each group the number that it is of."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[int | MyDigit] = []
        self._place: dict[str, int] = {}  # of a digit among all, by its id
        self._labels: NDArray[np.int64] = np.empty(0, np.int64)
        self._answers: NDArray[np.int64] | None = None
        self._confidences: Array = np.empty(0)

    def take(self, digits: Sequence[MyDigit]) -> None:
        self.beginResetModel()
        self.items, self._answers = [], None
        self._place = {digit.id: place for place, digit in enumerate(digits)}
        self._labels = np.array([digit.label for digit in digits], np.int64)
        for digit in digits:
            if not self.items or self._label(self.items[-1]) != digit.label:
                self.items.append(digit.label)
            self.items.append(digit)
        self.endResetModel()

    @staticmethod
    def _label(item: int | MyDigit) -> int:
        return item if isinstance(item, int) else item.label

    def answer(self, probabilities: Array) -> None:
        self._answers, self._confidences = probabilities.argmax(axis=1), probabilities.max(axis=1)
        if self.items:
            self.dataChanged.emit(self.index(0), self.index(len(self.items) - 1))

    def is_wrong(self, item: int | MyDigit) -> bool:
        if isinstance(item, int) or self._answers is None:
            return False
        return bool(self._answers[self._place[item.id]] != item.label)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.items)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        heads = index.isValid() and isinstance(self.items[index.row()], int)
        return Qt.ItemFlag.NoItemFlags if heads else super().flags(index)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        if not index.isValid():
            return None
        item = self.items[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._count(item) if isinstance(item, int) else self._reading(item)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole) and not isinstance(item, int):
            taught = _moment(item.time)
            return f"A {item.label}, {self._in_words(item)}, taught {taught}. Click to put it back on the canvas."
        return None

    def _count(self, label: int) -> str:
        mine = self._labels == label
        wrong = 0 if self._answers is None else int((self._answers[mine] != label).sum())
        return f"{mine.sum()} · {wrong} wrong" if wrong else f"{mine.sum()}"

    def _reading(self, digit: MyDigit) -> str:
        if self._answers is None:
            return ""
        place = self._place[digit.id]
        sure = f"{self._confidences[place] * 100:.0f} %"
        return f"✗ {self._answers[place]} · {sure}" if self.is_wrong(digit) else f"✓ {sure}"

    def _in_words(self, digit: MyDigit) -> str:
        if self._answers is None:
            return "not read yet"
        place = self._place[digit.id]
        return f"read as {self._answers[place]}, probability {self._confidences[place] * 100:.1f} %"


def _moment(time: str) -> str:
    """Return a time in ISO 8601 as a person here reads it; one that no clock here can show, as it is in UTC."""
    moment = datetime.fromisoformat(time)
    with suppress(OverflowError, ValueError, OSError):  # of the first and the last year, and what the system can't
        moment = moment.astimezone()
    return moment.replace(tzinfo=None).isoformat(" ", "minutes")


class _Painter(Guarded, QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        assert isinstance(model, _Items)
        item, cell, colour = model.items[index.row()], option.rect, option.palette.color
        left = cell.left() + (cell.width() - _SIDE) // 2
        square = QRectF(left, cell.top() + 1, _SIDE, _SIDE)
        wrong = model.is_wrong(item)
        painter.save()
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # a painter asks the program, not the widget
        if isinstance(item, int):
            font = option.font
            font.setPointSizeF(2.4 * font.pointSizeF())
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(colour(QPalette.ColorRole.PlaceholderText))
            painter.drawText(square, Qt.AlignmentFlag.AlignCenter, str(item))
        else:
            table = theme.colour_map("ink", dark=theme.is_dark(option.palette))
            painter.setRenderHint(painter.RenderHint.SmoothPixmapTransform, False)  # the view has set it
            painter.drawImage(square, theme.to_image(item.image.astype(np.float32), 0, 255, table))
            states = QStyle.StateFlag
            near = bool(option.state & (states.State_MouseOver | states.State_Selected | states.State_HasFocus))
            role = QPalette.ColorRole.BrightText if wrong else QPalette.ColorRole.Mid
            painter.setPen(QPen(colour(QPalette.ColorRole.Highlight if near else role), 2 if near else 1))
            painter.drawRect(square)
        font = theme.tabular(theme.small(option.font))
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(colour(QPalette.ColorRole.BrightText if wrong else QPalette.ColorRole.PlaceholderText))
        caption = QRectF(cell.left(), square.bottom(), cell.width(), cell.height() - _SIDE - 1)
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, index.data())
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        assert isinstance(option.widget, PictureList)
        return option.widget.cell()
