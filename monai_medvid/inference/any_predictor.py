# SPDX-License-Identifier: Apache-2.0
"""The predictor that fits a bundle."""

from __future__ import annotations

from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.predictor import Predictor
from monai_medvid.inference.runtime import Device, RuntimeName
from monai_medvid.inference.workflow_predictor import WorkflowPredictor

AnyPredictor = Predictor | WorkflowPredictor


def make_predictor(
    bundle: Bundle, *, device: Device = "auto", runtime: RuntimeName = "auto"
) -> AnyPredictor:
    """Make ready to predict with any bundle, with a memory where it has one.

    Raises:
        BundleError: The bundle is damaged.
        ModelError: The device or runtime asked for is not here.
    """
    if bundle.format.kind == "workflow":
        return WorkflowPredictor(bundle, device=device, runtime=runtime)
    return Predictor(bundle, device=device, runtime=runtime)
