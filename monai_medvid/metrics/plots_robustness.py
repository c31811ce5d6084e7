# SPDX-License-Identifier: Apache-2.0
"""Balanced error over severity, one small picture a corruption."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monai_medvid.metrics.robustness import CorruptionError, Robustness

_LINE, _CLEAN = "#4477AA", "#222222"
_COLUMNS = 4


def draw_robustness(robustness: Robustness) -> Figure:
    """One panel a corruption: error by severity, dashed the clean error; the worst first."""
    ordered = sorted(robustness.corruptions, key=lambda one: -one.mean)
    columns = min(_COLUMNS, len(ordered))
    rows = -(-len(ordered) // columns)
    figure = Figure(figsize=(max(2.6 * columns, 6.5), 2.1 * rows + 0.9), layout="constrained")
    clean = robustness.clean
    figure.suptitle(
        f"{clean.name.capitalize()} under corruption ({clean.split})\n"
        f"clean {clean.value:.3f} (dashed), corrupted {robustness.mean_error.value:.3f} on average",
        x=0.02,
        ha="left",
        fontsize=10,
    )
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, one in zip(panels, ordered, strict=False):
        _panel(axes, one, clean.value)
    for axes in panels[len(ordered) :]:
        axes.set_visible(False)
    figure.supxlabel("severity", fontsize=9)
    figure.supylabel("1 - mean recall", fontsize=9)
    return figure


def _panel(axes: Axes, one: CorruptionError, clean: float) -> None:
    severities = list(one.by_severity)
    errors = [metric.value for metric in one.by_severity.values()]
    axes.fill_between(severities, clean, errors, color=_LINE, alpha=0.2, linewidth=0)
    axes.plot(severities, errors, color=_LINE, marker="o", markersize=4)
    axes.axhline(clean, color=_CLEAN, linewidth=1, linestyle="--")
    axes.set_title(f"{one.name.replace('_', ' ')}  {one.mean:.3f}", loc="left", fontsize=9)
    axes.set_xticks(range(1, 6))
    axes.set_xlim(0.7, 5.3)
    axes.set_ylim(0, 1)
    axes.tick_params(labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
