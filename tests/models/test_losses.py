# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from monai_medvid.errors import ModelError
from monai_medvid.models.channels import Channels
from monai_medvid.models.losses import WorkflowLoss, WorkflowTargets
from monai_medvid.models.mask_loss import mask_loss
from tests.models.nets import PROCEDURE

CHANNELS = Channels.of(PROCEDURE)
NAN = float("nan")


def truth(batch: int = 2, ticks: int = 5) -> WorkflowTargets:
    generator = torch.Generator().manual_seed(0)
    return WorkflowTargets(
        phase=torch.randint(3, (batch, ticks), generator=generator),
        instrument=torch.randint(2, (batch, 2, ticks), generator=generator).float(),
        anticipation=torch.rand(batch, 5, ticks, generator=generator) * 5,
        criterion=torch.rand(batch, 1, ticks, generator=generator),
        inside=torch.ones(batch, ticks),
    )


def logits(batch: int = 2, ticks: int = 5) -> torch.Tensor:
    return torch.randn(batch, len(CHANNELS), ticks, generator=torch.Generator().manual_seed(1))


def test_every_head_has_its_part() -> None:
    losses = WorkflowLoss(CHANNELS)([logits(), logits()], truth())
    kinds = {"phase", "smoothing", "instrument", "anticipation", "criterion", "inside"}
    assert set(losses.parts) == kinds
    assert losses.total.item() == pytest.approx(sum(p.item() for p in losses.parts.values()))


def test_stages_add_up() -> None:
    loss = WorkflowLoss(CHANNELS)
    one, two = loss(logits(), truth()).total, loss([logits(), logits()], truth()).total
    assert two.item() == pytest.approx(2 * one.item(), rel=1e-5)


def test_single_frames_have_no_smoothing() -> None:
    frames = WorkflowTargets(phase=torch.tensor([0, 2]), inside=torch.tensor([1.0, NAN]))
    losses = WorkflowLoss(CHANNELS)(torch.zeros(2, len(CHANNELS)), frames)
    assert losses.parts["phase"].item() == pytest.approx(math.log(3))
    assert losses.parts["inside"].item() == pytest.approx(math.log(2))
    assert set(losses.parts) == {"phase", "inside"}


def test_missing_labels_do_not_count() -> None:
    loss = WorkflowLoss(CHANNELS)
    values = logits(1, 6)
    whole = truth(1, 6)
    half = {
        "phase": whole.phase[:, :3],
        "instrument": whole.instrument[:, :, :3],
        "anticipation": whole.anticipation[:, :, :3],
        "criterion": whole.criterion[:, :, :3],
        "inside": whole.inside[:, :3],
    }
    for target in (whole.instrument, whole.anticipation, whole.criterion, whole.inside):
        target[..., 3:] = NAN
    whole.phase[:, 3:] = -1
    padded = loss(values, whole)
    short = loss(values[:, :, :3], WorkflowTargets(**half))
    for kind, part in short.parts.items():
        assert padded.parts[kind].item() == pytest.approx(part.item(), rel=1e-5), kind


def test_without_any_label_there_is_nothing_to_learn_and_nothing_breaks() -> None:
    values = logits(1, 4).requires_grad_()
    nothing = WorkflowTargets(
        phase=torch.full((1, 4), -1),
        instrument=torch.full((1, 2, 4), NAN),
        masks=torch.full((1, 8, 8), -1),
    )
    masks = torch.randn(1, 2, 4, 4, requires_grad=True)
    total = WorkflowLoss(CHANNELS)(values, nothing, masks).total
    total.backward()
    assert total.item() == 0
    assert values.grad is not None
    assert values.grad.abs().max() == 0


def test_a_perfect_answer_costs_next_to_nothing() -> None:
    targets = replace(truth(), anticipation=torch.full((2, 5, 5), 2.5))
    values = torch.zeros(2, len(CHANNELS), 5)
    values[:, :3] = torch.nn.functional.one_hot(targets.phase, 3).transpose(1, 2) * 30.0
    values[:, 3:5] = targets.instrument * 60 - 30
    values[:, 10:11] = torch.logit(targets.criterion)
    values[:, 11] = 30
    parts = WorkflowLoss(CHANNELS, smoothing=0)(values, targets).parts
    share = targets.criterion
    least = -(share * share.log() + (1 - share) * (1 - share).log()).mean()
    assert parts.pop("criterion").item() == pytest.approx(least.item(), abs=1e-5)
    assert all(part.item() < 1e-5 for part in parts.values())


def test_smoothing_counts_steps_and_forgives_true_transitions() -> None:
    loss = WorkflowLoss(CHANNELS, smoothing=1.0)
    targets = WorkflowTargets(phase=torch.zeros(1, 3, dtype=torch.long))
    values = torch.zeros(1, len(CHANNELS), 3)
    values[0, 0] = torch.tensor([0.0, 1.0, 1.0])
    log = values[:, :3].log_softmax(1)
    expected = (log[:, :, 1:] - log[:, :, :-1]).square().mean()
    assert loss(values, targets).parts["smoothing"].item() == pytest.approx(expected.item())
    values[0, 0] = torch.tensor([-100.0, 100.0, 100.0])
    assert loss(values, targets).parts["smoothing"].item() <= 16


def test_rare_instruments_weigh_more() -> None:
    targets = WorkflowTargets(instrument=torch.tensor([[1.0, 0.0]]))
    values = torch.zeros(1, len(CHANNELS))
    plain = WorkflowLoss(CHANNELS)(values, targets).total
    weighted = WorkflowLoss(CHANNELS, positive_weights=torch.tensor([3.0, 3.0]))(values, targets)
    assert weighted.total.item() == pytest.approx(2 * plain.item())


def test_a_part_can_be_switched_off_and_weighed() -> None:
    loss = WorkflowLoss(CHANNELS, weights={"anticipation": 0.0, "phase": 2.0}, smoothing=0.0)
    losses = loss(logits(), truth())
    assert "anticipation" not in losses.parts
    rest = sum(p.item() for kind, p in losses.parts.items() if kind != "phase")
    assert losses.total.item() == pytest.approx(2 * losses.parts["phase"].item() + rest, rel=1e-5)


def test_a_loss_that_is_no_number_says_what_to_do() -> None:
    values = logits()
    values[0, 0, 0] = NAN
    with pytest.raises(ModelError, match=r"in .*phase.*learning rate"):
        WorkflowLoss(CHANNELS)(values, truth())


def test_masks_of_another_size_and_with_holes() -> None:
    masks = torch.zeros(1, 16, 16, dtype=torch.long)
    masks[:, 8:] = 1
    right = torch.nn.functional.one_hot(masks[:, ::4, ::4], 2).permute(0, 3, 1, 2) * 40.0 - 20
    assert mask_loss(right, masks).item() < 0.7  # the edge is blurred by resizing
    exact = torch.nn.functional.one_hot(masks, 2).permute(0, 3, 1, 2) * 40.0 - 20
    assert mask_loss(exact, masks).item() < 1e-4
    masks[:, :, 5] = -1
    exact[:, :, :, 5] *= -1  # wrong where nobody knows
    assert mask_loss(exact, masks).item() < 1e-4
    assert mask_loss(-exact, masks).item() > 1
