# SPDX-License-Identifier: Apache-2.0
"""A bundle whose network is one known convolution: red is a "polyp", and nothing is learnt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

HEIGHT, WIDTH = 96, 128


def make_bundle(folder: Path, *, labels: tuple[str, ...] = ("polyp",), network: Any = None) -> Path:
    """Write a bundle: channel k fires where colour k (red, green, blue) outshines the others."""
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    count = len(labels)
    convolution = torch.nn.Conv2d(3, count, 1)
    with torch.no_grad():
        convolution.weight.fill_(-10.0)
        convolution.bias.fill_(-4.0)
        for channel in range(count):
            convolution.weight[channel, channel] = 20.0
    torch.save(convolution.state_dict(), folder / "models" / "model.pt")
    default = {
        "_target_": "torch.nn.Conv2d",
        "in_channels": 3,
        "out_channels": count,
        "kernel_size": 1,
    }
    config = {"network_def": network or default}
    (folder / "configs" / "inference.json").write_text(json.dumps(config))
    (folder / "configs" / "metadata.json").write_text(json.dumps(make_metadata(labels)))
    (folder / "LICENSE").write_text("Apache License\nVersion 2.0\n")
    return folder


def make_metadata(labels: tuple[str, ...]) -> dict[str, Any]:
    """Metadata in the 20240725 schema's shape, as far as running the network needs it."""
    size = [HEIGHT, WIDTH]
    return {
        "name": "Red things",
        "version": "0.0.1",
        "task": "Find what is red",
        "network_data_format": {
            "inputs": {
                "image": {
                    "type": "image",
                    "format": "magnitude",
                    "num_channels": 3,
                    "spatial_shape": size,
                    "dtype": "float32",
                    "value_range": [0, 1],
                    "channel_def": {"0": "R", "1": "G", "2": "B"},
                }
            },
            "outputs": {
                "pred": {
                    "type": "image",
                    "format": "segmentation",
                    "num_channels": len(labels),
                    "spatial_shape": size,
                    "channel_def": {str(i): name for i, name in enumerate(labels)},
                    "activation": "sigmoid",
                }
            },
        },
    }


def draw_blob(
    *, height: int, width: int, row: float, column: float, radius: float, color: int = 0
) -> npt.NDArray[np.uint8]:
    """A disc of one pure colour on dark grey, (height, width, 3) uint8 RGB."""
    rows, columns = np.mgrid[:height, :width]
    inside = (rows + 0.5 - row) ** 2 + (columns + 0.5 - column) ** 2 <= radius**2
    picture = np.full((height, width, 3), 40, np.uint8)
    picture[inside] = 0
    picture[inside, color] = 220
    return picture
