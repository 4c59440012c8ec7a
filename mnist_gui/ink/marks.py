"""Tells the digit's ink from the marks around it: frames and rings, rules and margins, the table's edge, dust."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mnist_gui.ink.parts import split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnist_gui.ink.parts import Part, Parts

SPECK: Final = 0.05
"""A part with less than this share of the largest one's ink is dust."""

EDGE: Final = 0.15
"""A rule so near the picture's edge, as a part of that side, is a margin or a frame's side."""

LONG: Final = 0.45
"""A rule is at least so long, as a part of the picture's side."""

AROUND: Final = 0.6
"""What surrounds the digit on more than this part of all sides is a frame or a ring."""

_BOX: Final = 0.5  # of the picture's height and width: a smaller box is not looked into
_FRAME: Final = 0.03  # of a box's longer side: how far its lines may be from straight, and how thick

_DIRECTIONS: Final = 72  # in which is looked for what surrounds

_DIGIT: Final = 0.15  # of the picture's shorter side: something smaller is no digit that a frame could be around


def digit_parts(found: Parts) -> list[Part]:
    """Choose the parts that belong to what is written.

    Parameters
    ----------
    found : Parts

    Returns
    -------
    list of Part
        Those with the most ink first. Empty where there are marks only.
    """
    parts = [part for part in found.parts if part.amount > SPECK * found.parts[0].amount * SPECK]
    parts = _without_rules(parts, found.shape)
    parts = _without_surroundings(parts, found.shape)
    parts = _without_border(parts, found.shape)
    return _without_specks(parts)


def cut_frames(found: Parts) -> Parts:
    """Part a box from the digit in it where they touch.

    A box is what has ink along all four sides of its own extent; it is cut out only if something as high as a digit
    is left in it, so that a square 0 or 8 stays whole.

    Parameters
    ----------
    found : Parts

    Returns
    -------
    Parts
        The same, or with such a part as its box and what was in it.
    """
    result: list[Part] = []
    for part in found.parts:
        large = part.height > _BOX * found.shape[0] and part.width > _BOX * found.shape[1]
        result += _cut_frame(part) if large else [part]
    return replace(found, parts=tuple(sorted(result, key=lambda part: -part.amount)))


def _cut_frame(part: Part) -> list[Part]:
    height, width = part.height, part.width
    y, x = (part.cells - part.low).T
    band = 1 + round(_FRAME * max(height, width))
    distances = (y, height - 1 - y, x, width - 1 - x)
    full = (width, width, height, height)
    sides = [distance < band for distance in distances]
    along = (x, x, y, y)
    if any(len(np.unique(a[side])) < 0.8 * length for side, a, length in zip(sides, along, full, strict=True)):
        return [part]
    frame = np.any(sides, axis=0)
    inside = split(part, ~frame)
    if max((piece.height for piece in inside), default=0) < 0.3 * height:
        return [part]
    return [*split(part, frame), *inside]


def things(parts: Sequence[Part]) -> list[Part]:
    """Return the parts that are about as large as the largest, and no rules: of a page of digits all but the 1s."""
    curved = [part for part in parts if not part.is_straight()]
    largest = max((part.extent for part in curved), default=0)
    return [part for part in curved if part.extent > 0.35 * largest and part.amount > 2]


def _without_specks(parts: list[Part]) -> list[Part]:
    """Drop parts that have hardly any ink beside the largest."""
    most = max((part.amount for part in parts), default=0)
    return [part for part in parts if part.amount > SPECK * most]


