# SPDX-License-Identifier: Apache-2.0
"""Operators and applications are as HoloHub asks for: metadata, names, README, tests.

The rules of the metadata are those of HoloHub's ``utilities/metadata/*.schema.json`` (project,
operator and application, v1) and of its ``metadata_validator.py``; the others of its
CONTRIBUTING.md.
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
OPERATORS = sorted(path.parent for path in (ROOT / "operators").glob("*/__init__.py"))
APPLICATIONS = sorted(path.parent for path in (ROOT / "apps").glob("*/metadata.json"))
SECTIONS = ("Purpose", "Usage", "Requirements", "Examples", "Architecture")
NAMED = lambda path: path.name  # noqa: E731 - an id for parametrize

_NAME = "^[a-zA-Z_][a-zA-Z0-9_]*$"
_STRING: dict[str, Any] = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
_ENVIRONMENT = {"type": "object", "additionalProperties": _STRING}
_ARGUMENTS = {"oneOf": [_STRING, _STRINGS]}
# anchored at the end: HoloHub's own pattern is not, but says "digits and dots only" in its docs
_VERSION = {"type": "string", "pattern": r"^(0|[1-9]\d*)\.(0|[1-9]\d*)(\.(0|[1-9]\d*))*$"}
_LANGUAGE = {"enum": ["C++", "Python", "GXF"]}
_AUTHOR = {
    "type": "object",
    "properties": {"name": _STRING, "affiliation": _STRING},
    "required": ["name", "affiliation"],
}
_VERSIONED = {
    "type": "object",
    "properties": {"name": _STRING, "version": _VERSION},
    "required": ["name", "version"],
}
_HARDWARE = {
    "type": "object",
    "properties": {
        "name": _STRING,
        "description": _STRING,
        "version": _STRING,
        "required": {"type": "boolean"},
    },
    "required": ["name", "description"],
}
_RUN = {
    "type": "object",
    "properties": {
        "command": _STRING,
        "workdir": {"enum": ["holohub_app_source", "holohub_app_bin", "holohub_bin"]},
        "docker_run_args": _ARGUMENTS,
        "env": _ENVIRONMENT,
    },
}
_BUILD = {
    "type": "object",
    "properties": {
        "depends": _STRINGS,
        "docker_build_args": _ARGUMENTS,
        "cmake_options": _STRINGS,
        "env": _ENVIRONMENT,
    },
}
_MODE = {
    "type": "object",
    "properties": {
        "description": _STRING,
        "requirements": _STRINGS,
        "build": _BUILD,
        "run": _RUN,
        "env": _ENVIRONMENT,
    },
    "required": ["description", "run"],
}
_COMMON = {
    "name": _STRING,
    "description": _STRING,
    "authors": {"type": "array", "items": _AUTHOR, "minItems": 1},
    "version": _VERSION,
    "changelog": {"type": "object"},
    "language": {"oneOf": [{"type": "array", "items": _LANGUAGE}, _LANGUAGE]},
    "platforms": {"type": "array", "items": {"enum": ["x86_64", "aarch64"]}, "minItems": 1},
    "tags": _STRINGS,
    "holoscan_sdk": {
        "type": "object",
        "properties": {
            "minimum_required_version": _VERSION,
            "tested_versions": {"type": "array", "items": _VERSION, "minItems": 1},
        },
        "required": ["minimum_required_version", "tested_versions"],
    },
    "ranking": {"type": "integer", "minimum": 0, "maximum": 5},
    "requirements": {
        "type": "object",
        "properties": {
            "data": {"type": "array"},
            "gxf_extensions": {"type": "array", "items": _VERSIONED},
            "hardware": {"type": "array", "items": _HARDWARE},
        },
    },
}
_REQUIRED = [name for name in _COMMON if name not in ("description", "language")]
_OPERATOR = {
    "type": "object",
    "properties": _COMMON,
    "required": [*_REQUIRED, "language"],
    "additionalProperties": False,
}
_APPLICATION = {
    "type": "object",
    "properties": {
        **_COMMON,
        "dependencies": {"type": "object"},
        "dockerfile": _STRING,
        "run": _RUN,
        "modes": {
            "type": "object",
            "patternProperties": {_NAME: _MODE},
            "additionalProperties": False,
        },
        "default_mode": {"type": "string", "pattern": _NAME},
    },
    "required": _REQUIRED,
    "additionalProperties": False,
    "not": {"required": ["run", "modes"]},
    "if": {"required": ["modes"], "properties": {"modes": {"minProperties": 2}}},
    "then": {"required": ["default_mode"]},
    "dependentRequired": {"default_mode": ["modes"]},
}


def _schema(kind: str) -> dict[str, Any]:
    inner = {"operator": _OPERATOR, "application": _APPLICATION}[kind]
    return {"type": "object", "properties": {"$schema": _STRING, kind: inner}, "required": [kind]}


def _problems(data: Any, kind: str) -> list[str]:
    return [error.message for error in Draft202012Validator(_schema(kind)).iter_errors(data)]


def _metadata(folder: Path, kind: str) -> dict[str, Any]:
    data = json.loads((folder / "metadata.json").read_text("utf-8"))
    assert _problems(data, kind) == []
    found: dict[str, Any] = data[kind]
    return found


def test_there_are_operators() -> None:
    assert OPERATORS, "no operators found: has the folder moved?"


@pytest.mark.parametrize("folder", OPERATORS, ids=NAMED)
def test_the_metadata_of_an_operator(folder: Path) -> None:
    told = _metadata(folder, "operator")

    _consistent(told)
    assert told["language"] == "Python"
    text = (folder / f"{folder.name}.py").read_text("utf-8")
    assert re.search(rf"^class {told['name']}\(", text, re.M), "the class is named in metadata.json"
    words = [word.title() for word in folder.name.split("_")]
    assert told["name"].lower() == "".join(words).lower() + "op"


@pytest.mark.parametrize("folder", APPLICATIONS, ids=NAMED)
def test_the_metadata_of_an_application(folder: Path) -> None:
    told = _metadata(folder, "application")

    _consistent(told)
    assert not re.search("application|holohub", told["name"], re.I)
    assert _title(folder) == told["name"]
    if "default_mode" in told:
        assert told["default_mode"] in told["modes"]
    for name in ("app.py", "__main__.py", "requirements.txt"):
        assert (folder / name).is_file(), f"{folder.name} lacks {name}"


def _consistent(told: dict[str, Any]) -> None:
    sdk = told["holoscan_sdk"]
    assert told["version"] in told["changelog"]
    assert _numbers(sdk["minimum_required_version"]) <= min(map(_numbers, sdk["tested_versions"]))
    assert all(_numbers(version)[0] == 4 for version in sdk["tested_versions"])


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


@pytest.mark.parametrize("folder", OPERATORS, ids=NAMED)
def test_the_readme_of_an_operator(folder: Path) -> None:
    text = (folder / "README.md").read_text("utf-8")

    title = _title(folder)
    assert title.replace(" ", "").lower() == folder.name.replace("_", "") + "operator"
    sections = re.findall(r"^## (.+)$", text, re.M)
    assert [name for name in sections if name in SECTIONS] == list(SECTIONS)


def _title(folder: Path) -> str:
    found = re.search(r"^# (.+)$", (folder / "README.md").read_text("utf-8"), re.M)
    assert found, f"{folder.name}/README.md has no title"
    return found.group(1).strip()


@pytest.mark.parametrize("folder", OPERATORS, ids=NAMED)
def test_an_operator_has_a_test_beside_it_that_runs_a_graph(folder: Path) -> None:
    text = "".join(path.read_text("utf-8") for path in sorted(folder.glob("test_*.py")))

    assert (folder / f"test_{folder.name}.py").is_file()
    assert "run_graph(" in text or ".run()" in text


@pytest.mark.parametrize("folder", OPERATORS, ids=NAMED)
def test_an_operator_is_in_the_overview(folder: Path) -> None:
    overview = (ROOT / "operators" / "README.md").read_text("utf-8")

    assert f"[`{folder.name}`]({folder.name})" in overview


def test_operators_stay_a_namespace_package() -> None:
    assert not (ROOT / "operators" / "__init__.py").exists()


@pytest.mark.skipif(importlib.util.find_spec("holoscan") is None, reason="needs the extra holoscan")
def test_operators_are_imported_without_a_gpu() -> None:
    code = (
        "import importlib, json, sys\n"
        "for name, folder in json.loads(sys.argv[1]):\n"
        "    module = importlib.import_module('operators.' + folder)\n"
        "    from holoscan.core import Operator\n"
        "    assert issubclass(getattr(module, name), Operator), name\n"
    )
    named = [(_metadata(folder, "operator")["name"], folder.name) for folder in OPERATORS]
    # nothing is found where CUDA is asked for its devices
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, json.dumps(named)],
        env={"CUDA_VISIBLE_DEVICES": "", "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


GOOD: dict[str, Any] = {
    "name": "SomeOp",
    "authors": [{"name": "a", "affiliation": "b"}],
    "version": "0.1.0",
    "changelog": {"0.1.0": "First release"},
    "language": "Python",
    "platforms": ["x86_64"],
    "tags": ["Video"],
    "holoscan_sdk": {"minimum_required_version": "4.4.0", "tested_versions": ["4.6.0"]},
    "ranking": 3,
    "requirements": {},
}
_RUNS = {"description": "d", "run": {"command": "c"}}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("operator", {"authors": [{"name": "a"}]}),
        ("operator", {"version": "v1"}),
        ("operator", {"version": "1.0rc1"}),
        ("operator", {"language": "Rust"}),
        ("operator", {"language": None}),
        ("operator", {"platforms": ["x86_64", "riscv64"]}),
        ("operator", {"ranking": "3"}),
        ("operator", {"holoscan_sdk": {"minimum_required_version": "4.4.0"}}),
        ("operator", {"requirements": {"hardware": [{"name": "gpu"}]}}),
        ("operator", {"tags": "Video"}),
        ("operator", {"sdk": "4.4"}),
        ("application", {"run": {"command": "c"}, "modes": {"one": _RUNS}}),
        ("application", {"modes": {"one": _RUNS, "two": _RUNS}}),
        ("application", {"modes": {"1st": _RUNS}}),
        ("application", {"modes": {"one": {"description": "no run"}}}),
        ("application", {"default_mode": "one"}),
        ("application", {"run": {"command": "c", "workdir": "here"}}),
    ],
)
def test_the_rules_refuse_what_holohub_refuses(kind: str, change: dict[str, Any]) -> None:
    good = copy.deepcopy(GOOD)
    assert _problems({kind: good}, kind) == []

    bad = {name: value for name, value in {**good, **change}.items() if value is not None}

    assert _problems({kind: bad}, kind)


def test_one_mode_needs_no_default_and_two_with_one_are_fine() -> None:
    assert not _problems({"application": {**GOOD, "modes": {"one": _RUNS}}}, "application")
    two = {**GOOD, "modes": {"one": _RUNS, "two": _RUNS}, "default_mode": "two"}
    assert not _problems({"application": two}, "application")
    assert _problems({"metadata": GOOD}, "application")
