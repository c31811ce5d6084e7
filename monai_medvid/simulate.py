# SPDX-License-Identifier: Apache-2.0
"""Simulated operations on disk: video, DICOM or training frames, with labels in published layouts.

    OUT/videos/video01.mp4                         or OUT/frames/video01.npz
    OUT/dicom/video01.dcm                          where asked for
    OUT/phase_annotations/video01-phase.txt        Cholec80
    OUT/tool_annotations/video01-tool.txt          Cholec80
    OUT/outside_annotations/video01-outside.txt    out of the body
    OUT/masks/video01/video01_00080/…              CholecSeg8k's names and grey codes
    OUT/all_metadata.csv                           Endoscapes' CVS labels
    OUT/operations/video01.json                    settings, phases, events

An operation's files appear together when all are complete.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.laparoscopy.frames import Picture, write_frames
from monai_medvid.data.laparoscopy.labels import LABEL_FPS
from monai_medvid.data.laparoscopy.layout import (
    append_metadata,
    describe,
    safety_rows,
    video_name,
    write_cholec80,
)
from monai_medvid.data.laparoscopy.movie import Movie
from monai_medvid.data.laparoscopy.operation import Operation, plan_operation
from monai_medvid.data.laparoscopy.options import SimulationOptions, operation_seed
from monai_medvid.data.laparoscopy.studio import Studio, Take, draw, draw_encoded
from monai_medvid.dicom.wrap import wrap_video
from monai_medvid.errors import InputError, OutputError
from monai_medvid.results import Progress

T = TypeVar("T")


def simulate(
    output: Path,
    *,
    count: int = 1,
    options: SimulationOptions | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Simulate operations.

    Args:
        output: A folder; made where it is missing. Videos of the same number must not be there.
        count: How many.
        options: What is simulated.
        progress: Called with (stage, done, total).

    Returns:
        The videos, or the files of frames.

    Raises:
        InputError: ``count`` is not 1 or more.
        OutputError: The folder cannot be written, or holds such videos already.
    """
    chosen = options or SimulationOptions()
    if count < 1:
        raise InputError(f"expected 1 or more operations, found {count}. Change the count.")
    report: Progress = progress or (lambda stage, done, total: None)
    numbers = range(chosen.first, chosen.first + count)
    try:
        _refuse_existing(output, chosen, numbers)
        output.mkdir(parents=True, exist_ok=True)
        with Studio(chosen.workers) as studio:
            return [_one(output, number, chosen, studio, report) for number in numbers]
    except OSError as error:
        raise OutputError(
            f"expected to write into {output}, the system refused: "
            f"{error.strerror or type(error).__name__}. Choose another folder."
        ) from error


def _main_file(number: int, options: SimulationOptions) -> str:
    name = video_name(number)
    return f"frames/{name}.npz" if options.frames else f"videos/{name}.mp4"


def _refuse_existing(output: Path, options: SimulationOptions, numbers: range) -> None:
    for number in numbers:
        for name in (_main_file(number, options), f"operations/{video_name(number)}.json"):
            if (output / name).exists():
                raise OutputError(
                    f"expected no {name} in {output}, found one. Choose another folder, or "
                    f"another first number."
                )


def _one(
    output: Path, number: int, options: SimulationOptions, studio: Studio, report: Progress
) -> Path:
    name = video_name(number)
    take = Take(
        operation_seed(options, number), options.domain, options.minutes, options.picture_size
    )
    operation = plan_operation(take.seed, domain=take.domain, minutes=take.minutes)
    with tempfile.TemporaryDirectory(dir=output, prefix=f".{name}-") as place:
        folder = Path(place)
        _render(folder, operation, take, number, options, studio, report)
        write_cholec80(operation, name, folder)
        settings = {"minutes": options.minutes, "fps": str(options.fps), "size": take.size}
        (folder / "operations").mkdir()
        text = describe(operation, **settings)
        (folder / "operations" / f"{name}.json").write_text(text, "utf-8")
        rows = safety_rows(operation, number)
        _publish(folder, output)
    if rows:
        append_metadata(rows, output / "all_metadata.csv")
    return output / _main_file(number, options)


def _publish(folder: Path, output: Path) -> None:
    """Move what is complete to its place; the description last."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in sorted(files, key=lambda file: file.parent.name == "operations"):
        target = output / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)


def _render(
    folder: Path,
    operation: Operation,
    take: Take,
    number: int,
    options: SimulationOptions,
    studio: Studio,
    report: Progress,
) -> None:
    total = max(round(operation.seconds * options.fps), 1)
    seconds = np.arange(total) / float(options.fps)
    path = folder / _main_file(number, options)
    path.parent.mkdir()
    name = video_name(number)
    if options.frames:
        files = studio.run(draw_encoded, take, seconds)
        write_frames(path, operation, seconds, _told(files, name, total, report))
        return
    with Movie(path, take.size, options.fps) as movie:
        pictures = _told(studio.run(draw, take, seconds), name, total, report)
        for index, picture in enumerate(pictures):
            movie.add(picture[0])
            if _mask_is_due(index, options):
                _keep_mask(folder, name, round(float(seconds[index]) * LABEL_FPS), picture)
    if options.dicom:
        (folder / "dicom").mkdir()
        wrap_video(path, folder / "dicom" / f"{name}.dcm", patient_name="SYNTHETIC^SIMULATED")


def _told(items: Iterator[T], name: str, total: int, report: Progress) -> Iterator[T]:
    for done, item in enumerate(items, 1):
        yield item
        report(f"rendering {name}", done, total)


def _mask_is_due(index: int, options: SimulationOptions) -> bool:
    """Whether this frame is the first at or after a multiple of the masks' interval."""
    step = Fraction(options.mask_seconds).limit_denominator(1000)
    if step <= 0:
        return False
    return index == 0 or index / options.fps // step > (index - 1) / options.fps // step


def _keep_mask(folder: Path, name: str, frame: int, picture: Picture) -> None:
    """Write a frame and its mask; CholecSeg8k groups frames by eighties."""
    place = folder / "masks" / name / f"{name}_{frame // 80 * 80:05d}"
    place.mkdir(parents=True, exist_ok=True)
    image, mask = picture
    _png(place / f"frame_{frame}_endo.png", image[..., ::-1])
    _png(place / f"frame_{frame}_endo_watershed_mask.png", np.dstack([mask] * 3))


def _png(path: Path, pixels: npt.NDArray[np.uint8]) -> None:
    """Write a PNG (cv2.imwrite would only answer False where it cannot)."""
    _, data = cv2.imencode(".png", pixels)
    path.write_bytes(data.tobytes())
