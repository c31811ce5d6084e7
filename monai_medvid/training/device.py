# SPDX-License-Identifier: Apache-2.0
"""Where to train."""

from __future__ import annotations

import torch

from monai_medvid.errors import InputError, ModelError


def choose_training_device(name: str) -> str:
    """A torch device for "auto", "cpu" or "cuda".

    Raises:
        InputError: There is no such choice.
        ModelError: A GPU is asked for and not here.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise InputError(f"expected auto, cpu or cuda, found {name!r}. Choose one of them.")
    here = torch.cuda.is_available()
    if name == "cuda" and not here:
        raise ModelError(
            "expected an NVIDIA GPU for device 'cuda', found none that torch can use. "
            "Use device 'cpu', or install a CUDA build of torch and its driver."
        )
    return "cuda" if here and name != "cpu" else "cpu"
