# SPDX-License-Identifier: Apache-2.0
"""Ribbons of true and predicted phases over time, one pair a video."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from monai_medvid.metrics.result import Floats, Ints
from monai_medvid.metrics.runs import TimedPair, segments

# Paul Tol's "bright" and "muted" schemes, told apart by colour-blind readers; then shades repeat.
COLOURS = (
    *("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#BBBBBB"),
    *("#332288", "#882255", "#117733", "#999933", "#44AA99", "#CC6677", "#88CCEE", "#DDCC77"),
)
UNKNOWN_COLOUR = "#FFFFFF"
_ERROR_COLOUR = "#222222"


def draw_timelines(videos: Sequence[TimedPair], classes: Sequence[str], *, title: str) -> Figure:
    """One row a video: truth above, prediction below, a thin line where they differ.

    Args:
        videos: at least one.
        classes: names of the labels.
        title: over the picture.
    """
    columns = min(len(classes), 4)
    legend = 0.24 * -(-len(classes) // columns) + 0.45
    height = 0.9 + 0.62 * len(videos) + legend
    figure = Figure(figsize=(11, height))
    axes = figure.add_axes((0.16, (legend + 0.45) / height, 0.8, 1 - (legend + 0.9) / height))
    for row, video in enumerate(videos):
        _ribbon(axes, video.truth, video.seconds, row - 0.30, 0.27)
        _ribbon(axes, video.predicted, video.seconds, row + 0.01, 0.27)
        _errors(axes, video, row + 0.30)
    axes.set_ylim(len(videos) - 0.45, -0.5)
    axes.set_xlim(0, max(_end(video.seconds) for video in videos) / 60)
    axes.set_yticks(range(len(videos)), [_name(video) for video in videos])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("minutes")
    axes.set_title(title, loc="left", fontsize=11)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    figure.legend(
        handles=[Patch(color=colour(i), label=name) for i, name in enumerate(classes)],
        loc="lower center",
        ncols=columns,
        frameon=False,
        fontsize=9,
        title="above: truth, below: prediction, black: they differ; "
        "accuracy: unrelaxed, moments with known truth",
        title_fontsize=9,
    )
    return figure


def colour(label: int) -> str:
    """Colour of a class; white where unknown."""
    return UNKNOWN_COLOUR if label < 0 else COLOURS[label % len(COLOURS)]


def _ribbon(axes: Axes, labels: Ints, seconds: Floats, top: float, height: float) -> None:
    edges = _edges(seconds)
    spans = [(start, end) for start, end in segments(labels) if labels[start] >= 0]
    axes.broken_barh(
        [(edges[start] / 60, (edges[end] - edges[start]) / 60) for start, end in spans],
        (top, height),
        facecolors=[colour(int(labels[start])) for start, _ in spans],
        linewidth=0,
    )


def _errors(axes: Axes, video: TimedPair, top: float) -> None:
    wrong = (video.truth >= 0) & (video.truth != video.predicted)
    edges = _edges(video.seconds)
    spans = [(start, end) for start, end in segments(wrong.astype(int)) if wrong[start]]
    axes.broken_barh(
        [(edges[start] / 60, (edges[end] - edges[start]) / 60) for start, end in spans],
        (top, 0.05),
        facecolors=_ERROR_COLOUR,
        linewidth=0,
    )


def _edges(seconds: Floats) -> list[float]:
    return [*(float(second) for second in seconds), _end(seconds)]


def _end(seconds: Floats) -> float:
    step = float(seconds[1] - seconds[0]) if len(seconds) > 1 else 1.0
    return float(seconds[-1]) + step


def _name(video: TimedPair) -> str:
    known = video.truth >= 0
    share = float((video.truth == video.predicted)[known].mean())
    name = video.name if len(video.name) <= 18 else f"{video.name[:17]}…"
    return f"{name}\naccuracy {share:.3f}"
