# SPDX-License-Identifier: Apache-2.0
"""The surgical workflow network: one encoder pass a frame, everything else on top of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from monai_medvid.data.procedure import Procedure, load_procedure
from monai_medvid.models.backbone import read_normalisation
from monai_medvid.models.channels import ANTICIPATION, Channels
from monai_medvid.models.encoder import SMALL_CONVNEXT, Encoded, FrameEncoder
from monai_medvid.models.familiarity import Familiarity
from monai_medvid.models.mask_decoder import MaskDecoder
from monai_medvid.models.scripting import TracedClips, traced_clips
from monai_medvid.models.streaming_head import State, StreamingHead
from monai_medvid.models.temporal_head import TemporalHead


class WorkflowOutput(NamedTuple):
    """What the network says about one frame of each video; empty where a head does not exist.

    Attributes:
        phase: (B, phases) probabilities that add up to 1.
        step: (B, steps) probabilities that add up to 1.
        instrument: (B, instruments) probabilities.
        anticipation: (B, phases + instruments) minutes to the next occurrence, at most the horizon.
        criterion: (B, criteria) of the safety check, 0..1.
        inside: (B, 1) probability that the camera is inside of the body.
        mask_logits: (B, classes, H/2, W/2), empty unless asked for.
        feature: (B, F) of the frame.
    """

    phase: torch.Tensor
    step: torch.Tensor
    instrument: torch.Tensor
    anticipation: torch.Tensor
    criterion: torch.Tensor
    inside: torch.Tensor
    mask_logits: torch.Tensor
    feature: torch.Tensor


class WorkflowNet(nn.Module):
    """Phase, instruments, anticipation, safety check, in-body and masks from surgical video.

    Pictures are RGB 0..1; normalisation is part of the network.

    Args:
        procedure: Name, file or object; its classes are the heads.
        encoder: Configuration of a transformers backbone or a folder with its weights, see
            ``FrameEncoder``; ``None`` for a small ConvNeXt.
        temporal: "causal_tcn", "gru" or "linear_recurrence".
        temporal_options: ``stages``, ``width``, ``layers``, ``dropout``.
        tick_seconds: Length of the ticks that the temporal head counts in.
        horizon_minutes: What anticipation is cut off at.
        decoder_channels: Of the mask decoder.
        mean: Of each colour, subtracted from the pictures; ``None`` for what the encoder's weights
            were trained with, ImageNet's where that is not known.
        std: Of each colour, which the pictures are divided by; likewise.

    Raises:
        InputError: There is no such procedure.
        ModelError: The encoder or the temporal core cannot be made.

    Example:
        >>> net = WorkflowNet("cholecystectomy").eval()
        >>> state = net.init_state()
        >>> output, state = net.step(torch.rand(1, 3, 224, 384), 0.04, state)
        >>> output.phase.shape
        torch.Size([1, 7])
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self,
        procedure: str | Path | Procedure = "cholecystectomy",
        *,
        encoder: Mapping[str, Any] | str | Path | None = None,
        temporal: str = "causal_tcn",
        temporal_options: Mapping[str, Any] | None = None,
        tick_seconds: float = 1.0,
        horizon_minutes: float = 5.0,
        decoder_channels: int = 64,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(procedure, Procedure):
            procedure = load_procedure(procedure)
        self.procedure = procedure
        self.channels = Channels.of(procedure, horizon_minutes=horizon_minutes)
        known = read_normalisation(encoder)
        for name, given, default in (("mean", mean, known[0]), ("std", std, known[1])):
            values = torch.tensor(default if given is None else given).view(1, 3, 1, 1)
            self.register_buffer(name, values, persistent=False)
        self.encoder = FrameEncoder(SMALL_CONVNEXT if encoder is None else encoder)
        head = TemporalHead(
            self.encoder.feature_channels, self.channels, core=temporal, **(temporal_options or {})
        )
        self.temporal = StreamingHead(head, tick_seconds=tick_seconds)
        self.familiarity = Familiarity(self.encoder.feature_channels)
        self.segmentation: MaskDecoder | None = None
        if procedure.masks:
            self.segmentation = MaskDecoder(
                self.encoder.channels, classes=len(procedure.masks), channels=decoder_channels
            )

    @property
    def channel_def(self) -> dict[str, str]:
        """Names of the channels of ``forward`` as a bundle's ``metadata.json`` has them."""
        return self.channels.channel_def

    def encode(self, images: torch.Tensor) -> Encoded:
        """Encode pictures (B, 3, H, W): feature (B, F) and maps."""
        encoded: Encoded = self.encoder((images - self.mean) / self.std)
        return encoded

    def classify_frames(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (B, K) of features (B, F) without any past: the first stage of training."""
        logits: torch.Tensor = self.temporal.head.frame(features)
        return logits

    def segment(self, encoded: Encoded) -> torch.Tensor:
        """Mask logits (B, classes, H/2, W/2); no classes where the procedure has no masks."""
        if self.segmentation is None:
            batch, _, height, width = encoded.images.shape
            return encoded.images.new_zeros(batch, 0, height // 2, width // 2)
        logits: torch.Tensor = self.segmentation(encoded.maps, encoded.images)
        return logits

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Answer for each frame of clips, one frame a tick.

        Shape: image (B, 3, T, H, W), result (B, K, T) with the channels of ``channel_def``.
        """
        batch, _, ticks = image.shape[:3]
        feature = self.encode(image.transpose(1, 2).flatten(0, 1)).feature
        stages = self.temporal(feature.view(batch, ticks, -1).transpose(1, 2))
        return self.channels.activate(stages[-1])

    def __prepare_scriptable__(self) -> TracedClips:
        """What ``torch.jit.script`` takes in place of the network."""
        return traced_clips(self)

    def init_state(self, batch: int = 1) -> State:
        """The state of videos of which nothing was seen."""
        return self.temporal.init_state(batch)

    def step(
        self, images: torch.Tensor, dt: float | torch.Tensor, state: State, *, masks: bool = False
    ) -> tuple[WorkflowOutput, State]:
        """See one frame of each video.

        Args:
            images: (B, 3, H, W) RGB 0..1.
            dt: Seconds since the frame before, one number or (B,); ignored for first frames.
            state: From ``init_state`` or the step before.
            masks: Whether to segment as well.

        Raises:
            ValueError: Time does not go forward.
        """
        encoded = self.encode(images)
        logits, state = self.temporal.step(encoded.feature, dt, state)
        mask_logits = self.segment(encoded) if masks else images.new_zeros(len(images), 0, 0, 0)
        return self.describe(logits, mask_logits, encoded.feature), state

    def describe(
        self, logits: torch.Tensor, mask_logits: torch.Tensor, feature: torch.Tensor
    ) -> WorkflowOutput:
        """Name the parts of logits (B, K)."""
        answer, find = self.channels.activate(logits), self.channels.find
        return WorkflowOutput(
            phase=answer[:, find("phase")],
            step=answer[:, find("step")],
            instrument=answer[:, find("instrument")],
            anticipation=answer[:, find(ANTICIPATION)],
            criterion=answer[:, find("criterion")],
            inside=answer[:, find("inside")],
            mask_logits=mask_logits,
            feature=feature,
        )
