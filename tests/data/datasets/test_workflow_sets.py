# SPDX-License-Identifier: Apache-2.0
"""AutoLaparo, HeiChole, PitVis, MultiBypass140."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from monai_medvid.data.datasets import labels_at, open_dataset
from monai_medvid.errors import InputError
from tests.data.datasets.trees import photo, tiny_video, write_image, write_lines

# AutoLaparo


def autolaparo_tree(root: Path) -> Path:
    one = root / "Task 1 Surgical workflow recognition"
    write_lines(one / "labels" / "label_01.txt", ["Frame\tPhase", "1\t2", "2\t2", "3\t7"])
    tiny_video(one / "videos" / "01.mp4", frames=75)
    two = root / "Task 2 Laparoscope motion prediction"
    rows = ["Clip\tLabel\tPhase", "001\t0\t2", "228\t6\t4"]
    write_lines(two / "laparoscope_motion_label.txt", rows)
    tiny_video(two / "clips" / "228.mp4", frames=10)
    three = root / "Task 3 Instrument and key anatomy segmentation"
    for name in ("001001", "001025", "171125"):
        write_image(three / "imgs" / f"{name}.jpg", photo(1))
        codes = np.zeros((48, 64), np.uint8)
        codes[:4], codes[4:8], codes[8] = 180, 80, 77
        write_image(three / "masks" / f"{name}.png", np.repeat(codes[..., None], 3, axis=2))
    return root


def test_autolaparo_counts_frames_and_phases_from_1(tmp_path: Path) -> None:
    dataset = open_dataset("autolaparo", autolaparo_tree(tmp_path))
    video = dataset["01"]
    assert video.seconds.tolist() == [0, 1, 2]
    assert [dataset.procedure.phases[i] for i in video.phase][-1] == "Washing"
    assert dataset.split_names("train") == ("01",)
    assert [len(names) for names in dataset.splits["10/4/7"].values()] == [10, 4, 7]


def test_autolaparo_motion(tmp_path: Path) -> None:
    dataset = open_dataset("autolaparo-motion", autolaparo_tree(tmp_path))
    clip = dataset["228"]
    assert clip.actions is not None
    assert dataset.actions[int(clip.actions[0].argmax())] == "Zoom-out"
    assert clip.phase.tolist() == [3]
    assert clip.source is not None
    assert dataset.split_names("test") == ("228",)


def test_autolaparo_masks(tmp_path: Path) -> None:
    dataset = open_dataset("autolaparo-masks", autolaparo_tree(tmp_path))
    assert [image.seconds for image in dataset["001"].images] == [0, 24 / 25]
    classes = dataset.read_mask(dataset["171"].masks[0])
    names = [entry.name for entry in dataset.procedure.masks]
    assert names[classes[0, 0]] == "Uterus"
    assert names[classes[5, 0]] == "LigaSure shaft"
    assert classes[8, 0] == 255
    assert dataset.split_names("val") == ("171",)


def test_autolaparo_damage(tmp_path: Path) -> None:
    root = autolaparo_tree(tmp_path)
    label = next(root.glob("Task 1*")) / "labels" / "label_01.txt"
    write_lines(label, ["Frame\tPhase", "1\t0"])
    with pytest.raises(InputError, match="phases from 1 to 7"):
        _ = open_dataset("autolaparo", root)["01"]
    write_lines(label, ["Frame\tPhase", "1\tWashing"])
    with pytest.raises(InputError, match="table of numbers"):
        _ = open_dataset("autolaparo", root)["01"]
    write_lines(label, ["Frame\tPhase"])
    with pytest.raises(InputError, match="found no row"):
        _ = open_dataset("autolaparo", root)["01"]
    write_lines(label, ["Frame", "1"])
    with pytest.raises(InputError, match="expected 2 columns"):
        _ = open_dataset("autolaparo", root)["01"]
    with pytest.raises(InputError, match="task 3"):
        open_dataset("autolaparo-masks", root / "Task 1 Surgical workflow recognition")


def test_autolaparo_video_without_labels(tmp_path: Path) -> None:
    root = autolaparo_tree(tmp_path)
    tiny_video(next(root.glob("Task 1*")) / "videos" / "02.mp4", frames=5)
    assert open_dataset("autolaparo", root)["02"].notes == ("There is no label file.",)


# HeiChole


def heichole_tree(root: Path, name: str, *, frames: int, rate: int, small: bool = False) -> Path:
    tables = root / "Annotations"
    spelt = str.lower if small else str
    seen = ["0,1,0,0,0,0,0,0" + ",0" * 14, *(f"{n}" + ",0" * 21 for n in range(1, frames))]
    write_lines(tables / "Instrument" / spelt(f"{name}_Annotation_Instrument.csv"), seen)
    phases = [f"{n},{int(n >= frames / 2)}" for n in range(frames)]
    write_lines(tables / "Phase" / spelt(f"{name}_Annotation_Phase.csv"), phases)
    actions = [f"{n},0,1,0,0" for n in range(frames)]
    write_lines(tables / "Action" / spelt(f"{name}_Annotation_Action.csv"), actions)
    write_lines(tables / "Skill" / spelt(f"{name}_Annotation_Skill.csv"), ["5,4,4,3,2"])
    tiny_video(root / "Videos" / "Full" / spelt(f"{name}.mp4"), frames=frames, rate=rate)
    return root


@pytest.mark.parametrize("small", [False, True])
def test_heichole_has_no_header_two_spellings_and_two_rates(tmp_path: Path, small: bool) -> None:
    heichole_tree(tmp_path, "Hei-Chole1", frames=50, rate=25, small=small)
    heichole_tree(tmp_path, "Hei-Chole16", frames=100, rate=50, small=small)
    dataset = open_dataset("heichole", tmp_path)
    assert dataset.names == ("Hei-Chole1", "Hei-Chole16")
    for video in dataset.videos:
        assert labels_at(video, [0.5, 1.5]).phase.tolist() == [0, 1]
        assert video.instruments[0].tolist() == [1, 0, 0, 0, 0, 0, 0]
        assert video.actions is not None
        assert dataset.actions[int(video.actions[0].argmax())] == "Hold"
        assert video.skill is not None
        assert video.skill.parts == (5, 4, 4, 3, 2)


def test_heichole_without_videos_knows_their_rates(tmp_path: Path) -> None:
    for name in ("Hei-Chole1", "Hei-Chole16"):
        heichole_tree(tmp_path, name, frames=50, rate=25)
    for path in tmp_path.rglob("*.mp4"):
        path.unlink()
    dataset = open_dataset("heichole", tmp_path)
    assert dataset["Hei-Chole1"].seconds[-1] == 49 / 25
    assert dataset["Hei-Chole16"].seconds[-1] == 49 / 50


def test_heichole_detailed_instruments_become_categories(tmp_path: Path) -> None:
    root = heichole_tree(tmp_path, "Hei-Chole2", frames=2, rate=25)
    next(root.rglob("*_Instrument.csv")).unlink()
    path = root / "Annotations" / "Instrument" / "Hei-Chole2_Annotation_Instrument_Detailed.csv"
    kinds = np.zeros((2, 31), int)
    kinds[0, [6, 18]], kinds[1, [20, 30]] = 1, 1
    write_lines(path, [",".join(map(str, (n, *row))) for n, row in enumerate(kinds)])
    video = open_dataset("heichole", root)["Hei-Chole2"]
    assert video.instruments.tolist() == [[1, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1]]


def test_heichole_damage(tmp_path: Path) -> None:
    root = heichole_tree(tmp_path, "Hei-Chole2", frames=2, rate=25)
    path = next(root.rglob("*_Phase.csv"))
    write_lines(path, ["0,0", "1,7"])
    with pytest.raises(InputError, match="phases from 0 to 6"):
        _ = open_dataset("heichole", root)["Hei-Chole2"]
    write_lines(path, ["frame,phase", "0,0"])
    with pytest.raises(InputError, match="table of numbers"):
        _ = open_dataset("heichole", root)["Hei-Chole2"]
    write_lines(path, ["0,0"])
    write_lines(next(root.rglob("*_Instrument.csv")), ["0" + ",3" * 7])
    with pytest.raises(InputError, match="expected 0 and 1"):
        _ = open_dataset("heichole", root)["Hei-Chole2"]


# PitVis

PITVIS = "int_video,int_time,int_step,int_instrument1,int_instrument2"


def test_pitvis(tmp_path: Path) -> None:
    rows = ["1,0,-1,-1,-2", "1,1,1,0,-2", "1,2,14,8,16", "1,3,-1,-1,-2"]
    write_lines(tmp_path / "annotations_01.csv", [PITVIS, *rows])
    tiny_video(tmp_path / "video_01.mp4", frames=72, rate=24)
    tiny_video(tmp_path / "video_19.mp4", frames=5, rate=24)
    dataset = open_dataset("pitvis", tmp_path)
    video = dataset["video_01"]
    assert video.seconds.tolist() == [0, 1, 2]  # the last row lies past the end
    phases = dataset.procedure.phases
    assert [phases[i] if i >= 0 else "" for i in video.phase] == ["", phases[0], phases[13]]
    assert video.inside.tolist() == [0, 1, 1]
    tools = dataset.procedure.instruments
    assert [tools[i] for i in np.flatnonzero(video.instruments[2])] == ["kerrisons", "suction"]
    assert video.instruments[:2].sum() == 0
    assert dataset["video_19"].notes == ("There is no label file.",)


def test_pitvis_damage(tmp_path: Path) -> None:
    path = tmp_path / "annotations_01.csv"
    for bad, message in (("1,0,15,0,-2", "steps from -1 to 14"), ("1,0,1,19,-2", "found 19")):
        write_lines(path, [PITVIS, bad, "1,1,-1,-1,-2"])
        with pytest.raises(InputError, match=message):
            _ = open_dataset("pitvis", tmp_path)["video_01"]


# MultiBypass140


def _interval(start: int, end: int, name: str) -> dict[str, object]:
    return {"start": start, "end": end, "label_name": name, "label_id": 0}


BYPASS = {
    "phases": [
        _interval(1000, 6000, "preparation"),
        _interval(3000, 4000, "out_of_body"),
        _interval(4000, 5000, "severe_index"),
        _interval(6000, 8000, "omentum_division"),
    ],
    "steps": [_interval(0, 2000, "s0_null_step"), _interval(2000, 8000, "s12_omental_lifting")],
}


def bypass_tree(root: Path, content: object = BYPASS, *, name: str = "BBP01") -> Path:
    path = root / "labels" / "bern" / "labels_by70" / f"{name}.mp4.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return root


def test_multibypass_counts_milliseconds_and_intervals_overlap(tmp_path: Path) -> None:
    root = bypass_tree(tmp_path)
    tiny_video(root / "datasets" / "BernBypass70" / "videos" / "BBP01.mp4", frames=10)
    tiny_video(root / "datasets" / "BernBypass70" / "videos" / "BBP02.mp4", frames=10)
    dataset = open_dataset("multibypass140", root)
    video = dataset["BBP01"]
    assert video.seconds.tolist() == list(range(8))
    assert video.phase.tolist() == [-1, 0, 0, 0, 0, 0, 2, 2]
    assert video.inside.tolist() == [1, 1, 1, 0, 1, 1, 1, 1]
    assert video.steps is not None
    assert [dataset.steps[i] for i in video.steps[1:3]] == ["s0_null_step", "s12_omental_lifting"]
    assert video.source is not None
    assert dataset["BBP02"].notes == ("There is no label file.",)
    assert dataset.split_names("centre:bern") == ("BBP01", "BBP02")


def test_multibypass_folds_come_from_pickles_that_run_nothing(tmp_path: Path) -> None:
    root = bypass_tree(tmp_path)
    for part, names in (("train", ["BBP02"]), ("val", ["BBP03"]), ("test", ["BBP01"])):
        stem = "1fps_100_0" if part == "train" else "1fps_0"
        path = root / "labels/bern/labels_by70_splits/labels" / part / f"{stem}.pickle"
        path.parent.mkdir(parents=True)
        path.write_bytes(pickle.dumps({name: [{"Frame_id": "a", "Phase_gt": 0}] for name in names}))
    dataset = open_dataset("multibypass140", root)
    assert dataset.split_names("bern-fold-1:test") == ("BBP01",)
    assert dataset.splits["fold-1"]["train"] == ("BBP02",)
    for bad, message in (
        (pickle.dumps({"a": np.float64(1)}), "runs code"),
        (b"nonsense", "runs code"),
        (pickle.dumps([1]), "videos by name"),
    ):
        path.write_bytes(bad)
        with pytest.raises(InputError, match=message):
            open_dataset("multibypass140", root)


def test_multibypass_damage(tmp_path: Path) -> None:
    for content, message in (
        ({"phases": [_interval(5, 1, "preparation")], "steps": []}, "end after they start"),
        ({"phases": [{"start": 1}], "steps": []}, "KeyError"),
        ({"phases": [_interval(0, 1, "lunch")], "steps": []}, "found 'lunch'"),
    ):
        with pytest.raises(InputError, match=message):
            _ = open_dataset("multibypass140", bypass_tree(tmp_path, content))["BBP01"]
