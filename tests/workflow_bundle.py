# SPDX-License-Identifier: Apache-2.0
"""A workflow bundle with a tiny network that learnt nothing; the same weights for the same seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from monai_medvid.models import WorkflowNet

HEIGHT, WIDTH, CLIP = 64, 96, 4
NETWORK: dict[str, Any] = {
    "_target_": "monai_medvid.models.WorkflowNet",
    "procedure": "cholecystectomy",
    "encoder": {"model_type": "convnext", "depths": [1, 1, 1, 1], "hidden_sizes": [8, 8, 16, 16]},
    "temporal_options": {"width": 8, "layers": 3},
    "decoder_channels": 8,
}


def make_network(seed: int = 0) -> WorkflowNet:
    """The network, in eval mode."""
    torch.manual_seed(seed)
    options = {key: value for key, value in NETWORK.items() if key != "_target_"}
    return WorkflowNet(**options).eval()


def make_workflow_bundle(folder: Path, *, network: WorkflowNet | None = None) -> Path:
    """Write the bundle."""
    network = network or make_network()
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    torch.save(network.state_dict(), folder / "models" / "model.pt")
    (folder / "configs" / "inference.json").write_text(json.dumps({"network_def": NETWORK}))
    (folder / "configs" / "metadata.json").write_text(json.dumps(make_metadata(network)))
    (folder / "LICENSE").write_text("Apache License\nVersion 2.0\n")
    return folder


def make_metadata(network: WorkflowNet) -> dict[str, Any]:
    """Metadata in the 20240725 schema's shape, as far as running the network needs it."""
    return {
        "name": "A workflow that was never learnt",
        "version": "0.0.1",
        "task": "Tell phases at random",
        "network_data_format": {
            "inputs": {
                "image": {
                    "type": "image",
                    "format": "magnitude",
                    "num_channels": 3,
                    "spatial_shape": [CLIP, HEIGHT, WIDTH],
                    "dtype": "float32",
                    "value_range": [0, 1],
                    "channel_def": {"0": "R", "1": "G", "2": "B"},
                }
            },
            "outputs": {
                "pred": {
                    "type": "probabilities",
                    "format": "classes",
                    "num_channels": len(network.channels),
                    "spatial_shape": [CLIP],
                    "channel_def": network.channel_def,
                    "activation": "none",
                }
            },
        },
    }
