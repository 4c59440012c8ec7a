"""Pictures and drawings that are made by rule, of digits and of what is no digit, for tests and benchmarks.

Each kind of picture is a function of one random generator, so that other seeds make others of the same kind.
"""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mnist_gui.data import drawn
from mnist_gui.data.skeletons import form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mnist_gui.data.skeletons import Skeleton
    from mnist_gui.ink import Stroke

    Kind = Callable[[int, np.random.Generator], Image.Image]

FINE = 2  # everything is painted at twice the size and shrunk, so that lines have soft edges

LETTERS: dict[str, Skeleton] = {
    "A": form(1, "0,100 30,0* 60,100", "12,62 48,62"),
    "E": form(1, "55,0 0,0* 0,100* 55,100", "0,50 45,50"),
    "F": form(1, "55,0 0,0* 0,100", "0,48 42,48"),
    "H": form(1, "0,0 0,100", "58,0 58,100", "0,50 58,50"),
    "K": form(1, "0,0 0,100", "55,0 2,55* 58,100"),
    "M": form(1, "0,100 8,0* 35,70* 62,0* 70,100"),
    "N": form(1, "0,100 0,0* 55,100* 55,0"),
    "R": form(1, "0,100 0,0* 45,8 45,42 2,52* 55,100"),
    "T": form(1, "0,0 64,0", "32,0 32,100"),
    "W": form(1, "0,0 18,100* 36,30* 54,100* 72,0"),
    "X": form(1, "0,0 58,100", "58,0 0,100"),
    "Y": form(1, "0,0 30,48", "60,0 30,48* 30,100"),
    "P": form(1, "0,100 0,0* 45,6 48,40 2,54"),
    "V": form(1, "0,0 30,100* 60,0"),
    "m": form(1, "0,100 0,40* 0,60* 20,40 30,60 30,100* 30,60* 50,40 62,60 62,100"),
    "e": form(1, "4,62 52,58* 50,30 25,20 2,50 12,92 52,88"),
    "w": form(1, "0,40 15,100* 30,50* 45,100* 60,40"),
}
"""Letters that no digit looks like."""

SIGNS: dict[str, Skeleton] = {
    "plus": form(1, "0,50 80,50", "40,8 40,92"),
    "minus": form(1, "0,50 80,50"),
    "times": form(1, "5,10 75,90", "75,10 5,90"),
    "divide": form(1, "0,50 80,50", "39,14 41,16", "39,84 41,86"),
    "question": form(1, "4,22 30,0 56,24 30,52 30,72", "30,95 31,98"),
    "exclamation": form(1, "20,0 20,72", "20,95 21,98"),
    "hash": form(1, "22,0 14,100", "52,0 44,100", "0,34 68,34", "0,68 68,68"),
    "ampersand": form(1, "65,100 12,25 30,0 46,22 5,65 12,95 40,95 62,58"),
    "arrow right": form(1, "0,50 90,50", "62,25 90,50* 62,75"),
    "arrow up": form(1, "30,100 30,0", "5,28 30,0* 55,28"),
    "star": form(1, "15,100 40,0* 65,100* 2,36* 78,36* 15,100"),
    "heart": form(1, "40,100 2,40 18,6 40,28* 62,6 78,40 40,100"),
    "house": form(1, "0,100 0,45* 40,5* 80,45* 80,100* 0,100"),
    "spiral": form(1, "44,50 48,42 54,50 46,62 32,52 44,28 70,44 56,82 20,74 8,40 40,4 84,20"),
    "at": form(1, "60,40 40,32 32,56 46,66 60,42* 62,66 78,62 78,26 46,4 10,30 12,76 50,98 80,88"),
    "smile": form(1, "50,0 10,20 0,60 30,98 70,95 98,60 85,18 50,0", "33,34 34,37", "66,34 67,37", "28,64 50,78 72,62"),
    "equals": form(1, "0,35 75,35", "0,68 75,68"),
    "percent": form(1, "70,0 8,100", "20,4 4,18 18,34 30,18 20,4", "62,66 48,80 62,96 76,80 62,66"),
}


