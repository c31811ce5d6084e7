# SPDX-License-Identifier: Apache-2.0
"""Telling workflow bundles from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monai_medvid.errors import BundleError

if TYPE_CHECKING:
    import torch

    from monai_medvid.models import WorkflowNet


def require_workflow(network: torch.nn.Module, name: str, *, advice: str) -> WorkflowNet:
    """The same network, where it is one for workflows.

    Args:
        network: Of a bundle.
        name: Of the bundle.
        advice: A sentence: what to do where it is another.

    Raises:
        BundleError: It is another.
    """
    from monai_medvid.models import WorkflowNet

    if not isinstance(network, WorkflowNet):
        raise BundleError(
            f"bundle {name!r}: expected a WorkflowNet as network_def, found "
            f"{type(network).__name__}. {advice}"
        )
    return network
