# SPDX-License-Identifier: Apache-2.0
"""Bundles and running them: find, load, predict."""

from monai_medvid.inference.bundle import (
    Bundle,
    BundleInfo,
    find_bundle,
    list_bundles,
    load_bundle,
)
from monai_medvid.inference.prediction import PredictionBatch
from monai_medvid.inference.predictor import Predictor

__all__ = [
    "Bundle",
    "BundleInfo",
    "PredictionBatch",
    "Predictor",
    "find_bundle",
    "list_bundles",
    "load_bundle",
]
