# SPDX-License-Identifier: Apache-2.0
"""Running a bundle's configurations as the zoo's unit tests do, and bundles without weights."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigWorkflow

from monai_medvid.inference.bundle import build_network


def run_workflow(
    bundle: Path, workflow_type: str, configs: list[str], overrides: dict[str, Any]
) -> ConfigWorkflow:
    """Initialize, check the properties, run, finalize."""
    workflow = ConfigWorkflow(
        config_file=[str(bundle / "configs" / name) for name in configs],
        meta_file=str(bundle / "configs" / "metadata.json"),
        logging_file=str(bundle / "configs" / "logging.conf"),
        workflow_type=workflow_type,
        **overrides,
    )
    workflow.initialize()
    assert workflow.check_properties() == []
    workflow.run()
    workflow.finalize()
    return workflow


def with_random_weights(bundle: Path, folder: Path) -> Path:
    """A copy of a bundle whose network learnt nothing; the same weights each time."""
    copy = folder / bundle.name
    shutil.copytree(bundle, copy, ignore=shutil.ignore_patterns("models", "eval"))
    (copy / "models").mkdir()
    torch.manual_seed(0)
    network = build_network(copy)
    for parameter in network.parameters():  # heads that begin at zero would hide mistakes
        if parameter.dim() > 1 and not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    torch.save(network.state_dict(), copy / "models" / "model.pt")
    return copy
