# SPDX-License-Identifier: Apache-2.0
"""The command's main job with delivery: what is sent, what is kept, what is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydicom import dcmread

from monai_medvid.cli import main
from monai_medvid.pacs import DicomNode
from monai_medvid.pacs.orthanc import free_port
from tests.clips import write_clip
from tests.tiny_bundle import make_bundle


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=30)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "red")


def _medvid(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def test_results_are_delivered_and_it_is_written_down(
    clip: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with DicomNode(tmp_path / "in", aet="PACS") as node:
        to = f"dicom://PACS@127.0.0.1:{node.port}"
        code = _medvid(
            *("analyze", str(clip), "-o", str(tmp_path / "out"), "--bundle", str(bundle)),
            *("--store", to, "--json"),
        )
        stored = {dcmread(path).SOPInstanceUID for path in node.instances()}
    assert code == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    folder = Path(result["folder"])
    assert stored == {dcmread(path).SOPInstanceUID for path in folder.rglob("*.dcm")}
    (delivery,) = json.loads((folder / "run.json").read_text())["deliveries"]
    assert delivery["complete"]
    assert f"stored at {to}" in (folder / "report.html").read_text()


def test_results_are_kept_when_delivery_fails(
    clip: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = _medvid(
        *("analyze", str(clip), "-o", str(tmp_path / "out"), "--bundle", str(bundle)),
        *("--store", f"dicom://PACS@127.0.0.1:{free_port()}"),
    )
    assert code == 5
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert "did not take" in said[0]
    assert (tmp_path / "out" / "clip" / "sr.dcm").is_file()
    (delivery,) = json.loads((tmp_path / "out" / "clip" / "run.json").read_text())["deliveries"]
    assert not delivery["complete"]


def test_a_folder_is_stored_later(clip: Path, bundle: Path, tmp_path: Path) -> None:
    _medvid("analyze", str(clip), "-o", str(tmp_path / "out"), "--bundle", str(bundle))
    with DicomNode(tmp_path / "in", aet="PACS") as node:
        to = f"dicom://PACS@127.0.0.1:{node.port}"
        assert _medvid("store", str(tmp_path / "out" / "clip"), "--to", to) == 0
        assert len(node.instances()) == len(list((tmp_path / "out").rglob("*.dcm")))
    assert _medvid("store", str(tmp_path / "out" / "clip"), "--to", to) == 5


def test_validate(
    clip: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _medvid("analyze", str(clip), "-o", str(tmp_path / "out"), "--bundle", str(bundle))
    folder = tmp_path / "out" / "clip"
    source = str(folder / "source.dcm")
    files = [str(path) for path in folder.rglob("*.dcm") if path.name != "source.dcm"]
    assert _medvid("validate", *files, "--source", source) == 0
    broken = dcmread(folder / "sr.dcm")
    broken.PatientID = "somebody else"
    broken.save_as(tmp_path / "broken.dcm")
    capsys.readouterr()
    assert _medvid("validate", str(tmp_path / "broken.dcm"), "--source", source, "--json") == 3
    assert json.loads(capsys.readouterr().out)["issues"]


def test_wrap_and_info(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "clip.dcm"
    assert _medvid("wrap", str(clip), "-o", str(out), "--patient-id", "7", "--json") == 0
    assert json.loads(capsys.readouterr().out)["frame_count"] == 30
    assert dcmread(out).PatientID == "7"
    assert _medvid("info", str(out)) == 0
    assert "h264" in capsys.readouterr().out


def test_bundles_without_torch(capsys: pytest.CaptureFixture[str]) -> None:
    """Listing must be quick, so it may not load torch."""
    import subprocess
    import sys

    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import sys\nfrom monai_medvid.cli import main\n"
            "try: main(['bundles', '--json'])\nexcept SystemExit: pass\n"
            "assert 'torch' not in sys.modules",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = [bundle["name"] for bundle in json.loads(done.stdout)["bundles"]]
    assert "colonoscopy_polyp_segmentation" in names


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyze",),
        ("analyze", "a.mp4", "-o", "x", "--seg", "maybe"),
        ("analyze", "a.mp4", "-o", "x", "--every", "0"),
        ("analyze", "a.mp4", "-o", "x", "--store", "pacs"),
        ("nothing",),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert _medvid(*arguments) == 2
    assert capsys.readouterr().err


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert _medvid("analyze", "--help") == 0
    assert "Example" in capsys.readouterr().out
    assert _medvid("--version") == 0


def test_debug_shows_the_trace(tmp_path: Path) -> None:
    from monai_medvid.errors import InputError

    with pytest.raises(InputError):
        main(["info", str(tmp_path / "none.mp4"), "--debug"])


def test_a_fault_of_ours_shows_no_values(
    clip: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("Nobody^Shall^See")

    monkeypatch.setattr("monai_medvid.video.open_video", fail)
    assert _medvid("info", str(clip)) == 1
    said = capsys.readouterr().err
    assert "internal error KeyError" in said
    assert "Nobody" not in said
