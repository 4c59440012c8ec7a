"""How one number of a network comes about, worked out as one would by hand.

Each `Working` holds the network's own values: what goes in, what it is multiplied with, and each step to the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, SupportsFloat

import numpy as np

from mnist_gui.nn.layers import AvgPool2D, Conv2D, ReLU, Sigmoid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from mnist_gui.explain.reading import Reading
    from mnist_gui.nn.layer import Array, Layer
    from mnist_gui.nn.network import Network

Cell = tuple[int, int, int]  # map, row, column, from 0
Field = tuple[int, int, int, int]  # top, left, height, width, in pixels of the image


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """The square of the image that a cell of a map depends on.

    Attributes
    ----------
    size : int
        Its side, in pixels.
    step : int
        How far the squares of two neighbouring cells are apart.
    """

    size: int = 1
    step: int = 1

    def at(self, row: int, column: int) -> Field:
        """Return the square of one cell."""
        return row * self.step, column * self.step, self.size, self.size


def receptive_field(layers: Iterable[Layer]) -> ReceptiveField:
    """Compose the receptive field of the last of some layers, given from the first on.

    A window of k cells with stride s, over cells that are `step` pixels apart, adds (k − 1)·step pixels to the side of
    the square, and multiplies the step by s. There is no padding, so the first square begins in the image's corner.

    References
    ----------
    Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019.
    """
    size = step = 1
    for layer in layers:
        if isinstance(layer, Conv2D):
            window, stride = layer.kernel_size, layer.stride
        elif isinstance(layer, AvgPool2D):
            window, stride = layer.size, layer.stride
        else:
            continue
        size, step = size + (window - 1) * step, step * stride
    return ReceptiveField(size, step)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Some numbers of a working that belong together.

    Attributes
    ----------
    name : str
    values : ndarray of float64, shape (maps, rows, columns)
    sign : str
        What stands between the grid before and this one: "×", "=" or nothing.
    signed : bool
        Whether the values can be negative.
    given : bool
        Whether a pupil is given them, or has to work them out.
    """

    name: str
    values: Array
    sign: str = ""
    signed: bool = False
    given: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sum: what it is, its value, and whether a pupil is given it."""

    text: str
    value: float
    given: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Working:
    """How a number comes about: grids, then lines, the last of which is the result.

    Attributes
    ----------
    title : str
    note : str
        A sentence on what is done.
    grids : tuple of Grid
    lines : tuple of Line
    field : (top, left, height, width)
        The part of the image that the number depends on, in pixels.
    labels : tuple of str
        Headings of the columns that all grids share; empty if they share none.
    marked : int or None
        The column that the result stands in.
    """

    title: str
    note: str
    grids: tuple[Grid, ...]
    lines: tuple[Line, ...]
    field: Field
    labels: tuple[str, ...] = ()
    marked: int | None = None


def can_explain(layer: Layer) -> bool:
    """Tell whether `of_cell` knows how the cells of a layer's maps come about."""
    return isinstance(layer, Conv2D | AvgPool2D)


def as_input(network: Network, image: NDArray[Any]) -> Array:
    """Return one image, uint8 or float, as the numbers in [0, 1] that the network reads: (channels, height, width)."""
    read: Array = network.as_input(image[None])[0]
    return read


def of_cell(network: Network, reading: Reading, layer: int, cell: Cell) -> Working:
    """Work out one cell of a feature map or of a pooled map.

    Parameters
    ----------
    network : Network
    reading : Reading
        What it makes of an image.
    layer : int
        Index of a convolution, of the activation behind one, or of a pooling layer.
    cell : (map, row, column)

    Raises
    ------
    ValueError
        If the layer is of another kind.
    """
    layers = network.layers
    if isinstance(layers[layer], Sigmoid | ReLU) and layer > 0:
        layer -= 1
    here = layers[layer]
    values = reading.activations
    before = values[layer - 1] if layer else as_input(network, reading.image)
    field = receptive_field(layers[: layer + 1]).at(*cell[1:])
    if isinstance(here, Conv2D):
        after = layers[layer + 1] if layer + 1 < len(layers) else None
        activated = values[min(layer + 1, len(values) - 1)]
        return _convolution(here, before, values[layer], after, activated, _place(layers, here, cell), cell, field)
    if isinstance(here, AvgPool2D):
        return _pooling(here, before, values[layer], _place(layers, here, cell), cell, field)
    raise ValueError(f"a cell of a {here.kind} layer has no working")


