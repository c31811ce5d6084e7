# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_medvid.data.datasets import open_dataset
from monai_medvid.data.datasets.sampling import labels_at
from monai_medvid.errors import InputError
from monai_medvid.video.open import open_video
from tests.data.datasets.trees import (
    PHASES,
    TOOLS,
    cholec80_tree,
    phase_of_second,
    write_lines,
    write_phases,
    write_tools,
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cholec80_tree(tmp_path_factory.mktemp("cholec80"), rate=12)


def test_row_n_of_a_tool_file_is_frame_25_n(root: Path) -> None:
    video = open_dataset("cholec80", root)["video01"]
    assert video.seconds[:3].tolist() == [0.0, 0.04, 0.08]
    told = ~np.isnan(video.instruments).any(axis=1)
    assert video.seconds[told].tolist() == list(range(14))
    assert video.instruments[told].argmax(axis=1).tolist() == [n % 7 for n in range(14)]
    assert video.phase.tolist() == [phase_of_second(f // 25) for f in range(350)]
    assert np.isnan(video.criteria).all()
    assert video.criteria.shape == (350, 3)
    assert video.source is not None
    assert video.notes == ()


def test_labels_meet_frames_by_time_whatever_the_rate_of_the_video(root: Path) -> None:
    labels = open_dataset("cholec80", root)["video33"]
    assert labels.source is not None
    with open_video(labels.source) as video:
        assert video.info.frame_rate == 12
        rows = labels_at(labels, video.seconds)
    assert rows.phase.tolist() == [phase_of_second(n // 12) for n in range(168)]
    assert rows.instruments.argmax(axis=1).tolist() == [n // 12 % 7 for n in range(168)]


def test_published_splits(root: Path) -> None:
    dataset = open_dataset("cholec80", root)
    assert dataset.names == ("video01", "video33", "video41")
    assert repr(dataset).startswith("LabelledDataset(cholec80: 3 videos, splits 32/8/40, 40/40,")
    assert dataset.split_names("train") == ("video01",)
    assert dataset.split_names("32/8/40:val") == ("video33",)
    assert [video.name for video in dataset.split("40/40:train")] == ["video01", "video33"]
    assert dataset.split_names("40/8/32:val") == ("video41",)
    assert [len(names) for names in dataset.splits["32/8/40"].values()] == [32, 8, 40]
    assert [len(names) for names in dataset.splits["40/40"].values()] == [40, 40]
    assert [len(names) for names in dataset.splits["40/8/32"].values()] == [40, 8, 32]
    assert any("cuhk4040" in warning for warning in dataset.warnings)


def test_missing_files_are_noted_and_unknown(tmp_path: Path) -> None:
    write_tools(tmp_path, "video05", seconds=3)
    write_phases(tmp_path, "video06", seconds=1)
    dataset = open_dataset("cholec80", tmp_path)
    assert dataset["video05"].phase.tolist() == [-1, -1, -1]
    assert np.isnan(dataset["video06"].instruments).all()
    assert dataset["video05"].notes == ("There is no video file.", "There is no phase file.")
    assert len(dataset.videos) == 2


def test_columns_go_by_their_names(tmp_path: Path) -> None:
    header = "\t".join(("Frame", *reversed(TOOLS)))
    write_lines(tmp_path / "tool_annotations" / "video01-tool.txt", [header, "0\t1" + "\t0" * 6])
    video = open_dataset("cholec80", tmp_path)["video01"]
    assert video.instruments[0].tolist() == [0, 0, 0, 0, 0, 0, 1]


PHASE_HEADER = "Frame\tPhase"
TOOL_HEADER = "\t".join(("Frame", *TOOLS))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([PHASE_HEADER], "found no row"),
        ([PHASE_HEADER, "0"], "found 1 in line 2"),
        ([PHASE_HEADER, "0\tIncision"], "found 'Incision'"),
        ([PHASE_HEADER, f"x\t{PHASES[0]}"], "found 'x' in row 1"),
        ([PHASE_HEADER, f"1\t{PHASES[0]}", f"1\t{PHASES[0]}"], "found 1 in row 2"),
        ([PHASE_HEADER, f"-1\t{PHASES[0]}"], "found -1 in row 1"),
    ],
)
def test_damaged_phase_files(tmp_path: Path, lines: list[str], message: str) -> None:
    write_lines(tmp_path / "phase_annotations" / "video01-phase.txt", lines)
    with pytest.raises(InputError, match=message) as caught:
        _ = open_dataset("cholec80", tmp_path)["video01"]
    assert "phase_annotations/video01-phase.txt" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([TOOL_HEADER, "0\t1\t0"], "expected 8 columns"),
        ([TOOL_HEADER.replace("Hook", "Drill"), "0" + "\t0" * 7], "found 'Drill'"),
        ([TOOL_HEADER.replace("Hook", "Grasper"), "0" + "\t0" * 7], "found one twice"),
        ([TOOL_HEADER, "0" + "\t2" * 7], "found other numbers"),
    ],
)
def test_damaged_tool_files(tmp_path: Path, lines: list[str], message: str) -> None:
    write_lines(tmp_path / "tool_annotations" / "video01-tool.txt", lines)
    with pytest.raises(InputError, match=message):
        _ = open_dataset("cholec80", tmp_path)["video01"]


def test_bytes_that_are_not_text(tmp_path: Path) -> None:
    path = write_phases(tmp_path, "video01", seconds=1)
    path.write_bytes(b"\xff\xfe\x00\x01\x80")
    with pytest.raises(InputError, match="bytes that are not text"):
        _ = open_dataset("cholec80", tmp_path)["video01"]


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="phase_annotations or tool_annotations"):
        open_dataset("cholec80", tmp_path)
    with pytest.raises(InputError, match="no folder 'nowhere'"):
        open_dataset("cholec80", tmp_path / "nowhere")


def test_unknown_names(root: Path) -> None:
    with pytest.raises(InputError, match="cholec80, cholec80-cvs"):
        open_dataset("cholec90", root)
    dataset = open_dataset("cholec80", root)
    with pytest.raises(InputError, match="found no 'video02'"):
        _ = dataset["video02"]
    with pytest.raises(InputError, match="32/8/40:train"):
        dataset.split("half")


def test_a_split_without_a_video_here(tmp_path: Path) -> None:
    write_phases(tmp_path, "video01", seconds=1)
    with pytest.raises(InputError, match="found none of them"):
        open_dataset("cholec80", tmp_path).split_names("test")


def test_splits_of_ones_own_come_first(tmp_path: Path) -> None:
    write_phases(tmp_path, "video01", seconds=1)
    own = tmp_path / "splits.json"
    own.write_text('{"mine": {"train": ["video01"], "val": ["video02"]}}')
    dataset = open_dataset("cholec80", tmp_path)
    assert next(iter(dataset.splits)) == "mine"
    assert dataset.split_names("train") == ("video01",)
    for bad in ('{"mine": ["video01"]}', '{"mine": {"train": "video01"}}', "[1]"):
        own.write_text(bad)
        with pytest.raises(InputError, match=r"splits\.json"):
            open_dataset("cholec80", tmp_path)
    own.write_text("{")
    with pytest.raises(InputError, match="expected JSON"):
        open_dataset("cholec80", tmp_path)


def test_a_file_without_header(tmp_path: Path) -> None:
    rows = [f"0\t{PHASES[0]}", f"1\t{PHASES[1]}"]
    write_lines(tmp_path / "phase_annotations" / "video01-phase.txt", rows)
    assert open_dataset("cholec80", tmp_path)["video01"].phase.tolist() == [0, 1]
