# SPDX-License-Identifier: Apache-2.0
"""The live application on two hosts: two processes over Holoscan's runtime, on loopback."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests import outside
from tests.apps.test_monitor_endoscopy import APP, _free_port, _result, _run
from tests.clips import write_clip
from tests.tiny_bundle import make_bundle

pytest.importorskip("holoscan.core", reason="needs the extra holoscan")

Process = subprocess.Popen[str]


@pytest.fixture(scope="module")
def slow_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two frames a second: whatever else the machine does, there is time for each."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_clip(path, frames=16, rate=Fraction(2))


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
    """Starts both halves until they talk to each other; logs are capture.log and analysis.log.

    Holoscan gives up when one host is much slower than the other to open its connections, or when
    somebody else took a port that it had chosen; then both are started anew, as a person would.
    """
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"inference: {{bundle: {red}}}\nlink: {{lost_seconds: 20}}\n")
    logs = {part: tmp_path / f"{part}.log" for part in ("capture", "analysis")}
    with ExitStack() as running:

        def start(*words: object) -> tuple[Process, Process]:
            for _ in range(3):
                address = f"127.0.0.1:{_free_port()}"
                shared = ("--config", settings, "--port", 0)
                with ExitStack() as tried:
                    capture, analysis = (
                        tried.enter_context(
                            _half(part, address, log, *shared, "-o", tmp_path / part, *own)
                        )
                        for (part, log), own in zip(
                            logs.items(), (("--source", slow_clip, *words), ()), strict=True
                        )
                    )
                    if _talk(logs.values()):
                        running.push(tried.pop_all())
                        return capture, analysis
                for part in logs:
                    shutil.rmtree(tmp_path / part, ignore_errors=True)
            raise AssertionError("\n".join(log.read_text() for log in logs.values()))

        yield start


def _talk(logs: Iterable[Path]) -> bool:
    """Whether an event came back; False where a graph could not begin."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        texts = [log.read_text() for log in logs]
        if any("polyp began" in text for text in texts):
            return True
        if any("activation failed" in text for text in texts):
            return False
        time.sleep(0.2)
    return False


def _ended(process: Process, log: Path, code: int) -> str:
    found = process.wait(timeout=240)
    text = log.read_text()
    assert found == code, text
    return text


def _regions(findings: dict[str, Any]) -> dict[int, Any]:
    (track,) = findings["tracks"]
    return {region["frame"]: region for region in track["regions"]}


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
    assert [track["label"] for track in two["tracks"]] == [t["label"] for t in one["tracks"]]
    assert two["source"]["frame_count"] == one["source"]["frame_count"] == 16
    mine, theirs = _regions(one), _regions(two)
    common = mine.keys() & theirs.keys()
    assert len(common) >= 10
    assert {frame: mine[frame] for frame in common} == {frame: theirs[frame] for frame in common}
    skipped = set(mine.keys() ^ theirs.keys())
    dropped = json.loads((folder / "run.json").read_text())["timings"]["frames_dropped"]
    dropped_alone = json.loads((_result(tmp_path / "alone") / "run.json").read_text())
    assert len(skipped) <= dropped + dropped_alone["timings"]["frames_dropped"]


def test_a_signal_at_the_capture_ends_both_with_results(
    halves: Callable[..., Any], tmp_path: Path
) -> None:
    capture, analysis = halves("--loop")
    capture.send_signal(signal.SIGINT)
    _ended(capture, tmp_path / "capture.log", 0)
    _ended(analysis, tmp_path / "analysis.log", 0)
    assert (_result(tmp_path / "analysis") / "sr.dcm").is_file()


def test_the_capture_ends_when_the_analysis_dies(
    halves: Callable[..., Any], tmp_path: Path
) -> None:
    capture, analysis = halves("--loop")
    analysis.kill()
    last = _ended(capture, tmp_path / "capture.log", 5).strip().splitlines()[-1]
    (recording,) = (tmp_path / "capture").glob("*.mp4")
    assert last.startswith("medvid: expected answers of the analysis host")
    assert recording.name in last


def test_the_analysis_ends_when_the_capture_dies(
    halves: Callable[..., Any], tmp_path: Path
) -> None:
    capture, analysis = halves("--loop")
    capture.kill()
    last = _ended(analysis, tmp_path / "analysis.log", 3).strip().splitlines()[-1]
    assert last.startswith("medvid: expected frames of the capture host")
    assert not list((tmp_path / "analysis").iterdir())
