# SPDX-License-Identifier: Apache-2.0
"""Writes a workflow evaluation: ``evaluation.json``, ``evaluation.md`` and pictures."""

from __future__ import annotations

import json
from pathlib import Path

from monai_medvid.errors import OutputError
from monai_medvid.metrics.plots import draw_plots, require_matplotlib
from monai_medvid.metrics.workflow import WorkflowEvaluation
from monai_medvid.metrics.workflow_table import to_json, to_markdown
from monai_medvid.whole_folder import whole_folder

JSON_NAME, PAGE_NAME = "evaluation.json", "evaluation.md"


def write_evaluation(
    evaluation: WorkflowEvaluation, folder: str | Path, *, plots: bool = True
) -> list[Path]:
    """Write numbers, tables and pictures; the folder appears whole or not at all.

    Args:
        evaluation: What was measured.
        folder: Made here. An earlier evaluation in its place is replaced.
        plots: Whether pictures are drawn, which needs matplotlib.

    Returns:
        The files: ``evaluation.json``, ``evaluation.md``, ``timelines*.png``,
        ``confusion*.png``, ``reliability.png``.

    Raises:
        MissingExtraError: Pictures are wanted and matplotlib is not installed.
        OutputError: The folder holds something else, or the system refuses.
    """
    target = Path(folder)
    if plots:
        require_matplotlib()
    check_place(target)
    try:
        with whole_folder(target) as passing:
            names = _write(evaluation, passing, plots=plots)
    except OSError as error:
        raise OutputError(
            f"expected to write an evaluation into {target.name}, the system refused: "
            f"{error.strerror or type(error).__name__}. Check permissions and free space."
        ) from error
    return [target / name for name in names]


def check_place(target: Path) -> None:
    """See that an evaluation may be written there, before time is spent on it.

    Raises:
        OutputError: The folder holds something else.
    """
    if target.exists() and not (target / JSON_NAME).is_file() and _filled(target):
        raise OutputError(
            f"expected no folder {target.name}, or one with an earlier evaluation, found something "
            f"else. Choose another output folder."
        )


def _write(evaluation: WorkflowEvaluation, folder: Path, *, plots: bool) -> list[str]:
    text = json.dumps(to_json(evaluation), indent=1, allow_nan=False, ensure_ascii=False)
    (folder / JSON_NAME).write_text(text + "\n", "utf-8")
    pictures = draw_plots(evaluation, folder) if plots else []
    page = to_markdown(evaluation)
    if pictures:
        shown = "\n\n".join(f"![{path.stem}]({path.name})" for path in pictures)
        page += f"\n## Pictures\n\n{shown}\n"
    (folder / PAGE_NAME).write_text(page, "utf-8")
    return [JSON_NAME, PAGE_NAME, *(path.name for path in pictures)]


def _filled(folder: Path) -> bool:
    return not folder.is_dir() or any(folder.iterdir())
