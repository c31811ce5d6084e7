# SPDX-License-Identifier: Apache-2.0
"""monai-medvid: medical video in, validated DICOM findings out.

Example:
    >>> import monai_medvid as mv
    >>> analysis = mv.analyze("colonoscopy.mp4")  # doctest: +SKIP
    >>> analysis.tracks, analysis.save("results/")  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from monai_medvid.analysis import Analysis, analyze
    from monai_medvid.data import MedicalVideoReader
    from monai_medvid.dicom.validate import validate_file
    from monai_medvid.dicom.wrap import wrap_video
    from monai_medvid.errors import MedvidError
    from monai_medvid.findings.model import Findings, Interval, Region, Track
    from monai_medvid.findings.options import FindingOptions
    from monai_medvid.inference import list_bundles, load_bundle
    from monai_medvid.pacs import store_files
    from monai_medvid.results import ResultFolder, ResultOptions, save_results
    from monai_medvid.video import FrameBatch, Video, VideoInfo, open_video

_HOME = {
    "Analysis": "analysis",
    "Findings": "findings.model",
    "FindingOptions": "findings.options",
    "FrameBatch": "video",
    "Interval": "findings.model",
    "MedicalVideoReader": "data",
    "MedvidError": "errors",
    "Region": "findings.model",
    "ResultFolder": "results",
    "ResultOptions": "results",
    "Track": "findings.model",
    "Video": "video",
    "VideoInfo": "video",
    "analyze": "analysis",
    "list_bundles": "inference",
    "load_bundle": "inference",
    "open_video": "video",
    "save_results": "results",
    "store_files": "pacs",
    "validate_file": "dicom.validate",
    "wrap_video": "dicom.wrap",
}

__all__ = [
    "Analysis",
    "FindingOptions",
    "Findings",
    "FrameBatch",
    "Interval",
    "MedicalVideoReader",
    "MedvidError",
    "Region",
    "ResultFolder",
    "ResultOptions",
    "Track",
    "Video",
    "VideoInfo",
    "__version__",
    "analyze",
    "list_bundles",
    "load_bundle",
    "open_video",
    "save_results",
    "store_files",
    "validate_file",
    "wrap_video",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import monai_medvid`` is instant."""
    if name not in _HOME:
        msg = f"module 'monai_medvid' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(f"monai_medvid.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
