# SPDX-License-Identifier: Apache-2.0
"""Findings become structured report, key objects and stills, off the frame path."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Literal

from holoscan.core import ConditionType, Operator

from monai_medvid.background import Background
from monai_medvid.dicom_results import ResultOptions, WrittenResults
from monai_medvid.findings.model import Findings
from monai_medvid.result_writers import save_reports
from operators.work_condition import WorkCondition


class DicomSrWriterOp(Operator):  # type: ignore[misc]
    """Writes findings as DICOM Structured Report, key objects and stills.

    Ports:
        findings (in): ``Findings``, or the ``WrittenResults`` of ``DicomSegWriterOp``, whose folder
            and segments the report then joins.
        results (out): ``WrittenResults``, when the files are there.

    Args:
        output: Where the result folder ``<name of the video>/`` is made, for ``Findings``.
        video: The file that the findings are of: a video, a DICOM object, or the recording of a
            live source. It is opened when findings come; results know theirs.
        sr: "comprehensive3d", or "comprehensive" for old archives.
        sr_target: Whether reports refer to the "video", to "stills" of it, or to "both".
        stills_seg: Whether the stills have a segmentation of their own.
        like: A DICOM object whose patient and study the results take over where the video is not
            DICOM itself.
        stop_seconds: How long the end of the graph waits for what is being written.

    Raises:
        ValueError: ``sr`` or ``sr_target`` is something else.
    """

    def __init__(
        self,
        fragment: Any,
        *args: Any,
        output: str | Path,
        video: str | Path | None = None,
        sr: Literal["comprehensive3d", "comprehensive"] = "comprehensive3d",
        sr_target: Literal["video", "stills", "both"] = "both",
        stills_seg: bool = True,
        like: str | Path | None = None,
        stop_seconds: float = 60.0,
        **kwargs: Any,
    ) -> None:
        if sr not in ("comprehensive3d", "comprehensive"):
            raise ValueError(f"sr must be 'comprehensive3d' or 'comprehensive', got {sr!r}.")
        if sr_target not in ("video", "stills", "both"):
            raise ValueError(f"sr_target must be 'video', 'stills' or 'both', got {sr_target!r}.")
        self.output, self.video = Path(output), None if video is None else Path(video)
        self.options = ResultOptions(
            sr=sr, sr_target=sr_target, seg="binary" if stills_seg else "none"
        )
        self.like, self.stop_seconds = like, stop_seconds
        self.work = Background[WrittenResults]("dicom-sr-writer")
        super().__init__(fragment, WorkCondition(fragment, "findings", self.work), *args, **kwargs)

    def setup(self, spec: Any) -> None:
        """Name the ports; the condition of both is ``WorkCondition``."""
        spec.input("findings").condition(ConditionType.NONE)
        spec.output("results").condition(ConditionType.NONE)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Begin to write what has come; hand on what has been written.

        Raises:
            TypeError: Something else than findings or results came.
            MedvidError: Writing failed (see ``save_reports``).
        """
        found = op_input.receive("findings")
        if found is not None:
            if not isinstance(found, (Findings, WrittenResults)):
                raise TypeError(
                    f"expected Findings or WrittenResults on 'findings', "
                    f"got {type(found).__name__}."
                )
            self.work.submit(
                partial(
                    save_reports,
                    found,
                    self.output,
                    video=self.video,
                    options=self.options,
                    like=self.like,
                )
            )
        results = self.work.take()
        if results is not None:
            op_output.emit(results, "results")

    def stop(self) -> None:
        """Finish what is being written.

        Raises:
            OutputError: It takes too long.
            MedvidError: Writing failed.
        """
        self.work.finish("report", timeout_seconds=self.stop_seconds)
