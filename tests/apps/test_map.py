# SPDX-License-Identifier: Apache-2.0
"""The application as a MAP: everything that the packager does up to its call of docker.

No container is built here. The image's own start script runs what the image would hold, in a
virtual environment in which this project is not installed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.apps.map_rules import DEVIATIONS, issues
from tests.tiny_bundle import make_bundle
from tests.video.dicom_objects import SECRET
from tests.video.study_folders import put, ten_series

packager = pytest.importorskip("holoscan_cli.packager.packager", reason="needs the extra deploy")
pytest.importorskip("monai.deploy.core", reason="needs the extra deploy")

from holoscan_cli.__main__ import parse_args  # noqa: E402
from holoscan_cli.packager.container_builder import BuilderBase  # noqa: E402
from holoscan_cli.packager.parameters import PlatformBuildResults  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``scripts/stage_map.py`` lays out for a tiny bundle."""
    folder = tmp_path_factory.mktemp("map")
    bundle = make_bundle(folder / "bundles" / "red_things")
    script = ROOT / "scripts" / "stage_map.py"
    command = [sys.executable, script, "-o", folder / "staged", "--bundle", bundle]
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert "monai-deploy package" in done.stdout
    return folder / "staged"


@pytest.fixture(scope="module")
def context(staged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What docker would get: the packager's own code, up to the call."""
    kept = tmp_path_factory.mktemp("context") / "context"

    def build(self: Any, dockerfile: str, platform: Any) -> Any:
        shutil.copytree(self._temp_dir, kept)
        result = PlatformBuildResults(platform)
        result.succeeded = True
        return result

    command = (
        f"monai-deploy package {staged}/app -c {staged}/app/app.yaml -m {staged}/models "
        f"-d {staged}/docs --platform x86_64 --source {staged}/artifacts.json "
        f"-t analyze-study:0.1.0 --sdk monai-deploy --build-cache {kept.parent}/cache"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BuilderBase, "_build_internal", build)
        packager._package_application(parse_args(command.split()))
    return kept


@pytest.fixture(scope="module")
def manifests(context: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    app, package = (
        json.loads((context / "map" / f"{name}.json").read_text("utf-8")) for name in ("app", "pkg")
    )
    return app, package


def test_the_manifests_keep_the_specification(
    manifests: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    assert set(issues(*manifests)) == set(DEVIATIONS)


def test_the_manifests_say_what_this_application_is(
    manifests: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    app, package = manifests
    assert json.loads(app["command"]) == ["python3", "/opt/holoscan/app"]
    assert app["input"] == {"path": "input/", "formats": ["file"]}
    assert app["output"] == {"path": "output/", "formats": ["file"]}
    assert (app["sdk"], app["version"]) == ("monai-deploy", "0.1.0")
    assert package["models"] == {"red_things": "/opt/holoscan/models/red_things"}
    assert package["resources"] == {"cpu": 2, "gpu": 0, "memory": "4Gi"}


def test_the_image_gets_application_library_model_and_papers(
    context: Path, manifests: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    recipe = (context / "Dockerfile").read_text("utf-8")
    copied = re.findall(r"^COPY \./(\S+)\s+(\S+)", recipe, re.MULTILINE)
    assert (
        dict(copied).items()
        >= {
            "app": "/opt/holoscan/app",
            "models": "/opt/holoscan/models",
            "docs": "/opt/holoscan/docs",
            "map/app.json": "/etc/holoscan/app.json",
            "map/pkg.json": "/etc/holoscan/pkg.json",
            "app.config": "/var/holoscan/app.yaml",
        }.items()
    )
    for source, _ in copied:
        assert (context / source).exists()
    assert 'org.opencontainers.image.title="monai-medvid' in recipe
    assert f'org.opencontainers.image.version="{manifests[0]["version"]}"' in recipe
    assert "PYTHONPATH" not in recipe  # a library on it would hide modules of Python itself
    assert (context / "app" / "monai_medvid" / "studies.py").is_file()
    assert (context / "models" / "red_things" / "configs" / "metadata.json").is_file()
    assert {path.name for path in (context / "docs").iterdir()} >= {"LICENSE", "README.md"}


def test_the_image_installs_pinned_packages_and_torch_without_cuda(context: Path) -> None:
    index, *pins = (context / "pip" / "requirements.txt").read_text("utf-8").splitlines()
    assert index == "--extra-index-url https://download.pytorch.org/whl/cpu"
    names = dict(pin.split("==") for pin in pins)  # every line is a pin
    assert names["torch"].count("+") == 0
    assert names["holoscan-cu13"].startswith("4.")
    assert names["holoscan-cli"] < "4.3"
    assert {"monai-deploy-app-sdk", "monai", "pydicom"} <= set(names)
    assert not {name for name in names if name.startswith(("nvidia-cu", "torchvision"))}


@pytest.fixture
def start(
    context: Path, manifests: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path
) -> Callable[[], subprocess.CompletedProcess[str]]:
    """Starts the image's own entry script on its folders, which lie below ``tmp_path`` here."""
    if shutil.which("jq") is None:
        from tests.conftest import missing

        missing("the program jq")
    app, _ = manifests
    place = {path: str(tmp_path) + path for path in ("/opt/holoscan", "/var/holoscan")}
    text = json.dumps({**app, "command": app["command"].replace("python3", _clean(tmp_path))})
    for path, moved in place.items():
        text = text.replace(path, moved)
    shutil.copytree(context / "app", tmp_path / "opt/holoscan/app")
    shutil.copytree(context / "models", tmp_path / "opt/holoscan/models")
    work = tmp_path / "var/holoscan"
    (work / "input").mkdir(parents=True)
    (work / "output").mkdir()
    shutil.copy(context / "app.config", work / "app.yaml")
    (tmp_path / "app.json").write_text(text)
    moved_app = json.loads(text)
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MEDVID"))}
    environment = {
        **outside,
        **moved_app["environment"],
        "HOLOSCAN_APP_MANIFEST_PATH": str(tmp_path / "app.json"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(context / "tools")],
            cwd=moved_app["workingDirectory"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def _clean(folder: Path) -> str:
    """A Python that has what this project needs, and not this project."""
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (own,) = venv.glob("lib/python*/site-packages")
    # a path file there is not read for path files of its own, so an editable install stays out
    (own / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return str(venv / "bin" / "python3")


def test_the_entry_command_analyses_a_study(
    start: Callable[[], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    work = tmp_path / "var/holoscan"
    videos = ten_series(work / "input")
    done = start()
    assert "Application exited with 0" in done.stderr, done.stderr
    for data in videos:
        folder = work / "output" / data.StudyInstanceUID / data.SOPInstanceUID
        assert {"sr.dcm", "seg-001.dcm", "keyframes.dcm"} <= {p.name for p in folder.iterdir()}
        assert json.loads((folder / "run.json").read_text())["bundle"] == "red_things"
    assert {path.name for path in work.iterdir()} == {"input", "output", "app.yaml"}
    assert SECRET not in done.stdout + done.stderr
    assert "NOBODY" not in done.stdout + done.stderr


@pytest.mark.exhaustive
def test_the_entry_command_says_why_it_refuses(
    start: Callable[[], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "opt/holoscan/models")
    put(b"no DICOM", tmp_path / "var/holoscan/input/notes.txt")
    done = start()
    assert "medvid: expected a video in the study folder" in done.stderr
    assert "Application exited with 3" in done.stderr
    # a fault of the packager's script: the container's own exit code is always 0 (deploy.md)
    assert done.returncode == 0


def test_the_packagers_own_way_to_add_a_library_would_hide_modules_of_python(
    staged: Path,
) -> None:
    hidden = {path.stem for path in (staged / "app/monai_medvid").rglob("*/*.py")}
    assert "queue" in hidden & set(sys.stdlib_module_names)
