# SPDX-License-Identifier: Apache-2.0
"""The shipped weights of the workflow bundle: what they tell of video that is no laparoscopy.

Nothing may be reported there, and not because nothing is ever reported: simulated operations are
familiar. The limit is fitted at the end of training, so these tests hold for whatever ships.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from monai_medvid import analyze
from monai_medvid.analysis import Analysis
from monai_medvid.data.laparoscopy.options import SimulationOptions
from monai_medvid.dicom.validate import validate_files
from monai_medvid.inference import WorkflowPredictor, load_bundle
from monai_medvid.pipeline import analyze_to_folder
from monai_medvid.simulate import simulate
from monai_medvid.video import open_video
from monai_medvid.video.frames import FrameBatch
from tests import outside

NAME = "laparoscopic_cholecystectomy_workflow"
CLIPS = (
    ("video/surgery_h264_1280x720.mp4", 4),
    ("video/surgery_mpeg2_720x480.mpg", 4),
    ("dicom/video/es_h264_hp41_surgery.dcm", 10),
    ("dicom/video/es_mpeg2_mpml_surgery.dcm", 10),
    ("dicom/cine/us_64f_jpegbaseline_suyashkumar_I_000031.dcm", 1),
    ("dicom/cine/us_65f_jpegbaseline_fodicom_DIRW0007.dcm", 1),
    ("dicom/cine/us_30f_jpegbaseline_pydicom_examples_ybr_color.dcm", 1),
    ("dicom/cine/us_10f_jpegbaseline_google_dicomweb_adapter.dcm", 1),
    ("dicom/cine/us_10f_jpegls_palette_dcm4che_jpeg-ls-Palette.dcm", 1),
    ("dicom/cine/us_10f_rle_palette_dcm4che_US-PAL-8-10x-echo.dcm", 1),
)
"""Surgery on an open head, and ultrasound; every how many frames are looked at."""
SHARE = 0.95
FAMILIAR = 0.5
"""Where ``minimum_familiarity`` stands when nothing is said."""


@pytest.fixture(scope="module")
def predictor() -> Iterator[WorkflowPredictor]:
    with WorkflowPredictor(load_bundle(NAME)) as predictor:
        yield predictor


def _assert_nothing_is_claimed(found: Analysis) -> None:
    kinds = sorted({f"{item.kind} {item.label}" for item in found.intervals})
    assert kinds == []
    assert found.tracks == ()
    assert any("do not look like" in warning for warning in found.findings.warnings)


@pytest.mark.data
@pytest.mark.parametrize(("name", "every"), CLIPS)
def test_nothing_is_reported_in_other_video(
    data_dir: Path, predictor: WorkflowPredictor, name: str, every: int
) -> None:
    _assert_nothing_is_claimed(analyze(data_dir / name, predictor=predictor, every=every))


@pytest.fixture(scope="module")
def colonoscopy(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Single images of many colonoscopies as a video of one size."""
    folder = tmp_path_factory.mktemp("colonoscopy")
    files = sorted((data_dir / "polyps" / "images").glob("*.jpg"))[::20]
    assert len(files) > 30
    for number, file in enumerate(files):
        image = cv2.resize(cv2.imread(str(file), cv2.IMREAD_COLOR), (640, 512))
        cv2.imwrite(str(folder / f"{number:04d}.png"), image)
    return folder


@pytest.mark.data
def test_nothing_is_reported_in_colonoscopy(
    colonoscopy: Path, predictor: WorkflowPredictor
) -> None:
    _assert_nothing_is_claimed(analyze(colonoscopy, predictor=predictor))


@pytest.mark.data
def test_images_of_colonoscopy_are_unfamiliar(
    colonoscopy: Path, predictor: WorkflowPredictor
) -> None:
    assert (_familiarity(colonoscopy, predictor) < FAMILIAR).mean() > SHARE


def _familiarity(video: Path, predictor: WorkflowPredictor) -> np.ndarray:
    """Of each frame, seen by itself."""
    found = []
    with open_video(video) as opened:
        for batch in opened.batches(8):
            predictor.reset()
            found.append(predictor.predict(FrameBatch(batch.frames, batch.seconds, batch.indices)))
    return np.concatenate([part.familiarity for part in found])


@pytest.mark.parametrize(("domain", "share"), [("standard", SHARE), ("shifted", 0.9)])
def test_operations_that_it_never_saw_are_familiar(
    predictor: WorkflowPredictor, tmp_path: Path, domain: str, share: float
) -> None:
    """In the shifted domain some frames may look strange: they do."""
    options = SimulationOptions(seed=990_001, minutes=1.0, domain=domain, mask_seconds=0)
    simulate(tmp_path / "operations", count=1, options=options)
    (video,) = (tmp_path / "operations" / "videos").glob("*.mp4")
    assert (_familiarity(video, predictor) >= FAMILIAR).mean() > share
    assert any(item.kind == "phase" for item in analyze(video, predictor=predictor).intervals)


@pytest.mark.tools
@pytest.mark.slow
def test_a_simulated_operation_as_dicom_gives_results_that_pass_every_checker(
    tmp_path: Path,
) -> None:
    options = SimulationOptions(seed=990_002, minutes=0.6, mask_seconds=0, dicom=True)
    simulate(tmp_path / "operations", count=1, options=options)
    source = next((tmp_path / "operations").rglob("*.dcm"))
    found = analyze_to_folder(source, tmp_path / "results", bundle=NAME)
    assert any(item.kind == "phase" for item in found.analysis.intervals)
    files = found.folder.dicom
    assert {"sr.dcm", "keyframes.dcm", "seg-001.dcm"} <= {path.name for path in files}
    for path in files:
        outside.check(path)
    assert outside.dcentvfy(*sorted({source, *files})) == []
    assert [i for i in validate_files(files, source=source) if i.severity == "error"] == []
    outside.tid1500reader(found.folder.path / "sr.dcm")
    outside.srread(found.folder.path / "sr.dcm")
    outside.segread(found.folder.path / "seg-001.dcm")
