# SPDX-License-Identifier: Apache-2.0
"""A pass over a video that remembers the last ticks and looks back from chosen frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from monai_medvid.inference.explain import Explanation, Question
from monai_medvid.inference.format import NetworkFormat
from monai_medvid.inference.preprocess import resize_frames
from monai_medvid.models.channels import EXCLUSIVE
from monai_medvid.models.temporal_head import CoreStates
from monai_medvid.models.ticks import MAX_HELD_TICKS, advance
from monai_medvid.models.workflow_net import WorkflowNet

PATH_STEPS = 16
"""Of an average of gradients along a way."""


class _Tick(NamedTuple):
    seconds: float
    feature: torch.Tensor  # (F,)


class ExplainPass:
    """Sees a video's frames in order, as ``StreamingHead`` does, and explains some of them.

    Args:
        network: In eval mode.
        layout: What goes into it.
        past_ticks: How many ticks are kept; older ones go into the state of the temporal cores.
    """

    def __init__(self, network: WorkflowNet, layout: NetworkFormat, past_ticks: int) -> None:
        self._network, self._layout = network, layout
        self._device = network.temporal.head.frame.weight.device
        self._past: deque[_Tick] = deque()
        self._limit = past_ticks
        self._states: CoreStates = self._zeros()
        self._clock = torch.full((1,), torch.nan, dtype=torch.float64)
        self._seconds = 0.0
        self._current: _Tick | None = None
        self._mean = network.temporal.head.frame.weight.new_zeros(
            network.temporal.head.frame.in_features
        )
        self._count = 0

    def see(
        self, frame: npt.NDArray[np.uint8], seconds: float, questions: Sequence[Question]
    ) -> list[Explanation]:
        """See the next frame, (H, W, 3) uint8 RGB, and answer the questions about it."""
        dt, self._seconds = seconds - self._seconds, seconds
        begun, self._clock = advance(self._clock, dt, self._network.temporal.tick_seconds)
        number = int(begun)
        if not number and not questions:
            return []
        last = self._last_map(frame)
        if number:
            self._remember(number - 1)
            with torch.no_grad():
                self._current = _Tick(seconds, self._network.encoder.pool(last)[0])
            self._count += 1
            self._mean = self._mean + (self._current.feature - self._mean) / self._count
        return [self._explain(question, last, seconds) for question in questions]

    def _last_map(self, frame: npt.NDArray[np.uint8]) -> torch.Tensor:
        """(1, C, h, w), the map from which the feature is pooled."""
        network, layout = self._network, self._layout
        pixels = resize_frames(
            frame[None], height=layout.height, width=layout.width, device=str(self._device)
        )
        with torch.no_grad():
            images = pixels.permute(0, 3, 1, 2).float() / 255.0
            maps = network.encoder.backbone((images - network.mean) / network.std).feature_maps
        last: torch.Tensor = maps[-1].float()
        return last

    def _remember(self, held: int) -> None:
        """Put the tick that is over among the past ones, with the ticks that saw nothing."""
        if self._current is None:
            return
        for number in range(1 + min(held, MAX_HELD_TICKS)):
            later = self._current.seconds + number * self._network.temporal.tick_seconds
            self._past.append(_Tick(later, self._current.feature))
            if len(self._past) > self._limit:
                self._forget(self._past.popleft())

    def _forget(self, tick: _Tick) -> None:
        with torch.no_grad():
            head = self._network.temporal.head
            _, self._states = head(tick.feature[None, :, None], self._states)

    def _explain(self, question: Question, last: torch.Tensor, seconds: float) -> Explanation:
        past = [tick.feature for tick in self._past]
        feature = self._network.encoder.pool(last)[0]
        return Explanation(
            question.interval_uid,
            self._heat(last, question),
            np.array([*(tick.seconds for tick in self._past), seconds], np.float64),
            self._weigh(torch.stack([*past, feature], 1), question),
        )

    def _score(self, ticks: torch.Tensor, question: Question) -> torch.Tensor:
        """Logits (B,) after ticks (B, F, K); of exclusive labels, what stands out of their mean."""
        network = self._network
        states = tuple(state.expand(len(ticks), *state.shape[1:]) for state in self._states)
        logits = network.temporal.head(ticks, states)[0][-1][:, :, -1]
        score: torch.Tensor = logits[:, question.channel]
        for head in network.channels.heads:
            inside = head.channels.start <= question.channel < head.channels.stop
            if head.kind in EXCLUSIVE and inside:
                score = score - logits[:, head.channels].mean(1)
        return -score if question.absent else score

    def _weigh(self, ticks: torch.Tensor, question: Question) -> npt.NDArray[np.float32]:
        """Integrated gradients (Sundararajan et al., ICML 2017) of ticks (F, K), as shares."""
        usual = self._mean[:, None].expand_as(ticks)
        gradient = mean_gradient(lambda path: self._score(path, question), usual, ticks)
        spoke = (gradient * (ticks - usual)).sum(0).clamp(min=0)
        return _array(spoke, float(spoke.sum()))

    def _heat(self, last: torch.Tensor, question: Question) -> npt.NDArray[np.float32]:
        """Integrated Grad-CAM (Sattarzadeh et al., ICASSP 2021) of the last map (1, C, h, w)."""
        pool = self._network.encoder.pool
        past = [tick.feature for tick in self._past]

        def score(path: torch.Tensor) -> torch.Tensor:
            now = pool(path)[:, :, None]
            before = torch.stack(past, 1).expand(len(path), -1, -1) if past else now[:, :, :0]
            return self._score(torch.cat([before, now], 2), question)

        even = last[0].mean((1, 2), keepdim=True).expand_as(last[0])
        importance = mean_gradient(score, even, last[0]).mean((1, 2), keepdim=True)
        heat = (importance * (last[0] - even)).sum(0).clamp(min=0)
        size = (self._layout.height, self._layout.width)
        large = functional.interpolate(
            heat[None, None], size=size, mode="bilinear", align_corners=False
        )[0, 0]
        return _array(large, float(large.max()))

    def _zeros(self) -> CoreStates:
        head = self._network.temporal.head
        return tuple(head.frame.weight.new_zeros(1, *shape) for shape in head.state_shapes)


def mean_gradient(
    score: Callable[[torch.Tensor], torch.Tensor], start: torch.Tensor, end: torch.Tensor
) -> torch.Tensor:
    """Gradient of a score, (B, ...) to (B,), averaged along the straight way between two inputs.

    The gradient at the end alone says nothing where layers normalise what comes in: there, the
    input's own direction does not change the score.
    """
    steps = (torch.arange(PATH_STEPS, device=end.device) + 0.5) / PATH_STEPS
    with torch.enable_grad():
        path = start + steps.view(-1, *[1] * end.dim()) * (end - start)
        path = path.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(score(path).sum(), path)
    return gradient.mean(0)


def _array(values: torch.Tensor, unit: float) -> npt.NDArray[np.float32]:
    """In units of something, unless that is 0."""
    return np.asarray((values / unit if unit > 0 else values).cpu().numpy(), np.float32)
