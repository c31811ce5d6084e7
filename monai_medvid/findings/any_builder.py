# SPDX-License-Identifier: Apache-2.0
"""The findings builder that fits a predictor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monai_medvid.findings.builder import FindingsBuilder
from monai_medvid.findings.model import ModelSummary, SourceSummary
from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.workflow import WorkflowFindingsBuilder
from monai_medvid.inference import AnyPredictor, WorkflowPredictor


def make_builder(
    predictor: AnyPredictor,
    *,
    source: SourceSummary,
    model: ModelSummary,
    options: FindingOptions | None = None,
    every: int = 1,
    settings: Mapping[str, Any] | None = None,
) -> FindingsBuilder | WorkflowFindingsBuilder:
    """A builder that takes in what the predictor gives; see ``FindingsBuilder`` for the rest.

    Raises:
        ValueError: ``every`` is less than 1.
    """
    if isinstance(predictor, WorkflowPredictor):
        return WorkflowFindingsBuilder(
            source=source,
            model=model,
            channels=predictor.channels,
            mask_labels=predictor.mask_labels,
            options=options,
            every=every,
            settings=settings,
        )
    layout = predictor.bundle.format
    return FindingsBuilder(
        source=source,
        model=model,
        options=options,
        every=every,
        exclusive=layout.activation == "softmax",
        interval_kind=layout.finding_kind,
        settings=settings,
    )
