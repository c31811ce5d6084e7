# SPDX-License-Identifier: Apache-2.0
"""Measuring how a segmentation bundle stands corrupted pictures: its balanced error of pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

from monai_medvid.data.corruptions import Condition, choose_conditions, corrupt
from monai_medvid.errors import InputError
from monai_medvid.metrics.evaluate import (
    Batch,
    Progress,
    evaluated_network,
    open_evaluation,
    plain,
    probabilities_of,
)
from monai_medvid.metrics.result import MetricValue, mean, sample_std
from monai_medvid.metrics.robustness import Robustness, compare_errors

CLASSES = ("object", "background")
_STAGE = "corrupted pictures"


def evaluate_corrupted_pictures(
    bundle_dir: Path,
    data_dir: Path,
    *,
    corruptions: Sequence[str] = (),
    severities: Sequence[int] = (),
    split: str = "validation",
    threshold: float = 0.5,
    seed: int = 0,
    progress: Progress | None = None,
) -> Robustness:
    """Measure the shipped weights of a bundle on pictures as they are and corrupted.

    Pictures are corrupted at the size that the network sees.

    Args:
        bundle_dir: the bundle's folder, with ``configs/evaluate.json``.
        data_dir: as for ``evaluate_bundle``.
        corruptions: names; all that can happen to single pictures where there are none.
        severities: 1 to 5; all where there are none.
        split: which part of the bundle's split.
        threshold: probability from which on a pixel counts as found.
        seed: of what is random. Each picture has its own.
        progress: told what is measured, how many batches are done, and how many there are.

    Raises:
        BundleError: the bundle cannot be evaluated: configuration or weights are missing.
        InputError: there is no such corruption, or there are no pictures.
    """
    conditions = choose_conditions(corruptions, severities, pictures=True)
    parser = open_evaluation(bundle_dir, data_dir, split)
    network = evaluated_network(parser, bundle_dir)
    loader = parser.get_parsed_content("dataloader")
    tell = progress or (lambda name, done, total: None)
    lost: dict[Condition | None, list[torch.Tensor]] = {one: [] for one in (None, *conditions)}
    first = 0
    for done, batch in enumerate(loader):
        tell(_STAGE, done, len(loader))
        for condition, rows in lost.items():
            seeds = range(seed + first, seed + first + len(batch["image"]))
            rows.append(_lost(network, _spoilt(batch, condition, seeds), threshold))
        first += len(batch["image"])
    if not first:
        raise InputError(f"expected pictures in the split {split!r}, found none. Check the data.")
    tell(_STAGE, len(loader), len(loader))
    errors = {one: _metric(torch.cat(rows).numpy(), split) for one, rows in lost.items()}
    clean = errors.pop(None)
    return compare_errors(clean, {one: error for one, error in errors.items() if one is not None})


def _spoilt(batch: Batch, condition: Condition | None, seeds: Iterable[int]) -> Batch:
    if condition is None:
        return batch
    name, severity = condition
    frames = (plain(batch["image"]).permute(0, 2, 3, 1) * 255).round().byte().numpy()
    spoilt = [
        corrupt(frame[None], name, severity=severity, seed=seed)
        for frame, seed in zip(frames, seeds, strict=True)
    ]
    image = torch.from_numpy(np.concatenate(spoilt)).permute(0, 3, 1, 2).float() / 255
    return {**batch, "image": image}


@torch.inference_mode()
def _lost(network: torch.nn.Module, batch: Batch, threshold: float) -> torch.Tensor:
    """(B, 2), 1 - recall of the object's pixels and of the others; NaN where there are none."""
    found = (probabilities_of(network, batch) >= threshold).double().flatten(1)
    truth = plain(batch["label"]).double().flatten(1)
    misses = torch.stack([(truth * (1 - found)).sum(1), ((1 - truth) * found).sum(1)], 1)
    return misses / torch.stack([truth.sum(1), (1 - truth).sum(1)], 1)


def _metric(lost: np.ndarray, split: str) -> MetricValue:
    errors = [mean(row) for row in lost]
    return MetricValue(
        name="balanced error of pixels",
        value=mean(errors),
        convention="image_mean: 1 - mean recall of the object's pixels and of the others, then "
        "mean over pictures; pictures at the network's size",
        split=split,
        rate=None,
        absent="left out",
        std=sample_std(errors),
        std_over="pictures",
        per_class={name: mean(lost[:, place]) for place, name in enumerate(CLASSES)},
        counts={"pictures": len(errors)},
    )
