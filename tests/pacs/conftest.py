# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monai_medvid.pacs.orthanc import OrthancServer, orthanc_program
from tests.conftest import missing
from tests.pacs.peers import write_small


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancServer]:
    """A running Orthanc."""
    if orthanc_program() is None:
        missing("Orthanc")
    with OrthancServer(tmp_path_factory.mktemp("orthanc")) as started:
        yield started


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_small(tmp_path / "small.dcm")
