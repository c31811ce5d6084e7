# SPDX-License-Identifier: Apache-2.0
"""That the rules see what is wrong: each is broken once."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.apps.map_rules import DEFAULTS, issues

APP: dict[str, Any] = {
    "apiVersion": "1.0.0",
    "type": "application",
    "command": "python3 /opt/holoscan/app",
    "environment": dict(DEFAULTS),
    "input": {"path": "input/", "formats": ["file"]},
    "output": {"path": "output/", "format": {"type": "file"}},
    "readiness": None,
    "liveness": {"type": "tcp", "port": 8765},
    "sdkVersion": "4.0.0",
    "timeout": 0,
    "version": "0.1.0",
    "workingDirectory": "/var/holoscan",
}
PKG: dict[str, Any] = {
    "apiVersion": "1.0.0",
    "applicationRoot": "/opt/holoscan/app",
    "modelRoot": "/opt/holoscan/models",
    "models": [{"name": "red_things", "path": "red_things"}],
    "resources": {"cpu": 2, "gpu": 0, "memory": "1.5Gi"},
    "version": "0.1.0",
}
BROKEN: dict[str, tuple[str, str, Any]] = {
    "app.json: type": ("app", "type", "program"),
    "app.json: command": ("app", "command", ""),
    "app.json: command is of a shell": ("app", "command", '["python3"]'),
    "app.json: apiVersion": ("app", "apiVersion", "1"),
    "app.json: sdkVersion": ("app", "sdkVersion", "4.0"),
    "app.json: version": ("app", "version", "v0.1.0"),
    "app.json: workingDirectory": ("app", "workingDirectory", "holoscan"),
    "app.json: input.formats": ("app", "input", {"path": "input/", "formats": None}),
    "app.json: output.format": ("app", "output", {"path": "output/"}),
    "app.json: timeout": ("app", "timeout", -1),
    "app.json: readiness": ("app", "readiness", {"type": "command"}),
    "app.json: liveness": ("app", "liveness", {"type": "ping", "port": 1}),
    "app.json: environment": ("app", "environment", {**DEFAULTS, "HOLOSCAN_WORKDIR": "/tmp"}),
    "pkg.json: applicationRoot": ("pkg", "applicationRoot", "app"),
    "pkg.json: modelRoot": ("pkg", "modelRoot", "models"),
    "pkg.json: apiVersion": ("pkg", "apiVersion", "one"),
    "pkg.json: version": ("pkg", "version", "0.1"),
    "pkg.json: models is an array": ("pkg", "models", {"red_things": "red_things"}),
    "pkg.json: models[*].name": ("pkg", "models", [{"name": "red things"}]),
    "pkg.json: resources": ("pkg", "resources", {"cpu": 2, "memory": "4GB"}),
}


def test_manifests_that_keep_every_rule() -> None:
    assert list(issues(APP, PKG)) == []


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_sees_what_breaks_it(rule: str) -> None:
    which, field, value = BROKEN[rule]
    manifests = {"app": copy.deepcopy(APP), "pkg": copy.deepcopy(PKG)}
    manifests[which][field] = value
    assert list(issues(manifests["app"], manifests["pkg"])) == [rule]


def test_the_names_of_two_variables() -> None:
    environment = {k: v for k, v in DEFAULTS.items() if k != "HOLOSCAN_LOGS"}
    found = list(issues({**APP, "environment": environment}, PKG))
    assert found == ["app.json: HOLOSCAN_DOCS, HOLOSCAN_LOGS"]
