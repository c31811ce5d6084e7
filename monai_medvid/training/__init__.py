# SPDX-License-Identifier: Apache-2.0
"""Training of workflow bundles: frames first, then time; every run can go on after a kill."""

from monai_medvid.training.settings import TrainSettings
from monai_medvid.training.train import TrainResult, train_workflow

__all__ = ["TrainResult", "TrainSettings", "train_workflow"]
