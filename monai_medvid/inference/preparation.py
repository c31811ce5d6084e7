# SPDX-License-Identifier: Apache-2.0
"""How a bundle's own configuration makes a picture into its network's input.

MONAI's transforms decide what a network was trained on: whether the first axis is the columns
(``LoadImage`` reads pictures so unless told otherwise), how the frame is resized, and what becomes
of the intensities. What is read here is run on frames of video by ``graph.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from monai_medvid.errors import BundleError
from monai_medvid.inference.intensity import Intensity, ScaleFrame, ScaleRange, Standardize

Resize = Literal["antialias", "bilinear", "area"]
_HARMLESS = (
    "AsChannelFirst",
    "CastToType",
    "EnsureChannelFirst",
    "EnsureType",
    "Identity",
    "Lambda",  # how our own bundles resize; what it does cannot be read
    "SelectItems",
    "ToDevice",
    "ToTensor",
)
_INTENSITIES: dict[str, type[Intensity]] = {
    "ScaleIntensityRange": ScaleRange,
    "ScaleIntensity": ScaleFrame,
    "NormalizeIntensity": Standardize,
}
_KNOWN = ("LoadImage", "Resize", *_INTENSITIES, *_HARMLESS)


@dataclass(frozen=True)
class Preparation:
    """From a frame to the network's input, and the activation after it.

    Attributes:
        columns_first: Whether the network takes (B, C, W, H), as ``LoadImage`` reads pictures.
        resize: "antialias" where the configuration does not say, else what it says.
        intensity: Steps from 0..255; to 0..1 where the configuration has none.
        activation: Of the output, by the postprocessing; empty where that does not tell.
    """

    columns_first: bool = False
    resize: Resize = "antialias"
    intensity: tuple[Intensity, ...] = (ScaleRange(),)
    activation: Literal["", "sigmoid", "softmax"] = ""


def find_config(path: Path) -> Path | None:
    """The inference configuration of a bundle's folder; None where there is none."""
    return next(iter(sorted((path / "configs").glob("inference.[jy][sam]*"))), None)


def read_preparation(path: Path) -> Preparation:
    """Read the preprocessing of a bundle; what it does not say is as our own bundles have it.

    Raises:
        BundleError: It has a step that is not known here, so that results would be wrong.
    """
    config = read_config(path)
    columns_first, resize, steps = False, "antialias", []
    for step in _transforms(config, "preprocessing"):
        name = _name(step)
        if name not in _KNOWN:
            raise _refusal(path, f"steps of {', '.join(_KNOWN)}", name)
        if name == "LoadImage":
            columns_first = _reads_columns_first(step.get("reader"), config)
        elif name == "Resize":
            resize = _resize(path, step)
        elif name in _INTENSITIES:
            steps.append(_intensity(path, name, step))
    return Preparation(
        columns_first=columns_first,
        resize=resize,  # type: ignore[arg-type]  # checked where it is read
        intensity=tuple(steps) or (ScaleRange(),),
        activation=_activation(config),
    )


def read_config(path: Path) -> Mapping[str, Any]:
    """The inference configuration of a bundle as it is written.

    Empty where it cannot be read: building the network reports that.
    """
    file = find_config(path)
    if file is None:
        return {}
    try:
        text = file.read_text("utf-8")
        content = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def _transforms(config: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    node = config.get(key)
    steps = node.get("transforms") if isinstance(node, dict) else None
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _name(step: Mapping[str, Any]) -> str:
    """Of the array transform: "monai.transforms.Resized" is "Resize"."""
    name = str(step.get("_target_", "")).rpartition(".")[2]
    for ending in ("Dict", "D", "d"):
        if name.removesuffix(ending) in _KNOWN:
            return name.removesuffix(ending)
    return name


def _reads_columns_first(reader: Any, config: Mapping[str, Any]) -> bool:
    """MONAI's readers of pictures give (columns, rows), unless told not to reverse."""
    if isinstance(reader, str) and reader.startswith("@"):
        reader = config.get(reader[1:], reader)
    if isinstance(reader, dict):
        return _name(reader) == "PILReader" and reader.get("reverse_indexing", True) is not False
    if reader is None:
        return True
    return "PILReader" in str(reader) and "reverse_indexing=False" not in str(reader)


def _resize(path: Path, step: Mapping[str, Any]) -> str:
    mode = step.get("mode", "area")
    mode = mode[0] if isinstance(mode, list) and mode else mode
    if mode not in ("bilinear", "area") or step.get("anti_aliasing") or step.get("align_corners"):
        raise _refusal(path, "Resize with mode bilinear or area", mode)
    return str(mode)


def _intensity(path: Path, name: str, step: Mapping[str, Any]) -> Intensity:
    kind = _INTENSITIES[name]
    given = {
        key: value
        for key, value in step.items()
        if key not in ("_target_", "keys", "allow_missing_keys", "dtype", "_requires_", "_desc_")
    }
    given = {key: tuple(v) if isinstance(v, list) else v for key, v in given.items()}
    plain = all(_is_plain(value) for value in given.values())
    if not plain or not set(given) <= set(kind.__dataclass_fields__):
        raise _refusal(path, f"{name} with numbers as options", sorted(given))
    return kind(**{key: value for key, value in given.items() if value is not None})


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return len(value) == 3 and all(isinstance(one, int | float) for one in value)
    return value is None or isinstance(value, int | float | bool)


def _activation(config: Mapping[str, Any]) -> Literal["", "sigmoid", "softmax"]:
    for step in _transforms(config, "postprocessing"):
        name = str(step.get("_target_", "")).rpartition(".")[2]
        if name.startswith("Activations"):
            return "sigmoid" if step.get("sigmoid") else "softmax" if step.get("softmax") else ""
        if name.startswith("AsDiscrete") and step.get("argmax"):
            return "softmax"
    return ""


def _refusal(path: Path, expected: str, found: object) -> BundleError:
    return BundleError(
        f"bundle {path.name!r}: expected preprocessing of {expected}, found {found!r}. "
        f"Write the step as one of these, or leave out preprocessing for 0..1 RGB."
    )
