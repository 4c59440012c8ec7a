"""Where the window's images come from: MNIST that isn't there yet, downloads that fail or are stopped, folders."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QMessageBox
from test_mnist import TRAIN_IMAGES, Mirror, breaks_off, mirrors, published  # noqa: F401 -- two are fixtures

from mnist_gui import data
from mnist_gui.data import drawn, mnist
from mnist_gui.gui.training.trainer import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Messages
    from PySide6.QtCore import QThread
    from pytestqt.qtbot import QtBot

    from mnist_gui.gui.main_window import MainWindow

NOT_HERE = "MNIST is not on this computer yet."
FAILED = "MNIST can't be loaded."


def click(window: MainWindow, name: str) -> None:
    QTest.mouseClick(window.findChild(QAbstractButton, name), Qt.MouseButton.LeftButton)


@pytest.fixture
def one_epoch(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    draw = drawn.images  # the default recipe mixes them into MNIST, and so many take seconds
    monkeypatch.setattr(drawn, "images", lambda count, seed: draw(50, seed))
    window.training_panel.epochs_box.setValue(1)
    return window


@pytest.fixture
def trained(one_epoch: MainWindow, qtbot: QtBot) -> Callable[[], bool]:
    """Whether a run has come to its end."""

    def trained() -> bool:
        qtbot.waitUntil(
            lambda: one_epoch.session.state is State.IDLE and one_epoch.session.checkpoint.unsaved, timeout=60_000
        )
        return one_epoch.training_panel.status.text() == "finished: 1 epoch"

    return trained


def test_a_download_is_offered_and_trained_on(
    mirrors: tuple[Mirror, Mirror],  # noqa: F811
    one_epoch: MainWindow,
    messages: Messages,
    trained: Callable[[], bool],
    qtbot: QtBot,
) -> None:
    shown: list[str] = []
    one_epoch.session.trainer.loading.connect(lambda *_: shown.append(one_epoch.training_panel.status.text()))
    mirrors[0].answers.clear()
    messages.answers = ["Download"]
    click(one_epoch, "trainButton")
    assert messages.said[0].startswith(NOT_HERE)
    assert "12 MB" in messages.said[0]
    assert messages.buttons == {"Download", "Use drawn digits", "Choose folder…", "Cancel"}
    qtbot.waitUntil(lambda: bool(shown))
    assert one_epoch.session.state is State.LOADING
    mirrors[0].answers.set()
    assert trained()
    assert shown[-1].startswith("downloading · ")
    assert one_epoch.session.dataset is not None
    assert one_epoch.session.dataset.name == "mnist"
    assert mnist.find() == mnist.cache_folder()
    assert "MNIST: 300 images" in one_epoch.data_label.text()


def test_drawn_digits_do_instead(
    one_epoch: MainWindow,
    messages: Messages,
    trained: Callable[[], bool],
    data_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = replace(data.load(data_folder), name="drawn")  # drawing them all takes seconds
    monkeypatch.setattr(drawn, "prepare", lambda *_: iter(()))
    monkeypatch.setattr(drawn, "load", lambda *, whole: few)
    messages.answers = ["Use drawn digits"]
    click(one_epoch, "trainButton")
    assert one_epoch.training_panel.data_box.source() == "drawn"
    assert one_epoch.training_panel.data_box.currentText() == "Drawn digits"
    assert trained()
    assert one_epoch.session.checkpoint.record.data == "drawn"
    assert one_epoch.data_label.text().startswith("Drawn digits: 640")


def test_a_folder_does_instead(
    one_epoch: MainWindow,
    messages: Messages,
    choose: Callable[[Path], None],
    data_folder: Path,
    trained: Callable[[], bool],
) -> None:
    choose(data_folder)
    messages.answers = ["Choose folder…"]
    click(one_epoch, "trainButton")
    assert trained()
    assert one_epoch.training_panel.data_box.currentText() == "bars"
    assert one_epoch.training_panel.data_box.source() == str(data_folder)


@pytest.mark.parametrize("answer", ["Cancel", "Choose folder…"])
def test_without_an_answer_nothing_begins(
    one_epoch: MainWindow, messages: Messages, choose: Callable[[str], None], nothing_left: list[QThread], answer: str
) -> None:
    choose("")  # the folder's dialog is cancelled too
    messages.answers = [answer]
    click(one_epoch, "trainButton")
    assert one_epoch.session.state is State.IDLE
    assert nothing_left == []
    assert one_epoch.training_panel.data_box.source() == "mnist"
    assert one_epoch.windowTitle().startswith("shipped model")


def test_a_failing_download_can_be_tried_again(
    mirrors: tuple[Mirror, Mirror],  # noqa: F811
    published: dict[str, bytes],  # noqa: F811
    one_epoch: MainWindow,
    messages: Messages,
    trained: Callable[[], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = mirrors
    breaks_off(first)
    second.files.clear()

    def mend_and_show(box: QMessageBox) -> int:
        if box.text() == FAILED:
            second.files.update(published)
        return messages.show(box)

    monkeypatch.setattr(QMessageBox, "exec", mend_and_show)
    messages.answers = ["Download", "Retry"]
    click(one_epoch, "trainButton")
    assert trained()
    assert len(messages.said) == 2
    assert TRAIN_IMAGES in messages.said[1]
    assert messages.buttons == {"Retry", "Use drawn digits", "Choose folder…", "Cancel"}


def test_without_a_network_the_window_says_what_was_tried(
    one_epoch: MainWindow, messages: Messages, dead_address: str, qtbot: QtBot
) -> None:
    messages.answers = ["Download", "Cancel"]
    click(one_epoch, "trainButton")
    qtbot.waitUntil(lambda: len(messages.said) == 2, timeout=20_000)
    assert dead_address in messages.said[1]
    assert one_epoch.session.state is State.IDLE
    assert one_epoch.training_panel.status.text() == "Ready to train"
    assert one_epoch.windowTitle().startswith("shipped model")


def test_stop_ends_a_download_without_a_word(
    mirrors: tuple[Mirror, Mirror],  # noqa: F811
    one_epoch: MainWindow,
    messages: Messages,
    qtbot: QtBot,
) -> None:
    mirrors[0].answers.clear()
    messages.answers = ["Download"]
    click(one_epoch, "trainButton")
    qtbot.waitUntil(lambda: bool(mirrors[0].asked))
    assert one_epoch.training_panel.stop_button.isEnabled()
    click(one_epoch, "stopButton")
    mirrors[0].answers.set()
    qtbot.waitUntil(lambda: one_epoch.session.state is State.IDLE)
    assert one_epoch.training_panel.status.text() == "Ready to train"
    assert one_epoch.training_panel.progress.value() == 0
    assert len(messages.said) == 1
    assert mnist.find() is None


def test_closing_ends_a_download(
    mirrors: tuple[Mirror, Mirror],  # noqa: F811
    one_epoch: MainWindow,
    messages: Messages,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    monkeypatch.setattr("mnist_gui.data.download.TIMEOUT", 0.2)
    mirrors[0].answers.clear()
    messages.answers = ["Download"]
    click(one_epoch, "trainButton")
    qtbot.waitUntil(lambda: bool(mirrors[0].asked))
    assert one_epoch.close()
    assert one_epoch.session.state is State.IDLE
    assert len(messages.said) == 1


def test_a_sample_while_loading_asks_for_nothing(
    mirrors: tuple[Mirror, Mirror],  # noqa: F811
    one_epoch: MainWindow,
    messages: Messages,
    trained: Callable[[], bool],
) -> None:
    mirrors[0].answers.clear()
    messages.answers = ["Download"]
    click(one_epoch, "trainButton")
    click(one_epoch, "sampleButton")
    assert "still being loaded" in one_epoch.statusBar().currentMessage()
    assert len(messages.said) == 1
    mirrors[0].answers.set()
    assert trained()
    assert one_epoch.canvas.is_empty()


def test_a_bad_folder_is_told_in_one_line(
    one_epoch: MainWindow, messages: Messages, tmp_path: Path, qtbot: QtBot
) -> None:
    one_epoch.training_panel.data_box.choose(str(tmp_path))
    click(one_epoch, "trainButton")
    qtbot.waitUntil(lambda: bool(messages.said))
    assert str(tmp_path) in messages.said[0]
    assert "\n" not in messages.said[0]
    assert one_epoch.session.state is State.IDLE
    assert one_epoch.session.dataset is None


def test_a_folder_is_chosen_in_the_list(
    window: MainWindow, choose: Callable[[Path | str], None], data_folder: Path
) -> None:
    box = window.training_panel.data_box
    file, count = data_folder / "train-images-idx3-ubyte", box.count()
    assert [box.itemText(count - 2), box.itemText(count - 1)] == ["Folder…", "File…"]
    for kind, path, source in (
        ("Folder…", "", "mnist"),
        ("Folder…", data_folder, str(data_folder)),
        ("Folder…", "", str(data_folder)),
        ("File…", file, str(file)),
    ):
        choose(path)
        index = box.findText(kind)
        box.setCurrentIndex(index)
        box.activated.emit(index)
        assert box.source() == source
        assert box.itemData(box.currentIndex()) == source
    assert box.count() == count + 2
    box.choose(str(data_folder))
    assert box.count() == count + 2


def black_on_white(folder: Path) -> Path:
    """Bars that are learned in an instant, stored with the paper white."""
    dataset = data.load(folder)
    path = folder.parent / "white.npz"
    np.savez(
        path,
        x_train=255 - dataset.train_images,
        y_train=dataset.train_labels,
        x_test=255 - dataset.test_images,
        y_test=dataset.test_labels,
    )
    return path


@pytest.mark.parametrize(("answer", "bright"), [("Use them so", False), ("As stored", True), ("Cancel", None)])
def test_what_was_changed_in_a_data_set_is_told_and_can_be_declined(
    one_epoch: MainWindow, messages: Messages, data_folder: Path, qtbot: QtBot, answer: str, bright: bool | None
) -> None:
    one_epoch.training_panel.data_box.choose(str(black_on_white(data_folder)))
    messages.answers = [answer]
    used: list[data.Dataset] = []
    one_epoch.session.data_wanted.emit(used.append)
    qtbot.waitUntil(lambda: bool(messages.said) and one_epoch.session.state is State.IDLE)
    assert "as stored" in messages.said[0]
    assert [dataset.train_images.mean() > 127 for dataset in used] == ([] if bright is None else [bright])
