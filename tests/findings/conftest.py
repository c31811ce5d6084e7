# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medvid.findings import ModelSummary, SourceSummary
from tests.factories import make_model, make_source


@pytest.fixture
def source() -> SourceSummary:
    """Ten seconds of 25 frames."""
    return make_source(width=640, height=480, frames=250, name="clip", kind="file")


@pytest.fixture
def model() -> ModelSummary:
    return make_model()
