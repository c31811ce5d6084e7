# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from monai_medvid import messages
from monai_medvid.errors import VideoReadError
from monai_medvid.pacs import parse_destination, store_files
from monai_medvid.pacs.orthanc import OrthancServer, orthanc_program
from monai_medvid.video import open_video
from operators.medical_video_source import MedicalVideoSourceOp
from tests.conftest import missing
from tests.graphs import CollectOp, core, run_graph
from tests.video.barcode_clips import make_clip, number_of


class SlowOp(CollectOp):
    """Takes its time, so that a source without patience would lose frames."""

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        super().compute(op_input, op_output, context)
        time.sleep(0.02)


class Graph:
    """A source, something that takes frames, something that takes summaries."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def compose(self, app: Any) -> None:
        self.source = MedicalVideoSourceOp(app, name="source", **self.options)
        self.frames = SlowOp(app, name="frames")
        self.sources = CollectOp(app, name="sources")
        app.add_flow(self.source, self.frames, {("frames", "in")})
        app.add_flow(self.source, self.sources, {("source", "in")})

    def run(self) -> list[Any]:
        run_graph(self.compose)
        return self.frames.messages


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "clip.mp4"
    return make_clip(path, frames=50, fps=Fraction(25))


def _frames(found: list[Any]) -> tuple[list[int], list[int], list[float]]:
    """Numbers as told, numbers as shown, times."""
    batches = [messages.read_frames(message) for message in found]
    return (
        [int(number) for batch in batches for number in batch.indices],
        [number_of(frame) for batch in batches for frame in batch.frames],
        [float(seconds) for batch in batches for seconds in batch.seconds],
    )


# --- initialisation, ports


def test_what_cannot_be_is_refused_at_once(clip: Path) -> None:
    fragment = core.Fragment()
    with pytest.raises(ValueError, match="source must be a path"):
        MedicalVideoSourceOp(fragment, source="")
    for name in ("batch", "every", "wait_seconds"):
        with pytest.raises(ValueError, match="must be positive"):
            MedicalVideoSourceOp(fragment, source=clip, **{name: 0})
    with pytest.raises(TypeError, match="source"):
        MedicalVideoSourceOp(fragment)


def test_ports_and_name(clip: Path) -> None:
    operator = MedicalVideoSourceOp(core.Fragment(), source=clip, name="source")
    assert sorted(operator.spec.outputs) == ["frames", "source"]
    assert not operator.spec.inputs
    metadata = json.loads((Path(__file__).parent / "metadata.json").read_text())
    assert metadata["operator"]["name"] == MedicalVideoSourceOp.__name__
    with pytest.raises(RuntimeError, match="not open yet"):
        _ = operator.feed


# --- in a graph


@pytest.mark.parametrize(("batch", "every"), [(8, 1), (3, 4)])
def test_every_frame_once_then_the_end(clip: Path, batch: int, every: int) -> None:
    graph = Graph(source=str(clip), batch=batch, every=every)
    *found, end = graph.run()

    told, shown, seconds = _frames(found)
    assert told == shown == list(range(0, 50, every))
    np.testing.assert_array_equal(seconds, np.array(told) / 25)
    assert messages.tensor(end, "end").tolist() == [2.0]
    assert messages.tensor(end, "count").tolist() == [50]
    begun, ended = graph.sources.messages
    with open_video(clip) as video:
        assert begun.sha256 == ended.sha256 == video.payload_sha256()
    assert (ended.frame_count, ended.duration, ended.kind) == (50, 2, "file")


def test_a_dicom_object(data_dir: Path) -> None:
    path = data_dir / "dicom" / "video" / "es_h264_hp41_surgery.dcm"
    graph = Graph(source=path, every=20)
    *found, end = graph.run()
    with open_video(path) as video:
        first = messages.read_frames(found[0])
        np.testing.assert_array_equal(first.frames[1], video[20])
        assert messages.tensor(end, "count").tolist() == [len(video)]
    assert graph.sources.messages[-1].kind == "dicom-video"


def test_in_real_time(clip: Path) -> None:
    begin = time.monotonic()
    *found, _ = Graph(source=clip, realtime=True, batch=10).run()
    assert time.monotonic() - begin >= 49 / 25
    assert _frames(found)[0] == list(range(50))


def test_from_a_pacs(data_dir: Path, tmp_path: Path) -> None:
    if orthanc_program() is None:
        missing("Orthanc")
    sent = data_dir / "dicom" / "video" / "es_h264_hp41_surgery.dcm"
    header = dcmread(sent, stop_before_pixels=True)
    with OrthancServer(tmp_path / "orthanc") as server:
        assert store_files([sent], parse_destination(server.dicom_web_url)).complete
        graph = Graph(
            source=f"{server.dicom_web_url}/studies/{header.StudyInstanceUID}"
            f"/series/{header.SeriesInstanceUID}",
            every=30,
            folder=str(tmp_path),
        )
        *found, end = graph.run()
    with open_video(sent) as video:
        assert messages.tensor(end, "count").tolist() == [len(video)]
        assert _frames(found)[0] == list(range(0, len(video), 30))
        assert graph.sources.messages[-1].sha256 == video.payload_sha256()
    assert graph.source.feed.path == tmp_path / f"{header.SOPInstanceUID}.dcm"
    assert graph.source.feed.path.is_file()


# --- errors


def test_errors_reach_the_one_who_runs_the_graph(tmp_path: Path) -> None:
    with pytest.raises(VideoReadError, match="found no such file"):
        Graph(source=str(tmp_path / "none.mp4")).run()


def test_frames_that_are_lost_end_the_graph_with_an_error(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monai_medvid.inference import reading

    whole = reading.Reader.batches

    def lossy(self: Any) -> Any:
        batches = whole(self)
        next(batches)
        yield from batches

    monkeypatch.setattr(reading.Reader, "batches", lossy)
    graph = Graph(source=clip)
    with pytest.raises(VideoReadError, match=r"Expected 50 frames of 50 .* found 42"):
        graph.run()
    assert not messages.is_end(graph.frames.messages[-1])
