# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import hashlib
import json
import os
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom import dcmread

from monai_medvid.cli import main
from monai_medvid.data.datasets import labels_at, open_dataset
from monai_medvid.data.laparoscopy.codes import vocabulary
from monai_medvid.data.laparoscopy.options import SimulationOptions, parse_rate, parse_size
from monai_medvid.errors import InputError, OutputError
from monai_medvid.simulate import simulate
from monai_medvid.video.open import open_video


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", *arguments])
    return int(ended.value.code or 0)


SMALL = ["--minutes", "0.5", "--size", "95x64", "--workers", "1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("simulated") / "set"
    assert run("-o", str(out), "--count", "2", "--seed", "4", "--dicom", *SMALL) == 0
    return out


def _lengths(folder: Path) -> dict[str, float]:
    return {
        path.stem: json.loads(path.read_text())["seconds"]
        for path in sorted((folder / "operations").iterdir())
    }


def test_everything_is_there_and_nothing_else(folder: Path) -> None:
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    fixed = {name for name in names if not name.startswith("masks/")}
    expected = {"all_metadata.csv"}
    for name in ("video01", "video02"):
        expected |= {f"videos/{name}.mp4", f"dicom/{name}.dcm", f"operations/{name}.json"}
        expected |= {f"phase_annotations/{name}-phase.txt", f"tool_annotations/{name}-tool.txt"}
        expected |= {f"outside_annotations/{name}-outside.txt"}
    assert fixed == expected
    assert not list(folder.glob(".*"))


def test_phase_files_have_a_row_for_every_25th_of_a_second(folder: Path) -> None:
    for name, seconds in _lengths(folder).items():
        text = (folder / f"phase_annotations/{name}-phase.txt").read_text()
        lines = text.splitlines()
        assert lines[0] == "Frame\tPhase"
        assert len(lines) == 25 * seconds + 1
        rows = [line.split("\t") for line in lines[1:]]
        assert [int(row[0]) for row in rows] == list(range(len(rows)))
        assert {row[1] for row in rows} <= set(vocabulary().phases)


def test_tool_files_have_a_row_for_every_second(folder: Path) -> None:
    for name, seconds in _lengths(folder).items():
        lines = (folder / f"tool_annotations/{name}-tool.txt").read_text().splitlines()
        header = "Frame\tGrasper\tBipolar\tHook\tScissors\tClipper\tIrrigator\tSpecimenBag"
        assert lines[0] == header
        table = np.array([[int(cell) for cell in line.split("\t")] for line in lines[1:]])
        assert table[:, 0].tolist() == list(range(0, int(25 * seconds), 25))
        assert set(np.unique(table[:, 1:])) <= {0, 1}
        assert table[:, 1].any()


def test_criteria_are_in_the_order_and_spelling_of_endoscapes(folder: Path) -> None:
    with (folder / "all_metadata.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("vid", "frame", "is_ds_keyframe", "C1", "C2", "C3"),
        *(f"cvs_annotator_{number}" for number in (1, 2, 3)),
    ]
    assert {row["vid"] for row in rows} <= {"1", "2"}
    for row in rows:
        assert int(row["frame"]) % 125 == 0
        marks = np.array([json.loads(row[f"cvs_annotator_{number}"]) for number in (1, 2, 3)])
        means = [float(row[name]) for name in ("C1", "C2", "C3")]
        assert means == pytest.approx(marks.mean(axis=0), abs=0.01)


def test_masks_are_named_and_coded_as_cholecseg8k(folder: Path) -> None:
    masks = sorted((folder / "masks").rglob("*_endo_watershed_mask.png"))
    assert masks
    codes = {mask.value for mask in vocabulary().masks}
    for path in masks:
        frame = int(path.name.split("_")[1])
        assert frame % 250 == 0
        assert path.parent.name == f"{path.parts[-3]}_{frame // 80 * 80:05d}"
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert mask.shape == (64, 96, 3)
        assert (mask == mask[..., :1]).all()
        assert set(np.unique(mask).tolist()) <= codes
        image = cv2.imread(str(path.with_name(path.name.replace("_watershed_mask", ""))))
        assert image.shape == (64, 96, 3)


def test_the_video_shows_the_masked_frames(folder: Path) -> None:
    seconds = _lengths(folder)["video01"]
    with open_video(folder / "videos/video01.mp4") as video:
        assert len(video) == seconds
        assert (video.info.width, video.info.height) == (96, 64)
        still = cv2.imread(str(next((folder / "masks/video01").rglob("frame_250_endo.png"))))
        shown = np.asarray(video[10])
    assert np.abs(shown.astype(int) - still[..., ::-1].astype(int)).mean() < 8


def test_the_dicom_video_says_that_it_is_synthetic(folder: Path) -> None:
    dataset = dcmread(folder / "dicom/video01.dcm", stop_before_pixels=True)
    assert dataset.NumberOfFrames == _lengths(folder)["video01"]
    assert "SYNTHETIC" in str(dataset.PatientName)


def test_the_description_tells_settings_and_events(folder: Path) -> None:
    text = json.loads((folder / "operations/video01.json").read_text())
    assert text["synthetic"] is True
    assert (text["seed"], text["domain"], text["fps"]) == (40001, "standard", "1")
    assert text["phases"][-1]["end"] == text["seconds"]
    kinds = {event["event"] for event in text["events"]}
    assert {"clip", "cut"} <= kinds <= {"clip", "cut", "bleeding", "outside"}


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".dcm"
    }


