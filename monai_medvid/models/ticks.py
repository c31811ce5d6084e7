# SPDX-License-Identifier: Apache-2.0
"""Time in seconds as ticks of fixed length, so that frame rates and lost frames do not matter.

Tick k of a video covers the seconds from k to k + 1 tick lengths after its first frame, and is
represented by the first frame in it; a tick without a frame keeps the feature of the tick before.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

MAX_HELD_TICKS = 300
"""A longer gap counts as this long: bounded work, and the view before it is no longer news."""
_EARLY = 1e-4
"""Ticks a frame may come early and still open the next one: rounding of time stamps."""


def advance(
    clock: torch.Tensor, dt: float | torch.Tensor, tick_seconds: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Move clocks on.

    Args:
        clock: (B,) float64, seconds since the current tick began; NaN before the first frame.
        dt: Seconds since the frame before, one number or (B,).
        tick_seconds: Length of a tick.

    Returns:
        How many ticks were begun (int64, 0 within a tick, at least 1 for a first frame), and the
        clocks.

    Raises:
        ValueError: Time does not go forward.
    """
    seconds = torch.as_tensor(dt, dtype=torch.float64).cpu().expand_as(clock)
    first = clock.isnan()
    if not bool((first | (seconds.isfinite() & (seconds >= 0))).all()):
        msg = f"dt must be seconds >= 0 since the frame before, got {seconds.tolist()}."
        raise ValueError(msg)
    moved = clock + seconds
    begun = torch.floor(moved / tick_seconds + _EARLY)
    clock = torch.where(first, 0.0, moved - begun * tick_seconds)
    return torch.where(first, 1.0, begun).long(), clock


@dataclass(frozen=True)
class TickPlan:
    """How the frames of a video fall into ticks.

    Attributes:
        frames: For each tick the number of the frame that represents it, (K,) int64.
        ticks: For each frame its tick, (N,) int64.
        opens: For each frame whether it represents its tick, (N,) bool.
    """

    frames: torch.Tensor
    ticks: torch.Tensor
    opens: torch.Tensor


def plan_ticks(seconds: torch.Tensor, *, tick_seconds: float = 1.0) -> TickPlan:
    """Sort a video's frames into ticks, exactly as streaming does.

    Args:
        seconds: (N,) times of the frames, ascending; only differences matter.
        tick_seconds: Length of a tick.

    Raises:
        ValueError: Times do not ascend.
    """
    clock = torch.full((1,), torch.nan, dtype=torch.float64)
    frames: list[int] = []
    ticks: list[int] = []
    opens: list[bool] = []
    steps = torch.diff(seconds.double(), prepend=seconds[:1].double()).tolist()
    for number, dt in enumerate(steps):
        moved, clock = advance(clock, dt, tick_seconds)
        begun = int(moved)
        if begun:
            frames += frames[-1:] * min(begun - 1, MAX_HELD_TICKS)
            frames.append(number)
        ticks.append(len(frames) - 1)
        opens.append(begun > 0)
    return TickPlan(torch.tensor(frames), torch.tensor(ticks), torch.tensor(opens))
