# SPDX-License-Identifier: Apache-2.0
"""Streaming through MONAI's engines: the state of a video goes from clip to clip."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from monai.inferers import Inferer
from torch import nn

if TYPE_CHECKING:
    from monai_medvid.models import WorkflowNet
    from monai_medvid.models.streaming_head import State

Encode = Callable[[torch.Tensor], torch.Tensor]


class WorkflowInferer(Inferer):  # type: ignore[misc]  # MONAI is untyped
    """Runs a workflow network over clips of ``VideoClips``, one clip a batch, in order.

    What it says about a frame is what ``WorkflowNet.step`` says: long videos need no more memory
    than one clip, and frames count by their seconds.

    Args:
        encode: Takes the place of the network's encoder: pictures (T, 3, H, W) to features (T, F),
            e.g. ``FrameFeatures`` compiled by TensorRT.
    """

    def __init__(self, encode: Encode | None = None) -> None:
        super().__init__()
        self._encode = encode
        self._state: State = ()
        self._last: float | None = None

    def __call__(
        self,
        inputs: torch.Tensor,
        network: Callable[..., Any],
        *args: Any,
        seconds: torch.Tensor,
        first: torch.Tensor,
        **kwargs: Any,
    ) -> torch.Tensor:
        """Answers (1, K, T) for a clip (1, 3, T, H, W).

        Args:
            inputs: RGB 0..1.
            network: A ``WorkflowNet``.
            args: None are known.
            seconds: (1, T) of the frames, from the first frame of the video.
            first: (1,) whether the video begins with this clip.
            kwargs: None are known.

        Raises:
            ValueError: More than one clip in the batch, or time does not go forward.
        """
        if len(inputs) != 1:
            msg = f"clips of one video at a time, got a batch of {len(inputs)}."
            raise ValueError(msg)
        net: WorkflowNet = network  # type: ignore[assignment]
        if bool(first.reshape(-1)[0]):
            self._state, self._last = net.init_state(), None
        pictures = inputs[0].as_subclass(torch.Tensor).transpose(0, 1)
        features = self._encode(pictures) if self._encode else net.encode(pictures).feature
        times = seconds.reshape(-1).tolist()
        before = [times[0] if self._last is None else self._last, *times[:-1]]
        steps = [now - then for now, then in zip(times, before, strict=True)]
        logits, self._state = net.temporal.follow(features, steps, self._state)
        self._last = times[-1]
        return net.channels.activate(logits.T[None])


class FrameFeatures(nn.Module):
    """The part of a workflow network that looks at frames, one tensor in and one out."""

    def __init__(self, network: WorkflowNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Pictures (T, 3, H, W) RGB 0..1 to features (T, F)."""
        return self.network.encode(images).feature
