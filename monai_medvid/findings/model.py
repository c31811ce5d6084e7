# SPDX-License-Identifier: Apache-2.0
"""What was found in a video: frozen dataclasses, no DICOM in them.

Frame numbers are 0-based in display order, ends are exclusive. Times are exact rationals in
seconds from the first frame. Coordinates are pixels of the source frame, (column, row), with
(0, 0) at the top left corner of the top left pixel (DICOM's image-relative convention,
PS3.3 C.10.5.1.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

IntervalKind = Literal["phase", "event", "tool", "criterion", "finding"]
"""A phase of the procedure, something that happens, an instrument in use, a criterion of a safety
check that is met, or anything else."""

Ring = npt.NDArray[np.float32]
"""(P, 2) float32 (column, row): a closed ring without the repeated last point, P >= 3."""


@dataclass(frozen=True, eq=False)
class Region:
    """One object in one frame.

    Attributes:
        frame: 0-based frame number.
        seconds: Time of the frame.
        rings: Outline rings; filled with the even-odd rule, so holes are rings too. The largest
            outer ring comes first. This is the one truth of the region's shape: SEG, SR, report
            and overlay are all made from it.
        area: Filled area in source pixels.
        probability: Mean probability of the object's pixels, 0..1.
    """

    frame: int
    seconds: Fraction
    rings: tuple[Ring, ...]
    area: float
    probability: float


@dataclass(frozen=True, eq=False)
class Track:
    """One object followed through time.

    Attributes:
        uid: Tracking UID, deterministic; the same in SR, SEG and JSON.
        number: 1-based number within the findings; the segment number in a SEG.
        label: Name in the bundle's labels, e.g. "polyp".
        start_frame: First frame in which it is present.
        end_frame: One past the last frame.
        start: Time of the first frame, seconds.
        end: Time of end_frame (or the end of the video), seconds.
        probability: Of the whole track, 0..1.
        regions: One a frame in which it was outlined, ascending; gaps are allowed.
        best: The region that shows it best (one of ``regions``).
    """

    uid: str
    number: int
    label: str
    start_frame: int
    end_frame: int
    start: Fraction
    end: Fraction
    probability: float
    regions: tuple[Region, ...]
    best: Region


@dataclass(frozen=True)
class Interval:
    """A finding in time that has no place in the picture: phase, event or tool use.

    Attributes:
        kind: What sort of finding. An event may have end_frame == start_frame + 1.
        best_frame: Representative 0-based frame.
    """

    uid: str
    number: int
    kind: IntervalKind
    label: str
    start_frame: int
    end_frame: int
    start: Fraction
    end: Fraction
    probability: float
    best_frame: int
    best_seconds: Fraction


@dataclass(frozen=True, kw_only=True)
class SourceSummary:
    """What was analysed; enough for every writer, no patient data.

    Attributes:
        name: Stem for result names (never a patient's name).
        sha256: Of the video payload (stream bytes or all frames), hex.
        frame_rate: None where the source has no time.
        constant_frame_rate: Whether frame / frame_rate is the time.
        complete: False where the recording breaks off, so that its end was never seen.
        decoder: Which decoder read it; stands in the findings' settings.
        warnings: What is odd about it, one sentence each; stand in the findings' warnings.
    """

    name: str
    sha256: str
    width: int
    height: int
    frame_count: int
    frame_rate: Fraction | None
    duration: Fraction
    constant_frame_rate: bool
    codec: str
    kind: str
    complete: bool = True
    decoder: str = field(default="", compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, kw_only=True)
class ModelSummary:
    """Which model found it.

    Attributes:
        name: Bundle name, e.g. "colonoscopy_polyp_segmentation".
        display_name: For people.
        sha256: Of the weights file, hex.
        runtime: "torch", "openvino", ...
        labels: Channel names in channel order.
        license: SPDX identifier or short name.
    """

    name: str
    display_name: str
    version: str
    sha256: str
    runtime: str
    device: str
    labels: tuple[str, ...]
    license: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    """Everything that was found in one video.

    Attributes:
        analyzed_frames: How many frames the model saw; ``every`` says which (0, every, ...).
        settings: The options in force, JSON-able; part of what makes UIDs.
        tracks: Ordered by start, numbered from 1.
        intervals: Ordered by kind and start, numbered from 1.
        warnings: One sentence each, without patient data.
    """

    source: SourceSummary
    model: ModelSummary
    every: int
    analyzed_frames: int
    tracks: tuple[Track, ...] = ()
    intervals: tuple[Interval, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