@dataclass(frozen=True)
class Look:
    """Paper and ink of a picture; light falls on it as `light` says, 1 for full."""

    paper: tuple[float, float, float] = (250, 250, 250)
    ink: tuple[float, float, float] = (25, 25, 35)
    noise: float = 0.0
    blur: float = 0.0
    quality: int = 0  # of a JPEG; 0 is none

    @staticmethod
    def of(rng: np.random.Generator) -> Look:
        paper = rng.uniform(195, 255) - rng.uniform(0, 18, 3)
        ink = rng.uniform(10, 90, 3)
        ink[rng.integers(3)] += rng.uniform(0, 90)
        quality = int(rng.choice([0, 60, 90]))
        return Look(tuple(paper), tuple(ink), rng.uniform(0, 5), rng.uniform(0, 1.2), quality)

    def picture(self, coverage: np.ndarray, rng: np.random.Generator, light: np.ndarray | float = 1.0) -> Image.Image:
        """Make the picture from how much of each pixel is ink, 0 to 1."""
        if self.blur:
            soft = Image.fromarray(np.rint(coverage * 255).astype(np.uint8))
            coverage = np.asarray(soft.filter(ImageFilter.GaussianBlur(self.blur)), float) / 255
        rgb = coverage[..., None] * self.ink + (1 - coverage[..., None]) * self.paper
        rgb = rgb * (light[..., None] if isinstance(light, np.ndarray) else light)
        rgb = rgb + rng.normal(0, self.noise, rgb.shape[:2])[..., None]
        image = Image.fromarray(np.clip(np.rint(rgb), 0, 255).astype(np.uint8))
        if self.quality:
            file = io.BytesIO()
            image.save(file, "JPEG", quality=self.quality)
            image = Image.open(file)
            image.load()
        return image


