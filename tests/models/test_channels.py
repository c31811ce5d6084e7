# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from monai_medvid.data.procedure import Procedure, list_procedures, load_procedure
from monai_medvid.errors import InputError
from monai_medvid.models.channels import Channels
from tests.models.nets import PROCEDURE


def test_every_channel_has_a_name_of_its_own() -> None:
    channels = Channels.of(PROCEDURE)
    assert channels.names == (
        "phase/one", "phase/two", "phase/three",
        "instrument/hook", "instrument/clip",
        "anticipation/one", "anticipation/two", "anticipation/three",
        "anticipation/hook", "anticipation/clip",
        "criterion/seen",
        "inside",
    )  # fmt: skip
    assert list(channels.channel_def) == [str(i) for i in range(len(channels))]
    assert channels.find("step") == slice(0, 0)


@pytest.mark.parametrize("name", list_procedures())
def test_every_shipped_procedure_has_channels(name: str) -> None:
    channels = Channels.of(load_procedure(name))
    assert len(set(channels.names)) == len(channels)


@pytest.mark.parametrize("shape", [(2, 12), (2, 12, 5)])
def test_answers_are_probabilities_and_minutes(shape: tuple[int, ...]) -> None:
    channels = Channels.of(PROCEDURE, horizon_minutes=3.0)
    answer = channels.activate(torch.randn(shape) * 30)
    assert torch.allclose(answer[:, channels.find("phase")].sum(1), torch.ones(2, *shape[2:]))
    minutes = answer[:, channels.find("anticipation")]
    assert 0 <= minutes.min() <= 1 < 2 <= minutes.max() <= 3
    evidence = channels.evidence(torch.zeros(shape))
    assert 0 <= evidence.min() <= evidence.max() <= 1


def test_one_name_for_two_things_is_refused() -> None:
    twice = Procedure(name="x", title="X", source="-", phases=("hook",), instruments=("hook",))
    with pytest.raises(InputError, match="Rename"):
        Channels.of(twice)
