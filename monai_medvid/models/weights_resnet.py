# SPDX-License-Identifier: Apache-2.0
"""ResNet under torchvision's and timm's names, alone or inside of SurgVLP and SelfSupSurg."""

from __future__ import annotations

from monai_medvid.models.weight_family import Converted, Renamer, Tensors, count


def convert_resnet(source: Tensors) -> Converted:
    """To the ResNet of transformers (stride in the 3x3 convolution, as torchvision has it)."""
    names = Renamer(source)
    names.take_module("conv1", "embedder.embedder.convolution")
    names.take_module("bn1", "embedder.embedder.normalization")
    depths, sizes = [], []
    bottleneck = "layer1.0.conv3.weight" in source
    for stage in range(4):
        depth = count(source, f"layer{stage + 1}." + "{}.")
        last = f"layer{stage + 1}.0.conv{3 if bottleneck else 2}.weight"
        depths.append(depth)
        sizes.append(int(source[last].shape[0]))
        for block in range(depth):
            _block(names, f"layer{stage + 1}.{block}", f"encoder.stages.{stage}.layers.{block}")
    config = {
        "model_type": "resnet",
        "depths": depths,
        "hidden_sizes": sizes,
        "embedding_size": int(source["conv1.weight"].shape[0]),
        "layer_type": "bottleneck" if bottleneck else "basic",
    }
    return names.done(config)


def _block(names: Renamer, old: str, new: str) -> None:
    for i in range(3):
        names.take_module(f"{old}.conv{i + 1}", f"{new}.layer.{i}.convolution")
        names.take_module(f"{old}.bn{i + 1}", f"{new}.layer.{i}.normalization")
    names.take_module(f"{old}.downsample.0", f"{new}.shortcut.convolution")
    names.take_module(f"{old}.downsample.1", f"{new}.shortcut.normalization")
