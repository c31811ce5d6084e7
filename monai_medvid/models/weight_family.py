# SPDX-License-Identifier: Apache-2.0
"""What is known about a family of published encoder weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

Tensors = dict[str, torch.Tensor]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Of RGB 0..1 over ImageNet, which pretrained backbones expect (torchvision, timm)."""
NON_COMMERCIAL = "CC-BY-NC-SA-4.0"


@dataclass(frozen=True)
class Converted:
    """Weights under the names of a backbone that ``FrameEncoder`` can build.

    Attributes:
        config: Configuration of the backbone.
        tensors: By the backbone's names.
        origins: Names in the file that they were made from.
        optional: Beginnings of the backbone's names that no such file has.
    """

    config: dict[str, Any]
    tensors: Tensors
    origins: frozenset[str]
    optional: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """A kind of weights and how to use them.

    Attributes:
        name: For people.
        matches: Whether a file's keys, without wrappers, are of this kind.
        convert: To a backbone's names.
        unused: Beginnings of keys that belong to heads, decoders and the like.
        licence: Of the weights as published; empty where the keys do not tell whose they are.
        mean: Of RGB 0..1 that the pictures are normalised by.
        std: Likewise.
        size: Height and width of the pictures in pretraining.
        note: What else to know.
    """

    name: str
    matches: Callable[[Mapping[str, torch.Tensor]], bool]
    convert: Callable[[Tensors], Converted]
    unused: tuple[str, ...] = ("head.", "fc.", "classifier.")
    licence: str = ""
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    size: tuple[int, int] = (224, 224)
    note: str = ""

    @property
    def commercial_use(self) -> bool | None:
        """Whether the licence allows it; None where it is not known."""
        return None if not self.licence else "-NC" not in self.licence


class Renamer:
    """Collects renamed tensors and remembers where they came from.

    Args:
        source: The file's tensors.
    """

    def __init__(self, source: Tensors) -> None:
        self.source = source
        self.tensors: Tensors = {}
        self.origins: set[str] = set()

    def take(self, old: str, new: str) -> None:
        """Use a tensor as it is, where the file has it."""
        if old in self.source:
            self.put(new, self.source[old], old)

    def take_module(self, old: str, new: str) -> None:
        """Use everything of a layer: weight, bias, running statistics."""
        for key in self.source:
            if key.startswith(old + ".") and "." not in key[len(old) + 1 :]:
                self.take(key, new + key[len(old) :])

    def put(self, new: str, tensor: torch.Tensor, old: str) -> None:
        """Use a tensor in another form."""
        self.tensors[new] = tensor
        self.origins.add(old)

    def done(self, config: dict[str, Any], *, optional: tuple[str, ...] = ()) -> Converted:
        """What was collected."""
        return Converted(config, self.tensors, frozenset(self.origins), optional)


def count(source: Mapping[str, torch.Tensor], pattern: str) -> int:
    """How many numbers 0, 1, 2 ... can stand for ``{}`` in the beginning of a key."""
    number = 0
    while any(key.startswith(pattern.format(number)) for key in source):
        number += 1
    return number
