"""Filters to change by hand, or for those of textbooks."""

from __future__ import annotations

from math import floor, log2
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QEvent, QSignalBlocker, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QComboBox, QHBoxLayout, QLabel, QToolButton, QVBoxLayout

from mnist_gui.explain import experiments
from mnist_gui.explain.kernels import KERNELS, RANDOM, kernel
from mnist_gui.gui.pages.what_if.filter_editor import FilterEditor
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.gui.widgets.number_field import NumberField
from mnist_gui.gui.widgets.section import Section, check_box, grey

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from mnist_gui.nn.layer import Array
    from mnist_gui.nn.network import Network

_LARGEST: Final = 999.0
_KERNEL_NAMES: Final = {"sobel across": "Sobel →", "sobel down": "Sobel ↓"}
_NOTE: Final = "type, drag or turn the wheel over a cell"
_TIP: Final = (
    "What would the network read with another filter? The maps and the answer above follow at once. The rest of the "
    "network was trained for the old filters; freeze the new ones and train, and it learns to use them."
)


class FilterSection(Guarded, Section):
    """Says which filter should become what; the network shown is never changed here."""

    # Which filter, its values as an ndarray of shape (channels, size, size), and the one cell that changed, or None.
    filter_changed = Signal(int, object, object)
    data_requested = Signal()

    def __init__(self) -> None:
        super().__init__("Change a filter", _NOTE, _TIP)
        self._weights: Array | None = None
        self._shape: tuple[int, ...] = ()
        self._limit = 0.0
        self._busy = False
        self.editor: FilterEditor | None = None
        self.undo_button = _tool("undo-edit", "undoEditButton", "Undo the last change of the network (Ctrl+Alt+Z)")
        self.redo_button = _tool(
            "redo-edit", "redoEditButton", "Make the undone change of the network again (Ctrl+Alt+Shift+Z)"
        )
        self.value_box = NumberField(-_LARGEST, _LARGEST, digits=4, least_digits=8)
        self.value_box.setObjectName("filterValueBox")
        self.value_box.setAccessibleName("Weight")
        self.kernel_box = QComboBox()
        self.kernel_box.setObjectName("kernelBox")
        self.kernel_box.setAccessibleName("Load a kernel")
        self.kernel_box.setToolTip(
            "Put a textbook's filter in the place of the selected one, as strong as that: edge and Sobel answer to "
            "outlines, blur to ink, sharpen to ink that stands out, random to nothing in particular"
        )
        self.kernel_box.setPlaceholderText("Load …")
        for name in (*KERNELS, RANDOM):
            self.kernel_box.addItem(_KERNEL_NAMES.get(name, name.capitalize()), name)
        self.kernel_box.setCurrentIndex(-1)
        self.freeze_box = check_box(
            "Freeze filters",
            "freezeFilters",
            "The next training keeps the filters as they are here, and trains only the rest",
        )
        self._cell = grey()
        self._accuracy_heading, self.accuracy = grey("test accuracy"), QLabel()
        self.accuracy.setObjectName("editedAccuracy")
        self.accuracy.setFont(theme.tabular(self.accuracy.font()))
        self.accuracy.setForegroundRole(QPalette.ColorRole.Text)
        self._lay_out()
        self.show_accuracy(None)
        self.value_box.valueChanged.connect(self._change_value)
        self.kernel_box.activated.connect(self._load_kernel)
        self.accuracy.linkActivated.connect(lambda _: self.data_requested.emit())

    def _lay_out(self) -> None:
        self.head.addWidget(self.undo_button)
        self.head.addWidget(self.redo_button)
        controls = QVBoxLayout()
        controls.setSpacing(theme.GRID // 2)
        for control in (self._cell, self.value_box, self.kernel_box, self.freeze_box):
            controls.addWidget(control)
        controls.addStretch()
        controls.addWidget(self._accuracy_heading)
        controls.addWidget(self.accuracy)
        self._row = QHBoxLayout()
        self._row.setSpacing(2 * theme.GRID)
        self._row.addLayout(controls)
        self.body.addLayout(self._row)

    def show_network(self, network: Network, *, new: bool) -> None:
        """Show the network's filters; `new` sets the colours by these values alone."""
        self._weights = weights = experiments.filters(network)
        if weights is None:
            self._remove_editor()
        else:
            if self.editor is None or self._shape != weights.shape:
                self._remove_editor()
                self.editor = self._make_editor(weights.shape)
            self._limit = max(0.0 if new else self._limit, _round_up(float(np.abs(weights).max())))
            self.editor.show_filters(weights, self._limit)
        self._show_cell()
        self._enable()

    def show_accuracy(self, text: str | None, tip: str = "") -> None:
        """Say how good the changed network is, or, for None, that there are no images to tell it by."""
        self._accuracy_heading.setVisible(text is not None)
        self.accuracy.setText("<a href='#'>Load the test set</a>" if text is None else text)
        self.accuracy.setToolTip("Then the accuracy of the changed network is shown here" if text is None else tip)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            text = self.accuracy.text()
            self.accuracy.clear()  # Qt keeps a link in the colour that it was laid out in
            self.accuracy.setText(text)

    def set_busy(self, busy: bool) -> None:
        """Say whether the network is being trained: nothing can be changed then."""
        self._busy = busy
        self._enable()

    def _enable(self) -> None:
        filters, free = self.editor is not None, not self._busy
        for widget in (self.value_box, self.kernel_box):
            widget.setEnabled(filters and free)
        self.freeze_box.setEnabled(filters)
        if self.editor is not None:
            self.editor.setEnabled(free)
        busy = "not while the network is being trained"
        self.set_note("this network has no filters" if not filters else _NOTE if free else busy)

    def _make_editor(self, shape: tuple[int, ...]) -> FilterEditor:
        count, channels, size, _ = self._shape = shape
        editor = FilterEditor((count, channels, size, size))
        editor.setObjectName("filterEditor")
        editor.setAccessibleName("Filters to change")
        editor.setAccessibleDescription("The arrow keys pick a cell; type a number to change it.")
        editor.cell_selected.connect(self._show_cell)
        editor.value_requested.connect(self._change_value)
        editor.typed.connect(self._type)
        self._row.insertWidget(0, editor, 1)
        self.setTabOrder(self.redo_button, editor)
        self.setTabOrder(editor, self.value_box)
        return editor

    def _remove_editor(self) -> None:
        if self.editor is not None:
            self._row.removeWidget(self.editor)
            self.editor.deleteLater()
            self.editor = None

    def _show_cell(self) -> None:
        """Show the selected cell's number, unless it is there already, and perhaps just being typed."""
        if self.editor is None:
            self._cell.setText("")
            return
        _, _, row, column = self.editor.selected_weight
        self._cell.setText(f"row {row + 1}, column {column + 1}")
        if self.value_box.singleStep() != self.editor.step:  # setting it rewrites what is being typed
            self.value_box.setSingleStep(self.editor.step)
        value = self.editor.selected_value
        if self.value_box.value() != value:
            with QSignalBlocker(self.value_box):
                self.value_box.setValue(value)

    def _type(self, event: QKeyEvent) -> None:
        self.value_box.setFocus()
        self.value_box.selectAll()
        QApplication.sendEvent(self.value_box, event)

    def _change_value(self, value: float) -> None:
        if self.editor is not None and self._weights is not None and not self._busy:
            index, *cell = weight = self.editor.selected_weight
            values = self._weights[index].copy()
            values[tuple(cell)] = np.clip(value, -_LARGEST, _LARGEST)
            self.filter_changed.emit(index, values, weight)

    def _load_kernel(self, choice: int) -> None:
        self.kernel_box.setCurrentIndex(-1)
        if self.editor is not None and self._weights is not None and not self._busy:
            index = self.editor.selected[0]
            values = kernel(self.kernel_box.itemData(choice), self._weights[index], np.random.default_rng())
            self.filter_changed.emit(index, values, None)


def _tool(icon: str, name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setIcon(theme.icon(icon))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button


def _round_up(largest: float) -> float:
    """Return the end of the colours: a round number, so that small edits don't recolour every cell."""
    power = 2.0 ** floor(log2(max(largest, 0.5)))
    return next(power * step for step in (1, 1.5, 2) if largest <= power * step)
