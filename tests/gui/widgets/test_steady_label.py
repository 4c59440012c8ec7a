"""A label that changes many times a second leaves the window's layout alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mnist_gui.gui.widgets.steady_label import SteadyLabel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


class Layouts(QObject):
    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def test_only_a_longer_text_has_the_window_laid_out_anew(qtbot: QtBot) -> None:
    window, label = QWidget(), SteadyLabel()
    qtbot.addWidget(window)
    QVBoxLayout(window).addWidget(label)
    label.setText("accuracy 12.34 %")
    with qtbot.waitExposed(window):
        window.show()
    layouts, size = Layouts(window), label.size()
    for text in ("accuracy 99.99 %", "", "short"):
        label.setText(text)
        qtbot.wait(1)
        assert (layouts.count, label.size(), label.text()) == (0, size, text)
    label.setText("accuracy 12.34 %, and more besides")
    qtbot.waitUntil(lambda: layouts.count > 0)
    assert label.width() >= label.sizeHint().width() > size.width()


def test_it_grows_and_shrinks_with_its_font(qtbot: QtBot) -> None:
    label = SteadyLabel()
    qtbot.addWidget(label)
    label.setText("accuracy 12.34 %")
    width, font = label.minimumWidth(), label.font()
    for points, compare in ((3 * font.pointSizeF(), int.__gt__), (font.pointSizeF() / 2, int.__lt__)):
        font.setPointSizeF(points)
        label.setFont(font)
        assert compare(label.minimumWidth(), width)
