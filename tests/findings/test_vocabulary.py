# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.sr import _concepts_dict

from monai_medvid.data.procedure import load_procedure
from monai_medvid.errors import BundleError
from monai_medvid.findings.vocabulary import (
    PRIVATE_SCHEME,
    Coded,
    find_concept,
    plain_label,
    shipped_vocabulary,
)


def all_codes() -> list[Coded]:
    vocabulary = shipped_vocabulary()
    codes = [concept.code for concept in vocabulary.concepts.values()]
    return sorted({*codes, *vocabulary.categories.values()})


def dicom_meanings(code: Coded) -> set[str]:
    """What pydicom's dictionaries of PS3.16 call this code; empty where they do not hold it."""
    keywords = _concepts_dict.concepts[code.scheme].values()
    return {entry[code.value][0] for entry in keywords if code.value in entry}


@pytest.mark.parametrize("code", all_codes(), ids=lambda code: code.value)
def test_public_codes_are_those_of_the_dicom_dictionaries(code: Coded) -> None:
    if code.scheme == PRIVATE_SCHEME:
        assert not code.value.isdigit()
    else:
        assert code.meaning in dicom_meanings(code)


def test_a_private_value_has_one_meaning() -> None:
    private = {code for code in all_codes() if code.scheme == PRIVATE_SCHEME}
    assert len({code.value for code in private}) == len(private)


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        ("polyp", "Polyp of colon"),
        ("Polyp", "Polyp of colon"),
        ("CalotTriangleDissection", "Calot triangle dissection"),
        ("calot_triangle-dissection", "Calot triangle dissection"),
        ("SpecimenBag", "Specimen bag"),
    ],
)
def test_spellings_of_a_label_mean_the_same(label: str, meaning: str) -> None:
    assert find_concept(label).code.meaning == meaning


@pytest.mark.parametrize(
    "name", ["cholecystectomy", "colonoscopy", "gastric_bypass", "pituitary_surgery"]
)
def test_every_label_of_a_shipped_procedure_is_listed(name: str) -> None:
    procedure, concepts = load_procedure(name), shipped_vocabulary().concepts
    labels = [*procedure.phases, *procedure.instruments, *procedure.criteria, *procedure.steps]
    labels += [mask.name for mask in procedure.masks[1:]]
    assert [label for label in labels if plain_label(label) not in concepts] == []


def test_an_unlisted_label_gets_a_private_code_and_the_category_of_its_kind() -> None:
    tool = find_concept("Left hand retractor", kind="tool")
    assert tool.code.scheme == PRIVATE_SCHEME
    assert tool.code.meaning == "Left hand retractor"
    assert tool.category.meaning == "Physical object"
    assert find_concept("left_hand_retractor").code.value == tool.code.value
    assert find_concept("right hand retractor").code.value != tool.code.value


@given(st.text())
def test_any_label_gives_a_valid_code(label: str) -> None:
    code = find_concept(label).code
    assert 0 < len(code.value) <= 16
    assert 0 < len(code.meaning) <= 64
    assert not set(code.meaning) & {"\\", "\n", "\0"}
    assert plain_label(plain_label(label)) == plain_label(label)


def test_a_bundle_can_bring_its_own_terms(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("terms: {abnormality: {polyp: [L-NASAL, 99MEDVID, Nasal polyp]}}")
    own = shipped_vocabulary().extended(path)
    assert own.find("polyp").code.meaning == "Nasal polyp"
    assert own.find("liver").code.meaning == "Liver"
    assert find_concept("polyp").code.meaning == "Polyp of colon"


@pytest.mark.parametrize(
    "text",
    [
        "- a list",
        "terms: {abnormality: {polyp: [1, SCT]}}",
        "terms: {no such category: {polyp: [1, SCT, x]}}",
        "terms: {abnormality: {polyp: [12345678901234567, SCT, too long]}}",
        "terms: [",
    ],
)
def test_a_file_that_is_no_vocabulary_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(BundleError, match=r"expected a vocabulary .* in bad.yaml"):
        shipped_vocabulary().extended(path)
