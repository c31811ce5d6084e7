# SPDX-License-Identifier: Apache-2.0
"""What the wheel holds, and that an installed copy of it works from any folder."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clips import write_clip

ROOT = Path(__file__).resolve().parents[2]
PLACES = {
    "monai_medvid": "monai_medvid",
    "operators": "operators",
    "bundles": "monai_medvid/_shipped/bundles",
    "apps": "monai_medvid/_shipped/apps",
}
"""Folder of the project -> where the wheel carries it."""

LEFT_BEHIND = (
    "bundles/colonoscopy_polyp_segmentation/eval/picture.png",
    "bundles/colonoscopy_polyp_segmentation/models/model.ts",
    "bundles/colonoscopy_polyp_segmentation/run.log",
    "operators/__pycache__/x.cpython-311.pyc",
)
"""What .gitignore names."""

LOOK = """
import json, importlib.util, operators
import monai_medvid
from monai_medvid.data.procedure import load_procedure
from monai_medvid.findings.vocabulary import shipped_vocabulary
from monai_medvid.inference.catalog import find_bundle, list_bundles
from monai_medvid.report.html import page_script
from monai_medvid.report.serialize import findings_schema
import sys
print(json.dumps({
    "library": monai_medvid.__file__,
    "bundles": {b.name: [str(find_bundle(b.name)), b.problem] for b in list_bundles()},
    "operators": [bool(importlib.util.find_spec("operators." + n)) for n in sys.argv[1:]],
    "data": [bool(page_script()), bool(findings_schema()), bool(shipped_vocabulary()),
             load_procedure("cholecystectomy").name],
}))
"""

pytestmark = pytest.mark.slow


def _run(*command: object, cwd: Path = ROOT) -> str:
    outside = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    outside.pop("MEDVID_BUNDLES", None)
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=outside, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _known() -> list[str]:
    """The files that version control knows, without those that it ignores."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("this copy of the project is not under version control")
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, in which somebody has also run a bundle."""
    folder = tmp_path_factory.mktemp("project")
    for name in [*_known(), *LEFT_BEHIND]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name in LEFT_BEHIND:
            (folder / name).write_bytes(b"of a patient")
        else:
            (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module")
def wheel(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    at_hand = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    _run(sys.executable, "-m", "pip", "wheel", "-q", project, "--no-deps", "-w", folder, *at_hand)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it, and what else is at hand here behind it."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    _run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    _run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", wheel)
    (own,) = folder.glob("lib/python*/site-packages")
    # a path file there is not read for path files of its own, so an editable install stays out
    (own / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


@pytest.fixture
def medvid(installed: Path, tmp_path: Path) -> Callable[..., str]:
    """The installed command, in an empty folder."""
    return lambda *words: _run(installed / "bin" / "medvid", *words, cwd=tmp_path)


def test_the_wheel_holds_what_is_shipped_and_nothing_else(wheel: Path, project: Path) -> None:
    known = (str(path.relative_to(project)) for path in project.rglob("*") if path.is_file())
    parts = (name.partition("/") for name in known if name not in LEFT_BEHIND)
    shipped = {f"{PLACES[folder]}/{rest}" for folder, _, rest in parts if folder in PLACES}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (entry,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "medvid = monai_medvid.cli:main" in archive.read(entry).decode()
    assert names == shipped
    assert "operators/__init__.py" not in names
    assert any(name.endswith("/models/model.pt") for name in names)
    assert "monai_medvid/py.typed" in names


def test_an_installed_copy_finds_what_it_brings(installed: Path, tmp_path: Path) -> None:
    operators = sorted(path.name for path in (ROOT / "operators").iterdir() if path.is_dir())
    operators = [name for name in operators if not name.startswith(("_", "."))]
    found = json.loads(_run(installed / "bin" / "python", "-c", LOOK, *operators, cwd=tmp_path))
    assert Path(found["library"]).is_relative_to(installed)
    assert set(found["bundles"]) >= {"colonoscopy_polyp_segmentation"}
    for path, problem in found["bundles"].values():
        assert Path(path).is_relative_to(installed)
        assert not problem
    assert all(found["operators"])
    assert all(found["data"])


def test_the_installed_command_works_from_an_empty_folder(
    medvid: Callable[..., str], tmp_path: Path
) -> None:
    write_clip(tmp_path / "clip.mp4", frames=6)
    assert "analyze" in medvid("--help")
    bundles = json.loads(medvid("bundles", "--json"))["bundles"]
    assert all(bundle["weights_bytes"] > 1_000_000 for bundle in bundles)
    assert json.loads(medvid("info", "clip.mp4", "--json"))["frame_count"] == 6
    medvid("analyze", "clip.mp4", "-o", "results")
    assert (tmp_path / "results" / "clip" / "sr.dcm").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4", "results"}
