"""How the window looks: icons that follow it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.images import from_qimage


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["undo", "play", "clear"])
def test_an_icon_stands_out_from_the_button_and_a_disabled_one_less(styled: None, name: str, dark: bool) -> None:
    QApplication.setPalette(theme.palette(dark=dark))
    icon = theme.icon(name)
    button = np.array(QApplication.palette().button().color().getRgb()[:3])
    contrasts = []
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled):
        seen = from_qimage(icon.pixmap(20, 20, mode).toImage()).astype(float)
        assert (seen[..., 3] > 200).any()
        contrasts.append(np.abs(seen[seen[..., 3] > 200][:, :3] - button).mean())
    assert contrasts[0] > 100
    assert contrasts[1] < 0.7 * contrasts[0]
