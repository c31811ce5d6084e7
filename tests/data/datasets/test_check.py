# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from monai_medvid.data.datasets import open_dataset
from monai_medvid.data.datasets.check import check_dataset
from monai_medvid.data.datasets.check_masks import check_masks
from monai_medvid.data.datasets.faults import DatasetReport
from monai_medvid.video.open import open_video
from tests.clips import write_clip
from tests.data.datasets.test_camma import track_tree
from tests.data.datasets.test_endoscapes import endoscapes_tree
from tests.data.datasets.trees import (
    PHASES,
    TOOLS,
    cholec80_tree,
    cholecseg8k_tree,
    photo,
    tiny_video,
    write_image,
    write_lines,
    write_phases,
    write_tools,
)


def _errors(report: DatasetReport) -> list[str]:
    return [f"{fault.code} {fault.where}: {fault.message}" for fault in report.errors]


@pytest.mark.parametrize("rate", [5, 25])
def test_a_sound_set_at_any_rate(tmp_path: Path, rate: int) -> None:
    report = check_dataset(
        "cholec80", cholec80_tree(tmp_path, numbers=(1, 41), seconds=4, rate=rate)
    )
    assert _errors(report) == []
    fact = report.videos[0]
    assert (fact.kind, fact.seconds, fact.frame_rate, fact.size) == ("video", 4, rate, (64, 48))
    assert (fact.rows, fact.label_seconds) == (100, 99 / 25)
    assert report.splits["32/8/40"] == {"train": (1, 32), "val": (0, 8), "test": (1, 40)}
    codes = {fault.code for fault in report.faults}
    assert codes == {"note", "missing", "leak"}  # cuhk4040 is a known leak: a warning
    assert report.to_dict()["ok"] is True


def test_a_video_shorter_than_its_labels(tmp_path: Path) -> None:
    root = cholec80_tree(tmp_path, numbers=(1,), seconds=6)
    tiny_video(root / "videos" / "video01.mp4", frames=75)
    (error,) = _errors(check_dataset("cholec80", root))
    assert error.startswith("alignment video01: Expected a video of at least 6.0 s")
    assert "found 3.0 s" in error


def test_labels_that_count_frames_of_another_rate(tmp_path: Path) -> None:
    root = cholec80_tree(tmp_path, numbers=(1,), seconds=6)
    tiny_video(root / "videos" / "video01.mp4", frames=150, rate=30)
    (error,) = _errors(check_dataset("cholec80", root))
    assert "150 frames, which run at 30 and not at 25 a second" in error


def test_a_tail_without_labels_is_told(tmp_path: Path) -> None:
    root = cholec80_tree(tmp_path, numbers=(1,), seconds=4)
    tiny_video(root / "videos" / "video01.mp4", frames=250)
    report = check_dataset("cholec80", root)
    assert _errors(report) == []
    assert any("The last 6.0 s of 10.0 s" in fault.message for fault in report.faults)


def test_gaps_in_label_files(tmp_path: Path) -> None:
    root = cholec80_tree(tmp_path, numbers=(1,), seconds=4)
    rows = [f"{f}\t{PHASES[0]}" for f in range(100) if not 30 <= f < 60]
    write_lines(root / "phase_annotations" / "video01-phase.txt", ["Frame\tPhase", *rows])
    tools = (root / "tool_annotations" / "video01-tool.txt").read_text().splitlines()
    write_lines(root / "tool_annotations" / "video01-tool.txt", [*tools[:2], *tools[3:]])
    errors = _errors(check_dataset("cholec80", root))
    assert (
        "Expected phase without a gap, found 1 (1.2 s in all), the first after 1.16 s" in errors[0]
    )
    assert "Expected instruments without a gap, found 1 (2.0 s in all)" in errors[1]


def test_unknown_class_names_and_missing_files(tmp_path: Path) -> None:
    write_lines(tmp_path / "phase_annotations" / "video01-phase.txt", ["Frame\tPhase", "0\tLunch"])
    write_tools(tmp_path, "video02", seconds=2)
    errors = _errors(check_dataset("cholec80", tmp_path))
    assert "found 'Lunch'" in errors[0]
    assert errors[1:] == [
        "missing video02: There is no video file.",
        "missing video02: There is no phase file.",
    ]


