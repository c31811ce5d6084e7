# SPDX-License-Identifier: Apache-2.0
"""Lays out what ``monai-deploy package`` needs to make a MAP of apps/analyze_study.

    python scripts/stage_map.py -o build/map --bundle colonoscopy_polyp_segmentation

The packager copies one folder and installs one requirements file, so the library goes into the
application's folder, and every direct requirement gets the version of constraints.txt. (Its own
``--add`` puts each subfolder of a library on PYTHONPATH, where pacs/queue.py hides Python's.)
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PathDistribution
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from monai_medvid.inference import find_bundle

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "apps" / "analyze_study"
CPU_INDEX = "--extra-index-url https://download.pytorch.org/whl/cpu"
PYTHON = "3.12"  # of the packager's base image, Ubuntu 24.04
BASE_IMAGE = "nvcr.io/nvidia/cuda:13.0.0-runtime-ubuntu24.04"  # has the CUDA runtime for Holoscan
LEFT_OUT = ("monai_medvid/_shipped/", "operators/")  # bundles go into the model folder
PACKAGE = """monai-deploy package {out}/app -c {out}/app/app.yaml -m {out}/models -d {out}/docs \\
    --platform x86_64 --source {out}/artifacts.json -t analyze-study:{version}"""


def stage(out: Path, bundles: list[str], *, wheel: Path | None, cuda: bool) -> None:
    """Write ``app/``, ``models/``, ``docs/`` and ``artifacts.json`` into a new folder."""
    out.mkdir(parents=True)
    app = out / "app"
    shutil.copytree(APP, app, ignore=shutil.ignore_patterns("__pycache__"))
    with tempfile.TemporaryDirectory() as scratch:
        library = unpack(wheel or build_wheel(Path(scratch)), app)
    pins = list(pinned(library.requires or []))
    lines = [*([] if cuda else [CPU_INDEX]), *pins]
    (app / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in bundles:
        found = find_bundle(name)
        shutil.copytree(found, out / "models" / found.name, ignore=shutil.ignore_patterns("eval"))
    (out / "docs").mkdir()
    for file in (ROOT / "LICENSE", APP / "README.md", ROOT / "docs" / "how-to" / "deploy.md"):
        shutil.copy(file, out / "docs")
    (out / "artifacts.json").write_text(json.dumps(artifacts(pins), indent=2) + "\n")


def build_wheel(folder: Path) -> Path:
    """The library of this checkout as a wheel."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT]
    if find_spec("hatchling"):
        command.append("--no-build-isolation")
    subprocess.run(list(map(str, command)), check=True)  # noqa: S603
    (wheel,) = folder.glob("*.whl")
    return wheel


def unpack(wheel: Path, app: Path) -> PathDistribution:
    """Put the library beside the application and give what its wheel says about itself."""
    with ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.startswith(LEFT_OUT)]
        archive.extractall(app, names)
    (facts,) = app.glob("monai_medvid-*.dist-info")
    return PathDistribution(facts)


def pinned(requires: list[str]) -> Iterator[str]:
    """The library's requirements for the image, each with the version of constraints.txt."""
    image = {
        **default_environment(),
        "python_version": PYTHON,
        "python_full_version": f"{PYTHON}.0",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "sys_platform": "linux",
        "extra": "deploy",
    }
    versions = dict(constraints(image))
    for text in requires:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate(image):
            continue
        extras = f"[{','.join(sorted(wanted.extras))}]" if wanted.extras else ""
        version = versions.get(canonicalize_name(wanted.name)) or str(wanted.specifier)
        yield f"{wanted.name}{extras}{version}"


def constraints(image: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Name and pin of each line of constraints.txt that holds for the image."""
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        pin = Requirement(text) if text else None
        if pin is not None and (pin.marker is None or pin.marker.evaluate(image)):
            yield canonicalize_name(pin.name), str(pin.specifier)


def artifacts(pins: list[str]) -> dict[str, object]:
    """Base images by Holoscan version, for ``--source``; the packager's own list ends at 4.2."""
    (holoscan,) = (pin.partition("==")[2] for pin in pins if pin.startswith("holoscan-cu13=="))
    return {
        holoscan: {
            "holoscan": {
                "wheel-version": holoscan,
                "debian-version": holoscan,
                "base-images": {"dgpu": BASE_IMAGE},
                "build-images": {"dgpu": {}, "igpu": {}, "cpu": {}},  # for C++ applications
            },
            "health-probes": {},
        }
    }


def main() -> None:
    """Stage and print the command that packages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("-o", "--output", type=Path, default=Path("build/map"), help="new folder")
    parser.add_argument("--bundle", action="append", required=True, help="name or folder")
    parser.add_argument("--wheel", type=Path, help="of the library; built here if not given")
    parser.add_argument("--cuda", action="store_true", help="torch for a GPU, gigabytes larger")
    given = parser.parse_args()
    if given.output.exists():
        parser.error(f"{given.output} is there already; remove it or name another folder")
    stage(given.output, given.bundle, wheel=given.wheel, cuda=given.cuda)
    import yaml

    facts = yaml.safe_load((APP / "app.yaml").read_text(encoding="utf-8"))["application"]
    sys.stdout.write(PACKAGE.format(out=given.output, version=facts["version"]) + "\n")


if __name__ == "__main__":
    main()
