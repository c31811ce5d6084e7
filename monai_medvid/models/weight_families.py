# SPDX-License-Identifier: Apache-2.0
"""The families of published encoder weights that are recognised by their keys.

What their files look like was read from their repositories; where a key does not tell whose weights
they are (a ViT is a ViT), the licence is left open.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch

from monai_medvid.models import weights_convnext
from monai_medvid.models.weight_family import NON_COMMERCIAL, Family
from monai_medvid.models.weights_convnext import convert_convnext
from monai_medvid.models.weights_others import convert_caformer, convert_gsvit, convert_pvt_v2
from monai_medvid.models.weights_resnet import convert_resnet
from monai_medvid.models.weights_vit import convert_dinov3, convert_vit

Keys = Mapping[str, torch.Tensor]

_VIT_UNUSED = (
    "head.",
    "fc_norm.",
    "decoder",
    "rope_embed.",
    "predictor.",
    "last_layer.",
    "blocks.*.attn.qkv.bias_mask",
    "mlp_head.",
)
_TIME = ("time_embed", "blocks.*.temporal_")


def _has(*names: str, without: tuple[str, ...] = ()) -> partial[bool]:
    return partial(_check, names, without)


def _check(names: tuple[str, ...], without: tuple[str, ...], keys: Keys) -> bool:
    return all(name in keys for name in names) and not any(name in keys for name in without)


def _starts(keys: Keys, beginning: str) -> bool:
    return any(key.startswith(beginning) for key in keys)


def _is_surgvlp(keys: Keys) -> bool:
    towers = _starts(keys, "backbone_img.") or _starts(keys, "backbone_text.")
    return "layer1.0.conv1.weight" in keys and towers


def _is_surgenet(keys: Keys) -> bool:
    name = "stages.0.0.token_mixer.pwconv1.weight"
    return name in keys and "stages.0.0.token_mixer.act1.scale" not in keys


FAMILIES: tuple[Family, ...] = (
    Family(
        "SurgeNet CAFormer (ReLU)",
        _is_surgenet,
        convert_caformer,
        unused=("head.", "norm."),
        licence=NON_COMMERCIAL,
    ),
    Family(
        "CAFormer",
        lambda keys: any(".token_mixer.pwconv1.weight" in key for key in keys),
        convert_caformer,
        unused=("head.", "norm."),
    ),
    Family(
        "SurgVLP, HecVL or PeskaVLP image tower",
        _is_surgvlp,
        convert_resnet,
        unused=("backbone_text.", "backbone_img.global_embedder."),
        licence=NON_COMMERCIAL,
        note="Pretrained on pictures resized to 360x640, their middle 224x224.",
    ),
    Family(
        "ResNet",
        _has("conv1.weight", "layer1.0.conv1.weight"),
        convert_resnet,
        note="SelfSupSurg's weights are CC-BY-NC-SA-4.0.",
    ),
    Family(
        "ConvNeXt, torchvision's names (LemonFM)",
        _has("features.0.0.weight", "features.1.0.layer_scale"),
        partial(convert_convnext, layout=weights_convnext.TORCHVISION),
        note="LemonFM: see the licence on its model card.",
    ),
    Family(
        "ConvNeXt, the authors' names (SurgeNet ConvNeXt V2)",
        _has("downsample_layers.0.0.weight", "stages.0.0.dwconv.weight"),
        partial(convert_convnext, layout=weights_convnext.AUTHORS),
        unused=("head.", "norm."),
        note="SurgeNet's weights are CC-BY-NC-SA-4.0.",
    ),
    Family(
        "ConvNeXt, timm's names",
        _has("stem.0.weight", "stages.0.blocks.0.conv_dw.weight"),
        partial(convert_convnext, layout=weights_convnext.TIMM),
    ),
    Family(
        "PVT v2 (SurgeNet)",
        _has("patch_embed1.proj.weight", "block1.0.attn.q.weight"),
        convert_pvt_v2,
        note="SurgeNet's weights are CC-BY-NC-SA-4.0.",
    ),
    Family(
        "GSViT",
        _has("evit.0.0.c.weight", "evit.3.0.0.m.c.weight"),
        convert_gsvit,
        unused=("decoder.", "evit.*.attention_bias_idxs"),
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        note="Trained on BGR; the first convolution is turned round, so that RGB goes in.",
    ),
    Family(
        "Endo-FM, its spatial half",
        _has("blocks.0.attn.qkv.weight", "blocks.0.temporal_attn.qkv.weight"),
        convert_vit,
        unused=(*_VIT_UNUSED, *_TIME),
        licence="Apache-2.0",
        note="Attention over time is left out, as its authors sanction (Endo-FM#5).",
    ),
    Family(
        "Masked autoencoder ViT (EndoViT)",
        _has("blocks.0.attn.qkv.weight", "decoder_embed.weight", "pos_embed"),
        convert_vit,
        unused=_VIT_UNUSED,
        mean=(0.3464, 0.2280, 0.2228),
        std=(0.2520, 0.2128, 0.2093),
        note="Normalisation is EndoViT's; another autoencoder may want ImageNet's.",
    ),
    Family(
        "DINOv3 ViT",
        _has("blocks.0.attn.qkv.weight", without=("pos_embed",)),
        convert_dinov3,
        unused=_VIT_UNUSED,
        note="Meta's DINOv3 licence; SurgeNet's weights are CC-BY-NC-SA-4.0 as well.",
    ),
    Family(
        "ViT (DINO v1 or v2, timm)",
        _has("blocks.0.attn.qkv.weight", "pos_embed", "patch_embed.proj.weight"),
        convert_vit,
        unused=_VIT_UNUSED,
        note="Meta's DINOv2 is Apache-2.0; SurgeNet's weights are CC-BY-NC-SA-4.0.",
    ),
)
"""The first that matches counts."""


def recognise(tensors: Keys) -> Family | None:
    """The family whose keys these are."""
    return next((family for family in FAMILIES if family.matches(tensors)), None)
