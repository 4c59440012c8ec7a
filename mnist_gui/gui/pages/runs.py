"""The runs of this sitting, listed, with their curves laid over one another; any of them can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtGui import QColor, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from mnist_gui import notebook
from mnist_gui.errors import UserError
from mnist_gui.gui.pages.page import Page
from mnist_gui.gui.training.charts import style_plot
from mnist_gui.gui.training.trainer import State
from mnist_gui.gui.widgets import messages, theme
from mnist_gui.gui.widgets.wrapped_label import WrappedLabel
from mnist_gui.nn.architectures import title
from mnist_gui.recipe import RECIPES
from mnist_gui.runs import save_csv

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent
    from PySide6.QtWidgets import QWidget

    from mnist_gui.gui.session import Session
    from mnist_gui.runs import Checkpoint

# Okabe and Ito's, which stay apart without colour vision; the two lightest and the blackest are left out.
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DRAWN: Final = len(COLOURS)
"""So many runs are drawn unless the person asks for more: the newest. A new one then costs the same after hundreds."""

_COLUMNS: Final = (("Recipe", 15), ("Network", 10), ("Seed", 6), ("Epochs", 7), ("Test", 9), ("Time", 8))
_EMPTY: Final = (
    "Finished runs are listed here, and their curves laid over one another. "
    "Try the notebook's recipe against the default."
)


class RunsPage(Page):
    """Lists what each run, lesson and row of edits ended with. Runs with a tick are drawn."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._listed: list[Checkpoint] = []  # by row
        self._curves: dict[int, list[tuple[pg.PlotWidget, pg.PlotDataItem]]] = {}  # of a checkpoint, by its id()
        self._count = 0  # of runs that were ever listed, for their colours
        self._empty = WrappedLabel(_EMPTY)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.table = self._make_table()
        self._note = WrappedLabel(notebook.FAULTS.partition(" Its printed")[0])
        theme.make_small(self._note)
        self._note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.open_button = _button(
            "Open", "openRunButton", "Make the selected network the present one, with its curves"
        )
        self.export_button = _button("Export as CSV…", "exportRunButton", "Save the curves of the selected run")
        self.remove_button = _button("Remove", "removeRunButton", "Take the selected run off the list")
        self._plots: list[pg.PlotWidget] = []  # made for the first run: the window is then there sooner
        self._lay_out()
        self.open_button.clicked.connect(self._open_selected)
        self.export_button.clicked.connect(self._export_selected)
        self.remove_button.clicked.connect(self._remove_selected)
        self.table.itemChanged.connect(self._ticked)
        self.table.itemSelectionChanged.connect(self._enable)
        self.table.itemDoubleClicked.connect(self._open_selected)
        session.runs_changed.connect(self._follow)
        session.run_replaced.connect(self._follow)
        session.trainer.state_changed.connect(self._enable)
        self.refresh()

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(_COLUMNS))
        table.setObjectName("runsTable")
        table.setAccessibleName("Runs")
        table.setHorizontalHeaderLabels([name for name, _ in _COLUMNS])
        table.setFont(theme.tabular(self.font()))
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setFrameShape(QTableWidget.Shape.NoFrame)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)  # to fit all rows would cost more with each run
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return table

    def _measure_table(self) -> None:
        """Make columns as wide as so many digits, and the table as all of them."""
        digit = self.table.fontMetrics().horizontalAdvance("0")
        widths = [digits * digit + (44 if column == 0 else 12) for column, (_, digits) in enumerate(_COLUMNS)]
        for column, width in enumerate(widths):
            self.table.setColumnWidth(column, width)
        self.table.setMinimumWidth(sum(widths) + self.table.verticalScrollBar().sizeHint().width())
        self.table.verticalHeader().setDefaultSectionSize(self.table.fontMetrics().height() + 10)
        self.table.setMinimumHeight(4 * self.table.fontMetrics().height())

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.open_button, self.export_button, self.remove_button):
            buttons.addWidget(button)
        buttons.addStretch()
        left = QVBoxLayout()
        left.addWidget(self.table, 1)
        left.addWidget(self._note)
        left.addLayout(buttons)
        self._page = layout = QHBoxLayout(self.content)
        layout.setContentsMargins(0, theme.GRID, 0, theme.GRID)
        layout.setSpacing(2 * theme.GRID)
        layout.addWidget(self._empty, 5)
        layout.addLayout(left, 5)

    def _make_plots(self) -> None:
        for name in ("Loss", "Accuracy in %"):
            plot = pg.PlotWidget(enableMenu=False)
            plot.hideButtons()
            plot.setLabel("left", name)
            plot.setLabel("bottom", "epoch")
            plot.setAccessibleName(f"{name} of the runs")
            self._plots.append(plot)
            self._page.addWidget(plot, 4)
        self._style()

    # --- what is listed ---

    def _follow(self) -> None:
        if self.isVisible():  # else when it comes into sight
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._style()
        self.refresh()

    def refresh(self) -> None:
        runs = self._session.runs
        if len(runs) != len(self._listed) or any(a is not b for a, b in zip(runs, self._listed, strict=True)):
            with QSignalBlocker(self.table):
                self._remove_gone()
                for row, run in enumerate(runs):
                    if row == len(self._listed):
                        self._add(run)
                    elif self._listed[row] is not run:
                        self._exchange(row, run)
        self._mark_present()
        some = bool(self._listed)
        self._empty.setVisible(not some)
        for widget in (self.table, self.open_button, self.export_button, self.remove_button, *self._plots):
            widget.setVisible(some)
        self._note.setVisible(any(run.record.recipe.as_notebook for run in self._listed))
        self._enable()

    def _remove_gone(self) -> None:
        """Take off the list what is neither a run any more nor was exchanged for a newer state of itself."""
        if len(self._listed) > len(self._session.runs):
            still = {id(run) for run in self._session.runs}
            for row in reversed(range(len(self._listed))):
                if id(self._listed[row]) not in still:
                    self._undraw(self._listed[row])
                    self.table.removeRow(row)
                    del self._listed[row]

    def _add(self, run: Checkpoint) -> None:
        if not self._plots:
            self._make_plots()
        row = self.table.rowCount()
        self.table.insertRow(row)
        for column in range(len(_COLUMNS)):
            self.table.setItem(row, column, QTableWidgetItem())
        first = self._item(row)
        colour = QPixmap(12, 12)
        colour.fill(QColor(COLOURS[self._count % len(COLOURS)]))
        first.setIcon(QIcon(colour))
        first.setData(Qt.ItemDataRole.UserRole, COLOURS[self._count % len(COLOURS)])
        first.setCheckState(Qt.CheckState.Checked)
        self._count += 1
        self._listed.append(run)
        self._write(row, run)
        self._draw(row)
        drawn = [other for other in range(row) if self._item(other).checkState() is Qt.CheckState.Checked]
        for other in drawn[: max(0, len(drawn) + 1 - DRAWN)]:
            self._item(other).setCheckState(Qt.CheckState.Unchecked)
            self._undraw(self._listed[other])

    def _exchange(self, row: int, run: Checkpoint) -> None:
        self._undraw(self._listed[row])
        self._listed[row] = run
        self._write(row, run)
        self._draw(row)

    def _write(self, row: int, run: Checkpoint) -> None:
        recipe, progress = run.record.recipe, run.progress
        accuracy = run.record.test_accuracy
        cells = (
            "edited by hand" if run.edited else f"{recipe.name} recipe" if recipe.name in RECIPES else recipe.name,
            title(run.record.architecture),
            str(recipe.seed),
            f"{run.record.epochs:.2f}".removesuffix(".00"),
            "–" if accuracy is None else f"{accuracy * 100:.2f} %{' upright' if recipe.upright else ''}",
            "–" if progress is None or run.edited else f"{progress.seconds:.1f} s",
        )
        details = f"data {run.record.data}, batches of {recipe.batch_size}, rate {recipe.learning_rate:g}"
        if recipe.upright:
            details += ", images made upright"
        if run.edited:
            details = f"changed by hand after: {details}"
        for column, text in enumerate(cells):
            item = self.table.item(row, column)
            assert item is not None
            item.setText(text)
            item.setToolTip(details)

    def _mark_present(self) -> None:
        """Write the present network in bold."""
        with QSignalBlocker(self.table):
            for row, run in enumerate(self._listed):
                item, present = self._item(row), run is self._session.checkpoint
                font = item.font()
                if font.bold() != present:
                    font.setBold(present)
                    item.setFont(font)

    def _item(self, row: int) -> QTableWidgetItem:
        item = self.table.item(row, 0)
        assert item is not None
        return item

    # --- what is drawn ---

    def _ticked(self, item: QTableWidgetItem) -> None:
        if item.column() == 0:
            self._draw(item.row())

    def _draw(self, row: int) -> None:
        """Draw a run's curves if it has a tick."""
        run, item = self._listed[row], self._item(row)
        self._undraw(run)
        progress = run.progress
        if progress is None or run.edited or item.checkState() is not Qt.CheckState.Checked:
            return
        x, epochs = progress.curve_steps / progress.steps_per_epoch, [*range(1, len(progress.epochs) + 1)]
        full = QColor(item.data(Qt.ItemDataRole.UserRole))
        faint = QColor(full)
        faint.setAlphaF(0.3)
        points = {"symbol": "o", "symbolSize": 5, "symbolBrush": full, "symbolPen": None}
        curves = self._curves[id(run)] = []
        for plot, curve, tested, scale in (
            (self._plots[0], progress.loss_curve, [e.test_loss for e in progress.epochs], 1),
            (self._plots[1], progress.accuracy_curve, [e.test_accuracy for e in progress.epochs], 100),
        ):
            curves.append((plot, plot.plot(x, scale * curve, pen=pg.mkPen(faint, width=1), antialias=True)))
            tested = [scale * value for value in tested]
            curves.append((plot, plot.plot(epochs, tested, pen=pg.mkPen(full, width=1), antialias=True, **points)))

    def _undraw(self, run: Checkpoint) -> None:
        for plot, curve in self._curves.pop(id(run), []):
            plot.removeItem(curve)

    def _style(self) -> None:
        self._measure_table()
        for plot in self._plots:
            plot.setMinimumWidth(20 * self.fontMetrics().averageCharWidth())
            style_plot(plot, self.content)  # the page itself is transparent

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and self.isVisible():
            self._style()
        super().changeEvent(event)

    # --- what is asked for ---

    @property
    def _selected(self) -> Checkpoint | None:
        rows = self.table.selectionModel().selectedRows()
        return self._listed[rows[0].row()] if rows else None

    def _enable(self) -> None:
        run, idle = self._selected, self._session.state is State.IDLE
        self.open_button.setEnabled(run is not None and idle and run is not self._session.checkpoint)
        self.export_button.setEnabled(run is not None and run.progress is not None)
        self.remove_button.setEnabled(run is not None and idle)

    def _open_selected(self) -> None:
        run = self._selected
        if run is not None and self._session.state is State.IDLE and run is not self._session.checkpoint:
            self._session.take_back(run)
            self._session.said.emit("This network is the present one again")

    def _export_selected(self) -> None:
        run = self._selected
        if run is None or run.progress is None:
            return
        name = f"{run.record.recipe.name}.csv"
        path, _ = QFileDialog.getSaveFileName(self, "Export curves", name, "Tables (*.csv)")
        if path:
            path = path if path.lower().endswith(".csv") else f"{path}.csv"
            try:
                save_csv(path, run.progress)
                self._session.said.emit(f"Saved {path}")
            except UserError as error:
                self._session.said.emit(str(error))

    def _remove_selected(self) -> None:
        run = self._selected
        if run is None:
            return
        if run.unsaved and run is not self._session.checkpoint:
            buttons = messages.Button
            answer = messages.ask(
                self,
                "Remove a run",
                "This network is in no file. Remove it for good?",
                buttons.Discard | buttons.Cancel,
                buttons.Cancel,
            )
            if answer != buttons.Discard:
                return
        self._session.forget(run)


def _button(text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(tip)
    button.setAccessibleDescription(tip)
    return button
