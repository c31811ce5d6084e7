# SPDX-License-Identifier: Apache-2.0
"""Pictures of a workflow evaluation, drawn with matplotlib (``pip install monai-medvid[plots]``).

Figures are made without pyplot: no window, no global state, no thread that must be the main one.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from monai_medvid.errors import MissingExtraError
from monai_medvid.metrics.workflow import WorkflowEvaluation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VIDEOS_A_PAGE = 20


def require_matplotlib() -> None:
    """Say how to get matplotlib where it is missing.

    Raises:
        MissingExtraError: It is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError(
            "expected matplotlib for the pictures of an evaluation, found it not installed. "
            'Run: pip install "monai-medvid[plots]", or leave the pictures out.'
        )


def draw_plots(evaluation: WorkflowEvaluation, folder: Path) -> list[Path]:
    """Draw what the evaluation holds: timelines, confusion matrices, reliability.

    Args:
        evaluation: What was measured.
        folder: Exists.

    Returns:
        The PNG files.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    require_matplotlib()
    from monai_medvid.metrics.plots_matrix import draw_confusion
    from monai_medvid.metrics.plots_reliability import draw_reliability
    from monai_medvid.metrics.plots_timelines import draw_timelines

    where = f"{evaluation.split}, at {evaluation.rate:g}/s"
    figures: dict[str, Figure] = {}
    videos = evaluation.timelines
    for start in range(0, len(videos), VIDEOS_A_PAGE):
        page = f"-{start // VIDEOS_A_PAGE + 1}" if len(videos) > VIDEOS_A_PAGE else ""
        shown = videos[start : start + VIDEOS_A_PAGE]
        figures[f"timelines{page}.png"] = draw_timelines(
            shown, evaluation.procedure.phases, title=f"Phases: truth and prediction ({where})"
        )
    if evaluation.phase_confusion is not None:
        figures["confusion-phases.png"] = draw_confusion(
            evaluation.phase_confusion,
            evaluation.procedure.phases,
            title=f"Phases, moments of all videos ({where})",
        )
    if evaluation.mask_confusion is not None:
        figures["confusion-masks.png"] = draw_confusion(
            evaluation.mask_confusion,
            [mask.name for mask in evaluation.procedure.masks],
            title=f"Masks, pixels of all frames ({where})",
        )
    if evaluation.reliability:
        figures["reliability.png"] = draw_reliability(
            evaluation.reliability, title=f"Calibration ({where})"
        )
    return [_save(figure, folder / name) for name, figure in figures.items()]


def _save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, dpi=130, metadata={"Software": None})
    return path
