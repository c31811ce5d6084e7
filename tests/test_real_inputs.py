# SPDX-License-Identifier: Apache-2.0
"""Every real video becomes a result folder whose DICOM passes every checker."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
from pydicom import dcmread

from monai_medvid.dicom.validate import validate_files
from monai_medvid.pipeline import SharedPredictor, analyze_to_folder
from monai_medvid.results import ResultFolder
from tests import outside
from tests.dicom.sources import VIDEOS

FILES = ("video/surgery_h264_1280x720.mp4", "video/surgery_mpeg2_720x480.mpg")
WITH_PIXELMED = ("dicom/video/es_h264_hp41_surgery.dcm", FILES[0])  # it takes some seconds a file
SOURCES = (*(f"dicom/{name}" for name in VIDEOS), *FILES)
BUNDLE = "colonoscopy_polyp_segmentation"
Analyze = Callable[[Path], ResultFolder]


@pytest.fixture(scope="module")
def analyze(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analyze]:
    """Analyzes a video, once however often it is asked for."""
    with closing(SharedPredictor(BUNDLE)) as model:

        @cache
        def result(source: Path) -> ResultFolder:
            folder = tmp_path_factory.mktemp("result")
            return analyze_to_folder(source, folder, bundle=BUNDLE, model=model).folder

        yield result


@pytest.mark.data
@pytest.mark.tools
@pytest.mark.parametrize("name", SOURCES)
def test_results_pass_every_checker(data_dir: Path, analyze: Analyze, name: str) -> None:
    source = data_dir / name
    result = analyze(source)
    allowed = VIDEOS.get(name.removeprefix("dicom/"), ())
    video = source if source.suffix == ".dcm" else result.path / "source.dcm"
    for path in result.dicom:
        outside.check(path, allow=allowed)
    assert outside.dcentvfy(*sorted({video, *result.dicom}), allow=allowed) == []
    assert [i for i in validate_files(result.dicom, source=video) if i.severity == "error"] == []
    for path in result.dicom:
        modality = dcmread(path, stop_before_pixels=True).Modality
        if modality == "SR":
            outside.tid1500reader(path)
            outside.srread(path)
        elif modality == "SEG":
            outside.segread(path)


@pytest.mark.exhaustive
@pytest.mark.data
@pytest.mark.tools
@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_PIXELMED)
def test_reports_follow_their_templates(data_dir: Path, analyze: Analyze, name: str) -> None:
    result = analyze(data_dir / name)
    assert outside.pixelmed_sr(result.path / "sr.dcm") == []


@pytest.mark.data
def test_the_same_stream_gives_the_same_findings(
    data_dir: Path, analyze: Analyze, tmp_path: Path
) -> None:
    """A video as a file and as a DICOM object: the same pictures, so the same outlines."""
    file = analyze(data_dir / FILES[0])
    wrapped = tmp_path / "wrapped.dcm"
    shutil.copyfile(file.path / "source.dcm", wrapped)
    again = analyze(wrapped)
    rows = [(folder.path / "findings.csv").read_text().splitlines() for folder in (file, again)]
    assert [row.split(",")[1:6] for row in rows[0]] == [row.split(",")[1:6] for row in rows[1]]
