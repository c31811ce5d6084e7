# SPDX-License-Identifier: Apache-2.0
"""CAFormer under the authors' and timm's names, PVT v2, and GSViT."""

from __future__ import annotations

from monai_medvid.models.weight_family import Converted, Renamer, Tensors, count


def convert_caformer(source: Tensors) -> Converted:
    """To our CAFormer, with the activation that the file was trained with."""
    names = Renamer(source)
    timm = "stem.conv.weight" in source
    for key, tensor in source.items():
        new = _authors_name(key) if timm else key
        if new.startswith(("downsample_layers.", "stages.")):
            linear = new.endswith(
                (".pwconv1.weight", ".pwconv2.weight", ".fc1.weight", ".fc2.weight")
            )
            names.put(new, tensor.flatten(1) if linear else tensor, key)
    tensors = names.tensors
    star = any(".act1.scale" in key for key in tensors)
    config = {
        "model_type": "caformer",
        "depths": [count(tensors, f"stages.{stage}." + "{}.") for stage in range(4)],
        "hidden_sizes": [
            int(tensors[f"downsample_layers.{stage}.conv.weight"].shape[0]) for stage in range(4)
        ],
        "activation": "star_relu" if star else "relu",
    }
    return names.done(config)


def _authors_name(key: str) -> str:
    parts = key.split(".")
    if parts[0] == "stem":
        return ".".join(
            ["downsample_layers.0", "post_norm" if parts[1] == "norm" else "conv", parts[2]]
        )
    if parts[0] == "stages" and parts[2] == "downsample":
        place = "pre_norm" if parts[3] == "norm" else "conv"
        return ".".join([f"downsample_layers.{parts[1]}", place, parts[4]])
    return key.replace(".blocks.", ".", 1)


def convert_pvt_v2(source: Tensors) -> Converted:
    """To the PVT v2 of transformers (Wang et al., CVMJ 2022)."""
    names = Renamer(source)
    depths, sizes, heads, ratios, reductions = [], [], [], [], []
    for stage in range(4):
        old, new = f"block{stage + 1}", f"encoder.layers.{stage}"
        names.take_module(f"patch_embed{stage + 1}.proj", f"{new}.patch_embedding.proj")
        names.take_module(f"patch_embed{stage + 1}.norm", f"{new}.patch_embedding.layer_norm")
        names.take_module(f"norm{stage + 1}", f"{new}.layer_norm")
        depths.append(count(source, old + ".{}."))
        for block in range(depths[-1]):
            _pvt_block(names, f"{old}.{block}", f"{new}.blocks.{block}")
        size = int(source[f"{old}.0.attn.q.weight"].shape[0])
        sizes.append(size)
        heads.append(size // sizes[0])
        ratios.append(int(source[f"{old}.0.mlp.fc1.weight"].shape[0]) // size)
        reduction = source.get(f"{old}.0.attn.sr.weight")
        reductions.append(1 if reduction is None else int(reduction.shape[-1]))
    config = {
        "model_type": "pvt_v2",
        "depths": depths,
        "hidden_sizes": sizes,
        "num_attention_heads": heads,
        "mlp_ratios": ratios,
        "sr_ratios": reductions,
        "layer_norm_eps": 1e-6,
    }
    return names.done(config)


def _pvt_block(names: Renamer, old: str, new: str) -> None:
    source = names.source
    names.take_module(f"{old}.norm1", f"{new}.layer_norm_1")
    names.take_module(f"{old}.norm2", f"{new}.layer_norm_2")
    names.take_module(f"{old}.attn.q", f"{new}.attention.query")
    names.take_module(f"{old}.attn.proj", f"{new}.attention.proj")
    names.take_module(f"{old}.attn.sr", f"{new}.attention.spatial_reduction")
    names.take_module(f"{old}.attn.norm", f"{new}.attention.layer_norm")
    names.take_module(f"{old}.mlp.fc1", f"{new}.mlp.dense1")
    names.take_module(f"{old}.mlp.fc2", f"{new}.mlp.dense2")
    names.take_module(f"{old}.mlp.dwconv.dwconv", f"{new}.mlp.dwconv.dwconv")
    for kind in ("weight", "bias"):
        key = f"{old}.attn.kv.{kind}"
        if key in source:
            for part, tensor in zip(("key", "value"), source[key].chunk(2), strict=True):
                names.put(f"{new}.attention.{part}.{kind}", tensor, key)


_GSVIT_PARTS = {"0": "patch_embed", "1": "blocks1", "2": "blocks2", "3": "blocks3"}
"""GSViT numbers the children of EfficientViT-M5."""


def convert_gsvit(source: Tensors) -> Converted:
    """To our EfficientViT; its first convolution is turned from BGR, as trained, to RGB."""
    names = Renamer(source)
    for key, tensor in source.items():
        _, part, rest = (*key.split(".", 2), "", "")[:3]
        if key.startswith("evit.") and part in _GSVIT_PARTS:
            new = f"{_GSVIT_PARTS[part]}.{rest}"
            names.put(new, tensor.flip(1) if new == "patch_embed.0.c.weight" else tensor, key)
    return names.done({"model_type": "efficientvit_m5"})
