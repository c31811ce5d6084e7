# SPDX-License-Identifier: Apache-2.0
"""Robustness as JSON values, as a table, and as files."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from monai_medvid.errors import OutputError
from monai_medvid.metrics.plots import require_matplotlib
from monai_medvid.metrics.result import MetricValue
from monai_medvid.metrics.robustness import CorruptionError, Robustness
from monai_medvid.metrics.workflow_table import metric_json, show

SCHEMA = "medvid-robustness/1"
JSON_NAME, PAGE_NAME, PLOT_NAME = "robustness.json", "robustness.md", "robustness.png"


def robustness_json(robustness: Robustness) -> dict[str, Any]:
    """Plain values, ready for ``json.dumps``; NaN is ``None``."""
    return {
        "schema": SCHEMA,
        "clean": metric_json(robustness.clean),
        "mean_error": metric_json(robustness.mean_error),
        "relative": metric_json(robustness.relative),
        "corruptions": {
            one.name: {
                "by_severity": {str(s): metric_json(m) for s, m in one.by_severity.items()},
                "mean": one.mean,
                "relative": one.relative,
                "added": one.added,
            }
            for one in robustness.corruptions
        },
    }


def robustness_markdown(robustness: Robustness) -> str:
    """A page: the summary, then a table of corruptions down and severities across."""
    severities = sorted({s for one in robustness.corruptions for s in one.by_severity})
    head = ("corruption", *(f"severity {s}" for s in severities), "mean", "added", "relative")
    clean = robustness.clean
    counted, number = next(iter(clean.counts.items()))
    lines = [
        f"# Robustness: {clean.name} under corruption",
        "",
        f"Split {clean.split}, {number} {counted}. Clean: {show(clean)} ({clean.convention}).",
        "",
        *(f"- {m.name}: {show(m)} ({m.convention})" for m in _summary(robustness)),
        "",
        f"| {' | '.join(head)} |",
        f"|---{'|--:' * (len(head) - 1)}|",
        *(_row(one, severities) for one in robustness.corruptions),
    ]
    return "\n".join(lines) + "\n"


def write_robustness(
    robustness: Robustness, folder: str | Path, *, plots: bool = True
) -> list[Path]:
    """Write ``robustness.json``, ``robustness.md`` and, where wanted, ``robustness.png``.

    Args:
        robustness: What was measured.
        folder: That of the clean evaluation, or one that is made; each file appears whole.
        plots: Whether the picture is drawn, which needs matplotlib.

    Returns:
        The files.

    Raises:
        MissingExtraError: The picture is wanted and matplotlib is not installed.
        OutputError: The system refuses.
    """
    target = Path(folder)
    if plots:
        require_matplotlib()
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".medvid-", dir=target) as passing:
            written = _write(robustness, Path(passing), plots=plots)
            return [path.replace(target / path.name) for path in written]
    except OSError as error:
        raise OutputError(
            f"expected to write the robustness into {target.name}, the system refused: "
            f"{error.strerror or type(error).__name__}. Check the folder and its free space."
        ) from error


def check_folder(target: Path) -> None:
    """See that robustness may be written there, before time is spent on it.

    Raises:
        OutputError: There is something that is no folder.
    """
    if target.exists() and not target.is_dir():
        raise OutputError(
            f"expected a folder at {target.name}, found a file. Choose another output folder."
        )


def _write(robustness: Robustness, folder: Path, *, plots: bool) -> list[Path]:
    text = json.dumps(robustness_json(robustness), indent=1, allow_nan=False, ensure_ascii=False)
    page = robustness_markdown(robustness)
    files = [folder / JSON_NAME, folder / PAGE_NAME]
    if plots:
        from monai_medvid.metrics.plots_robustness import draw_robustness

        files.append(folder / PLOT_NAME)
        draw_robustness(robustness).savefig(files[-1], dpi=130, metadata={"Software": None})
        page += f"\n![{files[-1].stem}]({PLOT_NAME})\n"
    files[0].write_text(text + "\n", "utf-8")
    files[1].write_text(page, "utf-8")
    return files


def _summary(robustness: Robustness) -> tuple[MetricValue, MetricValue]:
    return robustness.mean_error, robustness.relative


def _row(one: CorruptionError, severities: list[int]) -> str:
    errors = [
        f"{one.by_severity[s].value:.3f}" if s in one.by_severity else "–" for s in severities
    ]
    cells = (one.name.replace("_", " "), *errors, f"{one.mean:.3f}", f"{one.added:+.3f}")
    return f"| {' | '.join(cells)} | {one.relative:.2f} |"
