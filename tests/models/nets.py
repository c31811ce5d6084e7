# SPDX-License-Identifier: Apache-2.0
"""Networks small enough for tests, with weights that make every path count."""

from __future__ import annotations

from typing import Any

import torch

from monai_medvid.data.procedure import MaskClass, Procedure
from monai_medvid.models.channels import Channels
from monai_medvid.models.streaming_head import StreamingHead
from monai_medvid.models.temporal_head import TemporalHead
from monai_medvid.models.workflow_net import WorkflowNet

TINY_ENCODER = {"model_type": "convnext", "depths": [1, 1, 1, 1], "hidden_sizes": [8, 8, 16, 16]}
TINY_TEMPORAL: dict[str, dict[str, Any]] = {
    "causal_tcn": {"width": 8, "layers": 4, "stages": 2},
    "gru": {"width": 8, "layers": 2},
    "linear_recurrence": {"width": 8, "layers": 2},
}
PROCEDURE = Procedure(
    name="tiny",
    title="Tiny",
    source="made for tests",
    phases=("one", "two", "three"),
    instruments=("hook", "clip"),
    criteria=("seen",),
    masks=(MaskClass("background", 0), MaskClass("organ", 1)),
)
FEATURES = 6


def tiny_net(temporal: str = "causal_tcn", **options: Any) -> WorkflowNet:
    torch.manual_seed(0)
    return awake(
        WorkflowNet(
            PROCEDURE,
            encoder=TINY_ENCODER,
            temporal=temporal,
            temporal_options=TINY_TEMPORAL[temporal],
            decoder_channels=8,
            **options,
        ).eval()
    )


def tiny_head(temporal: str = "causal_tcn", *, tick_seconds: float = 1.0) -> StreamingHead:
    torch.manual_seed(0)
    head = TemporalHead(FEATURES, Channels.of(PROCEDURE), core=temporal, **TINY_TEMPORAL[temporal])
    return awake(StreamingHead(head, tick_seconds=tick_seconds).eval())


def awake(module: Any) -> Any:
    """Stages start silent; give them weights so that the past has an effect."""
    head = getattr(module, "temporal", module).head
    for out in head.out:
        torch.nn.init.normal_(out.weight, std=0.7)
    return module
