# SPDX-License-Identifier: Apache-2.0
"""Bundles as the public model zoo lays them out, with random weights of its networks.

Only the fields that running them needs are here, as of the zoo's endoscopic_tool_segmentation 0.6
and endoscopic_inbody_classification 0.5.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser

TOOL_NETWORK = {
    "_target_": "FlexibleUNet",
    "in_channels": 3,
    "out_channels": 2,
    "backbone": "efficientnet-b0",  # b2 in the zoo: the same code, a third of the time
    "spatial_dims": 2,
    "pretrained": False,
    "is_pad": False,
    "pre_conv": None,
}
INBODY_NETWORK = {
    "_target_": "SEResNet50",
    "layers": [1, 1, 1, 1],  # 3, 4, 6, 3 in the zoo
    "spatial_dims": 2,
    "in_channels": 3,
    "num_classes": 2,
}


def tool_preprocessing(size: list[int]) -> list[dict[str, Any]]:
    """As the zoo's, for pictures of another size."""
    return [
        {"_target_": "LoadImaged", "keys": "@image_key", "image_only": False},
        {"_target_": "EnsureChannelFirstd", "keys": "@image_key", "channel_dim": -1},
        {"_target_": "Resized", "keys": ["@image_key"], "spatial_size": size, "mode": ["bilinear"]},
        {"_target_": "ScaleIntensityd", "keys": ["@image_key"]},
    ]


def inbody_preprocessing(size: list[int]) -> list[dict[str, Any]]:
    """As the zoo's, for pictures of another size."""
    return [
        {"_target_": "LoadImaged", "keys": "@image_key", "image_only": False},
        {"_target_": "EnsureChannelFirstd", "keys": "@image_key", "channel_dim": -1},
        {"_target_": "Resized", "keys": "@image_key", "spatial_size": size, "mode": "bilinear"},
        {"_target_": "CastToTyped", "dtype": "$torch.float32", "keys": "@image_key"},
        {
            "_target_": "NormalizeIntensityd",
            "nonzero": True,
            "channel_wise": True,
            "keys": "@image_key",
        },
        {"_target_": "EnsureTyped", "keys": "@image_key"},
    ]


def make_tool_bundle(folder: Path, *, size: tuple[int, int] = (736, 480)) -> Path:
    """Tools against background, (columns, rows) in, one softmax of two channels."""
    pred = {
        "type": "image",
        "format": "segmentation",
        "num_channels": 2,
        "spatial_shape": list(size),
        "channel_def": {"0": "background", "1": "tools"},
    }
    post = [
        {"_target_": "Invertd", "keys": "pred", "transform": "@preprocessing"},
        {"_target_": "AsDiscreted", "argmax": True, "to_onehot": 2, "keys": ["pred"]},
        {"_target_": "Lambdad", "keys": ["pred"], "func": "$lambda x : x[1:]"},
    ]
    metadata = {
        "version": "0.6.1",
        "name": "Endoscopic tool segmentation",
        "task": "Endoscopic tool segmentation",
        "label_classes": "single channel data, 1/255 is tool, 0 is background",
        "pred_classes": "2 channels OneHot data, channel 1 is tool, channel 0 is background",
    }
    steps = tool_preprocessing(list(size))
    return _write(folder, TOOL_NETWORK, metadata, _format(list(size), pred), steps, post)


def make_inbody_bundle(folder: Path, *, size: tuple[int, int] = (256, 256)) -> Path:
    """Whether a frame shows the inside of the body: one softmax of two channels a frame."""
    pred = {
        "type": "probabilities",
        "format": "classes",
        "num_channels": 2,
        "spatial_shape": [1, 2],
        "channel_def": {"0": "in body", "1": "out body"},
    }
    post = [{"_target_": "AsDiscreted", "argmax": True, "to_onehot": 2, "keys": ["pred"]}]
    metadata = {
        "version": "0.5.0",
        "name": "Endoscopic inbody classification",
        "task": "Endoscopic inbody classification",
        "label_classes": "0: inbody, 1: outbody",
        "pred_classes": "vector whose length equals to 2, [1,0] means in body, ...",
    }
    steps = inbody_preprocessing(list(size))
    return _write(folder, INBODY_NETWORK, metadata, _format(list(size), pred), steps, post)


def _format(size: list[int], pred: dict[str, Any]) -> dict[str, Any]:
    image = {
        "type": "magnitude",
        "format": "RGB",
        "modality": "regular",
        "num_channels": 3,
        "spatial_shape": size,
        "dtype": "float32",
        "value_range": [0, 1],
        "is_patch_data": False,
        "channel_def": {"0": "R", "1": "G", "2": "B"},
    }
    return {"inputs": {"image": image}, "outputs": {"pred": pred}}


def _write(
    folder: Path,
    network: dict[str, Any],
    metadata: dict[str, Any],
    layout: dict[str, Any],
    preprocessing: list[dict[str, Any]],
    postprocessing: list[dict[str, Any]],
) -> Path:
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    config = {
        "imports": ["$import glob", "$import os"],
        "bundle_root": ".",
        "image_key": "image",
        "device": "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
        "network_def": network,
        "network": "$@network_def.to(@device)",
        "preprocessing": {"_target_": "Compose", "transforms": preprocessing},
        "inferer": {"_target_": "SimpleInferer"},
        "postprocessing": {"_target_": "Compose", "transforms": postprocessing},
    }
    (folder / "configs" / "inference.json").write_text(json.dumps(config))
    document = {**metadata, "network_data_format": layout}
    (folder / "configs" / "metadata.json").write_text(json.dumps(document))
    (folder / "LICENSE").write_text("Apache License\nVersion 2.0\n")
    torch.save(_random_network(network).state_dict(), folder / "models" / "model.pt")
    return folder


def _random_network(network: dict[str, Any]) -> torch.nn.Module:
    """With BatchNorm at the statistics of noise: its answers then differ from place to place."""
    torch.manual_seed(0)
    made: torch.nn.Module = ConfigParser({"network_def": network}).get_parsed_content("network_def")
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
            module.reset_running_stats()
    with torch.no_grad():
        made.train()(torch.nn.functional.interpolate(torch.rand(4, 3, 12, 16), scale_factor=8.0))
    return made.eval()
