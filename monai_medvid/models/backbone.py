# SPDX-License-Identifier: Apache-2.0
"""Making a backbone from a configuration or from a folder with weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from monai_medvid.errors import ModelError, first_line
from monai_medvid.models.caformer import Caformer
from monai_medvid.models.efficientvit import EfficientVit
from monai_medvid.models.weight_family import IMAGENET_MEAN, IMAGENET_STD

CARD, WEIGHTS = "encoder.json", "model.safetensors"
"""Of a folder that ``medvid import-weights`` wrote."""
OWN = {"caformer": Caformer, "efficientvit_m5": EfficientVit}
"""Backbones that transformers does not have."""
LEVELS = 4
_REFUSALS = (KeyError, TypeError, ValueError, OSError, ImportError, RuntimeError, SafetensorError)


def make_backbone(config: Mapping[str, Any] | str | Path) -> Any:
    """Build a backbone with ``channels`` and, when called, ``feature_maps``; never downloads.

    Args:
        config: ``model_type`` and the other fields of a configuration (random weights), a folder
            of ``medvid import-weights``, or a folder of transformers.

    Raises:
        ModelError: There is no such backbone, or the folder is damaged.
    """
    try:
        if isinstance(config, Mapping):
            return _from_config(dict(config))
        folder = Path(config).resolve(strict=True)
        return _imported(folder) if (folder / CARD).is_file() else _from_transformers(folder)
    except _REFUSALS as error:
        named = isinstance(config, Mapping)
        name = config.get("model_type") if isinstance(config, Mapping) else Path(config).name
        raise ModelError(
            f"expected a backbone that transformers knows, found {name!r} "
            f"({first_line(error, most=120)}). "
            + (
                "Give model_type 'convnext' with depths and hidden_sizes."
                if named
                else "Give a folder of 'medvid import-weights', or one with config.json."
            )
        ) from error


def read_normalisation(
    config: Mapping[str, Any] | str | Path | None,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the colours that a backbone expects, RGB 0..1."""
    if isinstance(config, str | Path) and (Path(config) / CARD).is_file():
        try:
            card = json.loads((Path(config) / CARD).read_text("utf-8"))
            return tuple(card["mean"]), tuple(card["std"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"expected mean and std in {CARD} of {Path(config).name}, found the file damaged "
                f"({type(error).__name__}). Import the weights again."
            ) from error
    return IMAGENET_MEAN, IMAGENET_STD


def _from_config(values: dict[str, Any]) -> Any:
    kind = str(values.pop("model_type"))
    if kind in OWN:
        return OWN[kind](**values)
    import transformers

    made = transformers.AutoConfig.for_model(kind, **values)
    if "out_indices" not in values and "out_features" not in values:
        _choose_stages(made)
    make: Any = transformers.AutoBackbone
    return make.from_config(made)


def _imported(folder: Path) -> Any:
    card = json.loads((folder / CARD).read_text("utf-8"))
    backbone = _from_config(dict(card["config"]))
    backbone.load_state_dict(load_file(folder / WEIGHTS))
    return backbone


def _from_transformers(folder: Path) -> Any:
    import transformers

    config = transformers.AutoConfig.from_pretrained(str(folder), local_files_only=True)
    _choose_stages(config)
    # AutoBackbone.from_pretrained asks the hub about folders too (transformers 5.23)
    make: Any = transformers.AutoBackbone
    kind: Any = type(make.from_config(config))
    return kind.from_pretrained(str(folder), config=config, local_files_only=True)


def _choose_stages(config: Any) -> None:
    """Take four maps: the last four stages, or four evenly spaced layers."""
    last = len(config.stage_names) - 1
    step = 1 if last <= LEVELS + 1 else last // LEVELS
    config.out_indices = [last - step * i for i in reversed(range(LEVELS))]
