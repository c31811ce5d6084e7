# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from monai_medvid.errors import InputError
from monai_medvid.report.delivery import update_delivery
from tests.report.pages import SR, make_page, some_findings


def _data(page: Path) -> dict[str, list[dict[str, str]]]:
    found = re.search(r'id="data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found
    document: dict[str, list[dict[str, str]]] = json.loads(found[1])
    return document


def test_only_the_status_changes(tmp_path: Path) -> None:
    make_page(tmp_path, some_findings())
    page = tmp_path / "report.html"
    before = page.read_text("utf-8")

    update_delivery(page, {SR.sop_instance_uid: "refused by <ARCHIVE> (0xA700)", "1.2.3": "lost"})

    assert _data(page)["objects"][0]["status"] == "refused by <ARCHIVE> (0xA700)"
    after = page.read_text("utf-8")
    assert after.replace("refused by \\u003cARCHIVE> (0xA700)", SR.status) == before
    update_delivery(page, {SR.sop_instance_uid: "x"})
    update_delivery(page, {SR.sop_instance_uid: SR.status})
    assert page.read_text("utf-8") == before


@pytest.mark.parametrize("content", [None, b"", b"<html></html>"])
def test_other_files_are_refused(tmp_path: Path, content: bytes | None) -> None:
    page = tmp_path / "report.html"
    if content is not None:
        page.write_bytes(content)
    with pytest.raises(InputError, match=r"Expected .* (page|read)"):
        update_delivery(page, {})
