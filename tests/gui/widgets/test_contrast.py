"""What is to be read can be read, in light and in dark: contrasts by the formula of WCAG 2.2."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QToolButton, QWidget

from mnist_gui.explain.arithmetic import ReceptiveField
from mnist_gui.explain.evidence import Evidence
from mnist_gui.gui.network.map_view import MapView
from mnist_gui.gui.network.view import connector
from mnist_gui.gui.pages.what_if.filter_section import FilterSection
from mnist_gui.gui.pages.why import EvidenceOverlay
from mnist_gui.gui.widgets import theme
from mnist_gui.gui.widgets.number_field import NumberField

if TYPE_CHECKING:
    from PySide6.QtGui import QImage
    from pytestqt.qtbot import QtBot

Role = QPalette.ColorRole
READ, TOLD = 4.5, 3.0  # text, and what is disabled or a shape
PAPERS = (Role.Base, Role.Window, Role.AlternateBase)
TEXTS = (
    *[(ink, paper) for ink in (Role.Text, Role.WindowText, Role.PlaceholderText) for paper in PAPERS],
    *[(ink, Role.Base) for ink in (Role.Highlight, Role.LinkVisited, Role.BrightText)],
    *[(Role.ButtonText, paper) for paper in (Role.Button, Role.AlternateBase, Role.Mid)],
    *[(Role.HighlightedText, Role.Highlight), (Role.ToolTipText, Role.ToolTipBase), (Role.Highlight, Role.Window)],
)


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest, styled: None) -> QPalette:
    theme.set_appearance(request.param)
    return theme.palette(dark=request.param == "dark")


def test_the_formula_is_the_standard_s() -> None:
    assert theme.contrast(QColor("#ffffff"), QColor("#000000")) == pytest.approx(21)
    assert theme.contrast(QColor("#777777"), QColor("#ffffff")) == pytest.approx(4.48, abs=0.005)
    assert theme.contrast(QColor("#ff0000"), QColor("#ff0000")) == 1


def test_text_can_be_read_on_all_that_it_stands_on(scheme: QPalette) -> None:
    found = {(ink.name, paper.name): theme.contrast(scheme.color(ink), scheme.color(paper)) for ink, paper in TEXTS}
    assert {pair: round(value, 2) for pair, value in found.items() if value < READ} == {}


def test_disabled_text_can_be_told(scheme: QPalette) -> None:
    for ink in (Role.Text, Role.WindowText, Role.ButtonText):
        for paper in (Role.Base, Role.Window, Role.Button):
            colour = scheme.color(QPalette.ColorGroup.Disabled, ink)
            assert theme.contrast(colour, scheme.color(paper)) >= TOLD, (ink, paper)


def strongest(image: QImage) -> float:
    """The contrast between the colour that fills a picture and the one that differs most from it."""
    counts: Counter[str] = Counter()
    for y in range(4, image.height() - 4):
        counts.update(image.pixelColor(x, y).name() for x in range(4, image.width() - 4))
    paper = QColor(counts.most_common(1)[0][0])
    return max(theme.contrast(paper, QColor(name)) for name in counts)


@pytest.mark.parametrize("kind", ["button", "accent", "tool", "icon", "box", "field"])
def test_what_is_disabled_is_painted_so_that_it_can_be_told(scheme: QPalette, qtbot: QtBot, kind: str) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setPalette(scheme)
    window.setBackgroundRole(Role.Base)
    widget: QWidget
    if kind in ("button", "accent"):
        widget = QPushButton("WWWWM", window)
        widget.setProperty("accent", kind == "accent")
    elif kind in ("tool", "icon"):
        widget = QToolButton(window)
        if kind == "icon":
            widget.setIcon(theme.icon("stop"))
        else:
            widget.setText("WWM")
    elif kind == "box":
        widget = QComboBox(window)
        widget.addItem("WWWWWM")
    else:
        widget = NumberField(0, 9_000_000, whole=True, parent=window)
        widget.setValue(8_888_888)
    widget.setEnabled(False)
    widget.resize(120, 34)
    with qtbot.waitExposed(window):
        window.show()
    assert strongest(window.grab(widget.geometry()).toImage()) >= TOLD - 0.1  # thin strokes are smoothed


@pytest.mark.parametrize("name", ["sequential", "diverging"])
def test_numbers_can_be_read_on_every_colour_of_a_map(scheme: QPalette, name: str) -> None:
    dark = theme.is_dark(scheme)
    colours = [QColor(r, g, b) for b, g, r, _ in theme.colour_map(name, dark=dark).tolist()]
    found = [theme.contrast(ink, paper) for ink, paper in zip(theme.inks(name, dark=dark), colours, strict=True)]
    assert min(found) >= READ


def over(colour: QColor, paper: QColor) -> QColor:
    share = colour.alphaF()
    mixed = [share * a + (1 - share) * b for a, b in zip(colour.getRgb()[:3], paper.getRgb()[:3], strict=True)]  # type: ignore[index]
    return QColor(*(round(value) for value in mixed))


@pytest.mark.parametrize(("lines", "least"), [(2, 3.0), (20, 3.0), (80, 1.9)])
def test_connectors_can_be_told(scheme: QPalette, lines: int, least: float) -> None:
    paper = scheme.color(Role.Base)
    assert theme.contrast(over(connector(scheme, lines), paper), paper) >= least  # many lines lie upon one another


def test_evidence_can_be_told(scheme: QPalette, qtbot: QtBot) -> None:
    """At the ends of the colours, and at two thirds of the way, where the strongest cell may be."""
    view = MapView("diverging", (1, 1, 5), pixel=40)
    qtbot.addWidget(view)
    view.setPalette(scheme)
    view.resize(200, 40)
    view.show_values(np.array([[[-1, -0.6, 0, 0.6, 1]]]), -1, 1)
    (rect,) = view.map_rects()
    shot = view.grab().toImage()
    cells = [shot.pixelColor(view.cell_rect(rect, 0, i).center().toPoint()) for i in range(5)]
    least = [theme.contrast(cell, cells[2]) for cell in cells]
    assert min(least[0], least[4]) >= TOLD
    assert min(least[1], least[3]) >= (TOLD if theme.is_dark(scheme) else 1.8)


def test_evidence_over_the_drawing_can_be_told(scheme: QPalette, qtbot: QtBot) -> None:
    overlay = EvidenceOverlay((28, 28))
    qtbot.addWidget(overlay)
    overlay.setPalette(scheme)
    overlay.resize(280, 280)
    maps = np.zeros((1, 28, 28))
    maps[0, 4, 4], maps[0, 4, 20] = 1, -1
    image = np.zeros((28, 28), np.uint8)
    overlay.show_evidence(image, Evidence(maps, 0.0, 0.0, True, ReceptiveField()), 1.0)
    (rect,) = overlay.map_rects()
    shot = overlay.grab().toImage()
    blank, *cells = (
        shot.pixelColor(overlay.cell_rect(rect, *cell).center().toPoint()) for cell in ((12, 12), (4, 4), (4, 20))
    )
    assert min(theme.contrast(cell, blank) for cell in cells) >= TOLD


def test_a_link_follows_the_scheme(styled: None, qtbot: QtBot) -> None:
    theme.set_appearance("light")
    section = FilterSection()
    qtbot.addWidget(section)
    section.setAutoFillBackground(True)
    section.setBackgroundRole(Role.Base)
    with qtbot.waitExposed(section):
        section.show()
    for scheme in ("dark", "light"):
        theme.set_appearance(scheme)
        QApplication.processEvents()
        assert strongest(section.grab(section.accuracy.geometry()).toImage()) >= READ - 0.3, scheme
