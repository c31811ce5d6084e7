# SPDX-License-Identifier: Apache-2.0
"""What tests of operators share with the library's; none is collected without Holoscan."""

from __future__ import annotations

import os
from importlib.util import find_spec

from tests.conftest import data_dir, gpu, tool

__all__ = ["data_dir", "gpu", "tool"]

if find_spec("holoscan") is None:
    if os.environ.get("MEDVID_REQUIRE_TOOLS", "0") not in ("", "0"):
        raise ModuleNotFoundError("Holoscan is required: pip install monai-medvid[holoscan]")
    collect_ignore_glob = ["*/test_*.py"]
