# SPDX-License-Identifier: Apache-2.0
"""Putting weights into a network, or saying in one line why they do not fit."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from monai_medvid.errors import ModelError

_REFUSALS = (
    OSError,
    RuntimeError,
    ValueError,
    EOFError,
    pickle.UnpicklingError,
    SafetensorError,
)


def load_weights(network: nn.Module, weights: str | Path | Mapping[str, torch.Tensor]) -> None:
    """Load a state dict, all of it or none.

    Args:
        network: What the weights are for.
        weights: A state dict, or a file with one (``.pt``, ``.safetensors``); a training
            checkpoint may have it under "model", "network" or "state_dict".

    Raises:
        ModelError: The file cannot be read, or its weights are of another architecture.
    """
    found = read_weights(weights) if isinstance(weights, str | Path) else dict(weights)
    for key in ("model", "network", "state_dict"):
        if isinstance(found.get(key), Mapping):
            found = dict(found[key])
    wanted = network.state_dict()
    problems = [f"{name} is missing" for name in wanted.keys() - found.keys()]
    problems += [f"{name} is unknown" for name in found.keys() - wanted.keys()]
    problems += [
        f"{name} is {tuple(found[name].shape)} instead of {tuple(wanted[name].shape)}"
        for name in wanted.keys() & found.keys()
        if found[name].shape != wanted[name].shape
    ]
    if problems:
        raise ModelError(
            f"expected weights of this architecture, found {len(problems)} of {len(wanted)} that "
            f"do not fit (e.g. {sorted(problems)[0]}). Build the network with the options that "
            f"the weights were trained with."
        )
    network.load_state_dict(found)


def read_weights(file: str | Path) -> dict[str, Any]:
    """Read a checkpoint without running any code in it.

    Raises:
        ModelError: The file is no checkpoint, or holds more than tensors and plain values.
    """
    path = Path(file)
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        found = torch.load(path, map_location="cpu", weights_only=True)
    except _REFUSALS as error:
        raise ModelError(
            f"expected a checkpoint of tensors, found {path.name} unreadable "
            f"({type(error).__name__}). Save it again with torch.save(network.state_dict(), ...)."
        ) from error
    if not isinstance(found, Mapping):
        raise ModelError(
            f"expected a state dict in {path.name}, found {type(found).__name__}. Save it again "
            f"with torch.save(network.state_dict(), ...)."
        )
    return dict(found)
