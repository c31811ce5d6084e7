# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction

import pytest

from monai_medvid.findings.recorded import recorded_findings
from tests.factories import make_findings

ALL = [Fraction(number, 25) for number in range(50)]


def test_a_whole_recording_changes_nothing() -> None:
    found = make_findings()
    assert recorded_findings(found, times=ALL, duration=Fraction(2)) is found


@pytest.mark.parametrize("count", [1, 8, 10, 30])
def test_nothing_refers_to_a_frame_that_was_not_recorded(count: int) -> None:
    found = make_findings(tracks=5, intervals=9, warnings=("Smoke.",))
    end = Fraction(count, 25)
    kept = recorded_findings(found, times=ALL[:count], duration=end)
    assert kept.source.frame_count == count
    assert kept.source.duration == end
    assert not kept.source.complete
    for track in kept.tracks:
        assert track.best in track.regions
        assert max(region.frame for region in track.regions) < track.end_frame <= count
        assert track.end <= end
    for interval in kept.intervals:
        assert interval.start_frame <= interval.best_frame < interval.end_frame <= count
        assert interval.best_seconds == ALL[interval.best_frame]
        assert interval.end <= end
    assert [track.number for track in kept.tracks] == list(range(1, len(kept.tracks) + 1))
    assert {one.uid for one in kept.intervals} == {
        one.uid for one in found.intervals if one.start_frame < count
    }
    lost = len(found.tracks) + len(found.intervals) - len(kept.tracks) - len(kept.intervals)
    assert kept.warnings == (
        "Smoke.",
        f"The recording breaks off after {count} of 50 frames; "
        f"{lost} findings after that are left out.",
    )
    assert lost > 0 or count == 30
