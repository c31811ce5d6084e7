# SPDX-License-Identifier: Apache-2.0
"""Bad labels, weights and too little memory: one line that says what to do, nothing half-written.

The same damage is put before ``medvid evaluate`` and ``medvid train``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from monai_medvid.cli import main
from monai_medvid.data.datasets import open_dataset
from monai_medvid.data.datasets.alignment import require_alignment
from monai_medvid.errors import InputError, as_memory_error
from monai_medvid.inference.workflow_graph import FrameGraph
from monai_medvid.models.losses import WorkflowLoss
from monai_medvid.video import open_video
from monai_medvid.video.write_mp4 import Coding, write_mp4
from tests.tiny_operations import SECONDS, make_operations
from tests.workflow_bundle import HEIGHT, NETWORK, WIDTH, make_workflow_bundle

TINY = ("stages=[frames]", "rate=1", "frame_epochs=1", "frames_per_epoch=2", "frame_batch=2",
        "workers=0")  # fmt: skip
NO_SUCH_MEMORY = 1 << 45
"""Bytes that no machine gives."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Operations and a bundle with nothing wrong."""
    root = tmp_path_factory.mktemp("sound")
    (root / "operations").mkdir()
    bundle = make_workflow_bundle(root / "tiny_workflow")
    return make_operations(root / "operations", count=2).root, bundle


