# SPDX-License-Identifier: Apache-2.0
"""Only exact starting points count as such."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_medvid.video.media import Media
from monai_medvid.video.packets import read_packets
from tests.video.barcode_clips import make_clip


def _keys(path: Path) -> list[int]:
    opened = Media(path).open()
    try:
        return [int(row) for row in read_packets(opened).key.nonzero()[0]]
    finally:
        opened.close()


@pytest.mark.parametrize("ending", ["mp4", "ts"])
def test_idr_and_exact_recovery_points_count(ending: str, tmp_path: Path) -> None:
    plain = make_clip(
        tmp_path / f"plain.{ending}",
        frames=50,
        gop=10,
        bframes=0,
        options={"x264-params": "scenecut=0"},
    )
    open_gop = make_clip(
        tmp_path / f"open.{ending}",
        frames=50,
        options={"x264-params": "open-gop=1:keyint=10:bframes=2:scenecut=0"},
    )

    assert _keys(plain) == [0, 10, 20, 30, 40]
    assert len(_keys(open_gop)) >= 5


@pytest.mark.parametrize("ending", ["mp4", "ts"])
def test_gradual_refresh_does_not_count(ending: str, tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / f"refresh.{ending}",
        frames=80,
        options={"x264-params": "intra-refresh=1:keyint=20:bframes=0"},
    )

    assert _keys(clip) == [0]
