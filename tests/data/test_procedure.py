# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from monai_medvid.data.procedure import list_procedures, load_procedure
from monai_medvid.errors import InputError

GOOD = "title: T\nsource: S\nphases: [a, b]\nmasks: {background: 0, organ: null}\n"


def test_cholecystectomy_has_the_published_classes() -> None:
    procedure = load_procedure("cholecystectomy")
    assert len(procedure.phases) == 7
    assert len(procedure.instruments) == 7
    assert len(procedure.criteria) == 3
    assert len(procedure.masks) == 13
    assert len({mask.value for mask in procedure.masks}) == 13


def test_pituitary_surgery_has_the_published_classes() -> None:
    procedure = load_procedure("pituitary_surgery")
    assert len(procedure.phases) == 14
    assert len(procedure.instruments) == 18
    # numbers of the PitVis annotations, counted from 1
    assert procedure.phases[7 - 1] == "tumour_excision"
    assert procedure.instruments[16 - 1] == "suction"
    assert procedure.instruments[8 - 1] == "kerrisons"


def test_gastric_bypass_has_the_published_classes() -> None:
    procedure = load_procedure("gastric_bypass")
    assert len(procedure.phases) == 12
    assert len(procedure.steps) == 46
    # label_id of MultiBypass140, counted from 0
    assert procedure.phases[10] == "disassembling"
    assert all(step.startswith(f"s{i}_") for i, step in enumerate(procedure.steps))


@pytest.mark.parametrize("name", list_procedures())
def test_every_shipped_procedure_loads(name: str) -> None:
    procedure = load_procedure(name)
    assert procedure.name == name
    assert procedure.title
    assert procedure.phases


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD)
    procedure = load_procedure(file)
    assert procedure.phases == ("a", "b")
    assert [mask.value for mask in procedure.masks] == [0, None]
    assert "2 phases" in repr(procedure)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="cholecystectomy"):
        load_procedure("appendectomy")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Check the path"):
        load_procedure(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n",
        "title: T\nsource: S\nphases: ab\n",
        "title: T\nsource: S\nphases: [a, a]\n",
        "title: T\nsource: S\nphases: [a]\nmasks: {organ: red}\n",
        "title: [\n",
    ],
)
def test_a_file_that_is_no_procedure(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=r"bad\.yaml"):
        load_procedure(file)
