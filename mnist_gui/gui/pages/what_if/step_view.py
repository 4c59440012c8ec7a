"""One step of training on the drawing: what it would change, and whether its gradient is true."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from mnist_gui.explain import experiments
from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.number_field import NumberField
from mnist_gui.gui.widgets.section import Section, grey
from mnist_gui.gui.widgets.steady_label import SteadyLabel

if TYPE_CHECKING:
    from mnist_gui.explain.experiments import Step
    from mnist_gui.explain.reading import Reading
    from mnist_gui.nn.network import Network

_TIP: Final = (
    "Training is nothing but many such steps: work out for every weight how the loss would change with it (its slope), "
    "and move each a little against its slope. This is one step, on your drawing alone. Nothing is changed until you "
    "keep it."
)

_NOTE: Final = "on your drawing, with the label that you name"
_KNOWN: Final = 0.01  # a loss that leaves little to learn


class StepView(Section):
    """Works out a step whenever the drawing, its label, the rate or the network changes."""

    keep_requested = Signal(object)  # the parameters after the step, ndarray of float64, shape (count,)
    settings_changed = Signal()

    def __init__(self) -> None:
        super().__init__("One step of training", _NOTE, _TIP)
        self._network: Network | None = None
        self._reading: Reading | None = None
        self._label = 0
        self._step: Step | None = None
        self._checked: tuple[int, ...] | None = None  # a place in the filters
        self._maps: MapView | None = None
        self._shape = (0, 0, 0)
        self._busy = False

        self.label_box = QComboBox()
        self.label_box.setObjectName("stepLabelBox")
        self.label_box.setAccessibleName("True label")
        self.label_box.setToolTip("The digit that the drawing is meant to be: the step makes it more probable")
        self.label_box.addItem("as read", None)
        for digit in range(10):
            self.label_box.addItem(str(digit), digit)
        self.rate_box = NumberField(1e-9, 1000, least_digits=6)
        self.rate_box.setObjectName("stepRateBox")
        self.rate_box.setAccessibleName("Rate of the step")
        self.rate_box.setToolTip("How far to go: each weight moves by its slope times this rate. Try a large one, too")
        self.rate_box.setValue(0.1)
        self.rate_box.setStepType(NumberField.StepType.AdaptiveDecimalStepType)
        self._loss, self._answer = SteadyLabel("00.000 → 00.000"), QLabel()
        for label in (self._loss, self._answer):
            label.setFont(theme.tabular(label.font()))
        self.keep_button = QPushButton("Keep the step")
        self.keep_button.setObjectName("keepStepButton")
        self.keep_button.setToolTip(
            "Take the weights after the step into the network; Edit, Undo change of the network, takes it back"
        )
        self._unit, self._check = grey(), grey()
        self._check.setObjectName("gradientCheck")
        self._check.setTextFormat(Qt.TextFormat.RichText)
        self._lay_out()
        self.label_box.currentIndexChanged.connect(self.settings_changed)
        self.rate_box.valueChanged.connect(self.settings_changed)
        self.keep_button.clicked.connect(self._keep)

    def _lay_out(self) -> None:
        fields = QGridLayout()
        fields.setHorizontalSpacing(theme.GRID)
        fields.setVerticalSpacing(theme.GRID // 2)
        for row, (name, box) in enumerate((("label", self.label_box), ("rate", self.rate_box))):
            heading = grey(name)
            heading.setBuddy(box)
            fields.addWidget(heading, row, 0)
            fields.addWidget(box, row, 1)
        for row, (name, value) in enumerate((("loss", self._loss), ("answer", self._answer)), start=2):
            fields.addWidget(grey(name), row, 0)
            fields.addWidget(value, row, 1)
        left = QVBoxLayout()
        left.setSpacing(theme.GRID // 2)
        left.addLayout(fields)
        left.addWidget(self.keep_button)
        left.addStretch()
        self._right = QVBoxLayout()
        self._right.setSpacing(theme.GRID // 2)
        self._right.addWidget(self._unit)
        self._right.addWidget(self._check)
        both = QHBoxLayout()
        both.setSpacing(theme.GRID)
        both.addLayout(left)
        both.addLayout(self._right, 1)
        self.body.addLayout(both)

    def set_busy(self, busy: bool) -> None:
        """Say whether the network is being trained: a step can't be kept then."""
        self._busy = busy
        self.keep_button.setEnabled(self._step is not None and not busy)

    def show_reading(self, network: Network, reading: Reading | None) -> None:
        """Work out the step for a network and what it reads; neither is changed."""
        self._network, self._reading = network, reading
        named = self.label_box.currentData()
        self._step = None
        if reading is not None:
            self._label = reading.answer if named is None else named
            self._step = experiments.one_step(network, reading.image, self._label, self.rate_box.value())
        self.set_busy(self._busy)
        known = self._step is not None and self._step.loss_before < _KNOWN
        self.set_note("it knows that already: name another label" if known else _NOTE)
        self._show_step()
        self._show_gradient(network)
        self._show_check()

    def _keep(self) -> None:
        if self._step is not None:
            self.keep_requested.emit(self._step.parameters)

    def _show_step(self) -> None:
        step = self._step
        if step is None:
            self._loss.setText("–")
            self._answer.setText("–")
            return
        before, after = int(step.before.argmax()), int(step.after.argmax())
        self._loss.setText(f"{_loss(step.loss_before)} → {_loss(step.loss_after)}")
        self._loss.setToolTip(
            f"−log of the probability of {self._label}: {step.before[self._label]:.2%} before the step, "
            f"{step.after[self._label]:.2%} after it"
        )
        self._answer.setText(f"{before} → {after}")
        self._answer.setToolTip(
            f"Before the step {before} with {step.before[before]:.1%}, after it {after} with {step.after[after]:.1%}"
        )

    def _show_gradient(self, network: Network) -> None:
        """Show the slopes of the filters' weights, in a power of ten that makes them readable."""
        filters = experiments.filters(network)
        if filters is None:
            self._unit.setText("This network has no filters to show slopes of.")
            self._remove_maps()
            return
        count, channels, size, _ = filters.shape
        shape = (count, size, channels * size)
        if self._maps is None or self._shape != shape:
            self._remove_maps()
            self._maps, self._shape = MapView("diverging", shape, pixel=48, numbers=True), shape
            self._maps.cell_hovered.connect(self._choose)
            self._right.insertWidget(1, self._maps, 1)
            self._maps.setAccessibleName("Slopes of the filters' weights")
            self.setTabOrder(self.keep_button, self._maps)
        if self._step is None:
            self._unit.setText("the slope of each filter weight")
            self._maps.show_values(None, -1, 1)
            return
        slopes = network.named(self._step.gradient)[experiments.FILTERS]
        largest = float(np.abs(slopes).max())
        power = floor(log10(largest)) if largest > 0 and np.isfinite(largest) else 0
        self._unit.setText("the slope of each filter weight" + (f", in 10{_raised(power)}" if power else ""))
        scaled = (slopes / 10.0**power).transpose(0, 2, 1, 3).reshape(shape)
        limit = max(1e-9, float(np.abs(scaled).max()))
        self._maps.show_values(scaled, -limit, limit)

    def _remove_maps(self) -> None:
        self._checked = None
        if self._maps is not None:
            self._right.removeWidget(self._maps)
            self._maps.deleteLater()
            self._maps = None

    def _choose(self, cell: tuple[int, int, int] | None) -> None:
        if cell is not None and self._network is not None:
            filters = experiments.filters(self._network)
            assert filters is not None
            (index, row, column), size = cell, filters.shape[-1]
            self._checked = (index, column // size, row, column % size)
            self._show_check()

    def _show_check(self) -> None:
        """Compare one slope with what finite differences measure: that of the cell under the mouse, or the largest."""
        step, network, reading = self._step, self._network, self._reading
        if step is None or network is None or reading is None or self._maps is None:
            self._check.setText("" if self._maps is None else "Draw a digit, and see how it would be learned.<br><br>")
            return
        slopes = network.named(step.gradient)[experiments.FILTERS]
        index = self._checked or np.unravel_index(int(np.abs(slopes).argmax()), slopes.shape)
        place = experiments.place(network, experiments.FILTERS, *(int(i) for i in index))
        slope = float(step.gradient[place])
        measured = experiments.finite_difference(network, reading.image, self._label, place)
        which = f"filter {index[0] + 1}, row {index[2] + 1}, column {index[3] + 1}"
        lines = [
            ("∂L/∂w by backpropagation", _number(slope)),
            ("(L(w+h) − L(w−h)) / 2h", _number(measured)),
        ]
        rows = "".join(f"<tr><td>{name}&nbsp;&nbsp;</td><td align='right'>{value}</td></tr>" for name, value in lines)
        self._check.setText(f"<table cellspacing='0' cellpadding='0'><tr><td>{which}</td></tr>{rows}</table>")
        self._check.setToolTip(
            f"They differ by {abs(slope - measured):.0e}. Backpropagation works out all slopes at once; here one "
            "weight is really moved by h = 0.00001 to both sides. Point at a cell to check another one."
        )


def _loss(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else _scientific(value, 0)


def _number(value: float) -> str:
    return f"{value:.8f}".replace("-", "−") if abs(value) >= 0.001 else _scientific(value, 6)


def _scientific(value: float, decimals: int) -> str:
    if not value:
        return "0"
    digits, power = f"{value:.{decimals}e}".split("e")
    return f"{digits}·10{_raised(int(power))}".replace("-", "−")


def _raised(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
