# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_medvid.errors import OutputError
from monai_medvid.report.draw import Outline, draw_regions, write_text
from monai_medvid.report.overlay import burn, write_overlay
from monai_medvid.report.presence import Presence
from monai_medvid.report.stills import make_stills
from monai_medvid.report.style import (
    DASHES,
    PALETTE,
    Style,
    interval_style,
    label_style,
    track_style,
)
from monai_medvid.video.open import open_video
from tests.factories import make_model
from tests.report import clip

BLUE = np.array([0x56, 0xB4, 0xE9])


def _centre(image: np.ndarray, color: np.ndarray, tolerance: int = 60) -> tuple[float, float]:
    rows, columns = np.nonzero(np.abs(image.astype(int) - color).max(2) < tolerance)
    return (columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2


@pytest.mark.parametrize("dash", DASHES)
def test_outlines_lie_on_the_edge_of_what_they_outline(dash: tuple[int, ...]) -> None:
    style = Style("1", PALETTE[0], dash)

    image = draw_regions(clip.picture(20), [Outline(clip.region(20), style)])

    x, y = clip.centre(20)
    assert _centre(image, BLUE) == pytest.approx((x + 0.5, y + 0.5), abs=1.5)
    assert (image[int(y), int(x)] == clip.picture(20)[int(y), int(x)]).all()
    white = (image > 215).all(2)
    assert white[: clip.HEIGHT - clip.BLOCK].any()


def test_the_frame_itself_stays_as_it_is() -> None:
    frame = clip.picture(3)
    before = frame.copy()

    draw_regions(frame, [Outline(clip.region(3), Style("1", PALETTE[0], ()), "polyp 1")])

    np.testing.assert_array_equal(frame, before)


def test_scaled_outlines_fit_scaled_pictures() -> None:
    small = np.zeros((120, 160, 3), np.uint8)

    image = draw_regions(small, [Outline(clip.region(20), Style("1", PALETTE[0], ()))], scale=0.5)

    x, y = clip.centre(20)
    assert _centre(image, BLUE) == pytest.approx(((x + 0.5) / 2, (y + 0.5) / 2), abs=1)


@pytest.mark.parametrize("text", ["polyp 1", "Öffnung", "息肉", "", "a" * 200])
@pytest.mark.parametrize("place", [(-50, -50), (0, 0), (150, 110), (1000, 1000)])
def test_words_stay_inside_the_picture(text: str, place: tuple[int, int]) -> None:
    frame = np.full((120, 160, 3), 99, np.uint8)

    write_text(frame, text, left=place[0], top=place[1], size=14, rgb=(255, 255, 255))

    assert (frame != 99).any()


def test_looks_differ_by_color_dash_and_code() -> None:
    looks = [track_style(clip.track(number, 0, 2)) for number in range(1, 29)]

    assert len({(look.color, look.dash) for look in looks}) == 28
    assert len({look.code for look in looks}) == 28


def test_intervals_of_one_label_look_alike() -> None:
    made = clip.findings(
        intervals=(
            clip.interval(1, "phase", "a", 0, 5),
            clip.interval(2, "phase", "b", 5, 9),
            clip.interval(3, "phase", "a", 9, 12),
        )
    )
    one, two, three = (interval_style(item, made) for item in made.intervals)

    assert one.color == three.color != two.color
    assert [one.code, two.code, three.code] == ["P1", "P2", "P3"]


def test_outlines_are_held_until_the_next_analysed_frame() -> None:
    presence = Presence(clip.findings(every=5, tracks=(clip.track(1, 10, 31, every=5),)))

    shown = {n: [one.region.frame for one in presence.outlines(n)] for n in (9, 10, 14, 15, 34, 35)}

    assert shown == {9: [], 10: [10], 14: [10], 15: [15], 34: [30], 35: []}


def test_the_overlay_has_every_frame_with_its_outline(tmp_path: Path) -> None:
    source = clip.encode(tmp_path / "clip.mp4", count=40, rate=clip.NTSC)
    made = clip.findings(
        count=40,
        rate=clip.NTSC,
        tracks=(clip.track(1, 5, 30, rate=clip.NTSC),),
        intervals=(clip.interval(1, "phase", "withdrawal", 0, 20, rate=clip.NTSC),),
    )
    told: list[int] = []
    with open_video(source) as video:
        path = write_overlay(video, made, tmp_path / "overlay.mp4", progress=told.append)
        expected = list(video.times)

    frames, times = clip.decode(path)
    assert times == expected
    assert [clip.number(frame) & 0b1110000 for frame in frames] == [
        n & 0b1110000 for n in range(40)
    ]
    assert told[-1] == 40
    x, y = clip.centre(20)
    crop = frames[20][int(y) - 32 : int(y) + 33]
    assert _centre(crop, BLUE, 70)[0] == pytest.approx(x + 0.5, abs=2)
    amber = (np.abs(frames[2][:24].astype(int) - (255, 196, 84)).max(2) < 90).sum()
    assert amber > 30
    plain = clip.picture(2)
    assert (np.abs(frames[2][-30:, :80].astype(int) - plain[-30:, :80]).max(2) > 60).any()


def test_the_burned_in_words_are_there_without_findings() -> None:
    image = burn(clip.picture(0), Presence(clip.findings()), index=0, seconds=0.0)

    assert (image != clip.picture(0)).any()


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    peaks = []
    for count in (40, 200):
        source = clip.encode(tmp_path / f"{count}.mp4", count=count)
        tracemalloc.start()
        with open_video(source) as video:
            write_overlay(video, clip.findings(count=count), tmp_path / "overlay.mp4")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] + 2e6


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    source = clip.encode(tmp_path / "clip.mp4", count=5)
    with open_video(source) as video, pytest.raises(OutputError, match=r"overlay\.mp4"):
        write_overlay(video, clip.findings(count=5), tmp_path / "none" / "overlay.mp4")


def test_stills_are_the_most_probable_in_order_of_time(tmp_path: Path) -> None:
    from dataclasses import replace

    source = clip.encode(tmp_path / "clip.mp4")
    items = [clip.interval(n, "event", "cut", 10 * n, 10 * n + 1) for n in range(1, 9)]
    items = [replace(item, probability=item.number / 10) for item in items]
    made = clip.findings(tracks=(clip.track(1, 20, 40),), intervals=tuple(items))
    with open_video(source) as video:
        stills = make_stills(video, made, longest=160, limit=4)

    assert [still.frame for still in stills] == [30, 60, 70, 80]
    assert [(still.width, still.height) for still in stills] == [(160, 120)] * 4
    assert stills[0].uri.startswith("data:image/jpeg;base64,/9j/")


def test_a_label_of_the_model_looks_the_same_in_every_video() -> None:
    model = make_model(("Preparation", "Hook", "CysticPlate"))
    alone = replace(clip.findings(intervals=(clip.interval(1, "tool", "Hook", 0, 5),)), model=model)
    among = replace(
        clip.findings(
            intervals=(
                clip.interval(1, "phase", "Preparation", 0, 5),
                clip.interval(2, "tool", "Hook", 0, 5),
                clip.interval(3, "event", "bleeding", 3, 4),
            )
        ),
        model=model,
    )

    hooks = ((alone, alone.intervals[0]), (among, among.intervals[1]))
    looks = [interval_style(hook, found) for found, hook in hooks]

    assert looks[0].color == looks[1].color == label_style("hook", model.labels).color
    bleeding = interval_style(among.intervals[2], among)
    assert (bleeding.color, bleeding.dash) == (PALETTE[3], DASHES[3])
