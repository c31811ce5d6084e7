# SPDX-License-Identifier: Apache-2.0
"""Videos as clips in order, and tables of what is said about their frames."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.data import DataLoader, IterableDataset
from monai.transforms import EnsureChannelFirstd

from monai_medvid.data.save_channels import SaveChannelsd
from monai_medvid.data.video_clips import VideoClips, steady_moments
from monai_medvid.errors import InputError, OutputError, VideoReadError
from monai_medvid.video import open_video
from monai_medvid.video.write_mp4 import Coding, write_mp4

HEIGHT, WIDTH = 48, 64


def _video(path: Path, *, frames: int, rate: int) -> Path:
    """Frame k is as bright as 8 k."""
    pictures = (np.full((HEIGHT, WIDTH, 3), 8 * k, np.uint8) for k in range(frames))
    coding = Coding(
        codec="libx264", width=WIDTH, height=HEIGHT, rate=Fraction(rate), tick=Fraction(1, rate),
        options={"crf": "10"},
    )  # fmt: skip
    path.parent.mkdir(exist_ok=True)
    write_mp4(enumerate(pictures), path, coding=coding)
    return path


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    _video(tmp_path / "videos" / "b.mp4", frames=7, rate=2)
    _video(tmp_path / "videos" / "a.mp4", frames=10, rate=5)
    (tmp_path / "videos" / "notes.txt").write_text("nothing")
    return tmp_path / "videos"


def test_clips_come_in_order_with_their_times(videos: Path) -> None:
    clips = list(VideoClips(videos, rate=None, clip=4))
    assert [(c["video"], len(c["image"]), c["first"], c["last"]) for c in clips] == [
        ("a", 4, True, False), ("a", 4, False, False), ("a", 2, False, True),
        ("b", 4, True, False), ("b", 3, False, True),
    ]  # fmt: skip
    assert np.concatenate([c["frames"] for c in clips[:3]]).tolist() == list(range(10))
    assert np.allclose(np.concatenate([c["seconds"] for c in clips[3:]]), np.arange(7) / 2)
    shade = np.concatenate([c["image"] for c in clips[:3]]).mean(axis=(1, 2, 3))
    assert np.allclose(shade, 8 * np.arange(10), atol=3)


def test_a_rate_picks_what_is_shown_at_its_moments(videos: Path) -> None:
    (clip,) = VideoClips(videos / "a.mp4", rate=2.0)
    assert clip["seconds"].tolist() == [0.0, 0.5, 1.0, 1.5]
    assert clip["frames"].tolist() == [0, 2, 5, 7]
    (clip,) = VideoClips([videos / "b.mp4"], rate=4.0)
    assert clip["frames"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    with open_video(videos / "a.mp4") as video:
        assert steady_moments(video, 0.25) == {0.0: 0}


def test_a_folder_of_pictures_is_one_video(tmp_path: Path) -> None:
    import cv2

    (tmp_path / "loop").mkdir()
    for number in range(3):
        picture = np.full((HEIGHT, WIDTH, 3), 50 * number, np.uint8)
        cv2.imwrite(str(tmp_path / "loop" / f"{number}.png"), picture)
    clips = list(VideoClips(tmp_path / "loop", rate=None))
    assert [(c["video"], len(c["image"])) for c in clips] == [("loop", 3)]


def test_nothing_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found none"):
        VideoClips(tmp_path)


def test_two_videos_of_one_name_are_refused(videos: Path, tmp_path: Path) -> None:
    other = _video(tmp_path / "more" / "a.mp4", frames=2, rate=1)
    with pytest.raises(InputError, match="1 names twice"):
        VideoClips([videos, other])


def test_what_is_no_video_is_refused(videos: Path) -> None:
    with pytest.raises(VideoReadError):
        list(VideoClips(videos / "notes.txt"))


@pytest.mark.parametrize("options", [{"clip": 0}, {"rate": 0.0}])
def test_numbers_that_cannot_be_are_refused(videos: Path, options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least 1 and rate above 0"):
        VideoClips(videos, **options)  # type: ignore[arg-type]


def _save(videos: Path, save: SaveChannelsd) -> None:
    """What an evaluator does with a network whose answer is the mean of each colour."""
    channel_first = EnsureChannelFirstd("image", channel_dim=-1)
    clips = IterableDataset(VideoClips(videos, rate=None, clip=4), channel_first)
    for batch in DataLoader(clips, batch_size=1):
        item = {key: value[0] for key, value in batch.items()}
        item["pred"] = torch.as_tensor(item["image"]).float().mean(dim=(2, 3))
        assert save(item).keys() == item.keys()


def test_a_table_a_video(videos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _save(videos, SaveChannelsd("pred", output_dir=out, channels=("red", "green", "blue")))
    assert sorted(path.name for path in out.iterdir()) == ["a_workflow.csv", "b_workflow.csv"]
    with (out / "a_workflow.csv").open() as file:
        head, *rows = csv.reader(file)
    assert head == ["frame", "seconds", "red", "green", "blue"]
    table = np.asarray(rows, np.float64)
    assert table[:, 0].tolist() == list(range(10))
    assert np.allclose(table[:, 1], np.arange(10) / 5)
    assert np.allclose(table[:, 2:], 8 * np.arange(10)[:, None], atol=3)


def test_json_holds_the_same(videos: Path, tmp_path: Path) -> None:
    save = SaveChannelsd(
        "pred",
        output_dir=tmp_path,
        channels=("r", "g", "b"),
        output_postfix="x",
        output_ext=".json",
    )
    _save(videos / "b.mp4", save)
    content = json.loads((tmp_path / "b_x.json").read_text())
    assert content["video"] == "b"
    assert content["channels"] == ["r", "g", "b"]
    assert content["frames"] == list(range(7))
    assert np.shape(content["values"]) == (7, 3)


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.csv or \.json"):
        SaveChannelsd("pred", output_dir=tmp_path, channels=(), output_ext=".txt")  # type: ignore[arg-type]


def test_a_folder_that_cannot_be_written_is_one_line(videos: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    save = SaveChannelsd("pred", output_dir=tmp_path / "out", channels=("r", "g", "b"))
    with pytest.raises(OutputError, match="expected to write"):
        _save(videos / "b.mp4", save)
