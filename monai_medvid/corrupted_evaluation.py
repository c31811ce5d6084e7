# SPDX-License-Identifier: Apache-2.0
"""Measuring how a workflow bundle stands corrupted video: its balanced error against clean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from monai_medvid.data.corruptions import Condition, choose_conditions, corrupt
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.evaluation import evaluate_bundle, evaluate_videos
from monai_medvid.inference.bundle import Bundle, load_bundle
from monai_medvid.inference.runtime import Device, RuntimeName
from monai_medvid.inference.workflow_predictor import WorkflowPredictor
from monai_medvid.metrics.plots import require_matplotlib
from monai_medvid.metrics.robustness import Robustness, balanced_error, measure_robustness
from monai_medvid.metrics.robustness_report import check_folder, write_robustness
from monai_medvid.metrics.workflow import WorkflowEvaluation
from monai_medvid.metrics.workflow_stream import Progress, Spoil

_STAGE = "corrupted videos"

__all__ = ["evaluate_corrupted"]


def evaluate_corrupted(
    bundle: str | Path | Bundle,
    dataset: LabelledDataset,
    names: Sequence[str],
    *,
    corruptions: Sequence[str] = (),
    severities: Sequence[int] = (),
    clean: WorkflowEvaluation | None = None,
    rate: float = 1.0,
    split: str = "",
    seed: int = 0,
    device: Device = "auto",
    runtime: RuntimeName = "auto",
    output: str | Path | None = None,
    plots: bool = True,
    progress: Progress | None = None,
) -> Robustness:
    """Let a workflow bundle watch corrupted videos and compare its errors with those on clean ones.

    Every video is streamed once for each corruption and severity, as ``evaluate_bundle`` does,
    without masks: the time is that of an evaluation without masks, times their number.

    Args:
        bundle: Name, folder or loaded.
        dataset: Where the videos are.
        names: Which of them.
        corruptions: Names; all of ``list_corruptions()`` where there are none.
        severities: 1 to 5; all where there are none.
        clean: The evaluation of the same videos as they are; measured here where ``None``.
        rate: Judged moments in a second.
        split: What to call this part of the data; the data set's name by default.
        seed: Of what is random. Each video has its own.
        device: Where the network runs.
        runtime: What executes it.
        output: Folder, made where it is missing, for ``robustness.json``, ``.md`` and ``.png``.
        plots: Whether the picture is drawn, which needs matplotlib.
        progress: Called with ("corrupted videos", videos done, videos in all); in the evaluation
            of clean videos, as by ``evaluate_bundle``.

    Raises:
        InputError: There is no such corruption, videos are missing or damaged, or there are no
            phases.
        BundleError: The bundle is missing, damaged, or is not one for workflows.
        ModelError: The device or runtime is not here, or the network failed.
        OutputError: The folder cannot be written.
        MissingExtraError: The picture is wanted and matplotlib is not installed.

    Example:
        >>> found = evaluate_corrupted(  # doctest: +SKIP
        ...     "laparoscopic_cholecystectomy_workflow", simulated, names, corruptions=["smoke"]
        ... )
        >>> found.mean_error.value, found.relative.value  # doctest: +SKIP
    """
    conditions = choose_conditions(corruptions, severities)
    if output is not None:
        check_folder(Path(output))
        if plots:
            require_matplotlib()
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    if clean is None:
        clean = evaluate_bundle(
            loaded, dataset, names, rate=rate, split=split, device=device, runtime=runtime,
            masks=False, progress=progress,
        )  # fmt: skip
    balanced_error(clean)  # before time is spent: there must be phases
    total = len(conditions) * len(names)
    with WorkflowPredictor(loaded, device=device, runtime=runtime, mask_seconds=None) as predictor:
        corrupted = {
            condition: evaluate_videos(
                predictor, dataset, clean.videos, rate=clean.rate, split=clean.split, masks=False,
                spoil=_Spoiler(condition, seed, number * len(names), total, progress),
            )
            for number, condition in enumerate(conditions)
        }  # fmt: skip
    if progress is not None:
        progress(_STAGE, total, total)
    robustness = measure_robustness(clean, corrupted)
    if output is not None:
        write_robustness(robustness, output, plots=plots)
    return robustness


@dataclass(frozen=True)
class _Spoiler:
    """Gives what happens to each video: the same in every run, other chance for every video."""

    condition: Condition
    seed: int
    before: int
    total: int
    progress: Progress | None

    def __call__(self, place: int) -> Spoil:
        if self.progress is not None:
            self.progress(_STAGE, self.before + place, self.total)
        name, severity = self.condition
        return partial(corrupt, name=name, severity=severity, seed=self.seed + place)
