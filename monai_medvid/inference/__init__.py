# SPDX-License-Identifier: Apache-2.0
"""Bundles and running them: find, load, predict."""

from monai_medvid.inference.any_predictor import AnyPredictor, make_predictor, warm_up
from monai_medvid.inference.bundle import (
    Bundle,
    BundleInfo,
    find_bundle,
    list_bundles,
    load_bundle,
)
from monai_medvid.inference.prediction import PredictionBatch
from monai_medvid.inference.predictor import Predictor
from monai_medvid.inference.workflow_batch import WorkflowBatch
from monai_medvid.inference.workflow_predictor import WorkflowPredictor

__all__ = [
    "AnyPredictor",
    "Bundle",
    "BundleInfo",
    "PredictionBatch",
    "Predictor",
    "WorkflowBatch",
    "WorkflowPredictor",
    "find_bundle",
    "list_bundles",
    "load_bundle",
    "make_predictor",
    "warm_up",
]
