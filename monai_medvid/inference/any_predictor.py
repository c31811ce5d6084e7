# SPDX-License-Identifier: Apache-2.0
"""The predictor that fits a bundle."""

from __future__ import annotations

import numpy as np

from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.predictor import Predictor
from monai_medvid.inference.runtime import Device, RuntimeName
from monai_medvid.inference.workflow_predictor import MASK_SECONDS, WorkflowPredictor
from monai_medvid.video.frames import FrameBatch

AnyPredictor = Predictor | WorkflowPredictor


def make_predictor(
    bundle: Bundle,
    *,
    device: Device = "auto",
    runtime: RuntimeName = "auto",
    mask_seconds: float | None = MASK_SECONDS,
) -> AnyPredictor:
    """Make ready to predict with any bundle, with a memory where it has one.

    Args:
        bundle: Which.
        device: Where the network runs.
        runtime: What executes it.
        mask_seconds: Between the frames that a workflow bundle segments; None for no masks.

    Raises:
        BundleError: The bundle is damaged.
        ModelError: The device or runtime asked for is not here.
    """
    if bundle.format.kind == "workflow":
        return WorkflowPredictor(bundle, device=device, runtime=runtime, mask_seconds=mask_seconds)
    return Predictor(bundle, device=device, runtime=runtime)


def warm_up(predictor: AnyPredictor) -> None:
    """Have the first prediction behind one, which takes far longer than all others.

    What a workflow predictor saw so far is forgotten.

    Raises:
        ModelError: The network failed.
    """
    layout = predictor.bundle.format
    frames = np.zeros((1, layout.height, layout.width, 3), np.uint8)
    for seconds in (0.0, 1.0):
        predictor.predict(FrameBatch(frames, np.array([seconds]), np.array([0], np.int64)))
    if isinstance(predictor, WorkflowPredictor):
        predictor.reset()
