# SPDX-License-Identifier: Apache-2.0
"""All videos of a study, one after another; one that fails does not stop the others."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import monai_medvid
from monai_medvid.analysis import Analysis, analyze
from monai_medvid.errors import InputError, InternalError, MedvidError, OutputError
from monai_medvid.pipeline import SharedPredictor
from monai_medvid.results import save_results
from monai_medvid.study_settings import StudySettings
from monai_medvid.video import Video, open_video
from monai_medvid.video.study import StudySelection, StudyVideo

logger = logging.getLogger(__name__)

SCHEMA = "medvid-study/1"
SUMMARY = "study.json"

StudyProgress = Callable[[StudyVideo, str, int, int], None]
"""Called with the video, the stage, done and total; total 0 where it is not known."""


@dataclass(frozen=True, kw_only=True)
class AnalyzedVideo:
    """What an analysis gave: findings, or the error that ended it."""

    video: StudyVideo
    analysis: Analysis | None = None
    error: MedvidError | None = None


@dataclass(frozen=True, kw_only=True)
class VideoOutcome:
    """What became of a video.

    Attributes:
        folder: Its results, relative to the output folder; empty where it failed.
        findings: Tracks and intervals.
        error: One line; empty where all went well.
        exit_code: As ``docs/reference/exit-codes.md`` says; 0 where all went well.
    """

    video: StudyVideo
    folder: str = ""
    findings: int = 0
    error: str = ""
    exit_code: int = 0


@dataclass(frozen=True, kw_only=True)
class StudyReport:
    """What became of a study: of the videos, and of objects that might have been some."""

    selection: StudySelection
    outcomes: tuple[VideoOutcome, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for each video that failed and each object that cannot be read."""
        failed = (
            f"video {one.video.sop_instance_uid}: {one.error}" for one in self.outcomes if one.error
        )
        damaged = (
            f"file {one.number} of the study in order of paths: expected a readable DICOM object, "
            f"but {one.reason}. Get a fresh copy."
            for one in self.selection.left_out
            if one.damaged
        )
        return (*failed, *damaged)

    @property
    def exit_code(self) -> int:
        """0, or the smallest code that occurred."""
        codes = [one.exit_code for one in self.outcomes if one.error]
        if any(one.damaged for one in self.selection.left_out):
            codes.append(InputError.exit_code)
        return min(codes, default=0)


class StudyAnalysis:
    """Analyses videos and writes ``output/<study UID>/<instance UID>/`` for each.

    Args:
        selection: From ``find_videos``.
        output: Where results go.
        model: The bundle; it stays the caller's.
        settings: How to analyse and what to write.
        progress: Told how far each video is.

    Example:
        >>> with closing(SharedPredictor("red_things")) as model:  # doctest: +SKIP
        ...     study = StudyAnalysis(find_videos("study"), "results", model=model)
        ...     for video in study.selection.videos:
        ...         study.save(study.analyze(video))
        ...     study.finish().exit_code
    """

    def __init__(
        self,
        selection: StudySelection,
        output: str | Path,
        *,
        model: SharedPredictor,
        settings: StudySettings | None = None,
        progress: StudyProgress | None = None,
    ) -> None:
        self.selection = selection
        self._output = Path(output)
        self._model = model
        self._settings = settings or StudySettings()
        self._progress = progress or (lambda video, stage, done, total: None)
        self._outcomes: list[VideoOutcome] = []

    def prepare(self) -> None:
        """See to it before the first video that the output can be written and the bundle fits.

        Raises:
            OutputError: The output folder cannot be made or written.
            BundleError: The bundle is missing, damaged, or does not fit.
            ModelError: The device is not there.
        """
        try:
            self._output.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._output):
                pass
        except OSError as error:
            what = error.strerror or type(error).__name__
            raise OutputError(
                f"expected an output folder that can be written, the system refused: {what}. "
                f"Choose another one or correct its permissions."
            ) from error
        self._model.get()

    def analyze(self, video: StudyVideo) -> AnalyzedVideo:
        """Find what is in a video; an error of the video, the model or ours is in the answer."""
        chosen = self._settings.analysis
        try:
            with self._open(video) as opened:
                analysis = analyze(
                    opened,
                    every=chosen.every,
                    device=chosen.device,
                    predictor=self._model.get(),
                    progress=lambda done, total: self._progress(video, "analyzing", done, total),
                )
        except MedvidError as error:
            return AnalyzedVideo(video=video, error=error)
        except Exception as fault:  # Holoscan would log its text, with the values in it
            logger.debug("fault", exc_info=fault)
            return AnalyzedVideo(video=video, error=InternalError(fault))
        return AnalyzedVideo(video=video, analysis=analysis)

    def save(self, analyzed: AnalyzedVideo) -> VideoOutcome:
        """Write the results of a video, whole or not at all, and remember what became of it."""
        try:
            outcome = self._save(analyzed)
        except MedvidError as error:
            outcome = _failed(analyzed.video, error)
        except Exception as fault:
            logger.debug("fault", exc_info=fault)
            outcome = _failed(analyzed.video, InternalError(fault))
        self._outcomes.append(outcome)
        return outcome

    def finish(self) -> StudyReport:
        """What became of the study; also written to ``output/study.json``.

        Raises:
            OutputError: The file cannot be written.
        """
        report = StudyReport(selection=self.selection, outcomes=tuple(self._outcomes))
        text = json.dumps(_summary(report), indent=2, ensure_ascii=False) + "\n"
        part = self._output / f".{SUMMARY}.part"
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(self._output / SUMMARY)
        except OSError as error:
            raise OutputError(
                f"expected to write {SUMMARY}, the system refused: {error.strerror}. The results "
                f"of the videos are complete."
            ) from error
        return report

    def _save(self, analyzed: AnalyzedVideo) -> VideoOutcome:
        if analyzed.analysis is None:
            raise analyzed.error or InputError("expected an analysis, found none.")
        video, findings = analyzed.video, analyzed.analysis.findings
        place = Path(video.study_instance_uid)
        with self._open(video) as opened:
            folder = save_results(
                replace(analyzed.analysis, video=opened),
                self._output / place,
                options=self._settings.results,
                progress=lambda *told: self._progress(video, *told),
            )
        return VideoOutcome(
            video=video,
            folder=(place / folder.path.name).as_posix(),
            findings=len(findings.tracks) + len(findings.intervals),
        )

    def _open(self, video: StudyVideo) -> Video:
        """The video under its UID: file names repeat in a study and may name the patient."""
        chosen = self._settings.analysis
        opened = open_video(video.path, decoder=chosen.decoder, device=chosen.device)
        opened.name = video.sop_instance_uid
        return opened


def _failed(video: StudyVideo, error: MedvidError) -> VideoOutcome:
    text = " ".join(str(error).split())
    return VideoOutcome(video=video, error=text, exit_code=error.exit_code)


def _summary(report: StudyReport) -> dict[str, Any]:
    """JSON-able, without patient data and without paths of the input."""
    return {
        "schema": SCHEMA,
        "medvid": monai_medvid.__version__,
        "exit_code": report.exit_code,
        "videos": [_outcome(one) for one in report.outcomes],
        "left_out": [asdict(one) for one in report.selection.left_out],
        "other_files": report.selection.other_files,
    }


def _outcome(outcome: VideoOutcome) -> dict[str, Any]:
    told = asdict(outcome)
    video = told.pop("video")
    video.pop("path")
    return {**video, **told}
