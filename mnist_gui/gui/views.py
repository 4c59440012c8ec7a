"""The views behind the tabs, and what goes between them and the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_gui.gui.pages.how import HowPage
from mnist_gui.gui.pages.mistakes.page import TestSetPage
from mnist_gui.gui.pages.my_digits.page import MyDigitsPage
from mnist_gui.gui.pages.runs import RunsPage
from mnist_gui.gui.pages.what_if.page import WhatIfPage
from mnist_gui.gui.pages.why import WhyPage
from mnist_gui.gui.teaching import Teaching
from mnist_gui.gui.training.panel import State

if TYPE_CHECKING:
    from mnist_gui.data.dataset import Dataset
    from mnist_gui.gui.main_window import MainWindow
    from mnist_gui.gui.pages.how import Question


class Views:
    """All pages but the charts. They are out of sight when the window opens, and are built when it has been painted."""

    def __init__(self, window: MainWindow) -> None:
        self._explorer, self._trainer = window.explorer, window.trainer
        self.why_page, self.how_page, self.what_if_page = WhyPage(), HowPage(), WhatIfPage()
        self.test_set_page, self.my_digits_page, self.runs_page = TestSetPage(), MyDigitsPage(), RunsPage()
        self.teaching = Teaching(window, self.my_digits_page, self.test_set_page)
        self.runs_page.failed.connect(window.say)
        self.teaching.said.connect(window.say)
        self.teaching.unlearn_available_changed.connect(window.menus.unlearn.setEnabled)
        self.what_if_page.parameters_edited.connect(window.edit_network)
        self.what_if_page.data_requested.connect(window.data_desk.load)
        self.test_set_page.data_requested.connect(window.data_desk.load)
        self.test_set_page.image_chosen.connect(window.show_test_image)
        window.network_view.cell_hovered.connect(self.how_page.point)
        self.how_page.explained.connect(window.network_view.outline)
        self._trainer.state_changed.connect(self._show_state)
        self._trainer.progressed.connect(self.test_set_page.show_progress)
        self._trainer.data_loaded.connect(self._show_data)
        # What was said before they were there.
        self._show_state(self._trainer.state)
        self.teaching.model_changed()
        if self._trainer.dataset is not None:
            self._show_data(self._trainer.dataset)
        self._explorer.set_pages(
            1,
            [
                self.why_page,
                self.how_page,
                self.what_if_page,
                self.test_set_page,
                self.my_digits_page,
                self.runs_page,
            ],
        )

    def ask_about_digit(self, digit: int, compare: bool) -> None:
        """Say why the answer is this digit or isn't, or what sets it apart from the one asked about before."""
        if self._explorer.currentWidget() is self.how_page and not compare:
            self.ask_how(digit)
            return
        in_sight = self._explorer.currentWidget() is self.why_page
        self._explorer.setCurrentWidget(self.why_page)
        second = compare or (in_sight and self.why_page.has_asked_once(digit))
        (self.why_page.compare if second else self.why_page.ask)(digit)

    def ask_how(self, question: Question) -> None:
        """Work a number out."""
        self._explorer.setCurrentWidget(self.how_page)
        self.how_page.ask(question)
        self.how_page.setFocus()  # for Ctrl+C and the arrow keys

    def _show_state(self, state: State) -> None:
        self.what_if_page.set_busy(state is not State.IDLE)
        self.test_set_page.set_busy(state is not State.IDLE)

    def _show_data(self, dataset: Dataset) -> None:
        self.what_if_page.show_images(dataset.test_images, dataset.test_labels)
        self.test_set_page.show_source(f"{dataset.title}, test set", dataset.test_images, dataset.test_labels)
