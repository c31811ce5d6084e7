# SPDX-License-Identifier: Apache-2.0
"""The temporal head at the pace of the clock: frame by frame, or whole videos at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from monai_medvid.models.temporal_head import CoreStates, TemporalHead
from monai_medvid.models.ticks import MAX_HELD_TICKS, advance, plan_ticks

State = tuple[torch.Tensor, ...]
"""Clock (B,) float64 on the CPU; feature of the current tick (B, F); the cores' states before the
current tick; the cores' states after it. Its size never changes."""


class StreamingHead(nn.Module):
    """Feeds a temporal head with ticks of fixed length.

    A frame's answer rests on the ticks that are over and on this frame as the current tick. The
    first frame of a tick is what later frames remember of it, so 25 frames a second answer at each
    whole second exactly what one frame a second does.

    Args:
        head: What runs over the ticks.
        tick_seconds: Length of a tick.
    """

    def __init__(self, head: TemporalHead, *, tick_seconds: float = 1.0) -> None:
        super().__init__()
        if not tick_seconds > 0:
            msg = f"tick_seconds must be > 0, got {tick_seconds}."
            raise ValueError(msg)
        self.head = head
        self.tick_seconds = tick_seconds

    def init_state(self, batch: int = 1) -> State:
        """The state of videos of which nothing was seen."""
        like = self.head.frame.weight
        clock = torch.full((batch,), torch.nan, dtype=torch.float64)
        held = like.new_zeros(batch, self.head.frame.in_features)
        return (clock, held, *self._zeros(batch), *self._zeros(batch))

    def step(
        self, features: torch.Tensor, dt: float | torch.Tensor, state: State
    ) -> tuple[torch.Tensor, State]:
        """See one frame of each video.

        Args:
            features: (B, F).
            dt: Seconds since the frame before, one number or (B,); ignored for first frames.
            state: From ``init_state`` or the step before.

        Returns:
            Logits (B, K) and the new state.

        Raises:
            ValueError: Time does not go forward.
        """
        begun, clock = advance(state[0], dt, self.tick_seconds)
        held, stages = state[1], len(self.head.cores)
        before, after = state[2 : 2 + stages], state[2 + stages :]
        new = begun > 0
        if bool(new.any()):
            past = self._hold(held, after, (begun - 1).clamp(0, MAX_HELD_TICKS))
            before = _choose(new, past, before)
            (held,) = _choose(new, (features,), (held,))
        logits, now = self.head(features[:, :, None], before, bool(new.any()))
        return logits[-1][:, :, 0], (clock, held, *before, *_choose(new, now, after))

    def follow(
        self, features: torch.Tensor, steps: Sequence[float], state: State
    ) -> tuple[torch.Tensor, State]:
        """See consecutive frames of one video: as ``step`` does, those of a tick together.

        Args:
            features: (T, F).
            steps: T times the seconds since the frame before.
            state: Of one video.

        Returns:
            Logits (T, K) and the new state.

        Raises:
            ValueError: Time does not go forward.
        """
        answers, first = [], 0
        while first < len(steps):
            last, state = self._within_tick(steps, first, state)
            if last > first:
                answers.append(self._peek(features[first:last], state))
            if last < len(steps):
                logits, state = self.step(features[last : last + 1], steps[last], state)
                answers.append(logits)
            first = last + 1
        return torch.cat(answers), state

    def _within_tick(self, steps: Sequence[float], first: int, state: State) -> tuple[int, State]:
        """The first frame from ``first`` on that begins a tick, and the clock before it."""
        clock, place = state[0], first
        while place < len(steps):
            begun, moved = advance(clock, steps[place], self.tick_seconds)
            if bool(begun):
                break
            clock, place = moved, place + 1
        return place, (clock, *state[1:])

    def _peek(self, features: torch.Tensor, state: State) -> torch.Tensor:
        """Logits (T, K) of frames (T, F) of one video, each as if it were the current tick's."""
        before = state[2 : 2 + len(self.head.cores)]
        spread = tuple(part.expand(len(features), *part.shape[1:]) for part in before)
        logits: torch.Tensor = self.head(features[:, :, None], spread, False)[0][-1]
        return logits[:, :, 0]

    def forward(
        self, features: torch.Tensor, seconds: torch.Tensor | None = None
    ) -> list[torch.Tensor]:
        """See whole videos at once, as training does.

        Shorter videos of a batch are padded at their end: nothing looks ahead, so padding never
        changes an answer before it.

        Args:
            features: (B, F, T), one frame a tick unless ``seconds`` says otherwise.
            seconds: (T,) times of the frames, common to the batch.

        Returns:
            Logits (B, K, T) of each stage, the last being the answer. With several frames in a
            tick there is the last stage only.
        """
        if seconds is None:
            return self._scan(features)
        plan = plan_ticks(seconds, tick_seconds=self.tick_seconds)
        if bool(plan.opens.all()):
            stages = self._scan(features[:, :, plan.frames.to(features.device)])
            return [logits[:, :, plan.ticks.to(features.device)] for logits in stages]
        state, answers = self.init_state(len(features)), []
        steps = torch.diff(seconds.double(), prepend=seconds[:1].double()).tolist()
        for feature, dt in zip(features.unbind(2), steps, strict=True):
            logits, state = self.step(feature, dt, state)
            answers.append(logits)
        return [torch.stack(answers, 2)]

    def _scan(self, features: torch.Tensor) -> list[torch.Tensor]:
        stages: list[torch.Tensor] = self.head(features, self._zeros(len(features)))[0]
        return stages

    def _zeros(self, batch: int) -> CoreStates:
        like = self.head.frame.weight
        return tuple(like.new_zeros(batch, *shape) for shape in self.head.state_shapes)

    def _hold(self, held: torch.Tensor, states: CoreStates, ticks: torch.Tensor) -> CoreStates:
        """Let ticks pass in which nothing was seen, for each video its own number."""
        for number in sorted(set(ticks.tolist())):
            if number:
                passed = self.head(held[:, :, None].expand(-1, -1, number), states)[1]
                states = _choose(ticks == number, passed, states)
        return states


def _choose(where: torch.Tensor, yes: CoreStates, no: CoreStates) -> CoreStates:
    """Of each video either the one or the other."""
    if bool(where.all()):
        return yes
    if not bool(where.any()):
        return no
    return tuple(
        torch.where(where.to(a.device).view(-1, *[1] * (a.dim() - 1)), a, b)
        for a, b in zip(yes, no, strict=True)
    )
