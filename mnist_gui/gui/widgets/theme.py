"""How the window looks: one palette for light and one for dark, colour maps, icons, and the small style sheet."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, floor
from typing import TYPE_CHECKING, Final, cast

import numpy as np
from PySide6.QtCore import QByteArray, QLocale, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontInfo,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QImage,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from mnist_gui.assets import ASSETS
from mnist_gui.gui import settings
from mnist_gui.gui.widgets.faults import Guarded
from mnist_gui.gui.widgets.images import to_qimage

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtCore import QRect, QSize
    from PySide6.QtWidgets import QWidget

GRID: Final = 8  # pixels; every margin and gap is a multiple of its half
POINTS: Final = (8.0, 20.0)
"""The smallest and the largest text; beyond them the window would be unreadable, or mostly out of sight."""
_SMALL: Final = 0.85  # of the usual size

_OF_SYSTEM, _SET = "systemTextSize", "ownTextSize"  # properties of the application, in points

_LIGHT: Final = {
    QPalette.ColorRole.Window: "#f6f7f9",
    QPalette.ColorRole.WindowText: "#1c2128",
    QPalette.ColorRole.Base: "#ffffff",
    QPalette.ColorRole.AlternateBase: "#eef0f3",
    QPalette.ColorRole.Text: "#1c2128",
    QPalette.ColorRole.PlaceholderText: "#5f6770",
    QPalette.ColorRole.Dark: "#7f8792",
    QPalette.ColorRole.Button: "#ffffff",
    QPalette.ColorRole.ButtonText: "#1c2128",
    QPalette.ColorRole.BrightText: "#c8372d",
    QPalette.ColorRole.Mid: "#d5d9df",
    QPalette.ColorRole.Midlight: "#e6e9ed",
    QPalette.ColorRole.Highlight: "#1a66db",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Link: "#1a66db",
    QPalette.ColorRole.LinkVisited: "#b94e1c",
    QPalette.ColorRole.ToolTipBase: "#1c2128",
    QPalette.ColorRole.ToolTipText: "#f6f7f9",
}
_DARK: Final = {
    QPalette.ColorRole.Window: "#16191e",
    QPalette.ColorRole.WindowText: "#e4e7eb",
    QPalette.ColorRole.Base: "#1e2228",
    QPalette.ColorRole.AlternateBase: "#262b33",
    QPalette.ColorRole.Text: "#e4e7eb",
    QPalette.ColorRole.PlaceholderText: "#949da8",
    QPalette.ColorRole.Dark: "#727b87",
    QPalette.ColorRole.Button: "#262b33",
    QPalette.ColorRole.ButtonText: "#e4e7eb",
    QPalette.ColorRole.BrightText: "#ff8a7f",
    QPalette.ColorRole.Mid: "#383f49",
    QPalette.ColorRole.Midlight: "#2d333c",
    QPalette.ColorRole.Highlight: "#5c9dff",
    QPalette.ColorRole.HighlightedText: "#0f1318",
    QPalette.ColorRole.Link: "#5c9dff",
    QPalette.ColorRole.LinkVisited: "#ff9d5c",
    QPalette.ColorRole.ToolTipBase: "#e4e7eb",
    QPalette.ColorRole.ToolTipText: "#16191e",
}
_DISABLED: Final = (
    QPalette.ColorRole.WindowText,
    QPalette.ColorRole.Text,
    QPalette.ColorRole.ButtonText,
)

_STYLE_SHEET: Final = """
*[textSize="small"] { font-size: %(small).2fpt; }
QToolTip { padding: 4px 8px; border: none; color: palette(tooltip-text); background: palette(tooltip-base); }
QFrame#panel { background: palette(base); border: 1px solid palette(mid); border-radius: 10px; }
QPushButton, QToolButton {
    background: palette(button); color: palette(button-text); border: 1px solid palette(mid); border-radius: 6px;
    padding: 6px 10px;
}
QToolButton { padding: 6px; }
QPushButton:hover, QToolButton:hover { background: palette(alternate-base); }
QPushButton:pressed, QToolButton:pressed { background: palette(mid); }
QPushButton:focus { border: 2px solid palette(highlight); padding: 5px 9px; }
QToolButton:focus { border: 2px solid palette(highlight); padding: 5px; }
QPushButton:disabled, QToolButton:disabled { color: palette(dark); background: transparent; }
QPushButton[accent="true"] {
    background: palette(highlight); color: palette(highlighted-text); border: 1px solid palette(highlight);
    font-weight: 600;
}
QPushButton[accent="true"]:focus { border: 2px solid palette(window-text); }
QPushButton[accent="true"]:disabled {
    background: transparent; color: palette(dark); border: 1px solid palette(mid);
}
QComboBox, QAbstractSpinBox {
    background: palette(base); color: palette(text); border: 1px solid palette(mid); border-radius: 6px;
    padding: 5px 6px;
}
QComboBox:focus, QAbstractSpinBox:focus { border: 2px solid palette(highlight); padding: 4px 5px; }
QComboBox:disabled, QAbstractSpinBox:disabled { color: palette(dark); background: palette(base); }
QComboBox::drop-down { border: none; width: 14px; }
QComboBox::down-arrow { image: url(%(arrow)s); width: 12px; height: 12px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; border: none; }
QComboBox QAbstractItemView {
    background: palette(base); border: 1px solid palette(mid); selection-background-color: palette(highlight);
    selection-color: palette(highlighted-text); outline: none;
}
QHeaderView::section {
    background: transparent; border: none; color: palette(placeholder-text); padding: 2px 10px 2px 2px;
}
QTableWidget, QHeaderView { background: palette(base); }
QTabWidget::pane { border: none; background: transparent; }
QScrollArea[page="true"] { background: transparent; border: 2px solid transparent; }
QScrollArea[framed="true"] { border: 2px solid palette(highlight); border-radius: 4px; }
QTabBar { background: transparent; }
QTabBar::tab {
    background: transparent; color: palette(placeholder-text); border: none; border-bottom: 2px solid transparent;
    padding: 3px 2px; margin-right: 18px;
}
QTabBar::tab:hover { color: palette(text); }
QTabBar::tab:selected { color: palette(text); border-bottom: 2px solid palette(highlight); }
QTabBar::tab:selected:focus { color: palette(highlighted-text); background: palette(highlight); }
QProgressBar { border: none; border-radius: 3px; background: palette(midlight); max-height: 6px; min-height: 6px; }
QProgressBar::chunk { border-radius: 3px; background: palette(highlight); }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: palette(mid); }
QSlider::sub-page:horizontal { border-radius: 2px; background: palette(highlight); }
QSlider::handle:horizontal {
    width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: palette(highlight);
    border: 1px solid palette(base);
}
QSlider::handle:horizontal:focus { border: 2px solid palette(window-text); }
QStatusBar { padding: 0 10px; } QStatusBar QLabel { color: palette(placeholder-text); padding: 2px 6px; }
QStatusBar::item { border: none; }
QMenuBar { background: palette(window); }
QMenuBar::item { padding: 4px 10px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: palette(alternate-base); }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
"""


def apply(app: QApplication) -> None:
    """Give the program its look, and follow the system between light and dark from here on."""
    app.setStyle("Fusion")
    QLocale.setDefault(QLocale.c())  # what Qt writes has the digits and marks of all that is written in Python here
    follow_system_font()
    hints = QGuiApplication.styleHints()
    hints.colorSchemeChanged.connect(lambda: set_appearance(appearance()))
    set_appearance(appearance())


def appearance() -> str:
    """Return what the person chose: "system", "light" or "dark"."""
    return settings.load().appearance


def set_appearance(choice: str) -> None:
    """Show the window light or dark, or as the system is, and remember the choice."""
    # Not by QStyleHints.setColorScheme: it does nothing where Qt has no theme plug-in for the desktop.
    if choice != appearance():
        settings.remember(appearance=choice)
    dark = choice == "dark" or (choice != "light" and QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark)
    QApplication.setPalette(palette(dark=dark))
    _set_style_sheet()


def _set_style_sheet() -> None:
    arrow = ASSETS / "icons" / ("arrow-dark.svg" if is_dark(QApplication.palette()) else "arrow-light.svg")
    small_points = _SMALL * QApplication.font().pointSizeF()
    app = cast("QApplication", QApplication.instance())
    app.setStyleSheet(_STYLE_SHEET % {"arrow": arrow.as_posix(), "small": small_points})


def follow_system_font() -> None:
    """Take the system's size of text, and as much more or less as the person chose. Call when the system's changes."""
    app = cast("QApplication", QApplication.instance())
    points = app.font().pointSizeF()
    if points <= 0:  # it is given in pixels
        points = QFontInfo(app.font()).pointSizeF()
    if points != app.property(_SET):  # or else it is the size that was set here
        app.setProperty(_OF_SYSTEM, points)
        _set_text_size()


def enlarge(by: int | None) -> None:
    """Make all text larger by so many points, or smaller, and remember it; None takes the system's size."""
    system = cast("QApplication", QApplication.instance()).property(_OF_SYSTEM)
    least, most = ceil(POINTS[0] - system), floor(POINTS[1] - system)  # a step beyond would have to be taken back first
    settings.remember(larger=0 if by is None else min(max(settings.load().larger + by, least), most))
    _set_text_size()


