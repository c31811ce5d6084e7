# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from monai_medvid.data.procedure import load_procedure
from monai_medvid.findings.model import Findings, ModelSummary, SourceSummary
from monai_medvid.findings.options import FindingOptions
from monai_medvid.findings.workflow import WorkflowFindingsBuilder
from monai_medvid.inference.workflow_batch import WorkflowBatch
from monai_medvid.models.channels import Channels

PROCEDURE = load_procedure("cholecystectomy")
CHANNELS = Channels.of(PROCEDURE)
MASKS = tuple(mask.name for mask in PROCEDURE.masks)
SECONDS = 120
PHASE, TOOL, CHECK = (CHANNELS.find(kind) for kind in ("phase", "instrument", "criterion"))
INSIDE = CHANNELS.find("inside").start


def _source() -> SourceSummary:
    return SourceSummary(
        name="operation", sha256="0" * 64, width=96, height=64, frame_count=SECONDS,
        frame_rate=Fraction(1), duration=Fraction(SECONDS), constant_frame_rate=True,
        codec="h264", kind="file",
    )  # fmt: skip


def _model() -> ModelSummary:
    return ModelSummary(
        name="workflow", display_name="Workflow", version="1", sha256="1" * 64, runtime="torch",
        device="cpu", labels=PROCEDURE.phases,
    )  # fmt: skip


def _truth() -> np.ndarray:
    """Two phases of a minute, a hook in use for 20 s, one criterion, 10 s out of the body."""
    answers = np.full((SECONDS, len(CHANNELS)), 0.02, np.float32)
    answers[:60, PHASE.start + 1] = answers[60:, PHASE.start + 2] = 0.9
    answers[20:40, TOOL.start + 2] = 0.9
    answers[30:60, CHECK.start] = 0.8
    answers[:, INSIDE] = 0.99
    answers[80:90, INSIDE] = 0.01
    return answers


def _batch(answers: np.ndarray, **options: object) -> WorkflowBatch:
    count = len(answers)
    parts: dict[str, object] = {
        "familiarity": np.ones(count, np.float32),
        "sharpness": np.full(count, 0.1, np.float32),
        "masks": {},
        **options,
    }
    return WorkflowBatch(answers, seconds=np.arange(count) / 1.0, indices=np.arange(count), **parts)  # type: ignore[arg-type]


def _find(batch: WorkflowBatch, options: FindingOptions | None = None) -> Findings:
    builder = WorkflowFindingsBuilder(
        source=_source(), model=_model(), channels=CHANNELS, mask_labels=MASKS, options=options
    )
    builder.add(batch)
    return builder.finish(warnings=["odd"])


def _spans(findings: Findings, kind: str) -> list[tuple[str, int, int]]:
    chosen = [item for item in findings.intervals if item.kind == kind]
    return [(item.label, item.start_frame, item.end_frame) for item in chosen]


def test_an_operation_becomes_phases_instruments_checks_and_events() -> None:
    findings = _find(_batch(_truth()))
    assert _spans(findings, "phase") == [
        ("CalotTriangleDissection", 0, 60),
        ("ClippingCutting", 60, 80),
        ("ClippingCutting", 90, 120),
    ]
    assert _spans(findings, "tool") == [("Hook", 20, 40)]
    assert _spans(findings, "criterion") == [("TwoStructures", 30, 60)]
    assert _spans(findings, "event") == [
        ("transition to clipping cutting", 60, 61),
        ("out of body", 80, 90),
    ]
    assert [item.number for item in findings.intervals] == list(
        range(1, len(findings.intervals) + 1)
    )
    assert len({item.uid for item in findings.intervals}) == len(findings.intervals)
    assert findings.warnings == ("odd",)


def test_what_looks_unfamiliar_gives_no_findings_but_a_warning() -> None:
    findings = _find(_batch(_truth(), familiarity=np.zeros(SECONDS, np.float32)))
    assert findings.intervals == ()
    assert "100 % of the frames do not look like" in findings.warnings[-1]


def test_a_few_unfamiliar_frames_are_not_worth_a_word() -> None:
    familiarity = np.ones(SECONDS, np.float32)
    familiarity[5] = 0
    assert _find(_batch(_truth(), familiarity=familiarity)).warnings == ("odd",)


def test_short_phases_go_to_a_neighbour() -> None:
    answers = _truth()
    answers[30:36, PHASE] = 0.02
    answers[30:36, PHASE.start + 4] = 0.9
    labels = [label for label, *_ in _spans(_find(_batch(answers)), "phase")]
    assert "GallbladderPackaging" not in labels
    patient = FindingOptions(phase_minimum_seconds=2.0)
    labels = [label for label, *_ in _spans(_find(_batch(answers), patient), "phase")]
    assert "GallbladderPackaging" in labels


def _masks(**areas: tuple[slice, slice]) -> np.ndarray:
    """(C, 16, 24) probabilities: liver everywhere but where another class is named."""
    classes = np.full((16, 24), MASKS.index("Liver"))
    for name, area in areas.items():
        classes[area] = MASKS.index(name.replace("_", " "))
    one = np.eye(len(MASKS), dtype=np.float32)[classes].transpose(2, 0, 1)
    return 0.9 * one + 0.1 / len(MASKS)


def test_masks_become_one_track_a_class() -> None:
    left, right = (slice(4, 12), slice(2, 8)), (slice(4, 12), slice(14, 20))
    masks = {i: _masks(Gallbladder=left) for i in range(20)}
    both = _masks(Gallbladder=left)
    both[:, right[0], right[1]] = both[:, left[0], left[1]]
    masks[10] = both
    findings = _find(_batch(_truth(), masks=masks))
    tracks = {track.label: track for track in findings.tracks}
    assert set(tracks) == {"Liver", "Gallbladder"}
    bladder = tracks["Gallbladder"]
    assert (bladder.start_frame, bladder.end_frame) == (0, 20)
    assert bladder.best.frame == 10
    assert len(bladder.best.rings) == 2
    # 8 x 6 of 16 x 24 map pixels, each 4 x 4 source pixels; corners are cut by interpolation
    assert bladder.regions[0].area == pytest.approx(8 * 6 * 16, rel=0.1)
    assert bladder.best.area == pytest.approx(2 * bladder.regions[0].area, rel=0.02)


def test_masks_outside_of_the_body_are_not_findings() -> None:
    masks = {85: _masks(Gallbladder=(slice(4, 12), slice(2, 8)))}
    assert _find(_batch(_truth(), masks=masks)).tracks == ()


def test_much_blood_is_a_bleeding() -> None:
    masks = {i: _masks() for i in range(60)}
    for i in range(20, 30):
        masks[i] = _masks(Blood=(slice(0, 8), slice(0, 8)))
    findings = _find(_batch(_truth(), masks=masks))
    assert ("bleeding", 20, 30) in _spans(findings, "event")


def test_mistakes_of_the_caller() -> None:
    builder = WorkflowFindingsBuilder(source=_source(), model=_model(), channels=CHANNELS)
    with pytest.raises(ValueError, match="must have"):
        builder.add(_batch(np.zeros((2, 3), np.float32)))
    builder.add(_batch(_truth()))
    with pytest.raises(ValueError, match="ascending"):
        builder.add(_batch(_truth()))
    with pytest.raises(ValueError, match="every must be 1"):
        WorkflowFindingsBuilder(source=_source(), model=_model(), channels=CHANNELS, every=0)
