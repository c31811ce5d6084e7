# SPDX-License-Identifier: Apache-2.0
"""Our validator says nothing about a good result, and names each fault of a broken one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset
from pydicom.uid import JPEGBaseline8Bit

import monai_medvid.dicom as room
from monai_medvid.dicom.validate import validate_file, validate_files
from monai_medvid.errors import InputError
from tests.dicom.broken import Result, groups, make_result, named, of_type, walk, without

Break = Callable[[Dataset], None]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return make_result(tmp_path_factory.mktemp("result"))


def put(keyword: str, value: object, *path: str) -> Break:
    """Set an attribute, in the first item of each named sequence."""

    def change(ds: Dataset) -> None:
        for name in path:
            ds = ds[name].value[0]
        setattr(ds, keyword, value)

    return change


def take(keyword: str, *path: str) -> Break:
    def change(ds: Dataset) -> None:
        for name in path:
            ds = ds[name].value[0]
        del ds[keyword]

    return change


def in_first(value_type: str, change: Break) -> Break:
    return lambda ds: change(of_type(ds, value_type)[0])


def in_segment_time(change: Break) -> Break:
    def find(ds: Dataset) -> None:
        change(next(i for i in of_type(ds, "TCOORD") if i.TemporalRangeType == "SEGMENT"))

    return find


def in_concept(code: str, change: Break, *, which: int = 0) -> Break:
    return lambda ds: change(named(ds, code)[which])


def set_number(value: str) -> Break:
    return put("NumericValue", value, "MeasuredValueSequence")


def drop(test: Callable[[Dataset], bool]) -> Break:
    return lambda ds: without(ds, test)


def same_tracking(ds: Dataset) -> None:
    first, second = named(ds, "112040")[:2]
    second.UID = first.UID


def other_tracking(ds: Dataset) -> None:
    named(ds, "112040")[-1].UID = "2.25.4711"


def seg_reference(ds: Dataset) -> Dataset:
    item = next(i for i in named(ds, "121214"))
    return item.ReferencedSOPSequence[0]


def other_seg_frame(ds: Dataset) -> None:
    reference = seg_reference(ds)
    reference.ReferencedFrameNumber = int(reference.ReferencedFrameNumber) - 1


def open_outline(ds: Dataset) -> None:
    item = named(ds, "111030")[-1]
    item.GraphicData = list(item.GraphicData)[:-2]


def outside(ds: Dataset) -> None:
    item = named(ds, "111030")[-1]
    item.GraphicData = [-3.0, *list(item.GraphicData)[1:-2], -3.0, item.GraphicData[-1]]


def outline_image(ds: Dataset) -> Dataset:
    return named(ds, "111030")[0].ContentSequence[0].ReferencedSOPSequence[0]


def unnamed_zero(ds: Dataset) -> None:
    for group in groups(ds):
        identifier = next(i for i in group.ContentSequence if i.get("TextValue"))
        identifier.TextValue = "phase 1"


REPORT: dict[str, tuple[str, Break]] = {
    "title": ("viewer-title", put("CodeValue", "111036", "ConceptNameCodeSequence")),
    "no tracking UID": ("sr-tracking-uid", drop(lambda i: i.ValueType == "UIDREF")),
    "two groups, one UID": ("sr-tracking-unique", same_tracking),
    "no tracking identifier": (
        "sr-tracking-id",
        drop(lambda i: i.ConceptNameCodeSequence[0].CodeValue == "112039"),
    ),
    "no outline": ("viewer-outline", drop(lambda i: i.ValueType == "SCOORD")),
    "zero and no clock": ("viewer-zero", unnamed_zero),
    "three frames": (
        "viewer-one-frame",
        lambda ds: setattr(outline_image(ds), "ReferencedFrameNumber", [1, 2, 3]),
    ),
    "no frame": ("viewer-one-frame", lambda ds: outline_image(ds).pop("ReferencedFrameNumber")),
    "frame past the end": (
        "reference-frame",
        lambda ds: setattr(outline_image(ds), "ReferencedFrameNumber", 31),
    ),
    "no evidence": ("reference-unlisted", take("CurrentRequestedProcedureEvidenceSequence")),
    "no such segmentation": (
        "reference-missing",
        lambda ds: setattr(seg_reference(ds), "ReferencedSOPInstanceUID", "2.25.1"),
    ),
    "no such segment": (
        "reference-segment",
        lambda ds: setattr(seg_reference(ds), "ReferencedSegmentNumber", 9),
    ),
    "segment not in the frame": (
        "reference-segment",
        lambda ds: setattr(seg_reference(ds), "ReferencedSegmentNumber", 2),
    ),
    "segmentation frame past the end": (
        "reference-frame",
        lambda ds: setattr(seg_reference(ds), "ReferencedFrameNumber", 999),
    ),
    "segment of another track": ("reference-tracking", other_tracking),
    "segmentation of another frame": ("reference-other-frame", other_seg_frame),
    "no times": ("sr-time-values", in_first("TCOORD", take("ReferencedTimeOffsets"))),
    "two kinds of times": (
        "sr-time-values",
        in_first("TCOORD", put("ReferencedSamplePositions", [1, 2])),
    ),
    "a range with one end": (
        "sr-time-count",
        in_segment_time(put("ReferencedTimeOffsets", [0.1])),
    ),
    "several ranges, odd": (
        "sr-time-count",
        in_segment_time(
            lambda i: (
                setattr(i, "TemporalRangeType", "MULTISEGMENT"),
                setattr(i, "ReferencedTimeOffsets", [0, 0.1, 0.2]),
            )
        ),
    ),
    "backwards": ("sr-time-order", in_segment_time(put("ReferencedTimeOffsets", [0.4, 0]))),
    "after the end": ("sr-time-outside", in_segment_time(put("ReferencedTimeOffsets", [0, 99]))),
    "before the start": (
        "sr-time-outside",
        in_segment_time(put("ReferencedTimeOffsets", [-1, 0.4])),
    ),
    "unknown kind of range": ("sr-time-type", in_first("TCOORD", put("TemporalRangeType", "X"))),
    "a range of nothing": ("sr-time-target", in_first("TCOORD", take("ContentSequence"))),
    "start not the range's": ("sr-times", in_concept("START-OFFSET", set_number("0.2"))),
    "duration not the range's": ("sr-times", in_concept("103335007", set_number("7"))),
    "end before start": ("sr-times", in_concept("END-OFFSET", set_number("-1"))),
    "open outline": ("sr-outline-open", open_outline),
    "outline outside": ("sr-outline-outside", outside),
    "odd coordinates": (
        "sr-outline-points",
        in_first("SCOORD", put("GraphicData", [1.0, 2.0, 3.0])),
    ),
    "point with two": (
        "sr-outline-points",
        in_first(
            "SCOORD",
            lambda i: (
                setattr(i, "GraphicType", "POINT"),
                setattr(i, "GraphicData", [1.0, 2.0, 3.0, 4.0]),
            ),
        ),
    ),
    "unknown outline": ("sr-outline-type", in_first("SCOORD", put("GraphicType", "BLOB"))),
    "number without a unit": (
        "sr-number",
        in_first("NUM", take("MeasurementUnitsCodeSequence", "MeasuredValueSequence")),
    ),
    "number without a value": ("sr-number", in_first("NUM", take("MeasuredValueSequence"))),
    "probability of 90": ("sr-probability", in_concept("122157", set_number("90"))),
    "other study": ("study", put("StudyInstanceUID", "2.25.1")),
    "other patient": ("patient", put("PatientID", "P2")),
    "no UID": ("uid", put("SOPInstanceUID", "x.y")),
}

FIRST = "PerFrameFunctionalGroupsSequence"
DERIVED = (FIRST, "DerivationImageSequence", "SourceImageSequence")


def second_frame_first(ds: Dataset) -> None:
    first, second = ds.PerFrameFunctionalGroupsSequence[:2]
    one = first.DerivationImageSequence[0].SourceImageSequence[0]
    other = second.DerivationImageSequence[0].SourceImageSequence[0]
    numbers = one.ReferencedFrameNumber, other.ReferencedFrameNumber
    other.ReferencedFrameNumber, one.ReferencedFrameNumber = numbers


def lossy_syntax(ds: Dataset) -> None:
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"])
    ds["PixelData"].VR = "OB"


def clear_first_frame(ds: Dataset) -> None:
    size = ds.Rows * ds.Columns // 8
    ds.PixelData = bytes(size) + ds.PixelData[size:]


SEGMENTATION: dict[str, tuple[str, Break]] = {
    "rows": ("seg-size", put("Rows", 81)),
    "count": ("seg-frames", lambda ds: ds.PerFrameFunctionalGroupsSequence.pop()),
    "numbers": ("seg-numbers", put("SegmentNumber", 3, "SegmentSequence")),
    "one tracking UID gone": ("seg-tracking", take("TrackingUID", "SegmentSequence")),
    "tracking UID twice": (
        "seg-tracking",
        lambda ds: setattr(ds.SegmentSequence[1], "TrackingUID", ds.SegmentSequence[0].TrackingUID),
    ),
    "no tracking UIDs": (
        "seg-tracking",
        lambda ds: [item.pop("TrackingUID") for item in ds.SegmentSequence],
    ),
    "not lossy": ("seg-lossy", put("LossyImageCompression", "00")),
    "no such segment": (
        "seg-segment",
        put("ReferencedSegmentNumber", 7, FIRST, "SegmentIdentificationSequence"),
    ),
    "dimensions": (
        "seg-dimensions",
        put("DimensionIndexValues", [1], FIRST, "FrameContentSequence"),
    ),
    "no source image": ("seg-derivation", take("DerivationImageSequence", FIRST)),
    "no series": ("reference-unlisted", take("ReferencedSeriesSequence")),
    "frame past the end": ("reference-frame", put("ReferencedFrameNumber", 31, *DERIVED)),
    "order": ("seg-order", second_frame_first),
    "syntax": ("seg-syntax", lossy_syntax),
    "truncated": ("seg-pixels", lambda ds: setattr(ds, "PixelData", ds.PixelData[:100])),
    "too long": ("seg-length", lambda ds: (put("Rows", 65535)(ds), put("Columns", 65535)(ds))),
    "empty frame": ("seg-empty", clear_first_frame),
    "the source's series": ("series", lambda ds: None),
}
LABELMAP: dict[str, tuple[str, Break]] = {
    "value without a segment": ("seg-values", lambda ds: ds.SegmentSequence.pop()),
    "number twice": ("seg-numbers", put("SegmentNumber", 2, "SegmentSequence")),
    "not JPEG-LS": (
        "seg-pixels",
        lambda ds: setattr(ds, "PixelData", ds.PixelData.replace(b"\xff\xd8", b"\x00\x00")),
    ),
}
KEY_OBJECTS: dict[str, tuple[str, Break]] = {
    "title": ("kos-title", put("CodeValue", "126000", "ConceptNameCodeSequence")),
    "nothing": ("kos-empty", drop(lambda i: i.ValueType == "IMAGE")),
    "not listed": ("reference-unlisted", take("CurrentRequestedProcedureEvidenceSequence")),
    "frame past the end": (
        "reference-frame",
        lambda ds: setattr(
            of_type(ds, "IMAGE")[0].ReferencedSOPSequence[0], "ReferencedFrameNumber", 99
        ),
    ),
    "frames": (
        "kos-frames",
        lambda ds: setattr(
            of_type(ds, "IMAGE")[0].ReferencedSOPSequence[0], "ReferencedFrameNumber", [3, 2]
        ),
    ),
}
STILL: dict[str, tuple[str, Break]] = {
    "rows": ("still-size", put("Rows", 79)),
    "no source": ("still-source", take("SourceImageSequence")),
    "frame past the end": (
        "reference-frame",
        put("ReferencedFrameNumber", 31, "SourceImageSequence"),
    ),
    "a film of stills": ("viewer-frames", put("NumberOfFrames", 90)),
}
STILLS_REPORT: dict[str, tuple[str, Break]] = {
    "frame of a single image": (
        "reference-frame",
        lambda ds: setattr(outline_image(ds), "ReferencedFrameNumber", 1),
    ),
}
CASES = [
    *(("sr", name, *case) for name, case in REPORT.items()),
    *(("seg", name, *case) for name, case in SEGMENTATION.items()),
    *(("labelmap", name, *case) for name, case in LABELMAP.items()),
    *(("kos", name, *case) for name, case in KEY_OBJECTS.items()),
    *(("still", name, *case) for name, case in STILL.items()),
    *(("stills-sr", name, *case) for name, case in STILLS_REPORT.items()),
]


def test_a_good_result_is_good(result: Result) -> None:
    files = [path for name, path in result.files.items() if name != "labelmap"]

    assert validate_files(files, source=result.source) == ()
    assert validate_files([*files, result.source]) == ()
    labelmap = result.files["labelmap"]
    assert validate_file(labelmap, source=result.source) == ()
    assert validate_file(result.files["sr"]) == ()


@pytest.mark.parametrize(
    ("kind", "code", "change"),
    [pytest.param(kind, code, change, id=f"{kind}: {name}") for kind, name, code, change in CASES],
)
def test_each_fault_is_named(
    kind: str, code: str, change: Break, result: Result, tmp_path: Path
) -> None:
    ds = pydicom.dcmread(result.files[kind])
    if code == "series":
        ds.SeriesInstanceUID = result.header.SeriesInstanceUID
    change(ds)
    path = tmp_path / "broken.dcm"
    ds.save_as(path)

    issues = validate_file(path, source=result.header, others=result.companions(kind))

    assert code in {issue.code for issue in issues}
    for issue in issues:
        text = f"{issue.where} {issue.message}"
        assert "P1" not in text
        assert "Doe" not in text
        assert issue.where.startswith("broken.dcm")
        assert issue.reference


def test_files_are_compared(result: Result, tmp_path: Path) -> None:
    sr, seg = result.files["sr"], result.files["seg"]
    twin = tmp_path / "twin.dcm"
    twin.write_bytes(sr.read_bytes())
    ds = pydicom.dcmread(sr)
    ds.SOPInstanceUID = "2.25.5"
    ds.SeriesInstanceUID = pydicom.dcmread(seg, stop_before_pixels=True).SeriesInstanceUID
    mixed = tmp_path / "mixed.dcm"
    ds.save_as(mixed)

    found = {issue.code for issue in validate_files([sr, twin, seg, mixed], source=result.header)}

    assert {"uid-twice", "series-modality"} <= found


def test_every_code_has_a_broken_file() -> None:
    folder = Path(room.__file__).parent
    text = "".join(path.read_text() for path in folder.glob("validate*.py"))
    codes = set(re.findall(r'issues\.(?:error|warning)\(\s*"([a-z-]+)"', text))
    tested = {code for _, _, code, _ in CASES} | {"uid-twice", "series-modality", "class"}

    assert codes == tested
    page = folder.parents[1] / "docs" / "reference" / "validator.md"
    if page.is_file():  # not in an installed package
        assert set(re.findall(r"^\| `([a-z-]+)`", page.read_text(), re.MULTILINE)) == codes


def test_a_data_set_without_its_pixels_is_enough(result: Result) -> None:
    ds = pydicom.dcmread(result.files["seg"], stop_before_pixels=True)
    source = pydicom.dcmread(result.source, stop_before_pixels=True)

    assert validate_file(ds, source=source) == ()
    ds.Rows = 7
    (issue,) = validate_file(ds, source=source)
    assert issue.where == ds.SOPInstanceUID
    assert issue.message == "expected 96 x 80 as in the source, found 96 x 7."


def test_times_are_those_of_the_stream(result: Result, tmp_path: Path) -> None:
    ds = pydicom.dcmread(result.source)
    ds.NumberOfFrames, ds.FrameTime = 3, "1"
    lying = tmp_path / "source.dcm"
    ds.save_as(lying)

    assert validate_file(result.files["sr"], source=lying) == ()
    header = pydicom.dcmread(lying, stop_before_pixels=True)
    codes = {issue.code for issue in validate_file(result.files["sr"], source=header)}
    assert {"reference-frame", "sr-time-outside"} <= codes


@pytest.mark.parametrize("folder", ["derived", "odd", "cine"])
def test_what_others_wrote_is_read_without_a_crash(folder: str, data_dir: Path) -> None:
    for path in sorted((data_dir / "dicom" / folder).glob("*.dcm")):
        for issue in validate_file(path):
            assert issue.message.startswith("expected")


def test_an_unknown_class_is_named(result: Result, tmp_path: Path) -> None:
    ds = pydicom.dcmread(result.files["sr"])
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    ds.save_as(tmp_path / "pdf.dcm")

    (issue,) = validate_file(tmp_path / "pdf.dcm")

    assert (issue.code, issue.severity) == ("class", "warning")
    assert "Encapsulated PDF" in issue.message


def test_what_is_no_dicom_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.dcm"
    text.write_text("nothing of the kind")
    with pytest.raises(InputError, match="expected a DICOM file"):
        validate_file(text)
    with pytest.raises(InputError, match="expected a DICOM file"):
        validate_files([tmp_path / "none.dcm"])


def test_every_item_of_a_report_can_be_damaged_without_a_crash(result: Result) -> None:
    count = len(list(walk(pydicom.dcmread(result.files["sr"]))))
    keywords = ("ConceptNameCodeSequence", "ContentSequence", "ReferencedSOPSequence")
    for number in range(0, count, 23):
        ds = pydicom.dcmread(result.files["sr"])
        item = list(walk(ds))[number]
        for keyword in (*keywords, "ValueType", "GraphicData", "MeasuredValueSequence"):
            if keyword in item:
                del item[keyword]
        validate_file(ds)