class Sheet:
    """A sheet of paper on which things are drawn with a pen."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("L", (width * FINE, height * FINE), 0)
        self.pen = ImageDraw.Draw(self.image)

    def coverage(self) -> np.ndarray:
        size = (self.image.width // FINE, self.image.height // FINE)
        return np.asarray(self.image.resize(size, Image.Resampling.BOX), float) / 255

    def line(self, points: np.ndarray, width: float, strength: float = 1.0) -> None:
        points, radius, fill = np.asarray(points, float) * FINE, width * FINE / 2, round(255 * strength)
        self.pen.line([tuple(p) for p in points], fill, max(1, round(2 * radius)))
        if radius > 1:
            for x, y in points:
                self.pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill)

    def strokes(self, strokes: Sequence[Stroke], centre: tuple[float, float], height: float, width: float = 0) -> None:
        """Draw strokes with their bounding box around a place, so high; `width` is the line's, or the pen's own."""
        points = np.concatenate([s.points for s in strokes])
        low, high = points.min(axis=0), points.max(axis=0)
        scale = height / max(high[1] - low[1], (high[0] - low[0]) / 1.5)
        for s in strokes:
            own = float(s.widths.mean()) * scale
            self.line((s.points - (low + high) / 2) * scale + centre, width or own)


def digit_on(
    label: int, rng: np.random.Generator, size: tuple[int, int], height: float, spread: float = 0.0
) -> tuple[Sheet, float]:
    """Draw a digit near the middle of a sheet; return it with the width of its line."""
    sheet = Sheet(*size)
    width = height * rng.uniform(0.05, 0.13)
    centre = np.array(size) / 2 + rng.uniform(-spread, spread, 2) * size
    sheet.strokes(drawn.draw(label, rng), tuple(centre), height, width)
    return sheet, width


def _hand(points: np.ndarray, rng: np.random.Generator, shake: float) -> np.ndarray:
    """Let a path swing slowly, as drawn by hand."""
    along = np.linspace(0, 2 * np.pi, len(points))[:, None]
    swing = sum(rng.normal(0, 1, (1, 2)) * np.cos(k * along + rng.uniform(0, 7, (1, 2))) for k in (1, 2, 3))
    return points + shake * swing


def _broken(sheet: Sheet, path: np.ndarray, width: float, rng: np.random.Generator, gaps: int) -> None:
    keep = np.ones(len(path), bool)
    for _ in range(gaps):
        start = rng.integers(len(path))
        keep[start : start + rng.integers(3, max(4, len(path) // 10))] = False
    for piece in np.split(np.arange(len(path)), np.flatnonzero(~keep)):
        if len(piece) > 2:
            sheet.line(path[piece[1:]], width)


def plain(label: int, rng: np.random.Generator) -> Image.Image:
    side = int(rng.integers(60, 500))
    sheet, _ = digit_on(label, rng, (side, int(side * rng.uniform(0.8, 1.4))), side * rng.uniform(0.3, 0.75), 0.08)
    return Look.of(rng).picture(sheet.coverage(), rng)


def _rectangle(size: tuple[int, int], inside: float) -> np.ndarray:
    margin, corners = inside * max(size), np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    corners = margin + corners * (np.array(size) - 2 * margin)
    return np.concatenate([np.linspace(a, b, 40) for a, b in itertools.pairwise(corners)])


def _framed(label: int, rng: np.random.Generator, gaps: int, shake: float) -> Image.Image:
    size = (int(rng.integers(120, 420)), int(rng.integers(120, 420)))
    sheet, width = digit_on(label, rng, size, min(size) * rng.uniform(0.4, 0.6), 0.02)
    path = _hand(_rectangle(size, rng.uniform(0.0, 0.1)), rng, shake * max(size))
    _broken(sheet, path, max(1.0, width * rng.uniform(0.2, 1.1)), rng, gaps)
    return Look.of(rng).picture(sheet.coverage(), rng)


def frame(label: int, rng: np.random.Generator) -> Image.Image:
    return _framed(label, rng, 0, 0)


def broken_frame(label: int, rng: np.random.Generator) -> Image.Image:
    return _framed(label, rng, int(rng.integers(1, 5)), 0)


def hand_frame(label: int, rng: np.random.Generator) -> Image.Image:
    return _framed(label, rng, int(rng.integers(0, 2)), 0.006)


def _ringed(label: int, rng: np.random.Generator, gaps: int, shake: float) -> Image.Image:
    side = int(rng.integers(140, 420))
    sheet, width = digit_on(label, rng, (side, side), side * rng.uniform(0.35, 0.5), 0.015)
    angle = np.linspace(0, 2 * np.pi * rng.uniform(0.95, 1.05), 120)[:, None]
    radii = side * rng.uniform(0.38, 0.46) * np.array([1, rng.uniform(0.9, 1.0)])
    path = _hand(side / 2 + radii * np.hstack([np.cos(angle), np.sin(angle)]), rng, shake * side)
    _broken(sheet, path, max(1.0, width * rng.uniform(0.3, 1.1)), rng, gaps)
    return Look.of(rng).picture(sheet.coverage(), rng)


def ring(label: int, rng: np.random.Generator) -> Image.Image:
    return _ringed(label, rng, 0, 0)


def hand_ring(label: int, rng: np.random.Generator) -> Image.Image:
    return _ringed(label, rng, int(rng.integers(0, 3)), 0.01)


def rule_beside(label: int, rng: np.random.Generator) -> Image.Image:
    """A margin's line, or two, beside the digit."""
    size = (int(rng.integers(120, 420)), int(rng.integers(120, 420)))
    sheet, width = digit_on(label, rng, size, min(size) * rng.uniform(0.4, 0.65), 0.02)
    for side in rng.choice(2, rng.integers(1, 3), replace=False):
        x = size[0] * (rng.uniform(0.02, 0.1) if side == 0 else rng.uniform(0.9, 0.98))
        lean = rng.normal(0, 0.01) * size[0]
        sheet.line([(x - lean, -5), (x + lean, size[1] + 5)], max(1.0, width * rng.uniform(0.2, 1.1)))
    return Look.of(rng).picture(sheet.coverage(), rng)


