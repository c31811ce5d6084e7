# SPDX-License-Identifier: Apache-2.0
"""The shipped weights of the workflow bundle: what they tell of video that is no laparoscopy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from monai_medvid import analyze
from monai_medvid.inference import WorkflowPredictor, load_bundle
from monai_medvid.video.frames import FrameBatch

NAME = "laparoscopic_cholecystectomy_workflow"
CLIPS = (
    "video/surgery_h264_1280x720.mp4",
    "dicom/cine/us_64f_jpegbaseline_suyashkumar_I_000031.dcm",
    "dicom/cine/us_65f_jpegbaseline_fodicom_DIRW0007.dcm",
)


@pytest.fixture(scope="module")
def predictor() -> Iterator[WorkflowPredictor]:
    with WorkflowPredictor(load_bundle(NAME), mask_seconds=None) as predictor:
        yield predictor


@pytest.mark.data
@pytest.mark.parametrize("name", CLIPS)
def test_no_phases_are_reported_where_there_are_none(
    data_dir: Path, predictor: WorkflowPredictor, name: str
) -> None:
    found = analyze(data_dir / name, predictor=predictor)
    assert [item for item in found.intervals if item.kind in ("phase", "tool", "criterion")] == []
    assert any("do not look like" in warning for warning in found.findings.warnings)


@pytest.mark.data
def test_images_of_colonoscopy_are_unfamiliar(data_dir: Path, predictor: WorkflowPredictor) -> None:
    files = sorted((data_dir / "polyps").rglob("images/*.jpg"))[::20]
    assert len(files) > 30
    images = [cv2.imread(str(file), cv2.IMREAD_COLOR_RGB) for file in files]
    frames = np.stack([cv2.resize(image, (640, 512)) for image in images])
    numbers = np.arange(len(frames))
    predictor.reset()
    batch = predictor.predict(FrameBatch(frames, numbers.astype(np.float64), numbers))
    assert (batch.familiarity < 0.5).mean() > 0.95