@pytest.fixture
def copies(sound: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """The same, to be damaged."""
    data = Path(shutil.copytree(sound[0], tmp_path / "operations"))
    return data, Path(shutil.copytree(sound[1], tmp_path / "tiny_workflow"))


def _evaluate(data: Path, bundle: Path, output: Path) -> list[str]:
    return ["evaluate", str(data), "--bundle", str(bundle), "-o", str(output), "--no-plots"]


def _train(data: Path, bundle: Path, output: Path) -> list[str]:
    settings = [word for text in TINY for word in ("--set", text)]
    return ["train", str(data), "--bundle", str(bundle), "-o", str(output), "--hold-out", "0.5",
            *settings]  # fmt: skip


COMMANDS = {"evaluate": _evaluate, "train": _train}


def _refused(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = 3) -> str:
    """What a command says that is refused, in one line."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    said = capsys.readouterr().err
    assert ended.value.code == code, said
    (line,) = said.strip().splitlines()
    assert line.startswith("medvid: ")
    assert "internal error" not in line
    return line


def _video(path: Path, *, frames: int, rate: Fraction = Fraction(1), width: int = WIDTH) -> None:
    coding = Coding(
        codec="libx264", width=width, height=HEIGHT, rate=rate, tick=1 / rate,
        options={"crf": "30"},
    )  # fmt: skip
    path.unlink(missing_ok=True)
    picture = np.full((HEIGHT, width, 3), 90, np.uint8)
    write_mp4(((n, picture) for n in range(frames)), path, coding=coding)


def _phase_lines(data: Path) -> tuple[Path, list[str]]:
    path = data / "phase_annotations" / "video01-phase.txt"
    return path, path.read_text().splitlines()


def _shorter_video(data: Path) -> None:
    _video(data / "videos" / "video01.mp4", frames=SECONDS // 2)


def _another_rate(data: Path) -> None:
    """As many frames as rows of phases, at 30 a second where the rows count 25."""
    _video(data / "videos" / "video01.mp4", frames=25 * SECONDS, rate=Fraction(30))


def _unknown_phase(data: Path) -> None:
    path, lines = _phase_lines(data)
    lines[40] = lines[40].split("\t")[0] + "\tLunch"
    path.write_text("\n".join(lines) + "\n")


def _broken_off_row(data: Path) -> None:
    path, lines = _phase_lines(data)
    path.write_text("\n".join([*lines[:40], "39"]) + "\n")


def _not_text(data: Path) -> None:
    _phase_lines(data)[0].write_bytes(b"\xff\xfe\x00\x80" * 9)


def test_labels_may_outlast_their_video_by_a_frame(copies: tuple[Path, Path]) -> None:
    data, _ = copies
    path = data / "videos" / "video01.mp4"
    labels = open_dataset("simulated", data).read("video01")
    _video(path, frames=2, rate=Fraction(1, 10))
    with open_video(path) as video:
        require_alignment(labels, video.info)
    _video(path, frames=2, rate=Fraction(1, 4))
    with open_video(path) as video, pytest.raises(InputError, match="like its labels"):
        require_alignment(labels, video.info)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_shorter_video, ("video01", "of at least 24.0 s like its labels", "found 12.0 s")),
        (_another_rate, ("video01", "600 frames, which run at 30 and not at 25 a second")),
        (_unknown_phase, ("found 'Lunch'",)),
        (_broken_off_row, ("video01-phase.txt",)),
        (_not_text, ("video01-phase.txt",)),
    ],
)
def test_labels_that_do_not_fit(
    copies: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    damage: Callable[[Path], None],
    words: tuple[str, ...],
) -> None:
    data, bundle = copies
    damage(data)
    output = tmp_path / "out"
    said = _refused(COMMANDS[command](data, bundle, output), capsys)
    for word in words:
        assert word in said
    left = {path.name for path in output.rglob("*") if path.suffix in (".pt", ".json", ".md")}
    assert left == set()


def test_a_mask_of_another_size_is_not_measured(
    copies: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, bundle = copies
    path = sorted((data / "masks" / "video02").rglob("*_watershed_mask.png"))[1]
    cv2.imwrite(str(path), np.full((HEIGHT // 2, WIDTH), 21, np.uint8))
    said = _refused(_evaluate(data, bundle, tmp_path / "out"), capsys)
    assert f"expected a mask of {WIDTH}x{HEIGHT} like its picture, found {WIDTH}x" in said
    assert path.name in said
    assert not (tmp_path / "out").exists()


def _phase_moments(folder: Path) -> dict[str, float]:
    metrics = json.loads((folder / "evaluation.json").read_text())["metrics"]
    return dict(metrics["phase/video_mean/accuracy"]["per_video"])


def test_gaps_in_labels_and_videos_of_two_sizes_are_measured_where_something_is_known(
    copies: tuple[Path, Path], tmp_path: Path
) -> None:
    data, bundle = copies
    path, lines = _phase_lines(data)
    wrong = [line.split("\t")[0] + "\tGallbladderRetraction" for line in lines[1:]]
    path.write_text("\n".join([lines[0], *wrong]) + "\n")
    (data / "videos" / "video02.mp4").unlink()
    _video(data / "videos" / "video02.mp4", frames=SECONDS, width=2 * WIDTH)
    shutil.rmtree(data / "masks")
    with pytest.raises(SystemExit) as ended:
        main(_evaluate(data, bundle, tmp_path / "whole"))
    assert ended.value.code == 0
    whole = _phase_moments(tmp_path / "whole")
    assert set(whole) == {"video01", "video02"}
    gap = [line for n, line in enumerate(wrong) if not 5 * 25 - 5 <= n < 15 * 25]
    path.write_text("\n".join([lines[0], *gap]) + "\n")
    with pytest.raises(SystemExit) as ended:
        main([*_evaluate(data, bundle, tmp_path / "gap"), "--json"])
    assert ended.value.code == 0
    document = json.loads((tmp_path / "gap" / "evaluation.json").read_text())
    confusion = np.asarray(document["phase_confusion"]["counts"])
    assert confusion.sum() == 2 * SECONDS - 10, "moments in the gap are of no known phase"


def _nan(bundle: Path) -> None:
    state = torch.load(bundle / "models" / "model.pt", weights_only=True)
    state = {k: v * torch.nan if v.is_floating_point() else v for k, v in state.items()}
    torch.save(state, bundle / "models" / "model.pt")


def _another_network(bundle: Path) -> None:
    wider = {**NETWORK, "temporal_options": {"width": 24, "layers": 3}}
    (bundle / "configs" / "inference.json").write_text(json.dumps({"network_def": wider}))


@pytest.mark.parametrize(
    ("command", "damage", "words", "code"),
    [
        ("evaluate", _another_network, "to fit network_def, found other parameters", 3),
        ("evaluate", _nan, "not finite", 4),
        ("train", _another_network, "expected weights of this architecture", 4),
        ("train", _nan, "expected a finite loss", 4),
    ],
)
def test_weights_that_are_of_no_use(
    copies: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    damage: Callable[[Path], None],
    words: str,
    code: int,
) -> None:
    data, bundle = copies
    damage(bundle)
    arguments = COMMANDS[command](data, bundle, tmp_path / "out")
    assert words in _refused(arguments, capsys, code)
    assert not (tmp_path / "out" / "bundle").exists()
    assert not (tmp_path / "out" / "evaluation.json").exists()


def _greedy(self: object, *given: object) -> torch.Tensor:
    return torch.empty(NO_SUCH_MEMORY, dtype=torch.uint8)


@pytest.mark.parametrize(("command", "place"), [("evaluate", FrameGraph), ("train", WorkflowLoss)])
def test_too_little_memory(
    sound: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    place: type[torch.nn.Module],
) -> None:
    """What is asked for is refused by torch's own allocator, as where memory ran out."""
    monkeypatch.setattr(place, "forward", _greedy)
    extra = ["--runtime", "torch"] if command == "evaluate" else []
    arguments = [*COMMANDS[command](*sound, tmp_path / "out"), *extra]
    said = _refused(arguments, capsys, code=4)
    assert "memory" in said
    assert not (tmp_path / "out" / "bundle").exists()
    assert not (tmp_path / "out" / "evaluation.json").exists()


@pytest.mark.parametrize("raised", [MemoryError(), RuntimeError("std::bad_alloc")])
def test_want_of_memory_is_told_from_other_faults(raised: Exception) -> None:
    error = as_memory_error(raised)
    assert error is not None
    assert error.exit_code == 4
    assert type(raised).__name__ in str(error)
    assert as_memory_error(RuntimeError("something else")) is None