def _set_text_size() -> None:
    app = cast("QApplication", QApplication.instance())
    font = app.font()
    font.setPointSizeF(min(max(app.property(_OF_SYSTEM) + settings.load().larger, POINTS[0]), POINTS[1]))
    app.setProperty(_SET, font.pointSizeF())
    app.setFont(font)
    _set_style_sheet()


def palette(*, dark: bool) -> QPalette:
    """Make the light or the dark palette.

    `Base` is paper, `Text` is ink, `PlaceholderText` is quiet text, `Dark` is what can be told but need not be read
    (disabled text, connectors), `Mid` is a hair line, `Highlight` is the accent, and `LinkVisited` the other curve of
    a chart.
    """
    result = QPalette()
    colours = _DARK if dark else _LIGHT
    for role, colour in colours.items():
        result.setColor(role, QColor(colour))
    for role in _DISABLED:
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours[QPalette.ColorRole.Dark]))
    return result


def is_dark(of: QPalette) -> bool:
    """Tell whether the palette is the dark one."""
    return of.color(QPalette.ColorRole.Base).lightness() < 128


def small(font: QFont) -> QFont:
    """Return the font in the smaller of the two sizes."""
    font = QFont(font)
    font.setPointSizeF(_SMALL * font.pointSizeF())
    return font