def test_a_damaged_video(tmp_path: Path) -> None:
    root = cholec80_tree(tmp_path, numbers=(1,), seconds=2)
    (root / "videos" / "video01.mp4").write_bytes(b"no video at all")
    (error,) = _errors(check_dataset("cholec80", root))
    assert error.startswith("video video01: ")


def test_videos_of_different_sizes(tmp_path: Path) -> None:
    root = cholec80_tree(tmp_path, numbers=(1, 2), seconds=2)
    write_clip(root / "videos" / "video02.mp4", frames=50, width=128, height=96)
    report = check_dataset("cholec80", root)
    assert any(
        f.message == "The videos differ in size: 1 of 64x48, 1 of 128x96." for f in report.faults
    )


def test_masks(tmp_path: Path) -> None:
    root = cholecseg8k_tree(tmp_path)
    assert _errors(check_dataset("cholecseg8k", root)) == []
    first, second = sorted(root.glob("video01/*/*watershed*"))[:2]
    write_image(first, np.full((10, 12), 21, np.uint8))
    second.write_bytes(b"no picture")
    for path in root.glob("video12/*/*watershed*"):
        write_image(path, np.full((48, 64), 99, np.uint8))
    errors = _errors(check_dataset("cholecseg8k", root))
    assert "Expected a mask of 64x48, found 12x10" in errors[0]
    assert "found one unreadable" in errors[1]
    assert "found 100% of" in errors[2]


def test_a_mask_that_cannot_be_read(tmp_path: Path) -> None:
    root = cholecseg8k_tree(tmp_path)
    for path in root.glob("video12/*/*watershed*"):
        write_image(path, np.zeros((48, 64), np.uint16))
    (error,) = _errors(check_dataset("cholecseg8k", root))
    assert "mask of 8 bits" in error


def test_splits_of_ones_own_that_leak(tmp_path: Path) -> None:
    root = cholec80_tree(tmp_path, numbers=(1,), seconds=2)
    (root / "splits.json").write_text('{"mine": {"train": ["video01"], "test": ["video01"]}}')
    (error,) = _errors(check_dataset("cholec80", root))
    assert error.startswith("leak mine: Expected parts without a common video, found 1 in train")


def test_pitvis_video_19_was_published_without_labels(tmp_path: Path) -> None:
    header = "int_video,int_time,int_step,int_instrument1,int_instrument2"
    rows = [f"1,{second},1,0,-2" for second in range(4)]
    write_lines(tmp_path / "annotations_01.csv", [header, *rows])
    tiny_video(tmp_path / "video_01.mp4", frames=72, rate=24)
    tiny_video(tmp_path / "video_19.mp4", frames=24, rate=24)
    assert _errors(check_dataset("pitvis", tmp_path)) == []
    write_lines(tmp_path / "annotations_01.csv", [header, *rows[:1], *rows[2:], "1,4,1,0,-2"])
    (error,) = _errors(check_dataset("pitvis", tmp_path))
    assert "rows without a gap" in error


def test_operations_that_two_sets_share_as_published(tmp_path: Path) -> None:
    cholec80 = cholec80_tree(tmp_path / "a", numbers=(1, 12, 41), seconds=2)
    seg = cholecseg8k_tree(tmp_path / "b")
    report = check_dataset("cholec80", cholec80, against=[("cholecseg8k", seg)])
    (error,) = report.errors  # video12 trains in Cholec80 and tests in CholecSeg8k
    assert error.code == "overlap"
    assert "cholec80 32/8/40:train are in cholecseg8k 13/2/2:test too" in error.message
    assert "video12 = video12" in error.message
    assert any("video01 = video01" in fault.message for fault in report.faults)


def test_endoscapes_counts_otherwise(tmp_path: Path) -> None:
    cholec80 = cholec80_tree(tmp_path / "a", numbers=(66, 67, 69), seconds=2)
    endoscapes = tmp_path / "b"
    for name in ("train/1_25.jpg", "train/5_25.jpg", "val/121_25.jpg"):
        write_image(endoscapes / name, photo(1))
    report = check_dataset("endoscapes", endoscapes, against=[("cholec80", cholec80)])
    overlaps = [fault for fault in report.faults if fault.code == "overlap"]
    assert [fault.severity for fault in overlaps] == ["error", "warning"]
    assert "1 = video67" in overlaps[0].message
    assert "121 = video66" in overlaps[1].message


