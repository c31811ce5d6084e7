# SPDX-License-Identifier: Apache-2.0
"""Settings for analysing studies: the sections ``analysis``, ``results`` and ``selection``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from monai_medvid.errors import InputError
from monai_medvid.inference.runtime import Device, RuntimeName
from monai_medvid.results import ResultOptions
from monai_medvid.settings import read_yaml, settings_of
from monai_medvid.video.choose import DecoderName
from monai_medvid.video.selection import SelectionRules, read_rules


@dataclass(frozen=True, kw_only=True)
class AnalysisSettings:
    """How videos are analysed.

    Attributes:
        bundle: Name of the bundle, where the model folder holds several or there is none.
        device: Where the network runs.
        runtime: What executes it.
        decoder: What decodes the videos.
        every: Every N-th frame is analysed.
    """

    bundle: str = ""
    device: Device = "auto"
    runtime: RuntimeName = "auto"
    decoder: DecoderName = "auto"
    every: int = 1


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """Everything that can be set: the analysis, what is written, and which videos are chosen."""

    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    results: ResultOptions = field(default_factory=ResultOptions)
    selection: SelectionRules = field(default_factory=SelectionRules)


def load_study_settings(path: str | Path) -> StudySettings:
    """Read the three sections of a YAML file; other sections are for others.

    Raises:
        InputError: The file is missing or damaged, or a name or value in it is wrong.
    """
    values = read_yaml(path)
    rules = values.get("selection") or {}
    if not isinstance(rules, dict):
        raise InputError(f"expected rules under selection, found {rules!r}. Correct it.")
    analysis = settings_of(AnalysisSettings, values.get("analysis"), where="analysis")
    if analysis.every < 1:
        raise InputError(f"expected every under analysis to be 1 or more, found {analysis.every}.")
    return StudySettings(
        analysis=analysis,
        results=settings_of(ResultOptions, values.get("results"), where="results"),
        selection=read_rules(rules),
    )