def rule_below(label: int, rng: np.random.Generator) -> Image.Image:
    """The line that it is written on, or lines above and below."""
    size = (int(rng.integers(120, 420)), int(rng.integers(120, 420)))
    sheet, width = digit_on(label, rng, size, min(size) * rng.uniform(0.4, 0.65), 0.02)
    for side in rng.choice(2, rng.integers(1, 3), replace=False):
        y = size[1] * (rng.uniform(0.02, 0.1) if side == 0 else rng.uniform(0.9, 0.98))
        inset, lean = rng.choice([-5, 0.05 * size[0]]), rng.normal(0, 0.01) * size[1]
        sheet.line([(inset, y - lean), (size[0] - inset, y + lean)], max(1.0, width * rng.uniform(0.2, 1.1)))
    return Look.of(rng).picture(sheet.coverage(), rng)


def _ruling(sheet: Sheet, size: tuple[int, int], rng: np.random.Generator, strength: float, squared: bool) -> None:
    step, turn = max(size) * rng.uniform(0.07, 0.18), rng.normal(0, 0.015)
    for axis in (0, 1) if squared else (1,):
        for at in np.arange(rng.uniform(0, step), size[axis] * 1.1, step):
            ends = np.array([(at, -20.0), (at, size[1] + 20.0)] if axis == 0 else [(-20.0, at), (size[0] + 20.0, at)])
            ends += (ends[:, ::-1] - np.array(size)[::-1] / 2) * (turn, -turn)
            sheet.line(ends, max(1.0, max(size) / 300), strength)


def ruled(label: int, rng: np.random.Generator) -> Image.Image:
    """Lined or squared paper, its rules fainter than the ink."""
    size = (int(rng.integers(150, 450)), int(rng.integers(150, 450)))
    sheet, _ = digit_on(label, rng, size, min(size) * rng.uniform(0.4, 0.7), 0.05)
    under = Sheet(*size)
    _ruling(under, size, rng, rng.uniform(0.1, 0.35), bool(rng.integers(2)))
    return Look.of(rng).picture(np.maximum(sheet.coverage(), under.coverage()), rng)


def table(label: int, rng: np.random.Generator) -> Image.Image:
    """A sheet on a dark table that shows on one to three sides."""
    size = (int(rng.integers(150, 450)), int(rng.integers(150, 450)))
    low, high = np.zeros(2), np.array(size, float)
    for side in rng.choice(4, rng.integers(1, 4), replace=False):
        part = rng.uniform(0.06, 0.25) * size[side % 2]
        if side < 2:
            low[side] += part
        else:
            high[side - 2] -= part
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    turn = rng.normal(0, 0.03)
    u, v = x + turn * (y - size[1] / 2), y - turn * (x - size[0] / 2)
    far = 1e9
    low, high = np.where(low > 0, low, -far), np.where(high < size, high, far)
    on_paper = (u > low[0]) & (u < high[0]) & (v > low[1]) & (v < high[1])
    visible = np.clip([low, high], 0, size)
    sheet = Sheet(*size)
    height = 0.8 * min(visible[1] - visible[0]) * rng.uniform(0.6, 0.95)
    sheet.strokes(drawn.draw(label, rng), tuple(visible.mean(axis=0)), height, height * rng.uniform(0.05, 0.13))
    look = Look.of(rng)
    picture = np.asarray(replace(look, noise=0, quality=0).picture(sheet.coverage(), rng), float)
    grain = 1 + 0.15 * np.sin(v / rng.uniform(3, 15) + np.sin(u / 40))
    wood = rng.uniform(30, 110) * np.array([1.0, 0.8, 0.65]) * grain[..., None]
    soft = Image.fromarray((on_paper * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1))
    share = np.asarray(soft, float)[..., None] / 255
    rgb = share * picture + (1 - share) * wood + rng.normal(0, look.noise, size[::-1])[..., None]
    return Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))


def shadow(label: int, rng: np.random.Generator) -> Image.Image:
    """A shadow with an edge, straight or round, over a part of the paper."""
    size = (int(rng.integers(120, 450)), int(rng.integers(120, 450)))
    sheet, _ = digit_on(label, rng, size, min(size) * rng.uniform(0.4, 0.7), 0.05)
    y, x = np.mgrid[: size[1], : size[0]] / np.array(size)[::-1, None, None] - 0.5
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
    distance = x * np.cos(angle) + y * np.sin(angle) - offset
    if rng.random() < 0.3:
        centre, radius = rng.uniform(-0.7, 0.7, 2), rng.uniform(0.4, 0.8)
        distance = np.hypot(x - centre[0], y - centre[1]) - radius
    light = 1 - rng.uniform(0.25, 0.5) / (1 + np.exp(distance * rng.uniform(20, 150)))
    return Look.of(rng).picture(sheet.coverage(), rng, light)


