# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction

import pytest

from monai_medvid.findings import ModelSummary, SourceSummary


@pytest.fixture
def source() -> SourceSummary:
    """Ten seconds of 25 frames."""
    return SourceSummary(
        name="clip",
        sha256="ab" * 32,
        width=640,
        height=480,
        frame_count=250,
        frame_rate=Fraction(25),
        duration=Fraction(10),
        constant_frame_rate=True,
        codec="h264",
        kind="file",
    )


@pytest.fixture
def model() -> ModelSummary:
    return ModelSummary(
        name="red_things",
        display_name="Red things",
        version="1.0.0",
        sha256="cd" * 32,
        runtime="torch",
        device="cpu",
        labels=("polyp",),
    )
