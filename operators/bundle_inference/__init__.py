# SPDX-License-Identifier: Apache-2.0
"""Frames to predictions, for any MONAI bundle."""

from operators.bundle_inference.bundle_inference import BundleInferenceOp

__all__ = ["BundleInferenceOp"]