def _place(layers: Sequence[Layer], layer: Layer, cell: Cell) -> str:
    """Name a cell, and, where a network has several layers of the kind, which of them it belongs to."""
    alike = [other for other in layers if other.kind == layer.kind]
    kind = "convolution" if isinstance(layer, Conv2D) else "pooling"
    which = f" of {kind} {alike.index(layer) + 1}" if len(alike) > 1 else ""
    number, row, column = cell
    return f"{number + 1}{which}, row {row + 1}, column {column + 1}"


def _convolution(
    layer: Conv2D,
    before: Array,
    sums: Array,
    after: Layer | None,
    activated: Array,
    place: str,
    cell: Cell,
    field: Field,
) -> Working:
    number, row, column = cell
    patch = _window(before, row, column, layer.kernel_size, layer.stride)
    weights = layer.weights[number].astype(np.float64)
    products = patch * weights
    bias, z = float(layer.bias[number]), float(sums[cell])
    lines = [
        Line(f"sum of the {products.size} products", float(products.sum())),
        Line("+ bias", bias, given=True),
        Line("= z", z),
    ]
    if isinstance(after, Sigmoid):
        lines.append(Line("sigmoid(z) = 1 / (1 + e⁻ᶻ)", float(activated[cell])))
    elif isinstance(after, ReLU):
        lines.append(Line("ReLU(z) = max(z, 0)", float(activated[cell])))
    return Working(
        f"Feature map {place}",
        "Each number of the patch is multiplied with the filter’s weight at the same place. The products and the bias "
        "are added up.",
        (
            Grid("patch", patch),
            Grid(f"filter {number + 1}", weights, "×", signed=True),
            Grid("products", products, "=", signed=True, given=False),
        ),
        tuple(lines),
        field,
    )


def _pooling(layer: AvgPool2D, before: Array, means: Array, place: str, cell: Cell, field: Field) -> Working:
    number, row, column = cell
    cells = _window(before[number : number + 1], row, column, layer.size, layer.stride)
    return Working(
        f"Pooled map {place}",
        f"The mean of {cells.size} neighbouring cells of map {number + 1}.",
        (Grid(f"cells of map {number + 1}", cells),),
        (
            Line(f"sum of the {cells.size} cells", float(cells.sum())),
            Line(f"÷ {cells.size} = mean", float(means[cell])),
        ),
        field,
    )


def _window(maps: Array, row: int, column: int, size: int, stride: int) -> Array:
    top, left = row * stride, column * stride
    # float64 holds the product of two float32 numbers exactly.
    return maps[:, top : top + size, left : left + size].astype(np.float64)


def of_answer(network: Network, reading: Reading, digit: int) -> Working:
    """Work out the probability of one digit: the softmax over all logits.

    ``p[c] = exp(z[c] − m) / Σ exp(z − m)`` with m the largest logit, as `losses.softmax` does it.
    """
    z = reading.logits.astype(np.float64)
    powers = np.exp(z - z.max())
    probabilities = powers / powers.sum()
    _, height, width = network.input_shape
    return Working(
        f"Probability of {digit}",
        "The softmax makes each logit z a positive number, eᶻ⁻ᵐ, and divides it by the sum of all of them. "
        f"m is the largest logit, {number(z.max())}.",
        (
            Grid("logit z", z.reshape(1, 1, -1), signed=True),
            Grid("eᶻ⁻ᵐ", powers.reshape(1, 1, -1), given=False),
            Grid("probability", probabilities.reshape(1, 1, -1), given=False),
        ),
        (
            Line("sum of all eᶻ⁻ᵐ", float(powers.sum())),
            Line(f"eᶻ⁻ᵐ of {digit} ÷ sum = probability", float(probabilities[digit])),
        ),
        (0, 0, height, width),
        tuple(map(str, range(network.classes))),
        digit,
    )


