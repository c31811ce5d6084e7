# SPDX-License-Identifier: Apache-2.0
"""Parts that the training configuration names: mixed precision, learning rate, exact resume."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events
from monai.inferers import SimpleInferer

from monai_medvid.data.training_set import EpochSampler


class AutocastInferer(SimpleInferer):  # type: ignore[misc]  # MONAI is untyped
    """Run the network in bfloat16 where that is safe, and hand back float32.

    MONAI's own ``amp`` switch casts on CUDA only; this works on the CPU as well.

    Args:
        device: the kind of device, ``"cpu"`` or ``"cuda"``.
        enabled: off gives plain float32.
    """

    def __init__(self, device: str = "cpu", *, enabled: bool = True) -> None:
        super().__init__()
        self.device = device
        self.enabled = enabled

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """Return ``network(inputs)`` as float32."""
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.enabled):
            return network(inputs, *args, **kwargs).float()


class EpochSync:
    """Tell the sampler which epoch the trainer is in, so that a resumed run repeats nothing.

    Args:
        sampler: the sampler of the training loader.
    """

    def __init__(self, sampler: EpochSampler) -> None:
        self.sampler = sampler

    def attach(self, engine: Engine) -> None:
        """Follow ``engine``."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Set the sampler to the epoch that starts (ignite counts from 1, the sampler from 0)."""
        self.sampler.epoch = engine.state.epoch - 1


class CheckpointFile:
    """Keep one file with everything that a training run needs to go on exactly where it stopped.

    The file is read when the trainer starts, where it exists, and replaced after every epoch.

    Args:
        path: the file.
        objects: what to keep besides the trainer's own counters, by name.
        writes: whether this process writes the file; of several that train together, one does.
    """

    def __init__(
        self, path: str | Path, objects: Mapping[str, Any], *, writes: bool = True
    ) -> None:
        self.path = Path(path)
        self.writes = writes
        self.objects = dict(objects)

    def attach(self, engine: Engine) -> None:
        """Follow ``engine``."""
        engine.add_event_handler(Events.STARTED, self.load)
        if self.writes:
            engine.add_event_handler(Events.EPOCH_COMPLETED, self.save)

    def load(self, engine: Engine) -> None:
        """Take up the state of the file; the number of epochs stays the engine's."""
        if not self.path.is_file():
            return
        kept = torch.load(self.path, map_location="cpu", weights_only=True)
        for name, thing in self.objects.items():
            thing.load_state_dict(kept[name])
        engine.state.epoch = kept["epoch"]
        engine.state.iteration = kept["iteration"]

    def save(self, engine: Engine) -> None:
        """Write the file beside itself first, so that a broken run leaves the last whole one."""
        state = {name: thing.state_dict() for name, thing in self.objects.items()}
        state |= {"epoch": engine.state.epoch, "iteration": engine.state.iteration}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, self.path)


def warmup_stable_decay(
    *, warmup: int, decay_from: int, total: int, final: float = 0.005
) -> Callable[[int], float]:
    """Make the factor of the learning rate: a linear rise, a plateau, a linear fall.

    Args:
        warmup: steps of the rise.
        decay_from: the step at which the fall begins.
        total: the step at which it ends.
        final: the factor at the end.

    Raises:
        ValueError: the steps are out of order.
    """
    if not 0 < warmup <= decay_from < total:
        raise ValueError(
            f"expected 0 < warmup <= decay_from < total, got {warmup}, {decay_from}, {total}."
        )

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        fallen = min(max(step - decay_from, 0) / (total - decay_from), 1.0)
        return 1.0 - (1.0 - final) * fallen

    return factor
