"""The lower half of the window: pages that share its room, one in sight at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QTabWidget, QWidget

from mnist_gui.gui.pages.moment import MomentNotice
from mnist_gui.gui.pages.page import Page
from mnist_gui.gui.widgets.faults import Guarded

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from mnist_gui.gui.pages.how import HowPage, Question
    from mnist_gui.gui.pages.why import WhyPage
    from mnist_gui.gui.session import Session
    from mnist_gui.gui.teaching import Teaching

TABS: Final = (
    ("Learning", "Loss and accuracy of the run, as they come"),
    ("Why this digit?", "What in the drawing speaks for a digit and against it"),
    ("How this number?", "Any cell of a map, or any probability, worked out step by step"),
    ("What if?", "Change a filter, move the drawing, take one step of training, and see what happens"),
    ("Test set", "Which digits are taken for which others, and on which images"),
    ("My digits", "Digits that you taught, and a short lesson from them"),
    ("Runs", "Compare the runs of this session: recipe against recipe, seed against seed"),
)
LEARNING, WHY, HOW, WHAT_IF, MISTAKES, MY_DIGITS, RUNS = range(len(TABS))


class Pages(Guarded, QTabWidget):
    """Tabs with a `Page` each. All but the first are out of sight when the window opens, and are built later."""

    def __init__(self, session: Session, learning: Page, teaching: Teaching, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._teaching = session, teaching
        self._built = False
        self.setObjectName("pages")
        self.setAccessibleName("Views")
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self._notice = MomentNotice(session)
        self.setCornerWidget(self._notice)
        for index in range(len(TABS)):
            self._insert(index, learning if index == LEARNING else QWidget())
        self.currentChanged.connect(self._come_into_sight)
        session.changed.connect(self._refresh)
        session.why_asked.connect(self._ask_why)
        session.how_asked.connect(self._ask_how)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            QTimer.singleShot(0, self, self._fit_notice)  # when the tabs have the new font

    def _fit_notice(self) -> None:
        self._notice.fit(self.width() - self.tabBar().sizeHint().width())

    def minimumSizeHint(self) -> QSize:
        """Leave the division of the window to the window: a full page must not squeeze the canvas."""
        return QSize(400, self.tabBar().sizeHint().height() + 110)

    def sizeHint(self) -> QSize:
        return QSize(1000, 260)

    def hasHeightForWidth(self) -> bool:
        return False  # or else a page's wrapped text would claim height for all pages

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_notice()
        super().resizeEvent(event)

    def build(self) -> None:
        """Build the pages behind the other tabs, if that was not done before."""
        if self._built:
            return
        self._built = True
        # Imported here: the window is painted without them.
        from mnist_gui.gui.pages.how import HowPage
        from mnist_gui.gui.pages.mistakes.page import MistakesPage
        from mnist_gui.gui.pages.my_digits.page import MyDigitsPage
        from mnist_gui.gui.pages.runs import RunsPage
        from mnist_gui.gui.pages.what_if.page import WhatIfPage
        from mnist_gui.gui.pages.why import WhyPage

        session = self._session
        mistakes, my_digits = MistakesPage(session), MyDigitsPage(session)
        pages: dict[int, Page] = {
            WHY: WhyPage(session),
            HOW: HowPage(session),
            WHAT_IF: WhatIfPage(session),
            MISTAKES: mistakes,
            MY_DIGITS: my_digits,
            RUNS: RunsPage(session),
        }
        current = self.currentIndex()
        with QSignalBlocker(self):
            for index, page in pages.items():
                if placeholder := self.widget(index):
                    placeholder.deleteLater()
                self.removeTab(index)
                self._insert(index, page)
            self.setCurrentIndex(current)
        self._teaching.attach(my_digits, mistakes)
        self._refresh()

    def _insert(self, index: int, page: QWidget) -> None:
        title, tip = TABS[index]
        self.insertTab(index, page, title)
        self.setTabToolTip(index, tip)

    def page(self, index: int) -> Page:
        """Return a page, which is built if need be."""
        if index != LEARNING:
            self.build()
        return cast("Page", self.widget(index))

    def _come_into_sight(self) -> None:
        self.build()
        self._refresh()

    def _refresh(self) -> None:
        page = self.currentWidget()
        if isinstance(page, Page):
            page.refresh()

    def _ask_why(self, digit: int, compare: bool) -> None:
        """Say why the answer is this digit or isn't, or what sets it apart from the one asked about before."""
        if self.currentIndex() == HOW and not compare:
            self._ask_how(digit)
            return
        page, in_sight = cast("WhyPage", self.page(WHY)), self.currentIndex() == WHY
        self.setCurrentIndex(WHY)
        second = compare or (in_sight and page.has_asked_once(digit))
        (page.compare if second else page.ask)(digit)

    def _ask_how(self, question: Question) -> None:
        """Work a number out."""
        page = cast("HowPage", self.page(HOW))
        self.setCurrentIndex(HOW)
        page.ask(question)
        by_mouse = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        reason = Qt.FocusReason.MouseFocusReason if by_mouse else Qt.FocusReason.OtherFocusReason
        page.setFocus(reason)  # for Ctrl+C and the arrow keys
