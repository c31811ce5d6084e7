# SPDX-License-Identifier: Apache-2.0
"""Taking an encoder's tensors out of whatever a training program wrapped around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

_CONTAINERS = (
    "teacher",
    "classy_state_dict",
    "base_model",
    "model_ema",
    "state_dict",
    "model",
    "network",
    "net",
    "trunk",
    "student",
)
"""Keys of dictionaries in dictionaries, the better first: a teacher is the average of students."""
_PREFIXES = (
    "module.",
    "backbone_img.model.",
    "backbone.",
    "_feature_blocks.",
    "teacher.",
    "model.",
    "encoder.",
    "trunk.",
    "net.",
)


def unwrap(found: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """All tensors, under the names that they have in the encoder.

    Prefixes are taken from the keys that have them; the other keys stay, so that a later count of
    what was not used tells of them.
    """
    while True:
        inner = next((k for k in _CONTAINERS if isinstance(found.get(k), Mapping)), None)
        if inner is None:
            break
        found = found[inner]
    tensors = {str(k): v for k, v in found.items() if isinstance(v, torch.Tensor)}
    while True:
        prefix = next((p for p in _PREFIXES if any(k.startswith(p) for k in tensors)), None)
        if prefix is None:
            return tensors
        tensors = {k.removeprefix(prefix): v for k, v in tensors.items()}
