# SPDX-License-Identifier: Apache-2.0
"""One measurement group a finding: TID 1501 for intervals, TID 1410 for tracks (PS3.16).

Viewers decide what a group must hold (OHIF 3.13 shows nothing at all where one does not): its own
tracking UID, the only UIDREF; a concept name on every item; one SCOORD with exactly one image
reference of exactly one frame. DICOM has no template for a time range in a video, so times are
written twice: as NUM, which every reader shows, and as TCOORD from which the finding is inferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from pydicom.uid import SegmentationStorage

from monai_medvid.dicom import terms
from monai_medvid.dicom.content import (
    Item,
    code,
    container,
    image,
    number,
    polyline,
    segment,
    text,
    time_range,
    uid,
)
from monai_medvid.dicom.outline import closed_outline, full_frame
from monai_medvid.dicom.reference import ImageTargets, SegmentReference
from monai_medvid.dicom.wording import interval_name, track_name
from monai_medvid.findings.model import Interval, ModelSummary, SourceSummary, Track
from monai_medvid.findings.vocabulary import Kind, Vocabulary


@dataclass(frozen=True, kw_only=True)
class GroupContext:
    """What all groups of a report share.

    Attributes:
        video: Every frame of the video, for time ranges.
        targets: The images that the groups point at: the video's frames, or stills.
        segments: By tracking UID.
    """

    source: SourceSummary
    model: ModelSummary
    vocabulary: Vocabulary
    video: ImageTargets
    targets: ImageTargets
    segments: dict[str, SegmentReference]


def track_group(track: Track, context: GroupContext) -> Item:
    """TID 1410: a track at its best frame, with its outline and its segment."""
    source = context.source
    target = image(terms.SOURCE_OF_MEASUREMENT, context.targets[track.best.frame])
    outline = closed_outline(track.best.rings[0], width=source.width, height=source.height)
    return container(
        terms.MEASUREMENT_GROUP,
        [
            *_identity(track_name(track), track.uid),
            *_finding(track, "finding", track.best.frame, context),
            polyline(terms.IMAGE_REGION, outline, target),
            *algorithm(context.model),
            *_times(track.start, track.end, source),
            number(terms.PROBABILITY, track.probability, terms.NO_UNITS),
            number(terms.AREA, track.best.area, terms.PIXELS, children=_segment(track, context)),
        ],
        template="1410",
    )


def _segment(track: Track, context: GroupContext) -> list[Item]:
    """The segmentation frame from which the area is inferred (TID 320).

    TID 1410 has either a polyline or a segmentation frame; below the area, both are there. A label
    map is not named: toolkits that do not know its class (2024) give up the whole document. The
    tracking UID, which its segment has too, and the evidence tie them together.
    """
    found = context.segments.get(track.uid)
    if found is None or found.sop_class_uid != SegmentationStorage:
        return []
    return [segment(terms.SEGMENTATION_FRAME, found)]


def interval_group(interval: Interval, context: GroupContext) -> Item:
    """TID 1501: a finding in time, shown by one frame with a polyline around all of it."""
    source = context.source
    target = context.targets[interval.best_frame]
    border = full_frame(width=source.width, height=source.height)
    return container(
        terms.MEASUREMENT_GROUP,
        [
            *_identity(interval_name(interval), interval.uid),
            *_finding(interval, interval.kind, interval.best_frame, context),
            *algorithm(context.model),
            *_times(interval.start, interval.end, source),
            number(terms.PROBABILITY, interval.probability, terms.NO_UNITS),
            image(terms.SOURCE_OF_MEASUREMENT, target, relationship="CONTAINS"),
            polyline(terms.IMAGE_REGION, border, image(terms.SOURCE_OF_MEASUREMENT, target)),
            *_evaluation(interval, context),
        ],
        template="1501",
    )


def _evaluation(interval: Interval, context: GroupContext) -> list[Item]:
    """The qualitative evaluation of TID 1501: a criterion of a safety check is met in this time."""
    if interval.kind != "criterion":
        return []
    concept = context.vocabulary.find(interval.label, kind=interval.kind)
    return [code(concept.code, terms.YES)]


def algorithm(model: ModelSummary) -> list[Item]:
    """TID 4019 Algorithm Identification, as modifiers of what holds it."""
    return [
        text(terms.ALGORITHM_NAME, model.name, relationship="HAS CONCEPT MOD"),
        text(terms.ALGORITHM_VERSION, model.version, relationship="HAS CONCEPT MOD"),
        code(
            terms.ALGORITHM_FAMILY,
            terms.ARTIFICIAL_INTELLIGENCE,
            relationship="HAS CONCEPT MOD",
        ),
    ]


def _identity(name: str, tracking_uid: str) -> list[Item]:
    return [
        text(terms.TRACKING_IDENTIFIER, name, relationship="HAS OBS CONTEXT"),
        uid(terms.TRACKING_UID, tracking_uid),
    ]


def _finding(
    finding: Track | Interval, kind: Kind, best_frame: int, context: GroupContext
) -> list[Item]:
    """Category and finding, the latter inferred from its time range."""
    concept = context.vocabulary.find(finding.label, kind=kind)
    when = []
    if context.source.frame_rate is not None:
        video = image(terms.SOURCE_OF_MEASUREMENT, context.video[best_frame])
        end = finding.start if _is_instant(finding) else finding.end
        when = [time_range(terms.TIME_RANGE, finding.start, end, video)]
    return [
        code(terms.FINDING_CATEGORY, concept.category),
        code(terms.FINDING, concept.code, children=when),
    ]


def _is_instant(finding: Track | Interval) -> bool:
    """Seen in one frame only: a point in time rather than a range."""
    return finding.end_frame <= finding.start_frame + 1


def _times(start: Fraction, end: Fraction, source: SourceSummary) -> list[Item]:
    """Start, end and duration in seconds; nothing where the source has no time."""
    if source.frame_rate is None:
        return []
    return [
        number(terms.START, start, terms.SECONDS),
        number(terms.END, end, terms.SECONDS),
        number(terms.DURATION, end - start, terms.SECONDS),
    ]
