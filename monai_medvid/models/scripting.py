# SPDX-License-Identifier: Apache-2.0
"""What ``torch.jit.script`` makes of the workflow network: a trace.

Backbones of transformers are not in TorchScript's part of Python, and ``monai.bundle ckpt_export``
scripts.
"""

from __future__ import annotations

import warnings
from typing import cast

import torch
from torch import nn
from torch.jit._trace import TracerWarning

from monai_medvid.errors import ModelError
from monai_medvid.models.linear_recurrence import LinearRecurrence

_EXAMPLE = (1, 3, 2, 64, 96)
"""Of a clip (B, 3, T, H, W); the trace takes other times and sizes as well."""


class TracedClips(nn.Module):
    """Clips (B, 3, T, H, W) to answers (B, K, T), in evaluation mode for good."""

    def __init__(self, traced: nn.Module) -> None:
        super().__init__()
        self.traced = traced

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Answer for each frame."""
        # TorchScript compiles this; the states' batch is fixed in a trace, so clip by clip
        return torch.cat([self.traced(clip[None]) for clip in image.unbind(0)])


def traced_clips(network: nn.Module) -> TracedClips:
    """The network's ``forward``, traced in evaluation mode; the network is left as it was.

    Raises:
        ModelError: Its temporal core takes another number of steps for another length.
    """
    if any(isinstance(module, LinearRecurrence) for module in network.modules()):
        raise ModelError(
            "expected a temporal core that is the same graph for clips of every length, found "
            "linear_recurrence. Use export_workflow, which writes it frame by frame."
        )
    was_training = network.training
    example = next(network.parameters()).new_zeros(_EXAMPLE)
    network.eval()
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # what depends on shapes here is that a clip has a batch, colours and ticks
            warnings.simplefilter("ignore", TracerWarning)
            made = torch.jit.trace(network, example, check_trace=False)  # type: ignore[no-untyped-call]
    finally:
        network.train(was_training)
    return TracedClips(cast(nn.Module, made))
