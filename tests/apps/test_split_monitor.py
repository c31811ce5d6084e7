# SPDX-License-Identifier: Apache-2.0
"""The live application on two hosts: two processes over Holoscan's runtime, on loopback."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from monai_medvid.pacs.orthanc import free_port
from tests import outside
from tests.apps.test_monitor_endoscopy import APP, _result, _run, _until
from tests.clips import write_clip
from tests.tiny_bundle import make_bundle

pytest.importorskip("holoscan.core", reason="needs the extra holoscan")

Process = subprocess.Popen[str]


@pytest.fixture(scope="module")
def slow_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frame a second: there is time for nearly each, whatever else the machine does."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_clip(path, frames=12, rate=Fraction(1))


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "red_things")


@contextmanager
def _half(part: str, address: str, log: Path, *words: object) -> Iterator[Process]:
    command = [sys.executable, str(APP), "--part", part, "--address", address, *map(str, words)]
    with log.open("w") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def halves(slow_clip: Path, red: Path, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts both halves and waits until they talk; logs are capture.log and analysis.log."""
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"inference: {{bundle: {red}}}\nlink: {{lost_seconds: 20}}\n")
    logs = {part: tmp_path / f"{part}.log" for part in ("capture", "analysis")}
    with ExitStack() as running:

        def start(*words: object) -> tuple[Process, Process]:
            address = f"127.0.0.1:{free_port()}"
            shared = ("--config", settings, "--port", 0)
            own = {"capture": ("--source", slow_clip, *words), "analysis": ()}
            capture, analysis = (
                running.enter_context(
                    _half(part, address, log, *shared, "-o", tmp_path / part, *own[part])
                )
                for part, log in logs.items()
            )
            _until(lambda: "polyp began" in logs["capture"].read_text())
            return capture, analysis

        yield start
        for log in logs.values():
            print(log.read_text())


def _ended(process: Process, log: Path, code: int) -> str:
    found = process.wait(timeout=500)
    text = log.read_text()
    assert found == code, text
    return text


def _regions(findings: dict[str, Any]) -> dict[int, Any]:
    """Of all tracks: where frames were dropped, one thing may be several."""
    assert {track["label"] for track in findings["tracks"]} == {"polyp"}
    return {region["frame"]: region for track in findings["tracks"] for region in track["regions"]}


@pytest.mark.tools
def test_findings_are_those_of_one_process(
    halves: Callable[..., Any], slow_clip: Path, red: Path, tmp_path: Path
) -> None:
    capture, analysis = halves()
    told = _ended(capture, tmp_path / "capture.log", 0)
    _ended(analysis, tmp_path / "analysis.log", 0)
    assert "polyp began" in told
    folder = _result(tmp_path / "analysis")
    (recording,) = (tmp_path / "capture").glob("*.mp4")
    assert (tmp_path / "analysis" / f"{folder.name}.mp4").read_bytes() == recording.read_bytes()
    outside.check(folder / "sr.dcm", folder / "source.dcm", folder / "seg-001.dcm")

    alone = _run("--source", slow_clip, "--bundle", red, "-o", tmp_path / "alone")
    assert alone.returncode == 0, alone.stderr
    one, two = (
        json.loads((place / "findings.json").read_text())
        for place in (_result(tmp_path / "alone"), folder)
    )
    assert two["source"]["frame_count"] == one["source"]["frame_count"] == 12
    mine, theirs = _regions(one), _regions(two)
    common = mine.keys() & theirs.keys()
    assert len(common) >= 5
    assert {frame: mine[frame] for frame in common} == {frame: theirs[frame] for frame in common}
    skipped = set(mine.keys() ^ theirs.keys())
    dropped = json.loads((folder / "run.json").read_text())["timings"]["frames_dropped"]
    dropped_alone = json.loads((_result(tmp_path / "alone") / "run.json").read_text())
    assert len(skipped) <= dropped + dropped_alone["timings"]["frames_dropped"]


@pytest.mark.parametrize(
    "asked",
    [pytest.param(0, marks=pytest.mark.exhaustive), 1],
    ids=["capture", "analysis"],
)
def test_a_signal_at_either_half_ends_both_with_results(
    halves: Callable[..., Any], tmp_path: Path, asked: int
) -> None:
    capture, analysis = both = halves("--loop")
    both[asked].send_signal(signal.SIGINT)
    _ended(capture, tmp_path / "capture.log", 0)
    _ended(analysis, tmp_path / "analysis.log", 0)
    assert (_result(tmp_path / "analysis") / "sr.dcm").is_file()


@pytest.mark.parametrize(
    ("dead", "code", "words"),
    [
        pytest.param(
            0, 3, "medvid: expected frames of the capture host", marks=pytest.mark.exhaustive
        ),
        (1, 5, "medvid: expected answers of the analysis host"),
    ],
    ids=["capture", "analysis"],
)
def test_either_half_ends_when_the_other_dies(
    halves: Callable[..., Any], tmp_path: Path, dead: int, code: int, words: str
) -> None:
    both = halves("--loop")
    both[dead].kill()
    left = "analysis" if dead == 0 else "capture"
    last = _ended(both[1 - dead], tmp_path / f"{left}.log", code).strip().splitlines()[-1]
    assert last.startswith(words)
    if left == "analysis":
        assert not list((tmp_path / left).iterdir())
    else:
        (recording,) = (tmp_path / left).glob("*.mp4")
        assert recording.name in last