def vignette(label: int, rng: np.random.Generator) -> Image.Image:
    """Light that falls off towards the corners, and from one side."""
    size = (int(rng.integers(120, 450)), int(rng.integers(120, 450)))
    sheet, _ = digit_on(label, rng, size, min(size) * rng.uniform(0.4, 0.7), 0.05)
    y, x = np.mgrid[: size[1], : size[0]] / np.array(size)[::-1, None, None] - 0.5
    light = 1 - rng.uniform(0.5, 1.3) * (x * x + y * y) ** rng.uniform(1, 2) + rng.uniform(-0.3, 0.3) * x
    return Look.of(rng).picture(sheet.coverage(), rng, np.clip(light, 0.15, None))


def tight(label: int, rng: np.random.Generator) -> Image.Image:
    """Cropped to the digit by hand, narrow, slightly out of focus."""
    side = int(rng.integers(60, 220))
    sheet, width = digit_on(label, rng, (2 * side, 2 * side), side)
    soft = Look.of(rng)
    image = replace(soft, blur=width * rng.uniform(0.15, 0.4)).picture(sheet.coverage(), rng)
    left, top, right, bottom = sheet.image.getbbox()
    edge = np.array([left, top, right, bottom]) / FINE + width * rng.uniform(-0.35, 0.15, 4) * (-1, -1, 1, 1)
    return image.crop(tuple(round(e) for e in edge))


def bold(label: int, rng: np.random.Generator) -> Image.Image:
    """Small, and very bold."""
    height = int(rng.integers(15, 30))
    sheet = Sheet(60, 40)
    sheet.strokes(drawn.draw(label, rng), (30, 20), height, height * rng.uniform(0.2, 0.3))
    coverage = sheet.coverage()
    return Look().picture(np.rint(coverage) if rng.random() < 0.5 else coverage, rng)


def any_width(label: int, rng: np.random.Generator) -> Image.Image:
    """Lines from a hair to a brush."""
    side, height = 300, 180
    sheet = Sheet(side, side)
    sheet.strokes(drawn.draw(label, rng), (150, 150), height, height * np.exp(rng.uniform(np.log(0.008), np.log(0.24))))
    return Look.of(rng).picture(sheet.coverage(), rng)


def colour_alone(label: int, rng: np.random.Generator) -> Image.Image:
    """Ink and paper of one luminance."""
    side = int(rng.integers(100, 400))
    sheet, _ = digit_on(label, rng, (side, side), side * rng.uniform(0.4, 0.7), 0.05)
    weights = np.array([0.299, 0.587, 0.114])
    while True:
        paper, ink = rng.uniform(60, 230, (2, 3))
        ink += weights @ paper - weights @ ink
        if np.abs(ink - paper).max() > 80 and ink.min() > 0 and ink.max() < 255:
            break
    return Look(tuple(paper), tuple(ink), rng.uniform(0, 3), 0.5, int(rng.choice([0, 80]))).picture(
        sheet.coverage(), rng
    )


DIGITS: dict[str, Kind] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        plain, frame, broken_frame, hand_frame, ring, hand_ring, rule_beside, rule_below, ruled,
        table, shadow, vignette, tight, bold, any_width, colour_alone,
    )
}  # fmt: skip
"""Kinds of pictures of one digit."""


def digits(kind: str, count: int, seed: int) -> Iterator[tuple[int, Image.Image]]:
    """Make labelled pictures of one kind; all digits are equally common."""
    for index in range(count):
        rng = np.random.default_rng([seed, list(DIGITS).index(kind), index])
        yield index % 10, DIGITS[kind](index % 10, rng)


