"""Nothing is cut, covered or out of sight: any page, network and size of window and text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hand import THREE, draw, on_screen
from PySide6.QtCore import QLocale, QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics, QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QListView,
    QProgressBar,
    QScrollArea,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QToolButton,
    QWidget,
)

from mnist_gui.gui.pages.page import Page
from mnist_gui.gui.pages.tabs import MISTAKES, MY_DIGITS, TABS
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.number_field import NumberField

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow

KINDS = (QLabel, QAbstractButton, QComboBox, NumberField)
SETTINGS = [
    *[((960, 620), 8), ((960, 620), 10), ((960, 620), 12)],
    *[((1024, 700), 10), ((1024, 768), 12)],
    *[((1280, 800), 8), ((1280, 800), 10), ((1280, 800), 14), ((1280, 800), 20)],
    *[((2560, 1440), 10), ((2560, 1440), 20)],
]


def set_text_size(points: float) -> None:
    font = QApplication.font()
    font.setPointSizeF(points)
    QApplication.setFont(font)
    settle()


def settle() -> None:
    """Let layouts come to rest: some widgets choose their form when they know their width."""
    for _ in range(4):
        QApplication.processEvents()


def place(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def seen(window: MainWindow) -> list[QWidget]:
    """What has text and is in sight, or can be scrolled to within its page."""
    widgets = [widget for kind in KINDS for widget in window.findChildren(kind)]
    return [w for w in widgets if w.isVisible() and text_of(w) and w.window() is window]


def text_of(widget: QWidget) -> str:
    if isinstance(widget, QComboBox):
        return widget.currentText()
    return widget.text()  # type: ignore[attr-defined, no-any-return]


def name(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()} {text_of(widget)[:40]!r}"


def is_cut(widget: QWidget) -> bool:
    """Whether the text needs more room than there is."""
    room, metrics, text = widget.contentsRect().size(), widget.fontMetrics(), text_of(widget)
    if isinstance(widget, QLabel):
        if widget.textFormat() == Qt.TextFormat.RichText or re.search("<[abst]", text):
            document = QTextDocument()
            document.setDefaultFont(widget.font())
            document.setHtml(text)
            document.setDocumentMargin(0)
            if widget.wordWrap():
                document.setTextWidth(room.width())
            needed = document.size().toSize()
        elif widget.wordWrap():
            needed = metrics.boundingRect(0, 0, room.width(), 10_000, Qt.TextFlag.TextWordWrap, text).size()
        else:
            needed = metrics.size(0, text)
        if widget.objectName() == "predictedDigit":
            needed.setHeight(metrics.tightBoundingRect(text).height())
    elif isinstance(widget, QComboBox):
        option = QStyleOptionComboBox()
        widget.initStyleOption(option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = widget.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, widget).size()
        needed = metrics.size(0, text)
        needed.setHeight(metrics.tightBoundingRect(text).height())
    elif isinstance(widget, NumberField):
        room = widget.lineEdit().size()
        needed = metrics.size(0, text)
        needed.setHeight(metrics.tightBoundingRect(text).height())
    else:
        needed, room = widget.sizeHint(), widget.size()
        if isinstance(widget, QToolButton):
            needed = metrics.size(0, text)
        needed.setHeight(metrics.tightBoundingRect(text).height() + 4)
    return needed.width() > room.width() + 1 or needed.height() > room.height() + 1


def faults(window: MainWindow) -> Iterator[str]:
    centre = window.centralWidget()
    assert isinstance(centre, QScrollArea)
    bars = (centre.horizontalScrollBar(), centre.verticalScrollBar())
    if any(bar.maximum() for bar in bars):
        yield f"the window scrolls by {bars[0].maximum()} × {bars[1].maximum()}"
    page = window.pages.currentWidget()
    assert isinstance(page, Page)
    if page.horizontalScrollBar().maximum() and QApplication.font().pointSizeF() <= 10:
        yield f"the page scrolls across by {page.horizontalScrollBar().maximum()}"
    widgets = seen(window)
    for widget in widgets:
        if is_cut(widget):
            yield f"cut: {name(widget)} has {widget.size().toTuple()}"
        inside = page.content if page.content.isAncestorOf(widget) else window
        if not inside.rect().contains(place(widget, inside)):
            yield f"outside: {name(widget)}"
    tabs = window.pages.findChild(QTabBar)
    if any(not tabs.rect().contains(tabs.tabRect(index)) for index in range(tabs.count())):
        yield "tabs out of sight"
    places = [(place(w, window), w) for w in widgets if not isinstance(w.parent(), QAbstractItemView)]
    for i, (one, first) in enumerate(places):
        for other, second in places[:i]:
            apart = first.isAncestorOf(second) or second.isAncestorOf(first)
            in_page = page.isAncestorOf(first) != page.isAncestorOf(second)  # what is scrolled lies under what is not
            if not apart and not in_page and one.intersects(other):
                yield f"overlap: {name(first)} and {name(second)}"


@pytest.mark.parametrize("network", ["notebook", "wide", "deep"])
def test_nothing_is_cut_covered_or_out_of_sight(window: MainWindow, qtbot: QtBot, network: str) -> None:
    draw(window.canvas, on_screen(window.canvas, THREE))
    panel = window.training_panel
    panel.data_box.setCurrentIndex(panel.data_box.findData("drawn"))
    if network != "notebook":
        panel.architecture_box.setCurrentIndex(panel.architecture_box.findData(network))
        panel.reset()
    window.session.show_now()
    found = {}
    for size, points in SETTINGS:
        if network == "deep" and points == 20 and size[0] < 2000:
            continue  # nine columns of such text scroll
        window.resize(*size)
        set_text_size(points)
        for index, (title, _) in enumerate(TABS):
            window.pages.setCurrentIndex(index)
            if title == "How this number?":
                window.session.how_asked.emit((2, (0, 3, 3)))
            settle()
            if wrong := list(faults(window)):
                found[size, points, title] = wrong
    assert not found, "\n".join(f"{where}: {what}" for where, all_ in found.items() for what in all_)


def test_longer_numbers_and_states_fit_too(ready: MainWindow, wait_for: Callable[..., None], qtbot: QtBot) -> None:
    from mnist_gui.gui.training.trainer import State

    panel = ready.training_panel
    panel.seed_box.setValue(4_294_967_295)
    panel.learning_rate_box.setValue(0.0003125)
    panel.train()
    wait_for(State.IDLE)
    ready.session.look_at(ready.session.history.snapshots[1])  # type: ignore[union-attr]
    for size, points in [((960, 620), 12), ((1024, 768), 10), ((1280, 800), 10)]:
        ready.resize(*size)
        set_text_size(points)
        for index in range(len(TABS)):
            ready.pages.setCurrentIndex(index)
            settle()
            wrong = list(faults(ready))
            assert not wrong, "\n".join([f"{size}, {points}, {TABS[index][0]}", *wrong])


def test_with_very_large_text_in_a_small_window_all_can_be_scrolled_to(window: MainWindow) -> None:
    window.resize(960, 620)
    set_text_size(20)
    centre = window.centralWidget()
    assert isinstance(centre, QScrollArea)
    inner = centre.widget()
    for widget in seen(window):
        page = next((page for page in window.findChildren(Page) if page.isAncestorOf(widget)), None)
        inside = page.content if page is not None else inner if inner.isAncestorOf(widget) else window
        assert inside.rect().contains(place(widget, inside)), name(widget)
        assert not is_cut(widget), name(widget)


@pytest.fixture
def right_to_left(qapp: QApplication) -> Iterator[None]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_from_right_to_left_the_window_is_mirrored_and_the_network_is_not(
    right_to_left: None, open_window: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    window = open_window()
    draw(window.canvas, on_screen(window.canvas, THREE))
    window.session.show_now()
    assert place(window.drawing_panel, window).left() > place(window.network_view, window).right()
    names = ["seenImage", "filterView", "featureMapView", "pooledView", "probabilityBars", "predictedDigit"]
    lefts = [place(window.findChild(QWidget, name), window).left() for name in names]
    assert lefts == sorted(lefts)
    for size in ((960, 620), (1280, 800)):
        window.resize(*size)
        for index, (title, _) in enumerate(TABS):
            window.pages.setCurrentIndex(index)
            if title == "How this number?":
                window.session.how_asked.emit((2, (0, 3, 3)))
            settle()
            assert list(faults(window)) == [], (size, title)


def test_what_is_painted_by_hand_is_the_same_from_right_to_left(qapp: QApplication, window: MainWindow) -> None:
    draw(window.canvas, on_screen(window.canvas, THREE))
    window.session.show_now()
    window.drawing_panel.setFocus()
    settle()
    before = window.network_view.grab().toImage()
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    settle()
    after = window.network_view.grab().toImage()
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    assert before == after


def test_digit_systems_are_not_mixed(qapp: QApplication) -> None:
    before = QLocale()
    for name in ("ar_EG", "fa_IR"):
        QLocale.setDefault(QLocale(name))
        theme.apply(qapp)
        bar = QProgressBar()
        bar.setRange(0, 1000)
        bar.setValue(470)
        assert bar.text() == "47%"
        field = NumberField(0, 9_999)
        field.setValue(1234.5)
        assert field.text() == "1234.5"
    QLocale.setDefault(before)
    qapp.setStyleSheet("")


@pytest.mark.parametrize("points", [8, 20])
def test_captions_under_pictures_fit(window: MainWindow, points: float) -> None:
    set_text_size(points)
    for name_, caption in (("thumbnails", "9 · 100 %"), ("myDigitsList", "✗ 8 · 100 %")):
        page = window.pages.page(MISTAKES if name_ == "thumbnails" else MY_DIGITS)
        pictures = page.findChild(QListView, name_)
        metrics = QFontMetrics(theme.tabular(theme.small(pictures.font())))
        assert pictures.gridSize().width() >= metrics.horizontalAdvance(caption)
        assert pictures.gridSize().height() >= 56 + metrics.height()
