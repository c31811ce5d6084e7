# SPDX-License-Identifier: Apache-2.0
"""Public data sets of surgical and endoscopic video, in their published layouts and splits."""

from monai_medvid.data.datasets.catalog import list_datasets, open_dataset
from monai_medvid.data.datasets.dataset import IGNORED, LabelledDataset
from monai_medvid.data.datasets.labels import (
    UNKNOWN,
    Box,
    MaskFile,
    Skill,
    TimedFile,
    Triplet,
    VideoLabels,
)
from monai_medvid.data.datasets.merging import merge_datasets
from monai_medvid.data.datasets.sampling import labels_at, merge_labels

__all__ = [
    "IGNORED",
    "UNKNOWN",
    "Box",
    "LabelledDataset",
    "MaskFile",
    "Skill",
    "TimedFile",
    "Triplet",
    "VideoLabels",
    "labels_at",
    "list_datasets",
    "merge_datasets",
    "merge_labels",
    "open_dataset",
]