def empty_ruled(rng: np.random.Generator) -> Image.Image:
    size = (int(rng.integers(150, 450)), int(rng.integers(150, 450)))
    sheet = Sheet(*size)
    _ruling(sheet, size, rng, rng.uniform(0.15, 1.0), bool(rng.integers(2)))
    return Look.of(rng).picture(sheet.coverage(), rng)


def blank(rng: np.random.Generator) -> Image.Image:
    return Look.of(rng).picture(np.zeros((200, 180)), rng)


def dot(rng: np.random.Generator) -> Image.Image:
    sheet = Sheet(200, 200)
    x, y = rng.uniform(40, 160, 2)
    sheet.line([(x, y), (x + 1, y + 1)], rng.uniform(3, 20))
    return Look.of(rng).picture(sheet.coverage(), rng)


def page(rng: np.random.Generator) -> Image.Image:
    sheet, rows = Sheet(400, 500), int(rng.integers(4, 20))
    height = 500 / rows
    for row in range(rows):
        for x in np.arange(height, 400 - height, height * 0.8):
            if rng.random() < 0.85:
                strokes = drawn.draw(int(rng.integers(10)), rng)
                sheet.strokes(strokes, (x, (row + 0.5) * height), 0.7 * height, max(1.0, 0.08 * height))
    return Look.of(rng).picture(sheet.coverage(), rng)


def several(rng: np.random.Generator) -> Image.Image:
    count = int(rng.integers(2, 5))
    sheet = Sheet(100 * count + 60, 200)
    for index in range(count):
        height = rng.uniform(85, 120)
        place = (80 + 100 * index + rng.normal(0, 4), 100 + rng.normal(0, 5))
        sheet.strokes(drawn.draw(int(rng.integers(10)), rng), place, height, height * 0.09)
    return Look.of(rng).picture(sheet.coverage(), rng)


def word(rng: np.random.Generator) -> Image.Image:
    letters = rng.choice(list(LETTERS), rng.integers(3, 8))
    sheet = Sheet(75 * len(letters) + 60, 200)
    for index, letter in enumerate(letters):
        sheet.strokes(drawn.draw_form(LETTERS[letter], rng), (70 + 75 * index, 100), rng.uniform(70, 90), 8)
    return Look.of(rng).picture(sheet.coverage(), rng)


def plus(rng: np.random.Generator) -> Image.Image:
    sheet = Sheet(200, 200)
    sheet.strokes(drawn.draw_form(SIGNS["plus"], rng), (100, 100), rng.uniform(60, 130), rng.uniform(4, 14))
    return Look.of(rng).picture(sheet.coverage(), rng)


NO_DIGITS: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    kind.__name__.replace("_", " "): kind for kind in (blank, empty_ruled, dot, page, several, word, plus)
}
"""Kinds of pictures that hold no digit, or more than one."""


def no_digits(kind: str, count: int, seed: int) -> Iterator[Image.Image]:
    """Make pictures of one kind."""
    for index in range(count):
        yield NO_DIGITS[kind](np.random.default_rng([seed, 100 + list(NO_DIGITS).index(kind), index]))


def scribble(rng: np.random.Generator) -> list[Stroke]:
    """One line without a plan, smooth or jagged."""
    places = rng.uniform(0, 100, (rng.integers(5, 14), 2))
    star = "*" if rng.random() < 0.5 else ""
    path = " ".join(f"{x:.0f},{y:.0f}{star if 0 < i < len(places) - 1 else ''}" for i, (x, y) in enumerate(places))
    return drawn.draw_form(form(1, path), rng)


def other_drawings(count: int, seed: int) -> Iterator[tuple[str, list[Stroke]]]:
    """Draw letters, signs and scribbles in turn, named "letter A", "sign plus" or "scribble"."""
    kinds = [*(f"letter {name}" for name in LETTERS), *(f"sign {name}" for name in SIGNS), *["scribble"] * 10]
    for index in range(count):
        rng = np.random.default_rng([seed, 1000, index])
        kind = kinds[index % len(kinds)]
        family, _, name = kind.partition(" ")
        if family == "scribble":
            yield kind, scribble(rng)
        else:
            yield kind, drawn.draw_form((LETTERS if family == "letter" else SIGNS)[name], rng)
