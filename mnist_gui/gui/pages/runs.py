"""The runs of this session, listed, with their curves laid over one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from mnist_gui import notebook
from mnist_gui.errors import UserError
from mnist_gui.gui.pages.tabs import Page
from mnist_gui.gui.training.charts import style_plot
from mnist_gui.gui.widgets import theme

if TYPE_CHECKING:
    from mnist_gui.runs import Run

# Okabe and Ito's, which stay apart without colour vision; the two lightest and the blackest are left out.
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_COLUMNS: Final = ("Recipe", "Network", "Seed", "Epochs", "Test", "Time")
_EMPTY: Final = (
    "Finished runs are listed here, and their curves laid over one another. "
    "Try the notebook's recipe against the default."
)


class RunsPage(Page):
    """Runs with a tick are drawn."""

    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[Run] = []
        self._empty = QLabel(_EMPTY)
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setObjectName("runsTable")
        self.table.setAccessibleName("Runs")
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.setFont(theme.tabular(self.font()))
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setMinimumWidth(400)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setFrameShape(QTableWidget.Shape.NoFrame)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.itemChanged.connect(self._draw)
        self.table.itemSelectionChanged.connect(self._enable)
        self._note = QLabel(notebook.FAULTS.partition(" Its printed")[0])
        self._note.setFont(theme.small(self.font()))
        self._note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._note.setWordWrap(True)
        self._note.hide()
        self._export = QPushButton("Export as CSV…")
        self._export.setToolTip("Save the curves of the selected run as a table")
        self._export.clicked.connect(self._export_selected)
        self._remove = QPushButton("Remove")
        self._remove.setToolTip("Take the selected run off the list")
        self._remove.clicked.connect(self._remove_selected)
        self._plots: list[pg.PlotWidget] = []  # made for the first run: the window is then there sooner
        self._lay_out()
        self._show()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self._export)
        buttons.addWidget(self._remove)
        buttons.addStretch()
        left = QVBoxLayout()
        left.addWidget(self.table, 1)
        left.addWidget(self._note)
        left.addLayout(buttons)
        self._page = layout = QHBoxLayout(self)
        layout.setContentsMargins(0, theme.GRID, 0, theme.GRID)
        layout.setSpacing(2 * theme.GRID)
        layout.addWidget(self._empty)
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

    def add_run(self, run: Run) -> None:
        """List a run, and draw it."""
        if not self._plots:
            self._make_plots()
        self._runs.append(run)
        recipe = run.progress.recipe
        colour = QPixmap(12, 12)
        colour.fill(QColor(self._colour(len(self._runs) - 1)))
        accuracy = "–" if run.test_accuracy is None else f"{run.test_accuracy * 100:.2f} %"
        epochs = f"{run.progress.step / run.progress.steps_per_epoch:.2f}".removesuffix(".00")
        cells = (
            recipe.name,
            run.architecture,
            str(recipe.seed),
            epochs,
            accuracy,
            f"{run.progress.seconds:.1f} s",
        )
        details = f"data {run.data}, batches of {recipe.batch_size}, rate {recipe.learning_rate:g}"
        row = self.table.rowCount()
        self.table.blockSignals(True)
        self.table.insertRow(row)
        for column, text in enumerate(cells):
            item = QTableWidgetItem(text)
            item.setToolTip(details)
            if column == 0:
                item.setIcon(QIcon(colour))
                item.setCheckState(Qt.CheckState.Checked)
            self.table.setItem(row, column, item)
        self.table.blockSignals(False)
        self._show()

    @staticmethod
    def _colour(index: int) -> str:
        return COLOURS[index % len(COLOURS)]

    def _show(self) -> None:
        some = bool(self._runs)
        self._empty.setVisible(not some)
        for widget in (self.table, self._export, self._remove, *self._plots):
            widget.setVisible(some)
        self._note.setVisible(any(run.progress.recipe.as_notebook for run in self._runs))
        self._enable()
        self._draw()

    def _enable(self) -> None:
        selected = self.table.currentRow() >= 0
        self._export.setEnabled(selected)
        self._remove.setEnabled(selected)

    def _draw(self) -> None:
        if not self._plots:
            return
        for plot in self._plots:
            plot.clear()
        loss, accuracy = self._plots
        for row, run in enumerate(self._runs):
            item = self.table.item(row, 0)
            if item is None or item.checkState() is not Qt.CheckState.Checked:
                continue
            progress = run.progress
            x, epochs = progress.curve_steps / progress.steps_per_epoch, range(1, len(progress.epochs) + 1)
            faint = QColor(item.icon().pixmap(12, 12).toImage().pixelColor(6, 6))
            full = QColor(faint)
            faint.setAlphaF(0.3)
            for plot, curve, tested, scale in (
                (loss, progress.loss_curve, [e.test_loss for e in progress.epochs], 1),
                (accuracy, progress.accuracy_curve, [e.test_accuracy for e in progress.epochs], 100),
            ):
                plot.plot(x, scale * curve, pen=pg.mkPen(faint, width=1), antialias=True)
                plot.plot(
                    list(epochs),
                    [scale * value for value in tested],
                    pen=pg.mkPen(full, width=1),
                    symbol="o",
                    symbolSize=5,
                    symbolBrush=full,
                    symbolPen=None,
                    antialias=True,
                )

    def _export_selected(self) -> None:
        run = self._runs[self.table.currentRow()]
        path, _ = QFileDialog.getSaveFileName(
            self, "Export curves", f"{run.progress.recipe.name}.csv", "Tables (*.csv)"
        )
        if path:
            try:
                run.save_csv(path)
            except UserError as error:
                self.failed.emit(str(error))

    def _remove_selected(self) -> None:
        row = self.table.currentRow()
        del self._runs[row]
        self.table.removeRow(row)
        self._show()

    def _style(self) -> None:
        for plot in self._plots:
            style_plot(plot, self)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._style()
        super().changeEvent(event)
