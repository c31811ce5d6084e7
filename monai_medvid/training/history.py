# SPDX-License-Identifier: Apache-2.0
"""What a run leaves to look at: one row an epoch as CSV, curves as a picture."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monai_medvid.errors import OutputError

TABLE = "history.csv"
CURVES = "curves.png"


def write_history(history: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write the table; the earlier one stays until the new one is complete.

    Raises:
        OutputError: The folder cannot be written.
    """
    columns = list(dict.fromkeys(name for row in history for name in row))
    part = folder / f"{TABLE}.part"
    try:
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(history)
        os.replace(part, folder / TABLE)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(
            f"expected to write {TABLE}, found the folder not writable or full "
            f"({type(error).__name__}). Make room, or give another output folder."
        ) from error


def draw_curves(history: Sequence[dict[str, Any]], folder: Path) -> Path | None:
    """Draw losses and scores over the epochs; None where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = range(1, len(history) + 1)
    for axes, prefix, title in ((left, "train_", "training loss"), (right, "val_", "validation")):
        names = dict.fromkeys(name for row in history for name in row if name.startswith(prefix))
        for name in names:
            values = [row.get(name, float("nan")) for row in history]
            heavy = name in ("train_loss", "val_score")
            label = name.removeprefix(prefix).replace("_", " ")
            axes.plot(epochs, values, label=label, linewidth=2.5 if heavy else 1)
        axes.set(title=title, xlabel="epoch")
        axes.grid(alpha=0.3)
        if names:
            axes.legend(fontsize="small")
    for number in range(1, len(history)):
        if history[number]["stage"] != history[number - 1]["stage"]:
            left.axvline(number + 0.5, color="0.5", linestyle=":")
            right.axvline(number + 0.5, color="0.5", linestyle=":")
    path = folder / CURVES
    figure.savefig(path, dpi=100)
    return path
