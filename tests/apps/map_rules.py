# SPDX-License-Identifier: Apache-2.0
"""Rules of the MONAI Application Package specification 1.0.0 for its two manifests.

The specification is guidelines/monai-application-package.md of github.com/Project-MONAI/
monai-deploy (commit 734d8c2); each rule names its section there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

SEMANTIC_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)([-+][0-9A-Za-z.+-]+)?")
MEMORY = re.compile(r"\d+(\.\d)?(Mi|Gi)")
DEFAULTS = {
    "HOLOSCAN_WORKDIR": "/var/holoscan",
    "HOLOSCAN_MODEL_PATH": "/opt/holoscan/models",
    "HOLOSCAN_CONFIG_PATH": "/var/holoscan/app.yaml",
    "HOLOSCAN_APP_MANIFEST_PATH": "/etc/holoscan/app.json",
    "HOLOSCAN_PKG_MANIFEST_PATH": "/etc/holoscan/pkg.json",
    "HOLOSCAN_INPUT_PATH": "/var/holoscan/input",
    "HOLOSCAN_OUTPUT_PATH": "/var/holoscan/output",
    "HOLOSCAN_DOCS": "/opt/holoscan/docs",
    "HOLOSCAN_LOGS": "/var/holoscan/logs",
}
"""Table of Environment Variables; the manifests' own paths as in Table of Important Paths."""

Fields = dict[str, Any]
Rule = tuple[str, str, Callable[[Fields], bool]]
"""Name, section, and whether a manifest keeps it."""


def _semantic(value: object) -> bool:
    return isinstance(value, str) and SEMANTIC_VERSION.fullmatch(value) is not None


def _optional(name: str, holds: Callable[[Any], bool]) -> Callable[[Fields], bool]:
    return lambda manifest: manifest.get(name) is None or holds(manifest[name])


def _decimal(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return value >= 0 and round(value, 1) == value


def _probe(value: Any) -> bool:
    needs = {"command": "command", "tcp": "port", "grpc": "port", "http-get": "path"}
    return isinstance(value, dict) and needs.get(value.get("type"), "") in value


def _absolute(value: object) -> bool:
    return isinstance(value, str) and value.startswith("/")


def _resources(value: Any) -> bool:
    counts = all(_decimal(value[name]) for name in ("cpu", "gpu") if name in value)
    sizes = ("memory", "gpuMemory", "sharedMemory")
    return counts and all(MEMORY.fullmatch(value[name]) for name in sizes if name in value)


def _model_names(value: Any) -> bool:
    names = [model["name"] for model in value] if isinstance(value, list) else list(value)
    return all(
        name and len(name.encode()) <= 128 and not re.search(r"[\s\x00-\x1f]", name)
        for name in names
    )


def _variables(manifest: Fields) -> bool:
    work = PurePosixPath(DEFAULTS["HOLOSCAN_WORKDIR"])
    given = manifest.get("environment") or {}
    return all(
        str(work / PurePosixPath(given.get(name, ""))) == str(PurePosixPath(default))
        for name, default in DEFAULTS.items()
        if not name.endswith(("DOCS", "LOGS"))
    )


_APP = "Application Manifest"
APP_RULES: tuple[Rule, ...] = (
    ("type", _APP, lambda m: m.get("type") in ("service", "application")),
    ("command", _APP, lambda m: isinstance(m.get("command"), str) and bool(m["command"])),
    ("command is of a shell", _APP, lambda m: not str(m.get("command")).startswith("[")),
    ("apiVersion", _APP, _optional("apiVersion", _semantic)),
    ("sdkVersion", _APP, _optional("sdkVersion", _semantic)),
    ("version", _APP, _optional("version", _semantic)),
    ("workingDirectory", _APP, _optional("workingDirectory", _absolute)),
    ("input.formats", _APP, lambda m: bool(m.get("input", {}).get("formats"))),
    ("output.format", _APP, lambda m: bool(m.get("output", {}).get("format"))),
    ("timeout", _APP, _optional("timeout", lambda v: type(v) is int and v >= 0)),
    ("readiness", _APP, _optional("readiness", _probe)),
    ("liveness", _APP, _optional("liveness", _probe)),
    ("environment", "Table of Environment Variables", _variables),
    (
        "HOLOSCAN_DOCS, HOLOSCAN_LOGS",
        "Table of Environment Variables",
        lambda m: {"HOLOSCAN_DOCS", "HOLOSCAN_LOGS"} <= set(m.get("environment") or {}),
    ),
)

_PKG = "Package Manifest"
PKG_RULES: tuple[Rule, ...] = (
    ("applicationRoot", _PKG, lambda m: _absolute(m.get("applicationRoot"))),
    ("modelRoot", _PKG, _optional("modelRoot", _absolute)),
    ("apiVersion", _PKG, _optional("apiVersion", _semantic)),
    ("version", _PKG, _optional("version", _semantic)),
    ("models is an array", _PKG, _optional("models", lambda v: isinstance(v, list))),
    ("models[*].name", _PKG, _optional("models", _model_names)),
    ("resources", _PKG, _optional("resources", _resources)),
)

DEVIATIONS = {
    "app.json: type": "not in the specification's own table of fields either",
    "app.json: command is of a shell": "a JSON list in a string, which the image's own start reads",
    "app.json: output.format": "written as output.formats",
    "app.json: HOLOSCAN_DOCS, HOLOSCAN_LOGS": "written with _PATH at their ends",
    "pkg.json: models is an array": "written as an object, name to path",
}
"""What holoscan-cli 4.2 writes otherwise than specified, for every application, and how."""


def issues(app: Fields, package: Fields) -> Iterator[str]:
    """The rules that two manifests do not keep."""
    for file, manifest, rules in (("app.json", app, APP_RULES), ("pkg.json", package, PKG_RULES)):
        for name, _, kept in rules:
            if not kept(manifest):
                yield f"{file}: {name}"