def test_sets_of_which_nothing_is_published(tmp_path: Path) -> None:
    cholec80 = cholec80_tree(tmp_path / "a", numbers=(1,), seconds=2)
    write_lines(tmp_path / "b" / "train_dataset" / "workflow_video_01.txt", ["0\tPreparation"] * 2)
    report = check_dataset("cholec80", cholec80, against=[("m2cai16-workflow", tmp_path / "b")])
    assert any("compare pictures" in fault.message for fault in report.faults)


def test_the_same_operation_is_found_by_its_pictures(tmp_path: Path) -> None:
    cholec80 = cholec80_tree(tmp_path / "a", numbers=(41,), seconds=40, rate=5)
    other = tmp_path / "b" / "train_dataset"
    source = cholec80 / "videos" / "video41.mp4"
    other.mkdir(parents=True)
    (other / "workflow_video_02.mp4").write_bytes(source.read_bytes())
    told: list[str] = []
    write_phases(tmp_path, "x", seconds=40).rename(other / "workflow_video_02.txt")
    report = check_dataset(
        "cholec80",
        cholec80,
        against=[("m2cai16-workflow", tmp_path / "b")],
        pictures=True,
        progress=lambda what, done, total: told.append(what),
    )
    assert {"checking cholec80", "pictures of m2cai16-workflow"} <= set(told)
    (error,) = report.errors
    assert "video41 = workflow_video_02" in error.message
    assert "by their pictures" in error.message


def test_labels_of_other_pictures(tmp_path: Path) -> None:
    tools = [{"id": number, "name": name} for number, name in enumerate(TOOLS)]
    frames = {str(frame): [] for frame in (6701, 6726, 6751)}
    content = {"categories": {"tools": tools}, "annotations": frames}
    root = track_tree(tmp_path, content, part="Validation", name="VID30")
    (error,) = _errors(check_dataset("cholectrack20", root))
    assert "each of 3 label rows, found none for 2, the first at 269.00 s" in error
    for frame in (6726, 6751):
        write_image(root / "Validation" / "VID30" / "Frames" / f"{frame:06d}.png", photo(frame))
    assert _errors(check_dataset("cholectrack20", root)) == []


def test_a_video_of_varying_rate_is_told(tmp_path: Path) -> None:
    root = cholec80_tree(tmp_path, numbers=(1,), seconds=4, rate=5)
    path = root / "videos" / "video01.mp4"
    path.unlink()
    with av.open(str(path.with_suffix(".mkv")), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(photo(number), format="rgb24")
            frame.pts, frame.time_base = number * 2 + number % 2, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    report = check_dataset("cholec80", root)
    assert _errors(report) == []
    assert any("frame rate varies" in fault.message for fault in report.faults)


def test_a_mask_after_the_end_of_its_video(tmp_path: Path) -> None:
    dataset = open_dataset("cholecseg8k", cholecseg8k_tree(tmp_path))
    source = tiny_video(tmp_path / "v.mp4", frames=100)
    masks = tuple(dataclasses.replace(mask, image=None) for mask in dataset["video01"].masks)
    labels = dataclasses.replace(dataset["video01"], source=source, masks=masks)
    with open_video(source) as video:
        faults = list(check_masks(dataset, labels, video.info, (64, 48)))
    assert [fault.message.split(":")[0] for fault in faults] == [
        "Expected a mask within the video, found one after it"
    ] * 3


def test_pictures_that_are_damaged_or_of_two_sizes(tmp_path: Path) -> None:
    root = endoscapes_tree(tmp_path)
    first, second, third = sorted((root / "train").glob("5_*.jpg"))
    write_image(first, photo(1, height=24))
    report = check_dataset("endoscapes", root)
    assert any("differ in size: 2 of 64x48, 1 of 64x24" in f.message for f in report.faults)
    third.write_bytes(b"")
    errors = _errors(check_dataset("endoscapes", root))
    assert any("found 1 unreadable, the first 5_6025.jpg" in error for error in errors)
    write_image(third, photo(3))
    second.write_bytes(second.read_bytes()[:-1500])
    errors = _errors(check_dataset("endoscapes", root))
    assert any("found 5_5925.jpg cut off" in error for error in errors)
