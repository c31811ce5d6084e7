# SPDX-License-Identifier: Apache-2.0
"""Our own checks of DICOM results, for what public checkers cannot see.

Public checkers know attributes and templates. They do not know how long the video is, where its
pictures end, whether a segment belongs to the group that points at it, or what a viewer needs to
show anything at all. These checks do; run the others too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import KeyObjectSelectionDocumentStorage

from monai_medvid.dicom.validate_image import (
    check_identity,
    check_key_objects,
    check_still,
    class_name,
)
from monai_medvid.dicom.validate_issue import Issue, Issues
from monai_medvid.dicom.validate_known import Surroundings, known_source, surroundings
from monai_medvid.dicom.validate_references import SEGMENTATIONS
from monai_medvid.dicom.validate_seg import check_seg
from monai_medvid.dicom.validate_seg_pixels import check_seg_pixels
from monai_medvid.dicom.validate_sr import check_sr
from monai_medvid.errors import InputError

_REPORTS = "1.2.840.10008.5.1.4.1.1.88."
_VIDEOS = tuple(f"1.2.840.10008.5.1.4.1.1.77.1.{kind}.1" for kind in (1, 2, 4))


def validate_file(
    file: Path | Dataset,
    *,
    source: Path | Dataset | None = None,
    others: Sequence[Path | Dataset] = (),
) -> tuple[Issue, ...]:
    """Check one SR, SEG, KOS or still.

    Args:
        file: A file, or a data set (with its pixels, if these are to be checked).
        source: The video that it is about; without it nothing can be said of times and sizes.
        others: Objects that it may refer to: segmentations, stills.

    Returns:
        What is wrong, in the order of the checks; empty where nothing is.

    Raises:
        InputError: A file is not DICOM.

    Example:
        >>> for issue in validate_file(Path("sr.dcm"), source=Path("video.dcm")):  # doctest: +SKIP
        ...     print(issue.severity, issue.where, issue.message)
    """
    known = known_source(source, _header(source)) if source is not None else None
    around = surroundings(known, [_header(one) for one in others])
    return tuple(_check(file, _header(file), around))


def validate_files(
    files: Sequence[Path], *, source: Path | Dataset | None = None
) -> tuple[Issue, ...]:
    """Check files that belong together, each alone and all against each other.

    Args:
        files: SR, SEG, KOS and stills of one result, in any order.
        source: The video that they are about; one among ``files`` is found by itself.

    Raises:
        InputError: A file is not DICOM.
    """
    headers = [_header(file) for file in files]
    if source is None:
        videos = [f for f, h in zip(files, headers, strict=True) if h.get("SOPClassUID") in _VIDEOS]
        source = videos[0] if len(videos) == 1 else None
    known = known_source(source, _header(source)) if source is not None else None
    found: list[Issue] = []
    for file, header in zip(files, headers, strict=True):
        others = [one for one in headers if one is not header]
        found += _check(file, header, surroundings(known, others))
    return (*found, *_check_together(files, headers))


def _header(file: Path | Dataset) -> Dataset:
    if isinstance(file, Dataset):
        return file
    try:
        return dcmread(file, stop_before_pixels=True)
    except (InvalidDicomError, OSError, EOFError) as error:
        msg = (
            f"expected a DICOM file, found something else ({type(error).__name__}); "
            "give SR, SEG, KOS or still objects."
        )
        raise InputError(msg) from error


def _check(file: Path | Dataset, header: Dataset, around: Surroundings) -> list[Issue]:
    name = file.name if isinstance(file, Path) else str(header.get("SOPInstanceUID", "object"))
    issues = Issues(name)
    sop_class = str(header.get("SOPClassUID", ""))
    check_identity(header, around, issues)
    if sop_class == KeyObjectSelectionDocumentStorage:
        check_key_objects(header, around, issues)
    elif sop_class.startswith(_REPORTS):
        check_sr(header, around, issues)
    elif sop_class in SEGMENTATIONS:
        check_seg(header, around, issues)
        if isinstance(file, Path) or "PixelData" in file:
            check_seg_pixels(file, header, issues)
    elif sop_class in _VIDEOS:
        pass  # a source, not a result
    elif "Rows" in header:
        if "SourceImageSequence" in header or "DERIVED" in (header.get("ImageType") or ()):
            check_still(header, around, issues)
    else:
        issues.warning(
            "class",
            f"expected an SR, SEG, KOS or still, found {class_name(sop_class)}; not checked.",
            "PS3.4 B.5",
        )
    return issues.found


def _check_together(files: Sequence[Path], headers: Sequence[Dataset]) -> list[Issue]:
    """Instance UIDs differ; a series holds one kind of object."""
    found = []
    uids = Counter(str(header.get("SOPInstanceUID", "")) for header in headers)
    kinds: dict[str, str] = {}
    for file, header in zip(files, headers, strict=True):
        issues = Issues(file.name)
        if uids[str(header.get("SOPInstanceUID", ""))] > 1:
            issues.error(
                "uid-twice", "expected a SOPInstanceUID of its own, found it twice.", "PS3.5 9"
            )
        series, modality = str(header.get("SeriesInstanceUID", "")), str(header.get("Modality"))
        if kinds.setdefault(series, modality) != modality:
            issues.error(
                "series-modality",
                "expected one modality in a series, found two.",
                "PS3.3 C.7.3.1.1.1",
            )
        found += issues.found
    return found
