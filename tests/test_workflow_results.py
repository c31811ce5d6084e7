# SPDX-License-Identifier: Apache-2.0
"""What a workflow bundle finds becomes DICOM that passes every checker."""

from __future__ import annotations

import json

import pytest
import torch
from pydicom import dcmread

from monai_medvid.dicom.validate import validate_files
from monai_medvid.dicom.wrap import wrap_video
from monai_medvid.models import WorkflowNet
from monai_medvid.pipeline import analyze_to_folder
from monai_medvid.results import ResultFolder
from tests import outside
from tests.clips import write_clip
from tests.workflow_bundle import make_network, make_workflow_bundle


def _sure_network() -> WorkflowNet:
    """Always clipping, with hook and clipper in sight and one criterion met."""
    network = make_network()
    channels, bias = network.channels, network.temporal.head.frame.bias
    with torch.no_grad():
        for kind, place in (("phase", 2), ("instrument", 2), ("instrument", 4), ("criterion", 0)):
            bias[channels.find(kind).start + place] += 4.0
        bias[channels.find("inside")] += 4.0
    return network


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> ResultFolder:
    folder = tmp_path_factory.mktemp("workflow")
    clip = write_clip(folder / "operation.mp4", frames=75, height=240, width=320)
    wrap_video(clip, folder / "operation.dcm")
    bundle = make_workflow_bundle(folder / "bundle", network=_sure_network())
    return analyze_to_folder(folder / "operation.dcm", folder / "out", bundle=bundle).folder


def test_everything_that_was_found_is_in_the_findings(result: ResultFolder) -> None:
    findings = json.loads((result.path / "findings.json").read_text())
    kinds = {(item["kind"], item["label"]) for item in findings["intervals"]}
    assert ("phase", "ClippingCutting") in kinds
    assert {("tool", "Hook"), ("tool", "Clipper"), ("criterion", "TwoStructures")} <= kinds
    assert findings["tracks"]
    assert "Preparation" in findings["model"]["labels"]


@pytest.mark.tools
def test_results_pass_every_checker(result: ResultFolder) -> None:
    source = result.path.parents[1] / "operation.dcm"
    for path in result.dicom:
        outside.check(path)
    assert outside.dcentvfy(*sorted({source, *result.dicom})) == []
    assert [i for i in validate_files(result.dicom, source=source) if i.severity == "error"] == []
    for path in result.dicom:
        modality = dcmread(path, stop_before_pixels=True).Modality
        if modality == "SR":
            outside.tid1500reader(path)
            outside.srread(path)
        elif modality == "SEG":
            outside.segread(path)


@pytest.mark.tools
@pytest.mark.slow
def test_the_report_follows_its_templates(result: ResultFolder) -> None:
    assert outside.pixelmed_sr(result.path / "sr.dcm") == []
