# SPDX-License-Identifier: Apache-2.0
"""A clip that carries its frame number in the picture, and findings that follow its disc."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.findings.model import Findings, Interval, Region, Track
from tests.factories import make_model, make_source
from tests.video.barcode_clips import make_clip

WIDTH, HEIGHT, BITS, BLOCK = 320, 240, 10, 24
FILM, NTSC = Fraction(25), Fraction(30000, 1001)


def centre(frame: int) -> tuple[float, float]:
    """Where the disc is: every frame has a place of its own, 2 columns from the next."""
    return 60.0 + 2 * (frame % 100), 90.0 + 4 * (frame // 100)


def picture(frame: int) -> npt.NDArray[np.uint8]:
    """A pink field with a disc, and the frame number as black and white blocks."""
    image = np.full((HEIGHT, WIDTH, 3), (190, 110, 110), np.uint8)
    x, y = centre(frame)
    cv2.circle(image, (round(x), round(y)), 30, (150, 40, 50), -1)
    for bit in range(BITS):
        value = 255 if frame >> bit & 1 else 0
        image[HEIGHT - BLOCK :, 16 + bit * BLOCK : 16 + (bit + 1) * BLOCK] = value
    return image


def number(image: npt.NDArray[np.uint8]) -> int:
    """The frame number read from a picture of any size."""
    image = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    row = image[HEIGHT - BLOCK // 2]
    return sum(int(row[16 + b * BLOCK + BLOCK // 2].mean() > 127) << b for b in range(BITS))


def encode(
    path: Path,
    *,
    rate: Fraction = FILM,
    count: int = 100,
    codec: str = "libx264",
    times: Callable[[int], int] = lambda i: i,
    options: dict[str, str] | None = None,
    draw: Callable[[int], npt.NDArray[np.uint8]] = picture,
) -> Path:
    """Write the clip; ``times`` maps a frame number to its time in steps of 1 / rate."""
    height, width = draw(0).shape[:2]
    same = {"x264-params": "mbtree=0"} if codec == "libx264" else {}  # the same bytes each time
    return make_clip(
        path,
        frames=count,
        codec=codec,
        size=(width, height),
        fps=rate,
        gop=None,
        bframes=None,
        pix_fmt="yuvj420p" if codec == "mjpeg" else "yuv420p",
        options={**same, **(options or {})},
        pts=[times(index) for index in range(count)],
        draw=draw,
        title="Doe^Jane",
    )


def decode(path: Path) -> tuple[list[npt.NDArray[np.uint8]], list[Fraction]]:
    """All pictures in display order with their times."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        times = [frame.pts * frame.time_base for frame in frames]
        return [frame.to_ndarray(format="rgb24") for frame in frames], times


def region(frame: int, rate: Fraction = FILM, *, down: float = 0) -> Region:
    """The outline of the disc in one frame, or one below it."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    x, y = centre(frame)
    ring = np.stack([x + 0.5 + 30 * np.cos(angle), y + down + 0.5 + 30 * np.sin(angle)], 1)
    probability = 0.75 + 0.2 * float(np.sin(frame / 9))
    return Region(frame, frame / rate, (ring.astype(np.float32),), 2827.4, probability)


def track(
    number_: int,
    start: int,
    end: int,
    *,
    rate: Fraction = FILM,
    every: int = 1,
    down: float = 0,
) -> Track:
    """The disc followed from frame ``start`` to ``end``."""
    regions = tuple(region(frame, rate, down=down) for frame in range(start, end, every))
    return Track(
        uid=f"2.25.{number_}",
        number=number_,
        label="polyp",
        start_frame=start,
        end_frame=end,
        start=start / rate,
        end=end / rate,
        probability=0.87,
        regions=regions,
        best=regions[len(regions) // 2],
    )


def interval(
    number_: int, kind: str, label: str, start: int, end: int, *, rate: Fraction = FILM
) -> Interval:
    """A finding in time."""
    middle = (start + end) // 2
    return Interval(
        uid=f"2.25.{1000 * start + end}",
        number=number_,
        kind=kind,  # type: ignore[arg-type]
        label=label,
        start_frame=start,
        end_frame=end,
        start=start / rate,
        end=end / rate,
        probability=0.931,
        best_frame=middle,
        best_seconds=middle / rate,
    )


def findings(
    *,
    rate: Fraction = FILM,
    count: int = 100,
    tracks: tuple[Track, ...] = (),
    intervals: tuple[Interval, ...] = (),
    every: int = 1,
    warnings: tuple[str, ...] = (),
) -> Findings:
    """Findings of the clip."""
    return Findings(
        source=make_source(
            width=WIDTH, height=HEIGHT, frames=count, rate=rate, name="clip", kind="file"
        ),
        model=make_model(),
        every=every,
        analyzed_frames=-(-count // every),
        tracks=tracks,
        intervals=intervals,
        settings={"threshold": 0.5},
        warnings=warnings,
    )
