# SPDX-License-Identifier: Apache-2.0
"""Writes checkpoints and features of encoders as timm defines them: ``timm_reference.py FOLDER``.

A program of its own: timm wants torchvision, which has no build beside torch for CPUs, so that
stand-ins take its place here, and transformers must not see those.
"""

from __future__ import annotations

import importlib.machinery
import re
import sys
import types
from pathlib import Path
from typing import Any

import torch

State = dict[str, torch.Tensor]
IMAGES = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(7)).double()


class _Anything(types.ModuleType):
    """A module in which every name is an empty class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return (
            type(name, (), {"NEAREST": 0, "BILINEAR": 2, "BICUBIC": 3, "LANCZOS": 1})
            if (name == "InterpolationMode")
            else type(name, (torch.nn.Module,), {})
        )


def stand_in_for_torchvision() -> None:
    parts = ("ops", "ops.misc", "transforms", "transforms.functional", "datasets")
    for name in ("torchvision", *(f"torchvision.{part}" for part in parts)):
        module = _Anything(name)
        module.__path__ = []
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        sys.modules[name] = module
        if "." in name:
            parent, child = name.rsplit(".", 1)
            setattr(sys.modules[parent], child, module)
    modes = sys.modules["torchvision.transforms.functional"].InterpolationMode
    for name in ("BOX", "HAMMING"):
        setattr(modes, name, 4)
    for module in ("torchvision.transforms.functional", "torchvision.transforms"):
        sys.modules[module].InterpolationMode = modes  # type: ignore[attr-defined]


def through_stages(net: Any, stem: Any) -> list[torch.Tensor]:
    x, maps = stem(IMAGES), []
    for stage in net.stages:
        x = stage(x)
        maps.append(x)
    return maps


def surgenet_caformer(timm: Any) -> tuple[State, list[torch.Tensor]]:
    """ReLU in place of StarReLU, under the names of MetaFormer's authors."""
    from timm.models import metaformer as m

    class SepConv(m.SepConv):  # type: ignore[misc, name-defined]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "act1_layer": torch.nn.ReLU})

    net = prepared(
        m.MetaFormer(
            depths=(1, 1, 2, 1),
            dims=(32, 64, 96, 128),
            token_mixers=[SepConv, SepConv, m.Attention, m.Attention],
            mlp_act=torch.nn.ReLU,
            norm_layers=[m.LayerNorm2dNoBias] * 2 + [m.LayerNormNoBias] * 2,
        )
    )
    state = {}
    for key, value in net.state_dict().items():
        new = key.replace("stem.conv", "downsample_layers.0.conv")
        new = new.replace("stem.norm", "downsample_layers.0.post_norm")
        new = re.sub(r"stages\.(\d)\.downsample\.norm", r"downsample_layers.\1.pre_norm", new)
        new = re.sub(r"stages\.(\d)\.downsample\.conv", r"downsample_layers.\1.conv", new)
        new = new.replace(".blocks.", ".").replace("head.norm.", "norm.")
        linear = re.search(r"stages.*(pwconv\d|fc\d)\.weight$", new)
        state[new] = value.flatten(1) if linear else value
    return state, through_stages(net, net.stem)


def convnext_v2(timm: Any) -> tuple[State, list[torch.Tensor]]:
    net = prepared(timm.create_model("convnextv2_atto"))
    return net.state_dict(), through_stages(net, net.stem)


def pvt_v2(timm: Any) -> tuple[State, list[torch.Tensor]]:
    net = prepared(timm.create_model("pvt_v2_b0"))

    def number(match: re.Match[str]) -> str:
        names = {"downsample": "patch_embed{}", "blocks": "block{}", "norm": "norm{}"}
        return names[match[2]].format(int(match[1]) + 1) + "."

    state = {}
    for key, value in net.state_dict().items():
        new = re.sub(r"^stages\.(\d)\.(downsample|blocks|norm)\.", number, key)
        new = re.sub(r"^patch_embed\.", "patch_embed1.", new)
        state[new.replace("mlp.dwconv.", "mlp.dwconv.dwconv.")] = value
    return state, through_stages(net, net.patch_embed)


def vit(timm: Any, name: str, prefix: int) -> tuple[State, list[torch.Tensor]]:
    net = prepared(timm.create_model(name, num_classes=0, img_size=64, depth=4))
    tokens = net.forward_features(IMAGES)[:, prefix:]
    side = round(tokens.shape[1] ** 0.5)
    return net.state_dict(), [tokens.transpose(1, 2).reshape(1, -1, side, side)]


def gsvit(timm: Any) -> tuple[State, list[torch.Tensor]]:
    """Children by number, BGR in."""
    net = prepared(timm.create_model("efficientvit_m5", num_classes=0))
    parts = {"res1": "0", "patchmerge": "1", "res2": "2"}
    state = {}
    for key, value in net.state_dict().items():
        names = key.replace(".conv.weight", ".c.weight").split(".")
        if names[0] == "patch_embed":
            new = ["evit.0", str(2 * int(names[1].removeprefix("conv")) - 2), *names[2:]]
        elif names[2] == "downsample":
            new = [f"evit.{int(names[1]) + 1}", parts[names[3]], *names[4:]]
        else:
            stage = int(names[1])
            new = [f"evit.{stage + 1}", str(int(names[3]) + (3 if stage else 0)), *names[4:]]
        state[".".join(new)] = value
    state["decoder.conv5.weight"] = torch.ones(2)
    images = torch.nn.functional.interpolate(IMAGES.flip(1), size=(224, 224))
    x, maps = net.patch_embed(images), []
    for stage in net.stages:
        x = stage(x)
        maps.append(x)
    return state, [maps[0], maps[2]]


def prepared(net: Any) -> Any:
    """Random weights of which each one counts, in float64."""
    from tests.models.family_nets import randomize

    return randomize(net).double()


CASES: dict[str, Any] = {
    "SurgeNet CAFormer (ReLU)": surgenet_caformer,
    "ConvNeXt, timm's names": convnext_v2,
    "PVT v2 (SurgeNet)": pvt_v2,
    "DINOv3 ViT": lambda timm: vit(timm, "vit_small_patch16_dinov3", 5),
    "ViT (DINO v1 or v2, timm)": lambda timm: vit(timm, "vit_small_patch16_224", 1),
    "GSViT": gsvit,
}


def main(folder: Path) -> None:
    stand_in_for_torchvision()
    import timm

    with torch.no_grad():
        for number, make in enumerate(CASES.values()):
            state, maps = make(timm)
            torch.save(state, folder / f"{number}.pth")
            torch.save(maps, folder / f"{number}.maps")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
