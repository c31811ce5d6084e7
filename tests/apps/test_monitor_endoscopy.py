# SPDX-License-Identifier: Apache-2.0
"""The live application, run as a person runs it: a process, a page, a signal, an exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydicom import dcmread

from monai_medvid.dicom.wrap import wrap_video
from monai_medvid.pacs.orthanc import free_port
from tests import outside
from tests.clips import write_clip
from tests.tiny_bundle import make_bundle
from tests.workflow_bundle import make_workflow_bundle

pytest.importorskip("holoscan.core", reason="needs the extra holoscan")

APP = Path(__file__).resolve().parents[2] / "apps" / "monitor_endoscopy"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=50)


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "red_things")


def _command(*words: object) -> list[str]:
    return [sys.executable, str(APP), "--port", "0", *map(str, words)]


def _run(*words: object, seconds: float = 500) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(*words), capture_output=True, text=True, timeout=seconds)


def _here(program: Any, captured: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """Run it in this process, which has imported everything: its exit code and what it told."""
    captured.readouterr()
    code = program.main(["--port", "0", *map(str, words)])
    told = captured.readouterr()
    return code, told.out + told.err


def _result(output: Path) -> Path:
    (record,) = output.glob("*/run.json")
    return record.parent


def _until(ready: Callable[[], Any], *, seconds: float = 400) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ready()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError("it did not happen in time")


def _state(port: int) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/state.json", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except OSError:
        return None


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    names = ("app", "link", "options", "parts", "run", "split")
    monkeypatch.syspath_prepend(str(APP))
    for name in names:
        sys.modules.pop(name, None)
    import run as module  # type: ignore[import-not-found]

    monkeypatch.setattr(module.terminal, "set_up_logging", lambda **given: None)
    yield module
    for name in names:
        sys.modules.pop(name, None)


@contextmanager
def _running(*words: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(APP), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.tools
def test_the_end_of_the_stream_leaves_valid_dicom(clip: Path, red: Path, tmp_path: Path) -> None:
    done = _run("--source", clip, "--bundle", red, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    folder = _result(tmp_path)
    names = {path.name for path in folder.iterdir()}
    assert {"source.dcm", "sr.dcm", "seg-001.dcm", "keyframes.dcm", "report.html"} <= names
    outside.check(folder / "sr.dcm", folder / "source.dcm", folder / "seg-001.dcm")
    today = datetime.now(timezone.utc)
    made = dcmread(folder / "source.dcm", stop_before_pixels=True).StudyDate
    assert made in {f"{today:%Y%m%d}", f"{today - timedelta(days=1):%Y%m%d}"}
    findings = json.loads((folder / "findings.json").read_text())
    assert [track["label"] for track in findings["tracks"]] == ["polyp"]
    assert (tmp_path / f"{folder.name}.mp4").is_file()
    timings = json.loads((folder / "run.json").read_text())["timings"]
    seen = timings["arrival_to_findings_count"] + timings["frames_dropped"]
    assert seen == findings["source"]["frame_count"]
    assert 0 < timings["arrival_to_findings_p50_ms"] <= timings["arrival_to_findings_max_ms"]
    assert "arrival_to_findings_p99_ms" in (folder / "report.html").read_text()


def test_a_signal_ends_the_procedure_and_nothing_is_lost(clip: Path, tmp_path: Path) -> None:
    bundle = make_workflow_bundle(tmp_path / "workflow")
    port = free_port()
    words = ("--source", clip, "--loop", "--bundle", bundle, "-o", tmp_path / "out", "--port", port)
    with _running(*words) as process:
        state = _until(lambda: (s := _state(port)) and s["counts"]["analyzed"] and s)
        assert state["title"] == "A workflow that was never learnt"
        assert state["latency"]
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=500)
    assert process.returncode == 0, output
    folder = _result(tmp_path / "out")
    assert (folder / "sr.dcm").is_file()
    assert "arrival to findings: p50" in output


def test_patient_and_study_come_from_another_object(
    program: Any, clip: Path, red: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wrapped = wrap_video(clip, tmp_path / "order.dcm", patient_id="P-17")
    code, told = _here(
        program, capfd, "--source", clip, "--bundle", red, "-o", tmp_path / "out",
        "--like", wrapped.path,
    )  # fmt: skip
    assert code == 0, told
    order = dcmread(wrapped.path, stop_before_pixels=True)
    report = dcmread(_result(tmp_path / "out") / "sr.dcm")
    assert report.PatientID == "P-17"
    assert report.StudyInstanceUID == order.StudyInstanceUID
    assert "P-17" not in told


def test_a_pacs_that_is_down_leaves_the_objects_in_the_spool(
    program: Any, clip: Path, red: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "settings.yaml"
    nobody = f"dicom://NOBODY@127.0.0.1:{free_port()}"
    settings.write_text(f"deliver: {{destinations: ['{nobody}'], patience_seconds: 1}}\n")
    code, told = _here(
        program, capfd, "--config", settings, "--source", clip, "--bundle", red,
        "-o", tmp_path / "out",
    )  # fmt: skip
    assert code == 5, told
    assert "stay in the spool" in told.splitlines()[-1]
    assert (_result(tmp_path / "out") / "sr.dcm").is_file()
    assert any((tmp_path / "out" / "spool").iterdir())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "expected a source"),
        (("--source", "/dev/video77"), "video77"),
        (("--source", "tcp://127.0.0.1:9"), "127.0.0.1"),
        (("--source", "CLIP", "--bundle", "no_such_bundle"), "no_such_bundle"),
    ],
)
def test_what_cannot_begin_is_one_line(
    program: Any,
    words: tuple[str, ...],
    told: str,
    clip: Path,
    red: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"source: {{connect_seconds: 1}}\ninference: {{bundle: {red}}}\n")
    given = [str(clip) if word == "CLIP" else word for word in words]
    code, text = _here(program, capfd, "--config", settings, *given, "-o", tmp_path / "out")
    assert code == 3, text
    last = text.strip().splitlines()[-1]
    assert last.startswith("medvid: ")
    assert told.lower() in last.lower()
    assert not list((tmp_path / "out").glob("*/run.json"))


def test_a_graph_that_ends_without_results_is_no_success(program: Any) -> None:
    from monai_medvid.errors import OutputError

    over: Future[None] = Future()
    over.set_result(None)
    page = SimpleNamespace(written=False)
    app = SimpleNamespace(
        run_async=lambda: over, analysis=SimpleNamespace(page=page), recording=Path("a.mp4")
    )
    with pytest.raises(OutputError, match=r"before they were written.*a\.mp4"):
        program._run(app)


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(APP))
    sys.modules.pop("options", None)
    import options as module  # type: ignore[import-not-found]

    yield module
    sys.modules.pop("options", None)


def test_the_shipped_settings_are_the_defaults(options: Any) -> None:
    assert options.read_options(APP / "monitor_endoscopy.yaml") == options.MonitorOptions()


def test_the_command_line_comes_before_the_file(options: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("source: {source: a, lost_seconds: 3}\nprocedure: {outside_seconds: null}\n")
    found = options.read_options(file, {"source": {"source": "b"}})
    assert (found.source.source, found.source.lost_seconds) == ("b", 3)
    assert found.procedure.outside_seconds is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("camera: {}", "camera"),
        ("source: {address: x}", "address"),
        ("source: {loop: 3}", "loop"),
        ("preview: {port: many}", "port"),
        ("link: {part: both}", "capture, analysis"),
        ("link: {ports: [9000, 9001]}", "expected 3 different ports of the link, found 9000, 9001"),
        ("link: {ports: [a, b, c]}", "a list of whole numbers"),
        ("results: none", "names and values"),
        ("[1, 2]", "names and values"),
        ("source: {", "expected YAML"),
    ],
)
def test_wrong_settings_are_refused(options: Any, tmp_path: Path, text: str, told: str) -> None:
    from monai_medvid.errors import InputError

    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=told):
        options.read_options(file)


def test_missing_settings_are_refused(options: Any, tmp_path: Path) -> None:
    from monai_medvid.errors import InputError

    with pytest.raises(InputError, match="none to read"):
        options.read_options(tmp_path / os.devnull.strip("/") / "a.yaml")
