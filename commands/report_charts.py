"""Charts as SVG text that stands in a page by itself, told apart without colour and readable in print."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

matplotlib.rcParams |= {
    "svg.fonttype": "none",  # text stays text: it can be searched and read aloud
    "svg.hashsalt": "portout",
    "font.family": "sans-serif",
    "font.size": 9,
    "hatch.linewidth": 0.6,
}
Fill = tuple[str, str]
"""Colour and hatching: the greys of neighbours differ, and the hatching does."""
FILLS: Sequence[Fill] = (("#37474f", ""), ("#cfd8dc", "////"), ("#78909c", "...."), ("#ffffff", "xxxx"))
Series = tuple[str, Sequence[float]]


def columns(
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    about: str,
    beside: bool = False,
    fills: Sequence[Fill] = FILLS,
) -> str:
    """Columns over labels, the series one above the other, or side by side.

    Args:
        about: what the chart shows, for who cannot see it.
    """
    figure, axes = _figure(3.0)
    below = [0.0] * len(labels)
    width = 0.8 / len(series) if beside else 0.8
    for number, (name, values) in enumerate(series):
        shift = (number - (len(series) - 1) / 2) * width if beside else 0.0
        axes.bar(
            [place + shift for place in range(len(labels))],
            values,
            width,
            None if beside else below,
            label=name,
            **_look(fills[number]),
        )
        below = [low + value for low, value in zip(below, values, strict=True)]
    shown = range(0, len(labels), max(1, -(-len(labels) // 16)))
    axes.set_xticks(list(shown), [labels[place] for place in shown])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return _svg(figure, axes, about)


def bars(labels: Sequence[str], series: Sequence[Series], *, about: str) -> str:
    """Bars from left to right, the first label on top, the series one after the other."""
    figure, axes = _figure(0.9 + 0.3 * len(labels))
    before = [0.0] * len(labels)
    for number, (name, values) in enumerate(series):
        axes.barh(list(labels), values, 0.7, before, label=name, **_look(FILLS[number]))
        before = [low + value for low, value in zip(before, values, strict=True)]
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return _svg(figure, axes, about)


def _look(fill: Fill) -> dict[str, Any]:
    colour, hatch = fill
    return {"color": colour, "hatch": hatch, "edgecolor": "#424242", "linewidth": 0.5}


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(9.0, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Figure, axes: Axes, about: str) -> str:
    axes.margins(y=0.08)
    figure.legend(loc="outside upper left", ncols=4, frameon=False)
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Title": about})
    text = written.getvalue()
    return text[text.index("<svg") :].replace("<svg", '<svg role="img"', 1)
