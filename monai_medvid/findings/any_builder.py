# SPDX-License-Identifier: Apache-2.0
"""The findings builder that fits a model's predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monai_medvid.findings.answer_format import AnswerFormat
from monai_medvid.findings.builder import FindingsBuilder
from monai_medvid.findings.model import SourceSummary
from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.workflow import WorkflowFindingsBuilder

AnyBuilder = FindingsBuilder | WorkflowFindingsBuilder


def make_builder(
    answers: AnswerFormat,
    *,
    source: SourceSummary,
    options: FindingOptions | None = None,
    every: int = 1,
    settings: Mapping[str, Any] | None = None,
    live: bool = False,
) -> AnyBuilder:
    """A builder that takes in what the model gives; see ``FindingsBuilder`` for the rest.

    Raises:
        ValueError: ``every`` is less than 1.
    """
    if answers.channels:
        return WorkflowFindingsBuilder(
            source=source,
            model=answers.model,
            channels=answers.workflow_channels,
            mask_labels=answers.mask_labels,
            options=options,
            every=every,
            settings=settings,
            live=live,
        )
    return FindingsBuilder(
        source=source,
        model=answers.model,
        options=options,
        every=every,
        exclusive=answers.exclusive,
        interval_kind=answers.interval_kind,
        settings=settings,
        live=live,
    )
