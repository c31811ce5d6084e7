# SPDX-License-Identifier: Apache-2.0
"""A MONAI Deploy application: videos of a study in, DICOM findings out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monai.deploy.conditions import CountCondition
from monai.deploy.core import Application, ExecutionContext, Operator, OperatorSpec

from monai_medvid.studies import StudyAnalysis
from monai_medvid.video.study import StudyVideo


class StudyVideosOp(Operator):
    """Emits the chosen videos of a study on port ``video``, one a tick."""

    def __init__(self, fragment: Any, *args: Any, study: StudyAnalysis, **options: Any) -> None:
        videos = study.selection.videos
        self._videos: Iterator[StudyVideo] = iter(videos)
        super().__init__(fragment, CountCondition(fragment, len(videos)), *args, **options)

    def setup(self, spec: OperatorSpec) -> None:
        """One output, ``video``: a ``StudyVideo``."""
        spec.output("video")

    def compute(self, op_input: Any, op_output: Any, context: ExecutionContext) -> None:
        """Emit the next video."""
        op_output.emit(next(self._videos), "video")


class AnalysisOp(Operator):
    """Analyses each video that comes to port ``video``."""

    def __init__(self, fragment: Any, *args: Any, study: StudyAnalysis, **options: Any) -> None:
        self._study = study
        super().__init__(fragment, *args, **options)

    def setup(self, spec: OperatorSpec) -> None:
        """Input ``video``, output ``analyzed``: an ``AnalyzedVideo``, with findings or an error."""
        spec.input("video")
        spec.output("analyzed")

    def compute(self, op_input: Any, op_output: Any, context: ExecutionContext) -> None:
        """Receive, analyse, emit."""
        op_output.emit(self._study.analyze(op_input.receive("video")), "analyzed")


class ResultsOp(Operator):
    """Writes structured report, segmentation and key objects of what comes to ``analyzed``."""

    def __init__(self, fragment: Any, *args: Any, study: StudyAnalysis, **options: Any) -> None:
        self._study = study
        super().__init__(fragment, *args, **options)

    def setup(self, spec: OperatorSpec) -> None:
        """One input, ``analyzed``: an ``AnalyzedVideo``."""
        spec.input("analyzed")

    def compute(self, op_input: Any, op_output: Any, context: ExecutionContext) -> None:
        """Receive and write."""
        self._study.save(op_input.receive("analyzed"))


class AnalyzeStudyApp(Application):
    """Study videos → analysis → results, over one ``StudyAnalysis`` of the library."""

    def __init__(self, study: StudyAnalysis) -> None:
        self._study = study
        super().__init__()

    def compose(self) -> None:
        """The graph."""
        videos = StudyVideosOp(self, study=self._study, name="study_videos")
        analysis = AnalysisOp(self, study=self._study, name="analysis")
        results = ResultsOp(self, study=self._study, name="results")
        self.add_flow(videos, analysis, {("video", "video")})
        self.add_flow(analysis, results, {("analyzed", "analyzed")})
