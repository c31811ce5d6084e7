# SPDX-License-Identifier: Apache-2.0
"""The things that can be trained, behind one interface."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from monai_medvid.errors import InputError
from monai_medvid.models import WorkflowNet, WorkflowTargets
from monai_medvid.training.distributed import share
from monai_medvid.training.features import VideoFeatures
from monai_medvid.training.frame_data import (
    ClipData,
    FrameData,
    Place,
    clip_loader,
    draw_clips,
    draw_frames,
    frame_loader,
    steady_frames,
)
from monai_medvid.training.settings import TrainSettings
from monai_medvid.training.targets import sequence_targets
from monai_medvid.training.videos import VideoSet

Batch = tuple[torch.Tensor, WorkflowTargets]
Answer = tuple[Any, torch.Tensor | None]
"""Logits (B, K), or (B, K, T) of each stage; mask logits where there are masks."""


class Stage(Protocol):
    """What the loop needs to know.

    Attributes:
        name: One of ``settings.STAGES``.
        epochs: How many.
        learning_rate: At its height.
        module: Called with the pictures or features of a batch and whether masks are wanted.
        parameters: What is trained.
    """

    name: str
    epochs: int
    learning_rate: float
    module: nn.Module
    parameters: list[nn.Parameter]

    def steps(self, epoch: int) -> int:
        """Batches of an epoch."""

    def batches(self, epoch: int) -> Iterator[Batch]:
        """What is trained on in an epoch; this process's share of it."""

    def validation(self) -> Iterator[Batch]:
        """What progress is measured on."""


class _Frames(nn.Module):
    def __init__(self, network: WorkflowNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor, masks: bool) -> Answer:
        encoded = self.network.encode(images.float() / 255)
        logits = self.network.classify_frames(encoded.feature)
        return logits, self.network.segment(encoded) if masks else None


class _Temporal(nn.Module):
    def __init__(self, network: WorkflowNet) -> None:
        super().__init__()
        self.temporal = network.temporal

    def forward(self, features: torch.Tensor, masks: bool) -> Answer:
        return self.temporal(features), None


class _Clips(nn.Module):
    def __init__(self, network: WorkflowNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, clips: torch.Tensor, masks: bool) -> Answer:
        batch, _, ticks = clips.shape[:3]
        images = clips.transpose(1, 2).flatten(0, 1).float() / 255
        feature = self.network.encode(images).feature
        return self.network.temporal(feature.view(batch, ticks, -1).transpose(1, 2)), None


class _Masks(nn.Module):
    """The frames as they are judged: the encoder neither learns nor drops anything."""

    def __init__(self, network: WorkflowNet) -> None:
        super().__init__()
        self.network = network

    def train(self, mode: bool = True) -> _Masks:
        super().train(mode)
        self.network.encoder.eval()
        return self

    def forward(self, images: torch.Tensor, masks: bool) -> Answer:
        with torch.no_grad():
            encoded = self.network.encode(images.float() / 255)
            logits = self.network.classify_frames(encoded.feature)
        return logits, self.network.segment(encoded) if masks else None


