# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.report.browser import Browser


@pytest.fixture(scope="package")  # it draws, and takes time from other tests, as long as it runs
def browser(
    tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """One Chromium for all tests of the page."""
    running = Browser(tool("chromium"), tmp_path_factory.mktemp("chromium"))
    yield running
    running.close()
