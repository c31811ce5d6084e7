# SPDX-License-Identifier: Apache-2.0
"""Short names in MONAI's bundles mean MONAI's own classes, whatever of this project is imported.

``monai.bundle`` looks a ``_target_`` without a dot up in every module whose name begins with
"monai", this project's among them, and takes the one that was imported first.
"""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import importlib, pkgutil, sys
import monai_medvid

for module in pkgutil.walk_packages(monai_medvid.__path__, "monai_medvid."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

import monai
from monai.bundle.config_item import ComponentLocator

locator = ComponentLocator()
names = list(sys.modules)
own = locator._find_classes_or_functions([n for n in names if n.split(".")[0] == "monai_medvid"])
monais = locator._find_classes_or_functions(
    [n for n in names if n.split(".")[0] == "monai" and n.split(".")[:2] != ["monai", "deploy"]]
)
assert len(own) > 500 and len(monais) > 1000 and "Dataset" in monais
print(*sorted(name for name in own.keys() & monais.keys() if not name.startswith("_")))
"""
NEVER_TARGETS = {"mean"}
"""Functions that no configuration asks for."""


def test_no_name_is_one_of_monais() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= NEVER_TARGETS
