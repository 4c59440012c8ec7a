"""Why this digit: what speaks for it and against it, laid over the drawing, adding up to the logit."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from mnist_gui.explain import evidence
from mnist_gui.explain.arithmetic import number
from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.pages.page import Page
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.images import to_qimage
from mnist_gui.gui.widgets.section import TextColumn
from mnist_gui.gui.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QPaintEvent

    from mnist_gui.explain.arithmetic import Cell
    from mnist_gui.explain.evidence import Evidence
    from mnist_gui.gui.session import Session

_AGREES: Final = 1e-5
_FAINT: Final = 4.5  # how much fainter than in the network view the drawing lies under its evidence
_IN_LINE: Final = 4  # so many maps stand in one line


class EvidenceOverlay(MapView):
    """The seen image, faintly, and over it what speaks for a digit and against it: the more, the less transparent."""

    def __init__(self, image_shape: tuple[int, int]) -> None:
        super().__init__("ink", (1, *image_shape), pixel=12)
        self.setMouseTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the maps beside it are read; their sum is written below
        self._evidence: NDArray[np.floating] | None = None
        self._limit = 1.0
        self._place = (0.0, 0.0, 1.0, 1.0)

    def show_evidence(self, image: NDArray[np.uint8], found: Evidence, limit: float) -> None:
        """Show evidence for an image, with the full colours at ±`limit`."""
        self._evidence, self._limit, self._place = found.summed, limit, found.place
        self.show_values(image[None].astype(np.float32), 0, 255 * _FAINT)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._evidence is None:
            return
        (rect,) = self.map_rects()
        pixel = rect.width() / self._shape[2]
        top, left, height, width = (pixel * side for side in self._place)
        painter = QPainter(self)
        painter.drawImage(QRectF(rect.left() + left, rect.top() + top, width, height), self._coloured(self._evidence))

    def _coloured(self, values: NDArray[np.floating]) -> QImage:
        table = theme.colour_map("diverging", dark=theme.is_dark(self.palette()))
        pixels = table[np.where(values > 0, 255, 0)]
        shares = np.abs(values).clip(0, self._limit) / self._limit
        pixels[..., 3] = 240 * shares**0.75  # in proportion, little would be seen of what is weak
        return to_qimage(pixels, QImage.Format.Format_ARGB32)


class Addition(QWidget):
    """Evidence as one line of a sum: each map, and the bias, above what it adds, and the result over the drawing."""

    def __init__(self) -> None:
        super().__init__()
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # as sums are written
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setHorizontalSpacing(theme.GRID)
        self._layout.setVerticalSpacing(theme.GRID // 2)
        self._key: object = None
        self._maps: list[MapView] = []
        self._values: list[QLabel] = []

    def show_sum(self, found: Evidence, image: NDArray[np.uint8], limit: float, title: str) -> None:
        """Show evidence for an image, with the full colours at ±`limit`; `title` heads the result."""
        key = (found.maps.shape, found.exact, image.shape)
        if key != self._key:
            self._key = key
            self._rebuild(found, image.shape)
        terms = [*found.maps, np.full((1, 1), found.rest)]
        for view, values in zip(self._maps, terms, strict=True):
            view.show_values(values[None], -limit, limit)
        *of_maps, of_rest, of_all = self._values
        for label, total in zip(of_maps, found.totals, strict=True):
            label.setText(number(total) if self._in_line else f"{total:z.2f}".replace("-", "−"))
        of_rest.setText(number(found.rest))
        of_all.setText(number(found.total))
        self._overlay.show_evidence(image, found, limit)
        self._title.setText(title)

    def _rebuild(self, found: Evidence, image_shape: tuple[int, ...]) -> None:
        """Make a term for each map of this network."""
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for i in range(self._layout.columnCount()):
            self._layout.setColumnStretch(i, 0)
        for i in range(self._layout.rowCount()):
            self._layout.setRowStretch(i, 0)
            self._layout.setRowMinimumHeight(i, 0)
        self._maps, self._values = [], []
        self._field = found.field
        count, height, width = found.maps.shape
        self._in_line = count <= _IN_LINE
        lines = 1 if self._in_line else 2
        columns = ceil(count / lines)
        self._layout.setHorizontalSpacing(theme.GRID if self._in_line else theme.GRID // 2)
        self._layout.setRowMinimumHeight(3, 0 if self._in_line else 4 * theme.GRID)  # the heads of the second line
        for i in range(count):
            view = MapView("diverging", (1, height, width), pixel=16)
            view.setMinimumSize(3 * theme.GRID, 3 * theme.GRID)
            view.setAccessibleName(f"Evidence of filter {i + 1}")
            view.cell_hovered.connect(self._outline)
            self._maps.append(view)
            name = (f"filter {i + 1}" if self._in_line else f"{i + 1}") if found.exact else "gradient × pixel"
            line, column = divmod(i, columns)
            self._add(3 * line, 2 * column, name, view, "+" if i and self._in_line else "")
        rest = MapView("diverging", (1, 1, 1), pixel=3 * theme.GRID)
        rest.setMinimumWidth(7 * theme.GRID)
        self._maps.append(rest)
        last = 3 * (lines - 1)
        self._add(last, 2 * columns, "bias" if found.exact else "the rest", rest, "+", stretch=0)
        self._overlay = EvidenceOverlay((image_shape[0], image_shape[1]))
        self._overlay.setObjectName("evidenceOverlay")
        self._overlay.setMinimumWidth(14 * theme.GRID)
        self._overlay.setAccessibleName("Evidence laid over the drawing")
        self._title = self._add(0, 2 * columns + 2, "", self._overlay, "=", rows=last + 1, stretch=2 * lines + 1)
        bold = self._values[-1].font()
        bold.setBold(True)
        self._values[-1].setFont(bold)
        self._values[-1].setForegroundRole(QPalette.ColorRole.Highlight)

    def _outline(self, cell: Cell | None) -> None:
        """Show on the drawing what the cell under the mouse depends on."""
        self._overlay.outline(None if cell is None else self._field.at(*cell[1:]))

    def _add(
        self, row: int, column: int, name: str, view: MapView, sign: str, *, rows: int = 1, stretch: int = 2
    ) -> QLabel:
        title, value = _centred(name), _centred("")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
        theme.make_small(title)
        title.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        value.setFont(theme.tabular(self.font()))
        if not self._in_line:
            theme.make_small(value)
        self._values.append(value)
        self._layout.addWidget(title, row, column)
        self._layout.addWidget(view, row + 1, column, rows, 1)
        self._layout.addWidget(value, row + rows + 1, column)
        self._layout.setRowStretch(row + 1, 1)
        self._layout.setColumnStretch(column, stretch)
        for at in (row + 1, row + rows + 1) if sign else ():
            self._layout.addWidget(_centred(sign), at, column - 1, rows if at == row + 1 else 1, 1)
        return title


class WhyPage(Page):
    """Says why the network answers a digit, or why that one and not another."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._limit = 0.0
        self.digit_box = self._box("whyDigit", "Why", "The digit to ask about")
        self.digit_box.addItem("the answer")
        self.against_box = self._box("whyNotDigit", "and not", "Another digit, whose evidence is taken away")
        self.against_box.addItems(["–", "the runner-up"])
        for box in (self.digit_box, self.against_box):
            for digit in range(10):
                box.addItem(str(digit), digit)
        self.method_box = self._box(
            "whyMethod",
            "by its",
            "Maps: the very products that the logit is the sum of.\n"
            "Pixels: gradient × input, a first-order approximation that works for every network.",
        )
        self.method_box.addItems(["maps, exactly", "pixels, roughly"])
        self._legend, self._proof = WrappedLabel(), WrappedLabel()
        for label in (self._legend, self._proof):
            label.setFont(theme.tabular(self.font()))
            theme.make_small(label)
        self._proof.setObjectName("whyProof")
        self.addition = Addition()
        self._lay_out()
        for box in (self.digit_box, self.against_box, self.method_box):
            box.currentIndexChanged.connect(self._ask_again)
        session.network_replaced.connect(self._forget_limit)

    def _box(self, name: str, label: str, tip: str) -> QComboBox:
        box = QComboBox()
        box.setObjectName(name)
        box.setAccessibleName(label)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)  # the answer is named in it
        box.setToolTip(tip)
        return box

    def _lay_out(self) -> None:
        questions = QGridLayout()
        questions.setHorizontalSpacing(theme.GRID)
        questions.setVerticalSpacing(theme.GRID)
        for row, box in enumerate((self.digit_box, self.against_box, self.method_box)):
            self._by = QLabel(box.accessibleName())  # in the end, that of the last
            self._by.setBuddy(box)
            questions.addWidget(self._by, row, 0)
            questions.addWidget(box, row, 1)
        questions.setColumnStretch(1, 1)
        asked = TextColumn(30)
        left = QVBoxLayout(asked)
        left.setContentsMargins(0, theme.GRID, 0, 0)
        left.addLayout(questions)
        left.addSpacing(theme.GRID)
        left.addWidget(self._legend)
        left.addStretch(1)
        proof = TextColumn(24)
        right = QVBoxLayout(proof)
        right.setContentsMargins(0, 0, 0, 0)
        right.addWidget(self._proof, 0, Qt.AlignmentFlag.AlignVCenter)
        self._proof.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        content = QWidget()
        across = QHBoxLayout(content)
        across.setContentsMargins(0, theme.GRID // 2, 0, theme.GRID)
        across.setSpacing(3 * theme.GRID)
        across.addWidget(asked)
        across.addWidget(self.addition, 1)
        across.addWidget(proof)
        hint = _centred("Draw a digit, and see what speaks for it and against it.")
        hint.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._stack = QStackedLayout(self.content)
        self._stack.addWidget(hint)
        self._stack.addWidget(content)

    def ask(self, digit: int) -> None:
        """Ask why this digit."""
        self.against_box.setCurrentIndex(0)
        self.digit_box.setCurrentIndex(self.digit_box.findData(digit))

    def has_asked_once(self, digit: int) -> bool:
        """Whether another digit than this is asked about, and nothing is compared with it yet."""
        asked = self.digit_box.currentData()
        return asked is not None and asked != digit and self.against_box.currentIndex() == 0

    def compare(self, digit: int) -> None:
        """Ask why the digit that was asked about before, and not this one."""
        self.against_box.setCurrentIndex(self.against_box.findData(digit))

    def refresh(self) -> None:
        network, reading = self._session.network, self._session.reading
        if reading is None:
            self._limit = 0.0
            self._stack.setCurrentIndex(0)
            return
        image = reading.image
        digit, against = self._question(reading.ranked)
        possible = evidence.is_exact(network)
        for widget in (self.method_box, self._by):
            widget.setVisible(possible)  # where there is nothing to choose, the text says why
        find = evidence.exact if possible and self.method_box.currentIndex() == 0 else evidence.approximate
        found = find(network, reading, digit, against)
        self._limit = max(self._limit, _round_up(max(np.abs(found.maps).max(), np.abs(found.summed).max())))
        title = f"together, for {digit}" if against is None else f"for {digit}, not {against}"
        self.addition.show_sum(found, image, self._limit, title)
        self._write_legend(digit, against)
        self._write_proof(found, digit, against, possible=possible)
        self._stack.setCurrentIndex(1)

    def _question(self, order: list[int]) -> tuple[int, int | None]:
        """Return the digit asked about and the one it is compared with, given all digits by probability."""
        asked = self.digit_box.currentData()
        digit: int = order[0] if asked is None else asked
        runner_up = next(other for other in order if other != digit)
        self.digit_box.setItemText(0, f"the answer, {order[0]}")
        self.against_box.setItemText(1, f"the runner-up, {runner_up}")
        other = self.against_box.currentData()
        return digit, runner_up if self.against_box.currentIndex() == 1 else other

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.isVisible():
            self.refresh()

    def _forget_limit(self) -> None:
        self._limit = 0.0

    def _ask_again(self) -> None:
        self._forget_limit()  # another question has colours of its own
        self.refresh()

    def _write_legend(self, digit: int, against: int | None) -> None:
        table = theme.colour_map("diverging", dark=theme.is_dark(self.palette()))
        red, blue = (QColor(int(r), int(g), int(b)).name() for b, g, r, _ in (table[255], table[0]))
        opposite = f"against {digit}" if against is None else f"for {against}"
        self._legend.setText(
            f"<span style='color:{red}'>■</span> speaks for {digit} &nbsp; "
            f"<span style='color:{blue}'>■</span> {opposite}<br>full colour at ±{self._limit:g}"
        )

    def _write_proof(self, found: Evidence, digit: int, against: int | None, *, possible: bool) -> None:
        of = f"logit of {digit}" if against is None else f"logit of {digit}, minus that of {against}"
        text = f"The network’s own {of}:<br><b>{number(found.logit)}</b><br>"
        if found.exact:
            gap = abs(found.total - found.logit)
            text += "✓ The sum agrees to 0.00001." if gap <= _AGREES else f"The sum differs by {number(gap)}: rounding."
            text += f"<br><br>Exactly {found.maps.size:,} products and a bias."
        else:
            text += (
                "<br><b>An approximation:</b> each pixel times the slope of the logit along it (gradient × input, "
                "first order). The rest is what that leaves unexplained."
            )
            text += "" if possible else "<br>More layers follow the maps here, so no exact sum exists."
        self._proof.setText(text)


def _centred(text: str) -> QLabel:
    label = QLabel(text)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def _round_up(value: float) -> float:
    """Return the next of …, 1, 1.5, 2, 3, 5, 7, 10, …: colours that change seldom while much else does."""
    if not 0 < value < float("inf"):
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next(power * step for step in (1, 1.5, 2, 3, 5, 7, 10) if value <= power * step * 1.0001)
