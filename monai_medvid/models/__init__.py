# SPDX-License-Identifier: Apache-2.0
"""Networks: encoders, causal temporal heads, the workflow network, its losses and exports."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monai_medvid.models.channels import Channels
    from monai_medvid.models.encoder import FrameEncoder
    from monai_medvid.models.losses import WorkflowLoss, WorkflowTargets
    from monai_medvid.models.weights import load_weights
    from monai_medvid.models.workflow_net import WorkflowNet, WorkflowOutput

_HOME = {
    "Channels": "channels",
    "FrameEncoder": "encoder",
    "WorkflowLoss": "losses",
    "WorkflowNet": "workflow_net",
    "WorkflowOutput": "workflow_net",
    "WorkflowTargets": "losses",
    "load_weights": "weights",
}

__all__ = [
    "Channels",
    "FrameEncoder",
    "WorkflowLoss",
    "WorkflowNet",
    "WorkflowOutput",
    "WorkflowTargets",
    "load_weights",
]


def __getattr__(name: str) -> Any:
    """Import a part, and torch with it, only when it is asked for."""
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