def test_the_same_settings_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    assert run("-o", str(tmp_path / "again"), "--count", "2", "--seed", "4", *SMALL) == 0
    again, first = _digests(tmp_path / "again"), _digests(folder)
    assert again == first


def test_labels_do_not_depend_on_the_rendered_rate(folder: Path, tmp_path: Path) -> None:
    arguments = ["--seed", "4", "--fps", "0.2", "--frames", "--domain", "shifted", *SMALL]
    assert run("-o", str(tmp_path / "slow"), *arguments) == 0
    for name in ("phase_annotations/video01-phase.txt", "outside_annotations/video01-outside.txt"):
        assert (tmp_path / "slow" / name).read_text() == (folder / name).read_text()
    assert (tmp_path / "slow/frames/video01.npz").is_file()
    assert not (tmp_path / "slow/masks").exists()


@pytest.mark.exhaustive
def test_more_operations_join_the_others(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "grown"
    for first in ("1", "2"):
        assert run("-o", str(out), "--seed", "4", "--first", first, *SMALL) == 0
    assert _digests(out) == _digests(folder)


@pytest.mark.parametrize(
    ("arguments", "message", "status"),
    [
        (["--count", "0"], "--count", 2),
        (["--domain", "robotic"], "standard, shifted, varied", 3),
        (["--size", "big"], "427x240", 3),
        (["--size", "32x32"], "64 to 2160", 3),
        (["--fps", "fast"], "30000/1001", 3),
        (["--fps", "0"], "1/60 to 60", 3),
        (["--minutes", "0"], "0.5 to 240", 3),
        (["--masks", "-1"], "0 or more seconds", 3),
        (["--frames", "--dicom"], "found both", 3),
    ],
)
def test_bad_wishes_are_refused_in_one_line(
    arguments: list[str],
    message: str,
    status: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    assert run("-o", str(out), *arguments) == status
    said = capsys.readouterr().err
    assert message in said
    if status == 3:
        assert len(said.strip().splitlines()) == 1
    assert not out.exists()


def test_existing_videos_are_not_overwritten(folder: Path) -> None:
    before = _digests(folder)
    with pytest.raises(OutputError, match=r"found one\. Choose another folder"):
        simulate(folder, options=SimulationOptions(minutes=0.5, size=(64, 96)))
    assert _digests(folder) == before


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(OutputError, match="Choose another folder"):
        simulate(file / "set", options=SimulationOptions(minutes=0.5, size=(64, 96), workers=1))
    if os.geteuid() != 0:
        locked = tmp_path / "locked"
        locked.mkdir(mode=0o500)
        with pytest.raises(OutputError):
            simulate(locked, options=SimulationOptions(minutes=0.5, size=(64, 96), workers=1))


def test_nothing_half_written_is_left_when_rendering_fails(tmp_path: Path) -> None:
    def fail(stage: str, done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(
            tmp_path / "out",
            options=SimulationOptions(minutes=0.5, size=(64, 96), workers=1),
            progress=fail,
        )
    assert not list((tmp_path / "out").rglob("*"))


def test_no_operations_and_words_that_are_no_numbers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1 or more operations"):
        simulate(tmp_path, count=0)
    with pytest.raises(InputError, match="seed 0 to"):
        SimulationOptions(seed=-1)
    with pytest.raises(InputError, match="first 1 to"):
        SimulationOptions(first=0)
    with pytest.raises(InputError, match="workers 1 to"):
        SimulationOptions(workers=0)
    assert parse_size("427x240") == (240, 427)
    assert parse_rate("30000/1001") == Fraction(30000, 1001)
    assert SimulationOptions(size=(241, 427)).picture_size == (242, 428)
    assert SimulationOptions(size=(241, 427), frames=True).picture_size == (241, 427)


def test_the_reader_of_simulated_sets_takes_it(folder: Path) -> None:
    dataset = open_dataset("simulated", folder)
    assert dataset.names == ("video01", "video02")
    video = dataset["video02"]
    rows = labels_at(video, np.arange(0, 12.0))
    lines = (folder / "tool_annotations/video02-tool.txt").read_text().splitlines()[1:13]
    assert rows.phase[0] == 0
    assert [list(map(int, line.split("\t")[1:])) for line in lines] == rows.instruments.tolist()
    assert len(video.masks) == len(list((folder / "masks/video02").rglob("*watershed*")))
