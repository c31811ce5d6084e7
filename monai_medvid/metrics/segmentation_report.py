# SPDX-License-Identifier: Apache-2.0
"""Writes the figures of a segmentation bundle."""

from __future__ import annotations

import json
from pathlib import Path

from monai_medvid.errors import OutputError
from monai_medvid.metrics.segmentation import SegmentationReport
from monai_medvid.metrics.workflow_report import JSON_NAME, check_place
from monai_medvid.whole_folder import whole_folder

__all__ = ["check_place", "write_report"]


def write_report(report: SegmentationReport, folder: str | Path) -> Path:
    """Write ``evaluation.json`` into a folder that appears whole or not at all.

    Args:
        report: What was measured.
        folder: Made here. An earlier evaluation in its place is replaced.

    Returns:
        The file.

    Raises:
        OutputError: The folder holds something else, or the system refuses.
    """
    target = Path(folder)
    check_place(target)
    try:
        with whole_folder(target) as passing:
            text = json.dumps(report.to_dict(), indent=1, ensure_ascii=False)
            (passing / JSON_NAME).write_text(text + "\n", "utf-8")
    except OSError as error:
        raise OutputError(
            f"expected to write an evaluation into {target.name}, the system refused: "
            f"{error.strerror or type(error).__name__}. Check permissions and free space."
        ) from error
    return target / JSON_NAME
