# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from ignite.engine import Engine

from monai_medvid.data.training_parts import (
    AutocastInferer,
    CheckpointFile,
    EpochSync,
    warmup_stable_decay,
)
from monai_medvid.data.training_set import EpochSampler


def test_the_inferer_computes_in_bfloat16_and_returns_float32() -> None:
    layer = torch.nn.Linear(4, 4)
    sample = torch.rand(2, 4)
    seen = []
    layer.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    assert AutocastInferer("cpu")(sample, layer).dtype == torch.float32
    exact = AutocastInferer("cpu", enabled=False)(sample, layer)
    assert seen == [torch.bfloat16, torch.float32]
    assert torch.equal(exact, layer(sample))


def test_the_learning_rate_rises_stays_and_falls() -> None:
    factor = warmup_stable_decay(warmup=10, decay_from=50, total=100, final=0.1)
    assert [factor(step) for step in (0, 9, 30, 50)] == [0.1, 1.0, 1.0, 1.0]
    assert factor(75) == pytest.approx(0.55)
    assert factor(100) == factor(500) == pytest.approx(0.1)


@pytest.mark.parametrize(("warmup", "decay_from", "total"), [(0, 5, 9), (6, 5, 9), (2, 9, 9)])
def test_a_schedule_out_of_order_is_refused(warmup: int, decay_from: int, total: int) -> None:
    with pytest.raises(ValueError, match="0 < warmup <= decay_from < total"):
        warmup_stable_decay(warmup=warmup, decay_from=decay_from, total=total)


def _train(path: Path, epochs: int, *, writes: bool = True) -> tuple[list[int], torch.nn.Module]:
    """Add what the sampler gives to a weight, from the checkpoint on where there is one."""
    network = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(network.weight)
    sampler = EpochSampler(5, seed=1)
    seen: list[int] = []

    def step(engine: Engine, batch: torch.Tensor) -> None:
        seen.append(int(batch))
        with torch.no_grad():
            network.weight.mul_(0.9).add_(int(batch))

    engine = Engine(step)
    CheckpointFile(path, {"network": network}, writes=writes).attach(engine)
    EpochSync(sampler).attach(engine)
    data = torch.utils.data.DataLoader(range(1000), batch_size=None, sampler=sampler)
    engine.run(data, max_epochs=epochs, epoch_length=5)
    return seen, network


def test_a_resumed_run_goes_on_exactly(tmp_path: Path) -> None:
    whole, expected = _train(tmp_path / "whole.pt", 4)
    before, _ = _train(tmp_path / "broken.pt", 2)
    after, resumed = _train(tmp_path / "broken.pt", 4)
    assert before + after == whole
    assert torch.equal(resumed.weight, expected.weight)
    assert not list(tmp_path.glob("*.partial"))


def test_only_the_process_that_writes_writes(tmp_path: Path) -> None:
    _train(tmp_path / "none.pt", 1, writes=False)
    assert not (tmp_path / "none.pt").exists()
