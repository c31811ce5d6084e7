# SPDX-License-Identifier: Apache-2.0
"""Features on disk, so that a run that goes on does not encode its videos again."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import torch

from monai_medvid.models import WorkflowNet
from monai_medvid.models.weights import read_weights
from monai_medvid.training.checkpoint import save_tensors
from monai_medvid.training.distributed import rank, same_everywhere, wait
from monai_medvid.training.features import VideoFeatures, Views, extract_features
from monai_medvid.training.loop import Report
from monai_medvid.training.settings import TrainSettings
from monai_medvid.training.videos import VideoSet

_STAGES = ("features", "features of validation")
Both = tuple[list[VideoFeatures], list[VideoFeatures]]


def kept_features(
    network: WorkflowNet,
    sets: tuple[VideoSet, VideoSet],
    settings: TrainSettings,
    folder: Path,
    device: torch.device,
    report: Report | None,
) -> Both:
    """Features of training and validation videos, made once and kept.

    Raises:
        ModelError: What was kept is damaged.
        OutputError: The folder cannot be written.
    """
    path = folder / f"features-{_mark(network)}.pt"
    if not same_everywhere(path.is_file()):
        made = [
            extract_features(
                network, videos, views=views, seed=settings.seed, device=device,
                workers=settings.workers,
                progress=None if report is None or rank() else partial(report, stage),
            )
            for videos, views, stage in zip(sets, (settings.views, 1), _STAGES, strict=True)
        ]  # fmt: skip
        if rank() == 0:
            _replace(path, dict(zip(("train", "val"), made, strict=True)))
    wait()
    kept = read_weights(path)
    train, val = (
        [
            VideoFeatures(video.name, tuple(views), video.targets)
            for video, views in zip(videos.videos, kept[part], strict=True)
        ]
        for videos, part in zip(sets, ("train", "val"), strict=True)
    )
    return train, val


def _replace(path: Path, made: dict[str, list[Views]]) -> None:
    for old in path.parent.glob("features-*.pt"):
        old.unlink()
    views = {part: [list(video) for video in videos] for part, videos in made.items()}
    save_tensors(views, path)


def _mark(network: WorkflowNet) -> str:
    """Of the weights that features come from."""
    digest = hashlib.sha256()
    for name, value in sorted(network.encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
