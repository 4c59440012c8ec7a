"""What a lesson does to the two accuracies that matter."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.section import grey
from mnist_gui.gui.widgets.steady_label import SteadyLabel


class LessonScores(QWidget):
    """Accuracy on the person's digits over accuracy on the test set, before the lesson and now."""

    def __init__(self) -> None:
        super().__init__()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(2 * theme.GRID)
        layout.setVerticalSpacing(theme.GRID // 2)
        layout.setColumnStretch(0, 1)
        right = Qt.AlignmentFlag.AlignRight
        self._head = grey("before")
        layout.addWidget(self._head, 0, 1, right)
        layout.addWidget(grey("now"), 0, 2, right)
        self._labels: list[tuple[QLabel, QLabel]] = []
        for row, name in enumerate(("my digits", "test set"), 1):
            before, now = grey(), SteadyLabel("100.0 %")
            now.setText("–")
            font = theme.tabular(now.font())
            font.setBold(True)
            now.setFont(font)
            before.setAccessibleName(f"{name} before the lesson")
            now.setAlignment(right)
            layout.addWidget(QLabel(name), row, 0)
            layout.addWidget(before, row, 1, right)
            layout.addWidget(now, row, 2, right)
            self._labels.append((before, now))
        self.forget_before()
        self.setToolTip("The share of digits that the network reads right")

    def show_own(self, accuracy: float) -> None:
        """Show the share of the person's digits that is read right, in [0, 1]."""
        self._labels[0][1].setText(_percent(accuracy))

    def show_test(self, accuracy: float | None) -> None:
        """Show the share of the test set that is read right; None if it is not known."""
        self._labels[1][1].setText(_percent(accuracy))

    def begin(self) -> None:
        """Keep what is shown as the scores before a lesson."""
        self._show_before([now.text() for _, now in self._labels])

    def forget_before(self) -> None:
        """Show the present scores alone."""
        self._show_before(["", ""])

    def _show_before(self, texts: list[str]) -> None:
        self._head.setText("before" if any(texts) else "")
        for (before, _), text in zip(self._labels, texts, strict=True):
            before.setText(text)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"
