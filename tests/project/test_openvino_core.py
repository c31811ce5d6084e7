# SPDX-License-Identifier: Apache-2.0
"""A second OpenVINO core would end the process later (docs/reference/faults-elsewhere.md)."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACES = ("monai_medvid", "tests", "benchmarks", "bundles", "apps", "operators")
HOME = ROOT / "monai_medvid" / "models" / "openvino_core.py"
MADE = re.compile(r"\b(ov|openvino)\.Core\(")


def test_there_is_one_core_in_a_process() -> None:
    files = [file for place in PLACES for file in (ROOT / place).rglob("*.py")]
    assert HOME in files
    found = [file for file in files if MADE.search(file.read_text("utf-8"))]
    assert found == [HOME], "elsewhere, use shared_core()"
