# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from monai_medvid.data.datasets.dataset import LabelledDataset
from tests.tiny_operations import make_operations
from tests.workflow_bundle import make_workflow_bundle


@pytest.fixture(scope="session")
def operations(tmp_path_factory: pytest.TempPathFactory) -> LabelledDataset:
    return make_operations(tmp_path_factory.mktemp("operations"))


@pytest.fixture(autouse=True)
def _undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No curves: drawing them takes longer than the epochs here. See the mark ``drawn``."""
    if request.node.get_closest_marker("drawn") is None:
        monkeypatch.setattr("monai_medvid.training.train.draw_curves", lambda *given: None)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_workflow_bundle(tmp_path / "bundles" / "tiny_workflow")
