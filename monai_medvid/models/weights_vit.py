# SPDX-License-Identifier: Apache-2.0
"""Plain vision transformers: DINO v1 to v3, MAE, and the spatial half of TimeSformer."""

from __future__ import annotations

import math
from typing import Any

import torch

from monai_medvid.models.weight_family import Converted, Renamer, Tensors, count

_HEAD_CHANNELS = 64
"""Of every ViT-S, B and L of these families."""


def convert_vit(source: Tensors) -> Converted:
    """To the DINOv2 of transformers: a plain ViT is one whose layer scales are 1."""
    names = Renamer(source)
    names.take_module("patch_embed.proj", "embeddings.patch_embeddings.projection")
    names.take("cls_token", "embeddings.cls_token")
    names.take("mask_token", "embeddings.mask_token")
    registers = next((key for key in ("reg_token", "register_tokens") if key in source), None)
    if registers:
        names.take(registers, "embeddings.register_tokens")
    _positions(names)
    layers = count(source, "blocks.{}.")
    for i in range(layers):
        _layer(names, f"blocks.{i}", f"encoder.layer.{i}", scales=("ls1.gamma", "ls2.gamma"))
    names.take_module("norm", "layernorm")
    config = _config(source, layers)
    patches = names.tensors["embeddings.position_embeddings"].shape[1] - 1
    config["image_size"] = math.isqrt(patches) * config["patch_size"]
    config["model_type"] = "dinov2_with_registers" if registers else "dinov2"
    if registers:
        config["num_register_tokens"] = int(source[registers].shape[1])
    return names.done(config, optional=("embeddings.mask_token",))


def convert_dinov3(source: Tensors) -> Converted:
    """To the DINOv3 of transformers."""
    names = Renamer(source)
    names.take_module("patch_embed.proj", "embeddings.patch_embeddings")
    names.take("cls_token", "embeddings.cls_token")
    if "mask_token" in source:
        names.put("embeddings.mask_token", source["mask_token"].view(1, 1, -1), "mask_token")
    registers = next((key for key in ("reg_token", "storage_tokens") if key in source), None)
    if registers:
        names.take(registers, "embeddings.register_tokens")
    layers = count(source, "blocks.{}.")
    scales = ("gamma_1", "gamma_2") if "blocks.0.gamma_1" in source else ("ls1.gamma", "ls2.gamma")
    for i in range(layers):
        _layer(names, f"blocks.{i}", f"model.layer.{i}", scales=scales)
    for key in [key for key in names.tensors if ".mlp.fc" in key]:
        new = key.replace(".mlp.fc1.", ".mlp.up_proj.").replace(".mlp.fc2.", ".mlp.down_proj.")
        names.tensors[new] = names.tensors.pop(key)
    for key in [key for key in names.tensors if key.endswith("k_proj.bias")]:
        del names.tensors[key]  # masked to zero by the authors
    names.take_module("norm", "norm")
    has_bias = any(f"blocks.0.attn.{name}" in source for name in ("qkv.bias", "q_bias"))
    config = _config(source, layers) | {
        "model_type": "dinov3_vit",
        "num_register_tokens": int(source[registers].shape[1]) if registers else 0,
        "intermediate_size": int(source["blocks.0.mlp.fc1.weight"].shape[0]),
        "query_bias": has_bias,
        "value_bias": has_bias,
        "layer_norm_eps": 1e-5,
    }
    del config["mlp_ratio"]
    return names.done(config, optional=("embeddings.mask_token", "embeddings.register_tokens"))


def _config(source: Tensors, layers: int) -> dict[str, Any]:
    weight = source["patch_embed.proj.weight"]
    hidden = int(weight.shape[0])
    return {
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": max(1, hidden // _HEAD_CHANNELS),
        "patch_size": int(weight.shape[-1]),
        "mlp_ratio": source["blocks.0.mlp.fc1.weight"].shape[0] // hidden,
        "layer_norm_eps": 1e-6,
        "reshape_hidden_states": True,
        "apply_layernorm": True,
    }


def _positions(names: Renamer) -> None:
    """Positions of the class token and the patches; timm may have added the former already."""
    if "pos_embed" not in names.source:
        return
    positions = names.source["pos_embed"]
    if math.isqrt(positions.shape[1]) ** 2 == positions.shape[1]:
        positions = torch.cat([torch.zeros_like(positions[:, :1]), positions], 1)
    names.put("embeddings.position_embeddings", positions, "pos_embed")


def _layer(names: Renamer, old: str, new: str, *, scales: tuple[str, str]) -> None:
    source = names.source
    for part in ("norm1", "norm2", "mlp.fc1", "mlp.fc2"):
        names.take_module(f"{old}.{part}", f"{new}.{part}")
    names.take_module(f"{old}.attn.proj", f"{new}.attention.o_proj")
    for kind in ("weight", "bias"):
        key = f"{old}.attn.qkv.{kind}"
        if key in source:
            for part, tensor in zip("qkv", source[key].chunk(3), strict=True):
                names.put(f"{new}.attention.{part}_proj.{kind}", tensor, key)
    for part in "qv":  # timm keeps biases of queries and values apart where keys have none
        names.take(f"{old}.attn.{part}_bias", f"{new}.attention.{part}_proj.bias")
    for i, scale in enumerate(scales, 1):
        key = f"{old}.{scale}"
        if key in source:
            names.take(key, f"{new}.layer_scale{i}.lambda1")
        else:
            ones = torch.ones_like(source[f"{old}.norm1.weight"])
            names.put(f"{new}.layer_scale{i}.lambda1", ones, f"{old}.norm1.weight")
