# SPDX-License-Identifier: Apache-2.0
"""Folders with DICOM studies as archives export them; the patient in them is made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.fileset import FileSet
from pydicom.uid import generate_uid

from tests.clips import disc_frame
from tests.video.dicom_objects import cine, moving, saved

CT = "1.2.840.10008.5.1.4.1.1.2"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
VL_ENDOSCOPIC = "1.2.840.10008.5.1.4.1.1.77.1.1"
VIDEO_ENDOSCOPIC = "1.2.840.10008.5.1.4.1.1.77.1.1.1"
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"


def of_class(data: Dataset, sop_class: str, **values: object) -> Dataset:
    """The same object under another storage class."""
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = sop_class
    for keyword, value in values.items():
        setattr(data, keyword, value)
    return data


def disc_cine(frames: int = 30, **values: object) -> Dataset:
    """A multi-frame ultrasound object in which the tiny bundle finds a red disc."""
    return cine(np.stack([disc_frame(number) for number in range(frames)]), **values)


def put(data: Dataset | bytes, path: Path) -> Path:
    """Write an object, or bytes, to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else saved(data))
    return path


def ten_series(folder: Path) -> tuple[Dataset, Dataset]:
    """A study of ten series, of which two are video (they are given back), and a DICOMDIR.

    The files lie as in an export on a disc: without endings, in folders named after the patient.
    """
    study = generate_uid()
    one_frame = moving(frames=1)
    videos = (disc_cine(), disc_cine(40))
    series = [
        of_class(cine(one_frame), CT, Modality="CT"),
        of_class(cine(moving()), SECONDARY_CAPTURE, Modality="OT"),
        videos[0],
        of_class(cine(one_frame), VL_ENDOSCOPIC, Modality="ES"),
        cine(one_frame),
        of_class(without_pixels(), COMPREHENSIVE_SR, Modality="SR"),
        of_class(cine(moving()), SEGMENTATION, Modality="SEG"),
        of_class(videos[1], VL_ENDOSCOPIC, Modality="ES"),
        of_class(cine(one_frame), CT, Modality="CT"),
        of_class(cine(one_frame), CT, Modality="CT"),
    ]
    for number, data in enumerate(series, 1):
        data.StudyInstanceUID = study
        data.SeriesNumber = number
        put(data, folder / "NOBODY_SHALL_SEE" / f"SE{number:06}" / "IM000001")
    return videos


def without_pixels() -> Dataset:
    """An object without a picture."""
    data = cine(moving(frames=1))
    for keyword in ("PixelData", "Rows", "Columns", "NumberOfFrames"):
        del data[keyword]
    return data


def directory_of(files: list[Path], folder: Path) -> Path:
    """A DICOMDIR of some files."""
    index = FileSet()
    for file in files:
        index.add(file)
    index.write(folder)
    return folder / "DICOMDIR"