def number(value: SupportsFloat) -> str:
    """Write a number with three decimals, or as a power of ten where these would be zeros."""
    value = float(value)
    if 0 < abs(value) < 0.0005:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}·10{str(int(exponent)).translate(_SUPERSCRIPT)}".replace("-", "−")
    return f"{value:z.3f}".replace("-", "−")


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def as_text(working: Working) -> str:
    """Write a working as plain text."""
    parts = [f"{working.title}\n{working.note}"]
    if working.labels:
        rows = [[grid.name, *map(number, grid.values.ravel())] for grid in working.grids]
        parts.append(_aligned([["", *working.labels], *rows]))
    else:
        for grid in working.grids:
            maps = (_aligned([["", *map(number, row)] for row in values]) for values in grid.values)
            parts.append(f"{grid.name}\n" + "\n\n".join(maps))
    parts.append(_aligned([[line.text, number(line.value)] for line in working.lines]))
    top, left, height, width = working.field
    parts.append(f"It depends on rows {top + 1}–{top + height} and columns {left + 1}–{left + width} of the image.")
    return "\n\n".join(parts) + "\n"


def _aligned(rows: list[list[str]]) -> str:
    """Align columns: the first, of names, to the left, and the numbers to the right."""
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    return "\n".join(
        "  ".join([name.ljust(first), *(text.rjust(width) for text, width in zip(cells, others, strict=True))])
        for name, *cells in rows
    )


def as_table(working: Working, accent: str) -> str:
    """Write grids that share the headings of their columns as one HTML table, the result in the colour `accent`."""
    style = f" style='color: {accent}; font-weight: bold'"

    def row(name: str, texts: Iterable[str]) -> str:
        cells = (
            f"<td align='right' width='54'{style if i == working.marked else ''}>{text}</td>"
            for i, text in enumerate(texts)
        )
        return f"<tr><td>{name}</td>{''.join(cells)}</tr>"

    rows = (row(grid.name, map(number, grid.values.ravel())) for grid in working.grids)
    return f"<table cellspacing='0' cellpadding='5'>{row('', working.labels)}{''.join(rows)}</table>"


def worksheet(working: Working, picture: str) -> str:
    """Write a working as HTML for pupils: a page with blanks to fill in, then a page with the solution.

    Parameters
    ----------
    working : Working
    picture : str
        Address of a picture of the image with the working's field outlined.
    """
    top, left, height, width = working.field

    def page(heading: str, *, solved: bool) -> str:
        lines = "".join(
            f"<tr><td>{line.text}</td>"
            f"<td align='right'>{number(line.value) if solved or line.given else '_' * 12}</td></tr>"
            for line in working.lines
        )
        return (
            f"<h2>{heading}</h2><h3>{working.title}</h3><p>{working.note}</p>"
            f"<p><img src='{picture}' width='196' height='196'></p>"
            f"<p>The number depends on the outlined part of the image: rows {top + 1}–{top + height}, "
            f"columns {left + 1}–{left + width}.</p>"
            f"{_on_paper(working, solved=solved)}<p></p><table cellpadding='5'>{lines}</table>"
            "<p>All numbers are rounded to three decimals; your last digit may differ.</p>"
        )

    return (
        "<html><head><style>h2, h3, p, td { color: black; }</style></head><body>"
        f"{page('How does this number come about?', solved=False)}"
        f"<div style='page-break-before: always'>{page('Solution', solved=True)}</div></body></html>"
    )


def _on_paper(working: Working, *, solved: bool) -> str:
    """Write grids as tables that fit a page: side by side, or as columns if they share headings."""

    def text(grid: Grid, value: SupportsFloat) -> str:
        return number(value) if solved or grid.given else "&nbsp;" * 10

    def cell(content: str) -> str:
        return f"<td align='right' style='white-space: nowrap'>{content}</td>"

    def table(rows: Iterable[Iterable[str]]) -> str:
        cells = "".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in rows)
        # Two 5×5 grids and their products just fit the width of a page in small type.
        small = not working.labels and working.grids[0].values.shape[2] > 3
        size = "font-size: 7pt" if small else ""
        return (
            f"<table border='1' cellspacing='0' cellpadding='{2 if small else 5}' "
            f"style='border-collapse: collapse; {size}'>{cells}</table>"
        )

    if working.labels:
        columns = [[text(grid, v) for v in grid.values.ravel()] for grid in working.grids]
        return table([["", *(grid.name for grid in working.grids)], *zip(working.labels, *columns, strict=True)])
    maps = []
    for i in range(len(working.grids[0].values)):  # one map below the other
        row = "".join(
            f"<td valign='middle'>&nbsp;{grid.sign}&nbsp;</td>"
            f"<td>{grid.name}{table([text(grid, v) for v in r] for r in grid.values[i])}</td>"
            for grid in working.grids
        )
        maps.append(f"<table cellpadding='4'><tr>{row}</tr></table>")
    return "".join(maps)
