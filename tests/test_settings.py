# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from monai_medvid.errors import InputError
from monai_medvid.settings import read_yaml, settings_of
from monai_medvid.study_settings import load_study_settings


@dataclass(frozen=True, kw_only=True)
class Some:
    name: str = "one"
    size: float = 1.5
    count: int = 3
    on: bool = False
    kind: Literal["a", "b"] = "a"


def test_what_is_named_is_taken_and_the_rest_keeps_its_default() -> None:
    assert settings_of(Some, None, where="some") == Some()
    assert settings_of(Some, {"size": 2, "on": True, "kind": "b"}, where="some") == Some(
        size=2, on=True, kind="b"
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"nme": "x"}, "among name, size, count, on, kind under some, found 'nme'"),
        ({"name": 1}, "name under some to be text, found 1"),
        ({"size": True}, "to be a number, found True"),
        ({"count": 1.5}, "to be a whole number"),
        ({"count": True}, "to be a whole number"),
        ({"on": 1}, "to be true or false"),
        ({"kind": "c"}, "to be one of a, b, found 'c'"),
        (["name"], "names and values under some"),
    ],
)
def test_wrong_settings_are_named(values: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        settings_of(Some, values, where="some")


def test_files_that_hold_no_settings(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_yaml(tmp_path / "app.yaml")
    (tmp_path / "app.yaml").write_text("a: [")
    with pytest.raises(InputError, match="expected YAML"):
        read_yaml(tmp_path / "app.yaml")
    (tmp_path / "app.yaml").write_text("- a")
    with pytest.raises(InputError, match="names and values"):
        read_yaml(tmp_path / "app.yaml")


def test_sections_of_a_study(tmp_path: Path) -> None:
    path = tmp_path / "app.yaml"
    path.write_text(
        "application: {title: a}\nanalysis: {every: 5}\nresults: {seg: none}\n"
        "selection: {min_frames: 10}\n"
    )
    settings = load_study_settings(path)
    assert settings.analysis.every == 5
    assert settings.results.seg == "none"
    assert settings.selection.min_frames == 10


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("analysis: {every: 0}", "1 or more, found 0"),
        ("selection: [ES]", "rules under selection"),
        ("selection: {classes: []}", "found 'classes'"),
        ("results: {seg: maybe}", "seg under results"),
    ],
)
def test_wrong_sections_are_named(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(text)
    with pytest.raises(InputError, match=words):
        load_study_settings(tmp_path / "app.yaml")
