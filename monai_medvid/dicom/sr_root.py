# SPDX-License-Identifier: Apache-2.0
"""What stands directly under the title of a report: TID 1500 (PS3.16)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydicom import Dataset

import monai_medvid
from monai_medvid.dicom import terms
from monai_medvid.dicom.common import MANUFACTURER
from monai_medvid.dicom.content import Item, code, container, text, uid
from monai_medvid.dicom.sr_groups import GroupContext, algorithm, interval_group, track_group
from monai_medvid.dicom.uids import derive_uid
from monai_medvid.dicom.wording import comments, looked_for
from monai_medvid.findings.model import Findings, Interval, ModelSummary, Track
from monai_medvid.findings.vocabulary import Coded, Vocabulary


def root_items(
    findings: Findings,
    shown: Sequence[Track | Interval],
    header: Dataset,
    context: GroupContext,
) -> Iterator[Item]:
    """The children of the root, in the order of the template."""
    yield code(terms.LANGUAGE, terms.ENGLISH, relationship="HAS CONCEPT MOD")
    yield from _observer(findings.model)
    yield from _procedure(header)
    if shown:
        groups = (
            track_group(one, context) if isinstance(one, Track) else interval_group(one, context)
            for one in shown
        )
        named = _algorithm_with_settings(findings)
        yield container(terms.IMAGING_MEASUREMENTS, [*named, *groups])
    yield container(
        terms.QUALITATIVE_EVALUATIONS,
        [
            *([] if findings.tracks or findings.intervals else _absent(findings, context)),
            *(text(terms.COMMENT, line) for line in comments(findings)),
            *_left_out(findings, shown),
        ],
    )


def texts(findings: Findings, vocabulary: Vocabulary) -> list[str]:
    """Every text of ours that a report may hold; one outside ASCII makes it UTF-8."""
    model = findings.model
    labels = {one.label for one in findings.tracks} | {one.label for one in findings.intervals}
    labels |= {*model.labels}
    meanings = [vocabulary.find(label).code.meaning for label in sorted(labels)]
    names = [model.name, model.version, *_settings(findings)]
    return [*names, *comments(findings), *sorted(labels), *meanings]


def _observer(model: ModelSummary) -> list[Item]:
    """TID 1002 and 1004: the software with this model, the same UID on every run."""
    device_uid = derive_uid("device", MANUFACTURER, monai_medvid.__version__, model.sha256)
    return [
        code(terms.OBSERVER_TYPE, terms.DEVICE, relationship="HAS OBS CONTEXT"),
        uid(terms.DEVICE_UID, device_uid),
        *(
            text(name, value, relationship="HAS OBS CONTEXT")
            for name, value in (
                (terms.DEVICE_NAME, f"{MANUFACTURER} {monai_medvid.__version__}"),
                (terms.DEVICE_MANUFACTURER, MANUFACTURER),
                (terms.DEVICE_MODEL, f"{model.name} {model.version}"),
                (terms.DEVICE_SERIAL, model.sha256),
            )
        ),
    ]


def _procedure(header: Dataset) -> list[Item]:
    """Procedure Reported (TID 1500 row 4): the source's own codes, none where it has none."""
    found = []
    for item in header.get("ProcedureCodeSequence") or []:
        value = str(item.get("CodeValue") or "")
        parts = Coded(value, str(item.get("CodingSchemeDesignator") or ""), item.get("CodeMeaning"))
        if all(parts) and parts.meaning.isascii():
            found.append(code(terms.PROCEDURE_REPORTED, parts, relationship="HAS CONCEPT MOD"))
    return found


def _algorithm_with_settings(findings: Findings) -> list[Item]:
    """TID 4019 with the parameters in force, once for all groups."""
    name, version, family = algorithm(findings.model)
    parameters = (
        text(terms.ALGORITHM_PARAMETERS, line, relationship="HAS CONCEPT MOD")
        for line in _settings(findings)
    )
    return [name, version, *parameters, family]


def _settings(findings: Findings) -> list[str]:
    model = findings.model
    lines = [f"weights sha256 = {model.sha256}", f"runtime = {model.runtime}"]
    lines.append(f"every = {findings.every}")
    return lines + [f"{key} = {findings.settings[key]}" for key in sorted(findings.settings)]


def _absent(findings: Findings, context: GroupContext) -> list[Item]:
    """What was looked for and not seen (TID 1500 row 13)."""
    concepts = (context.vocabulary.find(label).code for label in looked_for(findings))
    return [code(concept, terms.ABSENT) for concept in concepts]


def _left_out(findings: Findings, shown: Sequence[Track | Interval]) -> list[Item]:
    """How many findings have no still to point at."""
    count = len(findings.tracks) + len(findings.intervals) - len(shown)
    if not count:
        return []
    return [text(terms.COMMENT, f"{count} more findings are in the report on the video only.")]
