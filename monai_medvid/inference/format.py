# SPDX-License-Identifier: Apache-2.0
"""What goes into a bundle's network and what comes out, checked against what we can feed it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from monai_medvid.errors import BundleError
from monai_medvid.inference.catalog import object_labels, read_metadata
from monai_medvid.inference.class_names import read_class_names
from monai_medvid.inference.preparation import Preparation, read_preparation

Activation = Literal["sigmoid", "softmax", "none"]
FindingKind = Literal["phase", "event", "tool", "finding"]


@dataclass(frozen=True, kw_only=True)
class NetworkFormat:
    """The parts of ``network_data_format`` that running the network needs.

    Attributes:
        height: Rows that the whole frame is stretched to.
        width: Columns that it is stretched to.
        channels: Names of the output channels in order, background included.
        activation: What turns the output into probabilities.
        kind: "masks" for an output (B, C, H, W), "classes" for (B, C), "workflow" for clips
            (B, 3, T, H, W) in and (B, C, T) out.
        clip: Frames of the clip that checks and exports use, T.
        finding_kind: What "classes" are, where outputs.pred.finding_kind says so.
        preparation: How a frame becomes the input.
    """

    height: int
    width: int
    channels: tuple[str, ...]
    activation: Activation
    kind: Literal["masks", "classes", "workflow"]
    finding_kind: FindingKind = "finding"
    clip: int = 1
    preparation: Preparation = field(default_factory=Preparation)

    @property
    def input_size(self) -> tuple[int, int]:
        """The two spatial sizes of the input as the network takes them."""
        size = (self.height, self.width)
        return size[::-1] if self.preparation.columns_first else size

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the channels that are objects, in channel order."""
        return object_labels(self.channels)

    @property
    def objects(self) -> list[int]:
        """Numbers of the output channels that are objects."""
        return [i for i, name in enumerate(self.channels) if object_labels((name,))]


def read_format(path: Path) -> NetworkFormat:
    """Read the format of a bundle's network from its metadata.

    Raises:
        BundleError: The metadata says something that RGB frames of a video do not fit.
    """
    reader = _Reader(path)
    clip, *size = reader.input_size()
    channels = reader.output_channels()
    preparation = Preparation() if clip else read_preparation(path)
    height, width = reversed(size) if preparation.columns_first else size
    pred = reader.tensor("outputs", "pred")
    default = "softmax" if len(channels) > 1 else "sigmoid"
    activation = str(pred.get("activation") or preparation.activation or default).lower()
    if activation not in ("sigmoid", "softmax", "none"):
        raise reader.refusal("outputs.pred.activation of sigmoid, softmax or none", activation)
    finding_kind = str(pred.get("finding_kind", "finding"))
    if finding_kind not in ("phase", "event", "tool", "finding"):
        raise reader.refusal("outputs.pred.finding_kind of phase, event, tool", finding_kind)
    kind: Literal["masks", "classes", "workflow"] = "masks"
    if clip:
        if pred.get("spatial_shape") != [clip]:
            raise reader.refusal(
                f"outputs.pred.spatial_shape of [{clip}]", pred.get("spatial_shape")
            )
        kind = "workflow"
    elif pred.get("format") in ("classes", "classification", "labels"):
        kind = "classes"
    return NetworkFormat(
        height=height,
        width=width,
        channels=channels,
        activation=cast(Activation, activation),
        kind=kind,
        finding_kind=cast(FindingKind, finding_kind),
        clip=clip or 1,
        preparation=preparation,
    )


class _Reader:
    """Takes the metadata apart; every refusal names the bundle."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.metadata = read_metadata(path)

    def refusal(self, expected: str, found: object) -> BundleError:
        return BundleError(
            f"bundle {self.name!r}: expected {expected}, found {found!r}. "
            f"Use a bundle for RGB video frames or correct its configs/metadata.json."
        )

    def tensor(self, side: str, key: str) -> dict[str, Any]:
        node: Any = self.metadata
        for part in ("network_data_format", side, key):
            node = node.get(part) if isinstance(node, dict) else None
        if not isinstance(node, dict):
            raise self.refusal(f"network_data_format.{side}.{key}", None)
        return node

    def input_size(self) -> tuple[int, int, int]:
        """Frames of a clip (0 where the network takes single frames) and the spatial sizes."""
        image = self.tensor("inputs", "image")
        if image.get("num_channels") != 3:
            raise self.refusal("an input of 3 channels (RGB)", image.get("num_channels"))
        shape = image.get("spatial_shape")
        if not (
            isinstance(shape, list) and len(shape) in (2, 3) and all(map(_is_size, shape[-2:]))
        ):
            raise self.refusal(
                "inputs.image.spatial_shape of [height, width] or [time, height, width]", shape
            )
        clip = shape[0] if len(shape) == 3 else 0
        if len(shape) == 3 and not (isinstance(clip, int) and 1 <= clip <= 1024):
            raise self.refusal("a clip of 1 to 1024 frames in inputs.image.spatial_shape", shape)
        if image.get("value_range", [0, 1]) != [0, 1]:
            raise self.refusal("inputs.image.value_range of [0, 1]", image["value_range"])
        order = [str(name) for name in dict(image.get("channel_def") or {}).values()]
        if order and [name[:1].upper() for name in order] != ["R", "G", "B"]:
            raise self.refusal("inputs.image.channel_def in the order R, G, B", order)
        return clip, int(shape[-2]), int(shape[-1])

    def output_channels(self) -> tuple[str, ...]:
        pred = self.tensor("outputs", "pred")
        number, names = pred.get("num_channels"), pred.get("channel_def")
        if not names and isinstance(number, int):
            spoken = read_class_names(self.metadata, number)
            names = {str(i): name for i, name in enumerate(spoken)}
        if not isinstance(names, dict) or not names:
            raise self.refusal("outputs.pred.channel_def with a name for each channel", names)
        if sorted(names) != sorted(map(str, range(len(names)))) or len(names) != number:
            raise self.refusal(f"outputs.pred.channel_def of {number} channels", sorted(names))
        channels = tuple(str(names[str(i)]) for i in range(len(names)))
        if not object_labels(channels):
            raise self.refusal("at least one channel that is not background", channels)
        return channels


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 8 <= value <= 8192
