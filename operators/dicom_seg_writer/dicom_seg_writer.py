# SPDX-License-Identifier: Apache-2.0
"""Findings become DICOM Segmentation objects, off the frame path."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Literal

from holoscan.core import ConditionType, Operator

from monai_medvid.background import Background
from monai_medvid.dicom_results import ResultOptions, WrittenResults
from monai_medvid.findings.model import Findings
from monai_medvid.result_writers import save_segmentation
from operators.work_condition import WorkCondition


class DicomSegWriterOp(Operator):  # type: ignore[misc]
    """Writes the tracks of findings as DICOM Segmentation.

    Ports:
        findings (in): ``Findings``.
        results (out): ``WrittenResults``, when the files are there.

    Args:
        video: The file that the findings are of: a video, a DICOM object, or the recording of a
            live source. It is opened when findings come.
        output: Where the result folder ``<name of the video>/`` is made.
        seg: "binary" is what today's archives accept, "labelmap" is small.
        like: A DICOM object whose patient and study the results take over where the video is not
            DICOM itself.
        stop_seconds: How long the end of the graph waits for what is being written.

    Raises:
        ValueError: ``seg`` is something else.
    """

    def __init__(
        self,
        fragment: Any,
        *args: Any,
        video: str | Path,
        output: str | Path,
        seg: Literal["binary", "labelmap"] = "binary",
        like: str | Path | None = None,
        stop_seconds: float = 60.0,
        **kwargs: Any,
    ) -> None:
        if seg not in ("binary", "labelmap"):
            raise ValueError(f"seg must be 'binary' or 'labelmap', got {seg!r}.")
        self.video, self.output = Path(video), Path(output)
        self.options = ResultOptions(seg=seg)
        self.like, self.stop_seconds = like, stop_seconds
        self.work = Background[WrittenResults]("dicom-seg-writer")
        super().__init__(fragment, WorkCondition(fragment, "findings", self.work), *args, **kwargs)

    def setup(self, spec: Any) -> None:
        """Name the ports; the condition of both is ``WorkCondition``."""
        spec.input("findings").condition(ConditionType.NONE)
        spec.output("results").condition(ConditionType.NONE)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Begin to write what has come; hand on what has been written.

        Raises:
            TypeError: Something else than findings came.
            MedvidError: Writing failed (see ``save_segmentation``).
        """
        findings = op_input.receive("findings")
        if findings is not None:
            if not isinstance(findings, Findings):
                raise TypeError(f"expected Findings on 'findings', got {type(findings).__name__}.")
            self.work.submit(
                partial(
                    save_segmentation,
                    findings,
                    self.video,
                    self.output,
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
        self.work.finish("segmentation", timeout_seconds=self.stop_seconds)
