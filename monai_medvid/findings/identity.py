# SPDX-License-Identifier: Apache-2.0
"""What makes the tracking UID of a finding."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from monai_medvid.findings.model import ModelSummary, SourceSummary
from monai_medvid.uids import derive_uid


def finding_uid(
    kind: str,
    number: int,
    *,
    source: SourceSummary,
    model: ModelSummary,
    settings: Mapping[str, Any],
    every: int,
) -> str:
    """The same input, model, version and settings give the same UID."""
    return derive_uid(
        kind,
        source.sha256,
        [model.name, model.version, model.sha256, model.runtime, model.device],
        version("monai-medvid"),
        settings,
        every,
        number,
    )
