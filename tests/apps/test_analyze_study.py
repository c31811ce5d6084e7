# SPDX-License-Identifier: Apache-2.0
"""The application in this process; ``test_map.py`` runs it as a MAP does."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monai_medvid import errors, studies
from monai_medvid.video.dicom_syntaxes import VIDEO_CODECS
from tests.tiny_bundle import make_bundle
from tests.video.dicom_objects import SECRET, cine, moving
from tests.video.study_folders import SEGMENTATION, disc_cine, of_class, put, ten_series

pytest.importorskip("monai.deploy.core", reason="needs the extra deploy")

APP = Path(__file__).resolve().parents[2] / "apps" / "analyze_study"
MODULES = ("app", "run", "surroundings")
VARIABLES = ("INPUT_PATH", "OUTPUT_PATH", "MODEL_PATH", "WORKDIR", "CONFIG_PATH")


@pytest.fixture
def main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """The application's ``main``, in an empty folder and without anything in the environment."""
    for name in VARIABLES:
        monkeypatch.delenv(f"HOLOSCAN_{name}", raising=False)
    monkeypatch.delenv("MEDVID_BUNDLE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.syspath_prepend(str(APP))
    for name in MODULES:  # the other application has modules of these names too
        monkeypatch.delitem(sys.modules, name, raising=False)
    from run import main as run

    yield lambda *words: run([str(word) for word in words])
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model folder as a MAP has it."""
    make_bundle(tmp_path / "models" / "red_things")
    return tmp_path / "models"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    put(disc_cine(), tmp_path / "in" / SECRET / "IM000001")
    return tmp_path / "in"


def _results(output: Path) -> list[Path]:
    return sorted(path.parent for path in output.rglob("run.json"))


def test_the_two_videos_of_ten_series(
    main: Callable[..., int], model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    videos = ten_series(tmp_path / "in")
    output = tmp_path / "out"
    assert main("-i", tmp_path / "in", "-o", output, "-m", model) == 0
    names = [data.SOPInstanceUID for data in videos]
    assert sorted(path.name for path in _results(output)) == sorted(names)
    for folder in _results(output):
        assert {path.name for path in folder.glob("*.dcm")} == {
            "sr.dcm", "seg-001.dcm", "keyframes.dcm",
        }  # fmt: skip
    said = capfd.readouterr().err
    assert "2 videos chosen; 8 DICOM objects and 0 other files left out" in said
    assert "left out 3: its SOP class is not chosen: CT Image Storage" in said
    assert "video 2 of 2: analyzing 40 of 40" in said
    assert "2 of 2 videos done, 2 findings" in said
    assert "NOBODY" not in said
    assert SECRET not in said


def test_paths_by_the_environment(
    main: Callable[..., int],
    model: Path,
    study: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOLOSCAN_WORKDIR", str(tmp_path))
    monkeypatch.setenv("HOLOSCAN_INPUT_PATH", "in/")  # as app.json has it
    monkeypatch.setenv("HOLOSCAN_OUTPUT_PATH", "out/")
    monkeypatch.setenv("HOLOSCAN_MODEL_PATH", str(model))
    assert main() == 0
    assert len(_results(tmp_path / "out")) == 1
    assert main("-o", "typed") == 0  # the command line comes first, and starts from here
    assert len(_results(tmp_path / "here" / "typed")) == 1


def test_a_bundle_by_name(
    main: Callable[..., int],
    model: Path,
    study: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(model / "red_things", model / "other_things")
    asked = ("-i", study, "-o", tmp_path / "out")
    assert main(*asked, "-m", model) == 3  # which of the two?
    monkeypatch.setenv("MEDVID_BUNDLE", "other_things")
    assert main(*asked, "-m", model) == 0
    (folder,) = _results(tmp_path / "out")
    assert json.loads((folder / "run.json").read_text())["bundle"] == "other_things"
    monkeypatch.setenv("MEDVID_BUNDLES", str(model))
    monkeypatch.setenv("MEDVID_BUNDLE", "red_things")
    assert main(*asked) == 0  # no model folder: one that the library knows
    assert json.loads((folder / "run.json").read_text())["bundle"] == "red_things"


def test_settings_of_another_file(
    main: Callable[..., int],
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ten_series(tmp_path / "in")
    config = tmp_path / "app.yaml"
    config.write_text(
        "analysis: {every: 2}\nresults: {seg: none}\nselection: {require: {Modality: ^ES$}}\n"
    )
    monkeypatch.setenv("HOLOSCAN_CONFIG_PATH", str(config))
    assert main("-i", tmp_path / "in", "-o", tmp_path / "out", "-m", model) == 0
    (folder,) = _results(tmp_path / "out")
    assert json.loads((folder / "run.json").read_text())["every"] == 2
    assert not (folder / "seg-001.dcm").exists()
    config.write_text("analysis: {step: 2}")
    assert main("-i", tmp_path / "in", "-o", tmp_path / "out", "-m", model) == 3
    assert "found 'step'" in capfd.readouterr().err


def _no_video(place: Path) -> None:
    put(of_class(cine(moving()), SEGMENTATION), place / "in" / "1")


def _no_model(place: Path) -> None:
    shutil.rmtree(place / "models")


def _model_without_weights(place: Path) -> None:
    (place / "models" / "red_things" / "models" / "model.pt").unlink()


def _model_of_another_kind(place: Path) -> None:
    _no_model(place)
    (place / "models").mkdir()
    (place / "models" / "model.ts").write_bytes(b"a network without a bundle")


def _wrong_bundle(place: Path) -> None:
    metadata = place / "models" / "red_things" / "configs" / "metadata.json"
    metadata.write_text(metadata.read_text().replace('"num_channels": 3', '"num_channels": 1'))


def _output_in_the_way(place: Path) -> None:
    (place / "out").write_text("a file")


FAULTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no input": (lambda place: shutil.rmtree(place / "in"), "a folder with DICOM studies"),
    "empty input": (lambda place: shutil.rmtree(place / "in" / SECRET), "found no file in it"),
    "no video": (
        lambda place: (shutil.rmtree(place / "in"), _no_video(place)),
        "1: its SOP class is not chosen: Segmentation Storage",
    ),
    "no model folder": (_no_model, "a model folder with a MONAI bundle, found no such folder"),
    "no bundle": (_model_of_another_kind, "in the model folder, found none"),
    "no weights": (_model_without_weights, "expected weights in models/model.pt, found none"),
    "wrong bundle": (_wrong_bundle, "bundle 'red_things': expected"),
    "output is a file": (_output_in_the_way, "an output folder that can be written"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_done_at_all(
    fault: str,
    main: Callable[..., int],
    model: Path,
    study: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    spoil, words = FAULTS[fault]
    spoil(tmp_path)
    assert main("-i", study, "-o", tmp_path / "out", "-m", model, "-l", "error") == 3
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("medvid: ")]
    assert words in line
    assert SECRET not in line
    if (tmp_path / "out").is_dir():
        assert not any((tmp_path / "out").iterdir())


def test_a_damaged_video_among_good_ones(
    main: Callable[..., int],
    model: Path,
    study: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    bad = disc_cine()
    bad.file_meta.TransferSyntaxUID = next(iter(VIDEO_CODECS))
    bad["PixelData"].is_undefined_length = True
    bad.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\x08\0\0\0" + bytes(8)
    put(bad, study / "0")
    output = tmp_path / "out"
    assert main("-i", study, "-o", output, "-m", model) == 3
    assert len(_results(output)) == 1
    assert not (output / bad.StudyInstanceUID).exists()
    last = capfd.readouterr().err.splitlines()[-1]
    assert last.startswith(f"medvid: video {bad.SOPInstanceUID}: Expected ")
    summary = json.loads((output / "study.json").read_text())
    assert summary["exit_code"] == 3
    assert sum(bool(video["error"]) for video in summary["videos"]) == 1


def test_a_model_that_fails_on_a_video(
    main: Callable[..., int],
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    videos = ten_series(tmp_path / "in")
    really = studies.analyze

    def failing(video: Any, **options: Any) -> Any:
        if video.name == videos[0].SOPInstanceUID:
            raise errors.ModelError("expected memory on the device, found none.")
        return really(video, **options)

    monkeypatch.setattr(studies, "analyze", failing)
    assert main("-i", tmp_path / "in", "-o", tmp_path / "out", "-m", model) == 4
    assert [path.name for path in _results(tmp_path / "out")] == [videos[1].SOPInstanceUID]


def test_a_fault_of_ours_shows_no_values(
    main: Callable[..., int],
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    videos = ten_series(tmp_path / "in")
    really = {"analyze": studies.analyze, "save_results": studies.save_results}

    def failing(name: str, uid: str) -> Callable[..., Any]:
        def fail(given: Any, *more: Any, **options: Any) -> Any:
            if uid == (given.name if name == "analyze" else given.findings.source.name):
                raise ZeroDivisionError(SECRET)
            return really[name](given, *more, **options)

        return fail

    asked = ("-i", tmp_path / "in", "-o", tmp_path / "out", "-m", model)
    for name, data in zip(really, videos, strict=True):
        with monkeypatch.context() as patch:
            patch.setattr(studies, name, failing(name, data.SOPInstanceUID))
            assert main(*asked) == 1
        said = capfd.readouterr().err
        assert f"video {data.SOPInstanceUID}: internal error ZeroDivisionError at test_" in said
        assert SECRET not in said
    assert len(_results(tmp_path / "out")) == 2


def test_a_fault_outside_the_graph_shows_no_values(
    main: Callable[..., int],
    study: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    import run

    def failing(*_: Any) -> Any:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(run, "find_videos", failing)
    assert main("-i", study) == 1
    said = capfd.readouterr().err
    assert "internal error ZeroDivisionError" in said
    assert SECRET not in said
    with pytest.raises(ZeroDivisionError):
        main("-i", study, "-l", "debug")


def test_wrong_usage(main: Callable[..., int]) -> None:
    with pytest.raises(SystemExit) as caught:
        main("--inputs", "in")
    assert caught.value.code == 2


def test_ports_of_the_operators(main: Callable[..., int], study: Path, tmp_path: Path) -> None:
    from app import AnalysisOp, AnalyzeStudyApp, ResultsOp, StudyVideosOp

    from monai_medvid.pipeline import SharedPredictor
    from monai_medvid.video.study import find_videos

    model = SharedPredictor("none")
    analysis = studies.StudyAnalysis(find_videos(study), tmp_path / "out", model=model)
    app = AnalyzeStudyApp(analysis)
    ports = {
        StudyVideosOp: ([], ["video"]),
        AnalysisOp: (["video"], ["analyzed"]),
        ResultsOp: (["analyzed"], []),
    }
    for number, (kind, (inputs, outputs)) in enumerate(ports.items()):
        spec = kind(app, study=analysis, name=f"op{number}").spec
        assert (list(spec.inputs), list(spec.outputs)) == (inputs, outputs)


def test_progress_is_told_now_and_then(
    main: Callable[..., int], study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import surroundings

    from monai_medvid.video.study import find_videos

    (video,) = find_videos(study).videos
    said: list[str] = []
    monkeypatch.setattr(surroundings.log, "info", lambda text, *words: said.append(text % words))
    told = surroundings.ProgressLog([video], seconds=3600)
    for done in range(1, 101):
        told(video, "analyzing", done, 100)
    told(video, "writing", 0, 5)
    assert said == [
        "video 1 of 1: analyzing 1 of 100",
        "video 1 of 1: analyzing 100 of 100",
        "video 1 of 1: writing 0 of 5",
    ]
