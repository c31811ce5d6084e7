# SPDX-License-Identifier: Apache-2.0
"""``torch.jit.script`` of the workflow network, as ``monai.bundle ckpt_export`` calls it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from monai_medvid.errors import ModelError
from monai_medvid.models import WorkflowNet
from tests.workflow_bundle import NETWORK

OPTIONS = {key: value for key, value in NETWORK.items() if key not in ("_target_",)}


@pytest.mark.parametrize("temporal", ["causal_tcn", "gru"])
def test_the_scripted_network_answers_the_same(temporal: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    options = {**OPTIONS, "temporal": temporal}
    if temporal == "gru":
        options["temporal_options"] = {"width": 8}
    network = WorkflowNet(**options)
    for parameter in network.temporal.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    torch.jit.save(torch.jit.script(network), tmp_path / "model.ts")  # type: ignore[no-untyped-call]
    assert network.training
    loaded = torch.jit.load(tmp_path / "model.ts").eval()  # type: ignore[no-untyped-call]
    network.eval()
    with torch.inference_mode():
        for shape in ((1, 3, 9, 64, 96), (2, 3, 5, 96, 128)):
            clip = torch.rand(*shape)
            torch.testing.assert_close(loaded(clip), network(clip))


def test_a_core_whose_steps_depend_on_the_length_is_refused() -> None:
    options = {**OPTIONS, "temporal": "linear_recurrence", "temporal_options": {"width": 8}}
    with pytest.raises(ModelError, match="linear_recurrence"):
        torch.jit.script(WorkflowNet(**options))
