# SPDX-License-Identifier: Apache-2.0
"""CholecT50 and CholecTrack20, M2CAI16."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monai_medvid.data.datasets import labels_at, merge_labels, open_dataset
from monai_medvid.data.datasets.cholect50 import triplet_rows
from monai_medvid.errors import InputError
from tests.data.datasets.trees import (
    PHASES,
    TOOLS,
    photo,
    tiny_video,
    write_image,
    write_lines,
)

CATEGORIES = {
    "triplet": {"0": "grasper,dissect,cystic_plate", "1": "hook,dissect,gallbladder"},
    "instrument": {"0": "grasper", "2": "hook"},
    "verb": {"2": "dissect"},
    "target": {"0": "gallbladder", "1": "cystic_plate"},
    "phase": {"0": "preparation", "1": "carlot-triangle-dissection", "6": "gallbladder-extraction"},
}


def _row(triplet: int, instrument: int, verb: int, target: int, phase: int) -> list[float]:
    gone = [-1] * 4
    return [triplet, instrument, 1, *gone, verb, target, 1, *gone, phase]


ANNOTATIONS = {
    "0": [_row(-1, -1, -1, -1, 0)],
    "1": [_row(0, 0, 2, 1, 1), _row(1, 2, 2, 0, 1)],
    "3": [_row(-1, -1, -1, -1, 6)],
    "4": [],
}


def t50_tree(root: Path) -> Path:
    for frame in range(5):
        write_image(root / "videos" / "VID01" / f"{frame:06d}.png", photo(frame))
    content = {"video": 1, "fps": 1, "categories": CATEGORIES, "annotations": ANNOTATIONS}
    _write_json(root / "labels" / "VID01.json", content)
    return root


@pytest.fixture
def t50(tmp_path: Path) -> Path:
    return t50_tree(tmp_path)


def _write_json(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def test_triplets_with_the_phases_and_instruments_of_cholec80(t50: Path) -> None:
    dataset = open_dataset("cholect50", t50)
    video = dataset["VID01"]
    assert video.seconds.tolist() == [0, 1, 3, 4]
    assert video.phase.tolist() == [0, 1, 6, -1]
    assert video.instruments[1, :6].tolist() == [1, 0, 1, 0, 0, 0]
    assert np.isnan(video.instruments[:, 6]).all()  # it knows of no specimen bag
    assert [entry.triplet for entry in video.triplets] == [-1, 0, 1, -1]
    assert triplet_rows(video, len(dataset.triplets)).tolist() == [[0, 0], [1, 1], [0, 0], [0, 0]]
    assert dataset.triplets[1] == "hook,dissect,gallbladder"
    assert [image.seconds for image in video.images] == [0, 1, 2, 3, 4]


def test_cholect50_splits(t50: Path) -> None:
    splits = open_dataset("cholect50", t50).splits
    assert [len(part) for part in splits["rdv"].values()] == [35, 5, 10]
    assert [len(part) for part in splits["challenge"].values()] == [40, 5, 5]
    assert splits["crossval-1"]["test"][0] == "VID79"
    assert splits["crossval-5"]["val"] == ("VID75", "VID22", "VID49", "VID12", "VID110")
    assert [len(part) for part in splits["t45-crossval-2"].values()] == [31, 5, 9]
    for parts in splits.values():
        names = [name for part in parts.values() for name in part]
        assert len(set(names)) == len(names)


def test_damaged_triplets(t50: Path) -> None:
    path = t50 / "labels" / "VID01.json"
    bad = {"fps": 1, "categories": CATEGORIES, "annotations": {"0": [[1, 2]]}}
    _write_json(path, bad)
    with pytest.raises(InputError, match=r"labels/VID01\.json.*IndexError"):
        _ = open_dataset("cholect50", t50)["VID01"]
    _write_json(path, {"annotations": {}})
    with pytest.raises(InputError, match="categories of triplets"):
        open_dataset("cholect50", t50)
    names = {**CATEGORIES, "phase": {"0": "lunch"}}
    _write_json(path, {"fps": 1, "categories": names, "annotations": {"0": ANNOTATIONS["0"]}})
    with pytest.raises(InputError, match="found 'lunch'"):
        _ = open_dataset("cholect50", t50)["VID01"]


def track_tree(root: Path, content: Any, *, part: str = "Training", name: str = "VID02") -> Path:
    write_image(root / part / name / "Frames" / "006701.png", photo(1))
    _write_json(root / part / name / f"{name.lower()}.json", content)
    return root


def tool_entry(number: int, **more: Any) -> dict[str, Any]:
    return {"instrument": number, "tool_bbox": [0.1, 0.2, 0.3, 0.4], "phase": 1, **more}


def test_tracks_by_the_categories_of_the_file(tmp_path: Path) -> None:
    content = {
        "categories": {
            "tools": [{"id": n, "name": tool.lower()} for n, tool in enumerate(TOOLS, 1)]
        },
        "annotations": {"6701": [tool_entry(3, intraoperative_track=7)], "6726": []},
    }
    dataset = open_dataset("cholectrack20", track_tree(tmp_path, content))
    _write_json(tmp_path / "Training" / "VID02" / "vid01_repaired.json", {})
    video = dataset["VID02"]
    (box,) = video.boxes
    assert (box.label, box.track, box.seconds) == ("Hook", 7, 268.0)
    assert (box.left, box.top, box.width, box.height) == (0.1, 0.2, 0.3, 0.4)
    assert video.instruments.argmax(axis=1).tolist() == [2, 0]
    assert video.phase.tolist() == [1, -1]
    assert video.images[0].seconds == 268.0
    assert dataset.split_names("train") == ("VID02",)


@pytest.mark.parametrize(("numbers", "label"), [((0, 2), "Hook"), ((7, 2), "Bipolar")])
def test_numbers_from_0_or_from_1(tmp_path: Path, numbers: tuple[int, int], label: str) -> None:
    tools = [tool_entry(numbers[0], phase=0), tool_entry(numbers[1], phase=0)]
    track_tree(tmp_path, {"annotations": {"25": tools}})
    assert open_dataset("cholectrack20", tmp_path)["VID02"].boxes[1].label == label


def test_numbers_that_could_be_either(tmp_path: Path) -> None:
    track_tree(tmp_path, {"annotations": {"25": [tool_entry(2)]}})
    with pytest.raises(InputError, match="from 0 or from 1"):
        _ = open_dataset("cholectrack20", tmp_path)["VID02"]
    listed = [{"id": n, "name": tool} for n, tool in enumerate(TOOLS)]
    categories = {"instrument": listed, "phase": CATEGORIES["phase"]}
    track_tree(tmp_path, {"categories": categories, "annotations": {"25": [tool_entry(2)]}})
    assert open_dataset("cholectrack20", tmp_path)["VID02"].boxes[0].label == "Hook"
    track_tree(tmp_path, {"categories": categories, "annotations": {"25": [tool_entry(9)]}})
    with pytest.raises(InputError, match="KeyError"):
        _ = open_dataset("cholectrack20", tmp_path)["VID02"]


def test_test_videos_have_a_file_in_place_of_frames(tmp_path: Path) -> None:
    tiny_video(tmp_path / "Testing" / "VID01" / "VID01.mp4", frames=5)
    video = open_dataset("cholectrack20", tmp_path)["VID01"]
    assert video.source is not None
    assert video.source.suffix == ".mp4"
    assert video.notes == ("There is no label file.",)


def test_m2cai16_has_a_phase_more(tmp_path: Path) -> None:
    names = ("TrocarPlacement", *PHASES)
    rows = ["Frame\tPhase", *(f"{25 * n}\t{name}" for n, name in enumerate(names))]
    write_lines(tmp_path / "train_dataset" / "workflow_video_01.txt", rows)
    write_lines(tmp_path / "train_dataset" / "workflow_video_01_timestamp.txt", ["x"])
    write_lines(tmp_path / "test_dataset" / "test_workflow_video_01.txt", rows)
    tiny_video(tmp_path / "train_dataset" / "workflow_video_01.mp4", frames=5)
    dataset = open_dataset("m2cai16-workflow", tmp_path)
    assert dataset.names == ("test_workflow_video_01", "workflow_video_01")
    video = dataset["workflow_video_01"]
    assert video.seconds.tolist() == list(range(8))
    assert video.phase.tolist() == list(range(8))
    assert video.notes == ()
    assert dataset.split_names("test") == ("test_workflow_video_01",)


def test_m2cai16_tools(tmp_path: Path) -> None:
    rows = ["\t".join(("Frame", *TOOLS)), "0" + "\t1" * 7, "25" + "\t0" * 7]
    write_lines(tmp_path / "train_dataset" / "tool_video_03.txt", rows)
    video = open_dataset("m2cai16-tool", tmp_path)["tool_video_03"]
    assert labels_at(video, [0.4, 1.2]).instruments[:, 0].tolist() == [1, 0]
    assert video.notes == ("There is no video file.",)
    with pytest.raises(InputError, match="M2CAI16-workflow"):
        open_dataset("m2cai16-workflow", tmp_path)


def test_cholect50_completes_cholec80(t50: Path) -> None:
    import dataclasses

    write_lines(t50 / "phase_annotations" / "video01-phase.txt", ["Frame\tPhase", "0\tPreparation"])
    first = open_dataset("cholec80", t50)["video01"]
    other = dataclasses.replace(open_dataset("cholect50", t50)["VID01"], name="video01")
    both = merge_labels(first, other)
    assert len(both.triplets) == 4
    assert len(both.images) == 5


def test_frames_without_labels(t50: Path) -> None:
    write_image(t50 / "videos" / "VID02" / "000000.png", photo(1))
    assert open_dataset("cholect50", t50)["VID02"].notes == ("There is no label file.",)
