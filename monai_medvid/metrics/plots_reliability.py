# SPDX-License-Identifier: Apache-2.0
"""Reliability diagrams: what probabilities claimed against how often it came true."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from monai_medvid.metrics.reliability import Reliability
from monai_medvid.metrics.result import Floats

_BAR, _SURE, _UNSURE = "#4477AA", "#EE6677", "#CCBB44"


def draw_reliability(diagrams: Sequence[Reliability], *, title: str) -> Figure:
    """One column a kind: the diagram above, how many probabilities fall into each bin below.

    Args:
        diagrams: at least one.
        title: over the picture.
    """
    figure = Figure(figsize=(max(8.0, 0.6 + 3.7 * len(diagrams)), 5.4), layout="constrained")
    figure.suptitle(title, x=0.02, ha="left", fontsize=11)
    grid = figure.subplots(2, len(diagrams), height_ratios=(3, 1), sharex=True, squeeze=False)
    for column, diagram in enumerate(diagrams):
        _diagram(grid[0, column], diagram)
        _histogram(grid[1, column], diagram)
    grid[0, 0].set_ylabel("share that came true")
    grid[1, 0].set_ylabel("share of entries")
    meanings = {
        _BAR: "came true",
        _SURE: "too sure: claimed more than came true",
        _UNSURE: "too unsure: came true more than claimed",
    }
    handles = [Patch(color=colour, label=meaning) for colour, meaning in meanings.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def _diagram(axes: Axes, diagram: Reliability) -> None:
    width, centres = _bins(diagram)
    true, claimed = np.array(diagram.true), np.array(diagram.claimed)
    filled = np.isfinite(true)
    centres, true, claimed = centres[filled], true[filled], claimed[filled]
    axes.bar(centres, true, width * 0.92, color=_BAR)
    for gap, bottom, colour in ((claimed - true, true, _SURE), (true - claimed, claimed, _UNSURE)):
        axes.bar(centres, np.maximum(gap, 0), width * 0.92, bottom=bottom, color=colour)
    axes.plot((0, 1), (0, 1), color="#222222", linewidth=1, linestyle="--")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_title(
        f"{diagram.name}: ECE {diagram.ece.value:.3f}, Brier {diagram.brier.value:.3f}",
        fontsize=10,
    )


def _histogram(axes: Axes, diagram: Reliability) -> None:
    width, centres = _bins(diagram)
    entries = np.array(diagram.entries, np.float64)
    axes.bar(centres, entries / entries.sum(), width * 0.92, color="#BBBBBB")
    axes.set_xlabel("probability")
    axes.text(
        0.03,
        0.92,
        f"{int(entries.sum())} entries",
        transform=axes.transAxes,
        va="top",
        fontsize=8,
    )


def _bins(diagram: Reliability) -> tuple[float, Floats]:
    width = 1 / len(diagram.entries)
    return width, (np.arange(len(diagram.entries)) + 0.5) * width
