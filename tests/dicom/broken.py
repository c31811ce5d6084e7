# SPDX-License-Identifier: Apache-2.0
"""A whole result on a small clip, and ways to break one of its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pydicom
from pydicom import Dataset

from monai_medvid.dicom.keyobjects import write_key_objects
from monai_medvid.dicom.seg import SegSampling, write_seg
from monai_medvid.dicom.sr import write_sr
from monai_medvid.dicom.stills import write_stills
from monai_medvid.dicom.wrap import wrap_video
from monai_medvid.video.open import open_video
from tests.factories import findings_for
from tests.video.barcode_clips import make_clip


@dataclass(frozen=True)
class Result:
    """Files of one result.

    Attributes:
        source: The video.
        header: Its data set without pixels.
        files: "sr", "seg", "labelmap", "kos", "still", "stills-sr", "stills-seg".
        stills: The other stills.
    """

    source: Path
    header: Dataset
    files: dict[str, Path]
    stills: tuple[Path, ...]

    def companions(self, name: str) -> list[Dataset]:
        """The headers that one may refer to, without its own and that of its other form."""
        left_out = {name, "labelmap", "seg"} if name in ("labelmap", "seg") else {name, "labelmap"}
        return [header for key, header in self.headers.items() if key not in left_out]

    @cached_property
    def headers(self) -> dict[str, Dataset]:
        """Read once, by the names of the files; stills by their paths."""
        paths = {**self.files, **{str(path): path for path in self.stills}}
        return {key: pydicom.dcmread(path, stop_before_pixels=True) for key, path in paths.items()}


def make_result(folder: Path) -> Result:
    """Two tracks and four intervals on 30 frames of 96 x 80."""
    clip = make_clip(folder / "clip.mp4")
    source = wrap_video(clip, folder / "source.dcm", patient_id="P1", patient_name="Doe^Jane").path
    header = pydicom.dcmread(source, stop_before_pixels=True)
    found = findings_for(header, tracks=2)
    every = SegSampling(frames_per_second=None)
    seg = write_seg(found, header, folder, sampling=every)
    labelmap = write_seg(found, header, folder / "labelmap", mode="labelmap", sampling=every)
    sr = write_sr(found, header, folder / "sr.dcm", segments=seg.references.values())
    kos = write_key_objects(found, header, folder / "keyframes.dcm")
    with open_video(source) as video:
        write_stills(video, found, header, folder / "stills")
    images = sorted((folder / "stills").glob("*[0-9].dcm"))
    files = {
        "sr": sr,
        "seg": seg.paths[0],
        "labelmap": labelmap.paths[0],
        "kos": kos if isinstance(kos, Path) else folder / "keyframes.dcm",
        "still": images[0],
        "stills-sr": folder / "stills" / "sr.dcm",
        "stills-seg": folder / "stills" / "seg.dcm",
    }
    return Result(source, header, files, tuple(images[1:]))


def walk(ds: Dataset) -> Iterator[Dataset]:
    """Every content item of a document."""
    for item in ds.get("ContentSequence", []):
        yield item
        yield from walk(item)


def of_type(ds: Dataset, value_type: str) -> list[Dataset]:
    return [item for item in walk(ds) if item.ValueType == value_type]


def named(ds: Dataset, code: str) -> list[Dataset]:
    return [
        item
        for item in walk(ds)
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == code
    ]


def groups(ds: Dataset) -> list[Dataset]:
    return named(ds, "125007")


def without(ds: Dataset, unwanted: Callable[[Dataset], bool]) -> None:
    """Take content items out wherever they are."""
    if "ContentSequence" in ds:
        ds.ContentSequence = [item for item in ds.ContentSequence if not unwanted(item)]
        for item in ds.ContentSequence:
            without(item, unwanted)
