# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import torch

from monai_medvid.models.familiarity import Familiarity


def test_before_it_learnt_anything_everything_is_familiar() -> None:
    assert torch.equal(Familiarity(4)(torch.randn(3, 4)), torch.ones(3))


def test_what_lies_elsewhere_is_unfamiliar() -> None:
    torch.manual_seed(0)
    shape = torch.randn(16, 16)
    known, held_out, other = (torch.randn(n, 16) @ shape for n in (4000, 1000, 1000))
    familiarity = Familiarity(16)
    familiarity.fit(known, held_out)
    assert float((familiarity(held_out) >= 0.5).float().mean()) >= 0.999
    away = other + 12 * torch.randn(16) @ shape
    assert float((familiarity(away) < 0.5).float().mean()) > 0.95
    flipped = other.flip(1) * 10
    assert float((familiarity(flipped) < 0.5).float().mean()) > 0.95


def test_directions_without_variance_do_no_harm() -> None:
    known = torch.zeros(100, 4)
    known[:, 0] = torch.randn(100)
    familiarity = Familiarity(4)
    familiarity.fit(known, known)
    assert bool(torch.isfinite(familiarity(known)).all())
    assert float(familiarity(torch.full((1, 4), 50.0))) < 0.5
