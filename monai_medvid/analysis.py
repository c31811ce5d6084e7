# SPDX-License-Identifier: Apache-2.0
"""The main job: a video in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai_medvid.errors import VideoReadError
from monai_medvid.findings import FindingOptions
from monai_medvid.findings.answer_format import read_answer_format
from monai_medvid.findings.any_builder import make_builder
from monai_medvid.findings.model import Findings, Interval, SourceSummary, Track
from monai_medvid.findings.questions import check_explainable, explain_findings
from monai_medvid.inference import AnyPredictor, load_bundle, make_predictor
from monai_medvid.inference.explain import Explanation
from monai_medvid.inference.reading import Reader, StageClock
from monai_medvid.inference.runtime import Device, RuntimeName
from monai_medvid.prefetch import Prefetch
from monai_medvid.video import Video, VideoInfo, open_video
from monai_medvid.video.choose import DecoderName
from monai_medvid.video.open import Source

if TYPE_CHECKING:
    from monai_medvid.results import ResultFolder


@dataclass(frozen=True, kw_only=True, eq=False)
class Analysis:
    """What an analysis found, and how it went.

    Attributes:
        findings: Everything that was found.
        video_info: What the video is; its warnings include what reading it brought to light.
        timings: Seconds by stage ("open", "load", "decode", "predict", "find", "explain", "total";
            decoding runs beside the others), "frames" and "frames_per_second" (from the first
            batch on, without explaining).
        video: What was analysed, to be opened again by those who write results.
        explanations: What findings rested on, where that was asked for; shown on the page.
    """

    findings: Findings
    video_info: VideoInfo
    timings: Mapping[str, float]
    video: Source | Video
    explanations: tuple[Explanation, ...] = ()

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Objects followed through time."""
        return self.findings.tracks

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """Findings in time that have no place in the picture."""
        return self.findings.intervals

    def save(self, folder: str | Path, **options: Any) -> ResultFolder:
        """Write the result folder; see ``monai_medvid.save_results`` for the options.

        Raises:
            OutputError: The folder cannot be written.
        """
        from monai_medvid.results import save_results

        return save_results(self, folder, **options)


def analyze(
    video: Source | Video,
    *,
    bundle: str | Path = "colonoscopy_polyp_segmentation",
    every: int = 1,
    device: Device = "auto",
    runtime: RuntimeName = "auto",
    decoder: DecoderName = "auto",
    options: FindingOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
    predictor: AnyPredictor | None = None,
    explain: bool = False,
    explain_progress: Callable[[int, int], None] | None = None,
) -> Analysis:
    """Find in a video what a bundle is trained for.

    Args:
        video: A ``Video``, or anything that ``open_video`` takes.
        bundle: Name or folder.
        every: Analyse frames 0, every, 2 every, ...
        device: Where the network runs.
        runtime: What executes the network.
        decoder: Which decoder reads the video; without effect on a ``Video``.
        options: What decides what becomes a finding.
        progress: Called after each batch with the frames done and the frames in all.
        predictor: A bundle that is ready to run, for one video after another; then ``bundle``
            and ``runtime`` have no effect. It stays open.
        explain: Whether a second pass over the video tells what the findings of a workflow bundle
            rested on: decoding once more, and one frame in two seconds through the network.
        explain_progress: As ``progress``, for that pass.

    Raises:
        InputError: Explanations are wanted of a bundle that is not one for workflows.
        VideoReadError: The video is refused.
        BundleError: The bundle is missing, damaged, or does not fit.
        ModelError: The device or the network failed.
        ValueError: ``every`` is less than 1.

    Example:
        >>> analyze("colonoscopy.mp4").tracks  # doctest: +SKIP
    """
    if every < 1:
        msg = f"every must be 1 or more, got {every}."
        raise ValueError(msg)
    clock = StageClock()
    with ExitStack() as stack:
        if isinstance(video, Video):
            source = video
        else:
            source = stack.enter_context(open_video(video, decoder=decoder, device=device))
        clock.lap("open")
        if predictor is None:
            predictor = make_predictor(load_bundle(bundle), device=device, runtime=runtime)
            stack.callback(predictor.close)
        clock.lap("load")
        if explain:
            check_explainable(predictor.bundle)
        findings = _run(source, predictor, every, options, progress, clock)
        explanations: list[Explanation] = []
        if explain:
            explanations = explain_findings(
                findings, predictor.bundle, source, progress=explain_progress
            )
            clock.lap("explain")
        clock.stop(findings.analyzed_frames)
        return Analysis(
            findings=findings,
            video_info=source.info,
            timings=clock.seconds,
            video=video,
            explanations=tuple(explanations),
        )


def _run(
    video: Video,
    predictor: AnyPredictor,
    every: int,
    options: FindingOptions | None,
    progress: Callable[[int, int], None] | None,
    clock: StageClock,
) -> Findings:
    reader = Reader(video, every, clock)
    answers = read_answer_format(predictor)
    builder = make_builder(
        answers,
        source=summarize_source(video, sha256=reader.sha256 or ""),
        options=options,
        every=every,
        settings={"decoder": video.info.decoder, "precision": answers.precision},
    )
    done, total = 0, len(range(0, len(video), every))
    with Prefetch(reader.batches(), depth=2) as batches:
        for predictions in predictor.stream(batches):
            clock.lap("predict")
            builder.add(predictions)  # type: ignore[arg-type]  # made for this predictor
            done += len(predictions)
            if progress is not None:
                progress(done, total)
            clock.lap("find")
    if not done:
        raise VideoReadError(
            "Expected a video with frames that can be decoded, found none. Copy the file again."
        )
    source = summarize_source(video, sha256=reader.sha256 or reader.digest.hexdigest())
    return builder.finish(source=source, warnings=video.info.warnings)


def summarize_source(video: Video, *, sha256: str) -> SourceSummary:
    """What was analysed, for the findings.

    Args:
        video: The video.
        sha256: Of its stream or frames, hex.
    """
    info = video.info
    return SourceSummary(
        name=video.name,
        sha256=sha256,
        width=info.width,
        height=info.height,
        frame_count=info.frame_count,
        frame_rate=info.frame_rate,
        duration=info.duration,
        constant_frame_rate=info.constant_frame_rate,
        codec=info.codec,
        kind=info.kind,
        complete=info.complete,
        decoder=info.decoder,
        warnings=info.warnings,
    )
