# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for: the real data, outside tools, a GPU."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

gc.disable()  # while modules are imported: what they make stays

# how fast a machine makes examples says nothing of what is tested
anywhere = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# what passed on a change passes on the next one that has nothing to do with it
settings.register_profile("same_examples", anywhere, derandomize=True)
settings.register_profile("new_examples", anywhere)
settings.load_profile("same_examples")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Collect garbage again, and never look at what was imported until here."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name a failure when it happens, so that a run which is cut short tells it too."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        reason = str(report.longrepr).strip().splitlines()[-1]
        print(f"\n{report.outcome}: {report.nodeid} ({report.when}): {reason}", file=sys.__stderr__)


def _must(variable: str) -> bool:
    return os.environ.get(variable, "") not in ("", "0")


def missing(what: str, variable: str = "MEDVID_REQUIRE_TOOLS") -> None:
    """Skip with a reason, or fail where the surroundings promise that nothing is missing."""
    if _must(variable):
        pytest.fail(f"{what} is required because {variable} is set, but it is missing")
    pytest.skip(f"{what} is not here")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with the real test data (see docs/reference/test-data.md)."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("MEDVID_DATA", default))
    if not folder.is_dir():
        missing("the real test data (MEDVID_DATA or ../shared/data)")
    return folder


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Path of an outside program; skips (or fails) where it is not installed."""

    def find(name: str) -> str:
        # pynetdicom installs programs of dcmtk's names beside Python; dcmtk's own are meant
        system = os.pathsep.join(
            folder
            for folder in os.environ.get("PATH", "").split(os.pathsep)
            if folder != sysconfig.get_path("scripts")
        )
        path = shutil.which(name, path=system)
        if path is None:
            missing(f"the program {name}")
        return str(path)

    return find


@pytest.fixture(scope="session")
def gpu() -> None:
    """Needs an NVIDIA GPU."""
    import torch

    if not torch.cuda.is_available():
        missing("an NVIDIA GPU", "MEDVID_REQUIRE_GPU")