def make_small(widget: QWidget) -> None:
    """Show a widget's text in the smaller of the two sizes, whatever the larger one becomes."""
    widget.setProperty("textSize", "small")  # which the style sheet knows: a font set here would not follow


def tabular(font: QFont) -> QFont:
    """Return the font with figures of one width, so that nothing jumps while a number changes."""
    font = QFont(font)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


# Colours at even distances. All three rise or fall evenly in lightness, so they also read without colour vision.
_MAPS: Final = {
    ("ink", False): ("#ffffff", "#1c2128"),
    ("ink", True): ("#101317", "#f2f4f7"),
    ("sequential", False): ("#f7f9fc", "#c9dcf6", "#7fb0ee", "#2f72cf", "#123a7a"),
    ("sequential", True): ("#101317", "#17325c", "#2463b0", "#62a4f5", "#e2efff"),
    ("diverging", False): ("#1b5fa8", "#7fb2dd", "#f4f5f7", "#ee9a7d", "#b8321f"),
    ("diverging", True): ("#8cc4ff", "#3f7fb8", "#1b1f25", "#b8583c", "#ffa78e"),
}


@lru_cache
def colour_map(name: str, *, dark: bool) -> NDArray[np.uint8]:
    """Return a colour map as a table.

    Parameters
    ----------
    name : str
        "ink" for what the network sees, "sequential" for activations, "diverging" for signed weights.
    dark : bool

    Returns
    -------
    ndarray of uint8, shape (256, 4)
        Blue, green, red, alpha: the byte order of `QImage.Format_RGB32` on little-endian machines.
    """
    colours = [QColor(c) for c in _MAPS[name, dark]]
    at = np.linspace(0, 255, len(colours))
    channels = [
        np.interp(np.arange(256), at, [getattr(c, channel)() for c in colours])
        for channel in ("blue", "green", "red", "alpha")
    ]
    return np.stack(channels, axis=1).round().astype(np.uint8)


@lru_cache
def inks(name: str, *, dark: bool) -> list[QColor]:
    """Return what can be read on each of the 256 colours of a map."""
    return [ink_on(QColor(red, green, blue)) for blue, green, red, _ in colour_map(name, dark=dark).tolist()]


def luminance(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the relative luminance, in [0, 1], of colours of shape (…, 3): red, green, blue.

    Source: WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
    """
    shares = colours / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    result: NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return result


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast of two colours, 1 to 21; text that can be read has 4.5 (WCAG 2.2)."""
    rgb = [(colour.red(), colour.green(), colour.blue()) for colour in (one, other)]
    dark, light = np.sort(luminance(np.array(rgb, np.uint8))).tolist()
    return float((light + 0.05) / (dark + 0.05))


DARK_INK_FROM: Final = 0.179
"""The luminance of paper from which on black is read better than white; either has a contrast of 4.5 at the least."""


def ink_on(paper: QColor) -> QColor:
    """Return black or white: what can be read on a colour."""
    rgb = np.array([paper.red(), paper.green(), paper.blue()], np.uint8)
    return QColor("#000000" if luminance(rgb) > DARK_INK_FROM else "#ffffff")


def to_image(values: NDArray[np.floating], low: float, high: float, table: NDArray[np.uint8]) -> QImage:
    """Colour an array of shape (height, width), with `low` and `high` at the ends of the colour map's table."""
    scaled = np.fmin(np.fmax((values - low) * (255 / (high - low)), 0), 255)  # what is no number counts as the lowest
    return to_qimage(table[scaled.astype(np.uint8)], QImage.Format.Format_RGB32)


class _SvgIcon(Guarded, QIconEngine):
    """Draws an SVG in the colour of the palette of the moment, so that icons follow light and dark."""

    def __init__(self, name: str, role: QPalette.ColorRole) -> None:
        super().__init__()
        self._name, self._role = name, role

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        colours = QApplication.palette()
        disabled = mode == QIcon.Mode.Disabled
        colour = colours.color(QPalette.ColorRole.Dark if disabled else self._role)
        _renderer(self._name, colour.name()).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _SvgIcon(self._name, self._role)


@lru_cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    text = (ASSETS / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(text.replace("currentColor", colour).encode()))


def icon(name: str, role: QPalette.ColorRole = QPalette.ColorRole.ButtonText) -> QIcon:
    """Return the icon in `assets/icons/<name>.svg`, drawn in a colour of the palette."""
    return QIcon(_SvgIcon(name, role))
