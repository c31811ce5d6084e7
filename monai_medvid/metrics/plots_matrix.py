# SPDX-License-Identifier: Apache-2.0
"""A confusion matrix: shares of each true class, with the number of moments or pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure


def draw_confusion(counts: npt.NDArray[np.int64], classes: Sequence[str], *, title: str) -> Figure:
    """Rows are true classes and add up to 100 %; classes that are nowhere are left out.

    Args:
        counts: (C, C), true by predicted class.
        classes: names.
        title: over the picture.
    """
    used = np.flatnonzero((counts.sum(axis=0) + counts.sum(axis=1)) > 0)
    shown = counts[np.ix_(used, used)]
    total = shown.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, shown / np.maximum(total, 1), np.nan)
    side = 3.2 + 0.62 * len(used)
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(np.nan_to_num(shares), vmin=0, vmax=1, cmap="Blues")
    names = [classes[int(index)] for index in used]
    axes.set_xticks(range(len(used)), names, rotation=40, ha="right", rotation_mode="anchor")
    labels = [f"{name} ({_short(int(n))})" for name, n in zip(names, total[:, 0], strict=True)]
    axes.set_yticks(range(len(used)), labels)
    axes.set_xlabel("prediction")
    axes.set_ylabel("truth (how many)")
    axes.set_title(title, loc="left", fontsize=11)
    for row, column in np.ndindex(*shares.shape):
        share = shares[row, column]
        if share >= 0.005:
            ink = "white" if share > 0.55 else "black"
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=ink)
    bar = figure.colorbar(image, ax=axes, shrink=0.7)
    bar.set_label("share of the true class (in the cells: per cent)")
    return figure


def _short(count: int) -> str:
    for limit, letter in ((10**9, "G"), (10**6, "M"), (10**4, "k")):
        if count >= limit:
            return f"{count / (10**3 if letter == 'k' else limit):.1f} {letter}"
    return str(count)
