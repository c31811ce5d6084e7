# SPDX-License-Identifier: Apache-2.0
"""The lists of instances that SR and KOS documents must carry beside their content."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom import Dataset

from monai_medvid.dicom.common import reference_item
from monai_medvid.dicom.reference import ImageTarget, SegmentReference


def evidence(study_uid: str, used: Iterable[ImageTarget | SegmentReference]) -> list[Dataset]:
    """Hierarchical SOP Instance Reference Macro (PS3.3 C.17.2.1), all in the source's study.

    Returns:
        Value for CurrentRequestedProcedureEvidenceSequence (0040,A375): each instance once, by
        series, in the order in which they came.
    """
    by_series: dict[str, dict[str, str]] = {}
    for one in used:
        instances = by_series.setdefault(one.series_instance_uid, {})
        instances.setdefault(one.sop_instance_uid, one.sop_class_uid)
    study = Dataset()
    study.StudyInstanceUID = study_uid
    study.ReferencedSeriesSequence = [_series(uid, found) for uid, found in by_series.items()]
    return [study]


def _series(uid: str, instances: dict[str, str]) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = uid
    series.ReferencedSOPSequence = [
        reference_item(sop_class, instance) for instance, sop_class in instances.items()
    ]
    return series