def _without_rules(parts: list[Part], shape: tuple[int, int]) -> list[Part]:
    """Drop straight lines along an edge that go beyond the rest at both ends, or across the whole picture."""
    for part in sorted(parts, key=lambda part: _distance_to_edge(part, shape)):
        across = 0 if part.width > part.height else 1  # the axis that the rule doesn't go along
        along = 1 - across
        length, thickness = (part.height, part.width)[along], (part.height, part.width)[across]
        near = _distance_to_edge(part, shape) < EDGE * shape[across] + 1
        through = length > 0.95 * shape[along]
        thin = thickness < 0.12 * length + 2 and part.is_straight()
        if length < LONG * shape[along] or not (near or through) or not (thin or (near and through)):
            continue
        rest = [other for other in parts if other is not part]
        largest = [other for other in rest if other.extent > _DIGIT * min(shape) and not _is_rule_like(other, shape)]
        if not largest:
            # Alone a line that stands may be a 1; but no digit lies down.
            if across == 0 or (near and any(other.extent > _DIGIT * min(shape) for other in rest)):
                parts = rest
            continue
        low = min(other.low[along] for other in largest)
        high = max(other.high[along] for other in largest)
        # Where the rest is as long, the picture is cropped to a digit, and this may be a 5's bar.
        if part.low[along] <= low and part.high[along] >= high and high - low < 0.85 * length:
            parts = rest
    return parts


def _is_rule_like(part: Part, shape: tuple[int, int]) -> bool:
    return part.extent > LONG * max(shape) and part.is_straight() and min(part.height, part.width) < 0.12 * part.extent


def _distance_to_edge(part: Part, shape: tuple[int, int]) -> float:
    """In cells, from the side of the part that is further away."""
    across = 0 if part.width > part.height else 1
    return float(min(part.high[across], shape[across] - 1 - part.low[across]))


def _without_surroundings(parts: list[Part], shape: tuple[int, int]) -> list[Part]:
    """Drop a frame or a ring, also one in pieces: parts that lie around another on most sides."""
    best: tuple[float, list[Part]] = (AROUND, [])
    for core in parts[:8]:
        if core.extent < _DIGIT * min(shape):
            continue
        marks, share = _surroundings(core, parts)
        if share > best[0]:
            best = share, marks
    return [part for part in parts if not any(part is mark for mark in best[1])]


def _surroundings(core: Part, parts: list[Part]) -> tuple[list[Part], float]:
    """Parts that are the furthest out in most directions in which they lie, and the share of directions they cover."""
    middle = (core.low + core.high) / 2
    reach = np.maximum(core.high - core.low, 1) / 2 + 1
    furthest = np.zeros(_DIRECTIONS)
    seen: list[tuple[Part, np.ndarray, np.ndarray]] = []
    for part in parts:
        offset = part.cells - middle
        inside = (np.abs(offset) <= reach).all(axis=1)
        if part is core or inside.mean() > 0.05:
            continue
        # Thin, and long beside the core: not another digit.
        if part.extent < 0.25 * core.extent or part.amount > 0.3 * part.extent * max(part.extent, core.extent):
            continue
        direction = ((np.arctan2(*offset.T) / (2 * np.pi) + 0.5) * _DIRECTIONS).astype(int) % _DIRECTIONS
        distance = np.hypot(*offset.T)
        np.maximum.at(furthest, direction, distance)
        seen.append((part, direction, distance))
    marks, covered = [], np.zeros(_DIRECTIONS, np.bool_)
    for part, direction, distance in seen:
        if len(np.unique(direction)) > 2 and (distance > 0.85 * furthest[direction]).mean() > 0.5:
            marks.append(part)
            covered[direction] = True
    return marks, float(covered.mean())


def _without_border(parts: list[Part], shape: tuple[int, int]) -> list[Part]:
    """Drop what touches the picture's border, such as the table's edge, if enough of the ink doesn't."""
    inside = [part for part in parts if part.low.min() > 0 and (part.high < np.array(shape) - 1).all()]
    most = max((part.amount for part in parts), default=0)
    if max((part.amount for part in inside), default=0) > 0.1 * most:
        return inside
    if any(part.extent > _DIGIT * min(shape) for part in inside):
        return [part for part in parts if not _lies_along_border(part, shape)]
    return parts


def _lies_along_border(part: Part, shape: tuple[int, int]) -> bool:
    """Tell whether it touches one side of the picture over most of its length."""
    return any(
        (part.cells[:, axis] == end).sum() > 0.6 * shape[1 - axis] for axis in (0, 1) for end in (0, shape[axis] - 1)
    )
