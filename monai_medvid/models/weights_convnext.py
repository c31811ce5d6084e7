# SPDX-License-Identifier: Apache-2.0
"""ConvNeXt and ConvNeXt V2 under the names of torchvision, timm and the authors."""

from __future__ import annotations

from dataclasses import dataclass

from monai_medvid.models.weight_family import Converted, Renamer, Tensors, count


@dataclass(frozen=True)
class _Names:
    """Where a library keeps the parts; ``{s}`` is the stage, ``{b}`` the block."""

    stem: tuple[str, str]
    down: tuple[str, str]
    block: str
    depthwise: str
    norm: str
    wide: str
    narrow: str
    scale: str
    grn: str = ""


TORCHVISION = _Names(
    stem=("features.0.0", "features.0.1"),
    down=("features.{t}.0", "features.{t}.1"),
    block="features.{f}.{b}",
    depthwise="block.0",
    norm="block.2",
    wide="block.3",
    narrow="block.5",
    scale="layer_scale",
)
TIMM = _Names(
    stem=("stem.0", "stem.1"),
    down=("stages.{s}.downsample.0", "stages.{s}.downsample.1"),
    block="stages.{s}.blocks.{b}",
    depthwise="conv_dw",
    norm="norm",
    wide="mlp.fc1",
    narrow="mlp.fc2",
    scale="gamma",
    grn="mlp.grn",
)
AUTHORS = _Names(
    stem=("downsample_layers.0.0", "downsample_layers.0.1"),
    down=("downsample_layers.{s}.0", "downsample_layers.{s}.1"),
    block="stages.{s}.{b}",
    depthwise="dwconv",
    norm="norm",
    wide="pwconv1",
    narrow="pwconv2",
    scale="gamma",
    grn="grn",
)


def convert_convnext(source: Tensors, layout: _Names) -> Converted:
    """To the ConvNeXt (V2 where there is response normalisation) of transformers."""
    names = Renamer(source)
    names.take_module(layout.stem[0], "embeddings.patch_embeddings")
    names.take_module(layout.stem[1], "embeddings.layernorm")
    depths, sizes, second = [], [], False
    for stage in range(4):
        places = {"s": stage, "t": 2 * stage, "f": 2 * stage + 1}
        if stage:
            for i, old in enumerate(layout.down):
                new = f"encoder.stages.{stage}.downsampling_layer.{i}"
                names.take_module(old.format(**places), new)
        pattern = layout.block.replace("{b}", "{{}}").format(**places) + "."
        depths.append(count(source, pattern))
        first = layout.block.format(b=0, **places)
        sizes.append(int(source[f"{first}.{layout.depthwise}.weight"].shape[0]))
        for block in range(depths[-1]):
            old = layout.block.format(b=block, **places)
            second |= _block(names, old, f"encoder.stages.{stage}.layers.{block}", layout)
    kind = "convnextv2" if second else "convnext"
    config = {"model_type": kind, "depths": depths, "hidden_sizes": sizes, "layer_norm_eps": 1e-6}
    return names.done(config, optional=("hidden_states_norms.",))


def _block(names: Renamer, old: str, new: str, layout: _Names) -> bool:
    """Rename a block; whether it is one of V2."""
    source = names.source
    names.take_module(f"{old}.{layout.depthwise}", f"{new}.dwconv")
    names.take_module(f"{old}.{layout.norm}", f"{new}.layernorm")
    for part, place in ((layout.wide, "pwconv1"), (layout.narrow, "pwconv2")):
        for kind in ("weight", "bias"):
            key = f"{old}.{part}.{kind}"
            if key in source:  # timm has 1x1 convolutions in some variants
                names.put(
                    f"{new}.{place}.{kind}",
                    source[key].flatten(1) if kind == "weight" else source[key],
                    key,
                )
    if f"{old}.{layout.scale}" in source:
        scale = source[f"{old}.{layout.scale}"]
        names.put(f"{new}.layer_scale_parameter", scale.flatten(), f"{old}.{layout.scale}")
    grn = [(f"{old}.{layout.grn}.{a}", b) for a, b in _GRN] if layout.grn else []
    for key, kind in grn:
        if key in source:
            names.put(f"{new}.grn.{kind}", source[key].view(1, 1, 1, -1), key)
    return any(key in source for key, _ in grn)


_GRN = (("weight", "weight"), ("bias", "bias"), ("gamma", "weight"), ("beta", "bias"))
"""timm's and the authors' names of the parameters of global response normalisation."""