@dataclass
class FrameStage:
    """The encoder, the classifier of single frames and the masks."""

    network: WorkflowNet
    train: VideoSet
    val: VideoSet
    settings: TrainSettings
    name: str = "frames"
    mask_every: int = 2
    module: nn.Module = field(init=False)
    parameters: list[nn.Parameter] = field(init=False)

    def __post_init__(self) -> None:
        self.epochs, self.learning_rate = self.settings.frame_epochs, self.settings.frame_rate
        self.module = _Frames(self.network)
        idle = {id(p) for n, p in self.network.temporal.named_parameters() if ".frame." not in n}
        self.parameters = [p for p in self.network.parameters() if id(p) not in idle]

    def steps(self, epoch: int) -> int:
        """Batches of an epoch."""
        own = len(share(range(self.settings.frames_per_epoch)))
        return -(-own // self.settings.frame_batch)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Frames of all videos, drawn anew."""
        settings = self.settings
        data = FrameData(self.train, share(self._places(epoch)), every=self.mask_every)
        yield from frame_loader(data, batch=settings.frame_batch, workers=settings.workers)

    def _places(self, epoch: int) -> list[Place]:
        settings = self.settings
        return draw_frames(self.train, settings.frames_per_epoch, seed=settings.seed, epoch=epoch)

    def _steady_places(self) -> list[Place]:
        return steady_frames(self.val, 300)

    def validation(self) -> Iterator[Batch]:
        """The same frames each time."""
        data = FrameData(self.val, self._steady_places())
        yield from frame_loader(data, batch=self.settings.frame_batch, workers=0)


@dataclass
class MaskStage(FrameStage):
    """The mask decoder alone, on frames with masks: phases and instruments stay as they are.

    Half of the frames are as they were filmed: what changes looks is for encoders to learn from.
    """

    name: str = "masks"
    mask_every: int = 1

    def __post_init__(self) -> None:
        decoder = self.network.segmentation
        if decoder is None or not any(video.masks for video in self.train.videos):
            raise InputError(
                "expected a procedure and videos with masks for the stage masks, found none. "
                "Leave the stage out, or train on a data set with masks."
            )
        self.epochs, self.learning_rate = self.settings.mask_epochs, self.settings.mask_rate
        self.module = _Masks(self.network)
        self.parameters = list(decoder.parameters())

    def _places(self, epoch: int) -> list[Place]:
        settings = self.settings
        drawn = draw_frames(
            self.train,
            settings.frames_per_epoch,
            seed=settings.seed,
            epoch=epoch,
            least_masked=1.0,
        )
        return [(video, frame, True, own if own % 2 else -1) for video, frame, _, own in drawn]

    def _steady_places(self) -> list[Place]:
        places = super()._steady_places()
        return [place for place in places if place[2]] or places


@dataclass
class TemporalStage:
    """The temporal head on features that are kept; the encoder stays as it is."""

    network: WorkflowNet
    train: list[VideoFeatures]
    val: list[VideoFeatures]
    settings: TrainSettings
    name: str = "temporal"
    module: nn.Module = field(init=False)
    parameters: list[nn.Parameter] = field(init=False)

    def __post_init__(self) -> None:
        self.epochs = self.settings.temporal_epochs
        self.learning_rate = self.settings.temporal_rate
        self.module = _Temporal(self.network)
        self.parameters = list(self.network.temporal.parameters())

    def steps(self, epoch: int) -> int:
        """Batches of an epoch."""
        return -(-len(share(self.train)) // self.settings.temporal_batch)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """All videos in a new order, each in one of its views."""
        rng = np.random.default_rng([self.settings.seed, epoch, 3])
        order = [self.train[i] for i in rng.permutation(len(self.train))]
        chosen = [(video, int(rng.integers(len(video.views)))) for video in order]
        yield from self._grouped(share(chosen))

    def validation(self) -> Iterator[Batch]:
        """The videos as they are."""
        yield from self._grouped([(video, 0) for video in self.val])

    def _grouped(self, chosen: list[tuple[VideoFeatures, int]]) -> Iterator[Batch]:
        size = self.settings.temporal_batch
        for first in range(0, len(chosen), size):
            part = chosen[first : first + size]
            longest = max(len(video.targets) for video, _ in part)
            features = torch.zeros(len(part), part[0][0].views[0].shape[1], longest)
            for row, (video, view) in zip(features, part, strict=True):
                row[:, : len(video.targets)] = video.views[view].T.float()
            yield features, sequence_targets([video.targets for video, _ in part])


@dataclass
class ClipStage:
    """Encoder and temporal head together, on clips."""

    network: WorkflowNet
    train: VideoSet
    val: VideoSet
    settings: TrainSettings
    name: str = "clips"
    module: nn.Module = field(init=False)
    parameters: list[nn.Parameter] = field(init=False)

    def __post_init__(self) -> None:
        self.epochs, self.learning_rate = self.settings.clip_epochs, self.settings.clip_rate
        self.module = _Clips(self.network)
        masks = self.network.segmentation
        idle = set() if masks is None else {id(p) for p in masks.parameters()}
        self.parameters = [p for p in self.network.parameters() if id(p) not in idle]

    def steps(self, epoch: int) -> int:
        """Batches of an epoch."""
        own = len(share(range(self.settings.clips_per_epoch)))
        return -(-own // self.settings.clip_batch)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Clips of all videos, drawn anew."""
        settings = self.settings
        places = draw_clips(
            self.train,
            settings.clips_per_epoch,
            ticks=settings.clip_ticks,
            seed=settings.seed,
            epoch=epoch,
        )
        data = ClipData(self.train, share(places), ticks=settings.clip_ticks)
        yield from clip_loader(data, batch=settings.clip_batch, workers=settings.workers)

    def validation(self) -> Iterator[Batch]:
        """The videos in clips, one after another."""
        ticks = self.settings.clip_ticks
        places = [
            (number, start, False, -1)
            for number, video in enumerate(self.val.videos)
            for start in range(0, len(video), ticks * 4)
        ]
        data = ClipData(self.val, places, ticks=ticks)
        yield from clip_loader(data, batch=self.settings.clip_batch, workers=0)
