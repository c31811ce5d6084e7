# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_medvid.video.frames import FrameBatch
from tests.tiny_bundle import draw_blob, make_bundle


@pytest.fixture(autouse=True)
def shared_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Converted models go into the session's folder.

    Each conversion leaves some thirty open pipes in the process (OpenVINO 2026.4.1), and
    ``select``, which pynetdicom waits with, takes no handle above 1,023: convert few.
    """
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))


@pytest.fixture
def own_cache(shared_cache: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Converted models go into the test's own folder, which is empty."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def bundle_dir(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "bundles" / "red_things")


@pytest.fixture
def blobs() -> FrameBatch:
    frames = [
        draw_blob(height=180, width=320, row=90, column=60 + 10 * i, radius=30) for i in range(6)
    ]
    return FrameBatch(np.stack(frames), np.arange(6) / 25.0, np.arange(6))
