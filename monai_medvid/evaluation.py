# SPDX-License-Identifier: Apache-2.0
"""Measuring a workflow bundle on videos of a data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.procedure import Procedure
from monai_medvid.errors import InputError
from monai_medvid.inference.bundle import Bundle, load_bundle
from monai_medvid.inference.runtime import Device, RuntimeName
from monai_medvid.inference.workflow_predictor import WorkflowPredictor
from monai_medvid.metrics.plots import require_matplotlib
from monai_medvid.metrics.workflow import WorkflowEvaluation, evaluate_workflow
from monai_medvid.metrics.workflow_moments import check_times
from monai_medvid.metrics.workflow_report import check_place, write_evaluation
from monai_medvid.metrics.workflow_stream import Progress, Spoil, judge_video
from monai_medvid.models import WorkflowNet

__all__ = ["evaluate_bundle", "evaluate_videos"]


def evaluate_bundle(
    bundle: str | Path | Bundle,
    dataset: LabelledDataset,
    names: Sequence[str],
    *,
    rate: float = 1.0,
    split: str = "",
    device: Device = "auto",
    runtime: RuntimeName = "auto",
    masks: bool = True,
    output: str | Path | None = None,
    plots: bool = True,
    progress: Progress | None = None,
) -> WorkflowEvaluation:
    """Let a workflow bundle watch videos and hold what it says against their labels.

    Every video is streamed once, forward, at ``rate`` frames a second; frames with masks are seen
    at their own times. What is judged is what the network said at each moment without knowing what
    follows, unsmoothed. Memory does not grow with the number or size of frames.

    Args:
        bundle: Name, folder or loaded.
        dataset: Where the videos are.
        names: Which of them.
        rate: Judged moments in a second; figures are published at 1.
        split: What to call this part of the data in the results; the data set's name by default.
        device: Where the network runs.
        runtime: What executes it.
        masks: Whether masks are judged, where network and data set have them.
        output: Folder to write JSON, tables and pictures to; ``None`` to write nothing.
        plots: Whether pictures are drawn, which needs matplotlib.
        progress: Called with (name of the video, frames done, frames in all).

    Raises:
        InputError: Videos are missing or damaged, have other classes, or nothing can be measured.
        BundleError: The bundle is missing, damaged, or is not one for workflows.
        ModelError: The device or runtime is not here, or the network failed.
        OutputError: The folder holds something else, or cannot be written.
        MissingExtraError: Pictures are wanted and matplotlib is not installed.

    Example:
        >>> simulated = open_dataset("simulated", "operations")  # doctest: +SKIP
        >>> found = evaluate_bundle(  # doctest: +SKIP
        ...     "laparoscopic_cholecystectomy_workflow", simulated, simulated.names
        ... )
        >>> found.metrics["phase/video_mean/accuracy"].value  # doctest: +SKIP
    """
    _check_request(names, rate)
    if output is not None:
        check_place(Path(output))
        if plots:
            require_matplotlib()
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    with WorkflowPredictor(loaded, device=device, runtime=runtime, mask_seconds=None) as predictor:
        evaluation = evaluate_videos(
            predictor, dataset, names, rate=rate, split=split, masks=masks, progress=progress
        )
    if output is not None:
        write_evaluation(evaluation, output, plots=plots)
    return evaluation


def evaluate_videos(
    predictor: WorkflowPredictor,
    dataset: LabelledDataset,
    names: Sequence[str],
    *,
    rate: float = 1.0,
    split: str = "",
    masks: bool = True,
    spoil: Callable[[int], Spoil] | None = None,
    progress: Progress | None = None,
) -> WorkflowEvaluation:
    """As ``evaluate_bundle``, by a bundle that is ready to run; nothing is written.

    Args:
        predictor: Whose state is reset.
        dataset: Where the videos are.
        names: Which of them.
        rate: Judged moments in a second.
        split: What to call this part of the data in the results.
        masks: Whether masks are judged.
        spoil: Gives what happens to the frames of the video with this place among ``names``.
        progress: Called with (name of the video, frames done, frames in all).

    Raises:
        InputError: Videos are missing or damaged, have other classes, or nothing can be measured.
        ModelError: The network failed.
    """
    labels = [dataset[name] for name in names]
    for video in labels:
        check_times(video)
    procedure = cast(WorkflowNet, predictor.bundle.network).procedure
    _check_classes(dataset, procedure)
    judged = [
        judge_video(
            predictor,
            video,
            rate=rate,
            read_mask=dataset.read_mask if masks and dataset.has_masks else None,
            mask_classes=len(procedure.masks),
            spoil=None if spoil is None else spoil(place),
            progress=progress,
        )
        for place, video in enumerate(labels)
    ]
    return evaluate_workflow(
        [prediction for _, prediction in judged],
        [truth for truth, _ in judged],
        procedure,
        split=split or dataset.name,
        rate=rate,
        horizon_minutes=predictor.channels.horizon_minutes,
    )


def _check_request(names: Sequence[str], rate: float) -> None:
    if not names or len(set(names)) < len(names):
        raise InputError(
            f"expected videos to evaluate, each once, found {len(names)} names that are "
            f"{'the same in part' if names else 'none'}. Name a split or videos."
        )
    if not rate > 0:
        raise InputError(f"expected a rate above 0 moments a second, found {rate:g}. Give 1.")


def _check_classes(dataset: LabelledDataset, procedure: Procedure) -> None:
    """Columns mean the same on both sides, as far as both have them."""
    other = dataset.procedure
    for kind, own, there in (
        ("phases", procedure.phases, other.phases),
        ("instruments", procedure.instruments, other.instruments),
        ("criteria", procedure.criteria, other.criteria),
        ("masks", procedure.masks, other.masks),
    ):
        if own and there and own != there:
            raise InputError(
                f"expected {kind} of the procedure {procedure.name!r}, found those of "
                f"{other.name!r} in {dataset.name}. Use a bundle that was trained for it."
            )
