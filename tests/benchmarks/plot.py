"""Draw the comparison of training steps that stands in the README."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from pathlib import Path

    from .timing import Timings

# Readable on white and on near-black alike, for the background is left to the page.
INK, ACCENT, OTHER = "#77808a", "#2f81f7", "#9aa4ae"


def draw(timings: Timings, path: Path) -> None:
    """Write a picture of the medians, with a whisker over the quartiles, in the format of the path's suffix."""
    # Of PyTorch's forms, which hardly differ, the fastest is enough.
    eager = [name for name in timings.seconds if name.startswith("PyTorch eager")]
    left_out = set(eager) - ({timings.fastest(eager)} if eager else set())
    names = sorted(timings.seconds.keys() - left_out, key=lambda name: timings.time(name).median, reverse=True)
    spreads = [timings.time(name) for name in names]
    micro = [spread.median * 1e6 for spread in spreads]
    around = [
        [(spread.median - spread.lower) * 1e6 for spread in spreads],
        [(spread.upper - spread.median) * 1e6 for spread in spreads],
    ]
    # Without a fixed salt, date and so on, the file would change at every run.
    with mpl.rc_context({"svg.hashsalt": "benchmark", "font.size": 11, "text.color": INK}):
        figure = Figure(figsize=(8, 0.42 * len(names) + 0.9), layout="constrained")
        axes = figure.subplots()
        axes.set_title("One training step of 32 images: µs, shorter is faster", loc="left", fontsize=12, pad=12)
        axes.barh(
            [name.partition(", f")[0] if name in eager else name for name in names],
            micro,
            xerr=around,
            height=0.66,
            color=[ACCENT if name == "mnist_gui" else OTHER for name in names],
            error_kw={"ecolor": INK, "elinewidth": 1},
        )
        for y, (value, spread) in enumerate(zip(micro, spreads, strict=True)):
            label = axes.annotate(
                f"{value:,.0f}", (spread.upper * 1e6, y), (6, 0), textcoords="offset points", va="center"
            )
            if names[y] == "mnist_gui":
                label.set(color=ACCENT, fontweight="bold")
        axes.spines[:].set_visible(False)
        axes.set_xticks([])
        axes.margins(x=0.12)
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        ours = axes.get_yticklabels()[names.index("mnist_gui")]
        ours.set(color=ACCENT, fontweight="bold")
        figure.savefig(path, transparent=True, dpi=200, metadata={"Date": None} if path.suffix == ".svg" else None)
