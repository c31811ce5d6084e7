# SPDX-License-Identifier: Apache-2.0
"""The whole way on a clip made here: render, wrap, analyze, write, deliver, read back, compare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monai_medvid.data.colonoscopy_clip import SyntheticClip, write_clip
from monai_medvid.dicom.wrap import wrap_video
from monai_medvid.errors import DeliveryError, OutputError
from monai_medvid.inference.runtime import Device, RuntimeName
from monai_medvid.metrics.overlap import Overlap, measure_overlap
from monai_medvid.pacs import Destination, DicomNode, parse_destination, store_files
from monai_medvid.pacs.orthanc import OrthancServer, orthanc_program
from monai_medvid.pacs.read_back import Fetch, ReadBack, from_node, from_orthanc, read_back
from monai_medvid.pipeline import AnalyzedFolder, analyze_to_folder, deliver
from monai_medvid.results import Progress

DEMO_SEED = 0
"""No frame of this clip was ever used for training: that uses seeds from 1000 on."""

DEMO_SIZE = (720, 1280)


@dataclass(frozen=True, kw_only=True)
class DemoReport:
    """What the demo did, and where to look.

    Attributes:
        clip: The synthetic clip as MP4.
        video: The clip as a DICOM Video Endoscopic object.
        results: The result folder; ``report.html`` in it opens in a browser.
        tracks: How many polyps the network followed.
        overlap: What it outlined against the known masks.
        frames_per_second: Of the analysis.
        server: Who took the objects.
        stored_at: Where that one keeps them.
        stored: How many objects it took.
        returned: What it gave back.
        view: How to look at what is stored.
    """

    clip: Path
    video: Path
    results: Path
    tracks: int
    overlap: Overlap
    frames_per_second: float
    server: str
    stored_at: Path
    stored: int
    returned: ReadBack
    view: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        document: dict[str, Any] = asdict(self)
        document["overlap"]["hit_rate"] = self.overlap.hit_rate
        paths = {name: str(value) for name, value in document.items() if isinstance(value, Path)}
        return {**document, **paths}

    def to_rows(self) -> dict[str, str]:
        """For people: what was done, in order."""
        overlap, returned = self.overlap, self.returned
        return {
            "clip": f"{self.clip} (synthetic, {overlap.frames} frames)",
            "as DICOM": str(self.video),
            "polyps followed": f"{self.tracks}",
            "found in": (
                f"{overlap.found} of the {overlap.visible} frames that show the polyp "
                f"({overlap.hit_rate:.0%})"
            ),
            "overlap with the known mask": (
                f"Dice {overlap.mean_dice:.3f}, IoU {overlap.mean_iou:.3f} (mean of those frames)"
            ),
            "false alarms": f"{overlap.false_alarms} frames",
            "analysis": f"{self.frames_per_second:.1f} frames/s",
            "stored in": f"{self.server}: {self.stored} DICOM objects at {self.stored_at}",
            "read back": f"{returned.equal} of {returned.sent} equal to what was sent",
            "look at": f"{self.results / 'report.html'}",
            "or": self.view,
        }


@dataclass(frozen=True)
class _Peer:
    name: str
    address: str
    folder: Path
    fetch: Fetch
    view: str


def run_demo(
    output: Path,
    *,
    seconds: float = 8.0,
    size: tuple[int, int] = DEMO_SIZE,
    bundle: str | Path = "colonoscopy_polyp_segmentation",
    device: Device = "auto",
    runtime: RuntimeName = "auto",
    use_orthanc: bool | None = None,
    progress: Progress | None = None,
) -> DemoReport:
    """Run the demo.

    Args:
        output: A folder; made where it is missing.
        seconds: Length of the clip.
        size: Height and width of the clip.
        bundle: Name or folder.
        device: Where the network runs.
        runtime: What executes the network.
        use_orthanc: Whether Orthanc takes the objects; by default where it is installed.
        progress: Called with (stage, done, total).

    Raises:
        OutputError: The folder cannot be written.
        BundleError: The bundle is missing or damaged.
        DeliveryError: The PACS on loopback did not take the objects.
    """
    report: Progress = progress or (lambda stage, done, total: None)
    _make_folder(output)
    clip = _render(output, seconds, size, report)
    video = output / "clip.dcm"
    report("wrapping", 0, 1)
    wrap_video(clip.path, video)
    report("wrapping", 1, 1)
    analyzed = analyze_to_folder(
        video, output / "results", bundle=bundle, device=device, runtime=runtime, progress=report
    )
    paths = [video, *analyzed.folder.dicom]
    report("delivering", 0, 2)
    with _peer(output, use_orthanc) as peer:
        stored = _store(video, analyzed, parse_destination(peer.address))
        report("delivering", 1, 2)
        returned = read_back(paths, peer.fetch)
    report("delivering", 2, 2)
    return _summarize(clip, video, analyzed, peer, stored, returned)


def _make_folder(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = (
            f"expected to make the folder {output}, the system refused: {error.strerror}; "
            "choose another output folder."
        )
        raise OutputError(msg) from error


def _render(output: Path, seconds: float, size: tuple[int, int], report: Progress) -> SyntheticClip:
    return write_clip(
        output / "clip.mp4",
        seed=DEMO_SEED,
        seconds=seconds,
        size=size,
        progress=lambda done, total: report("rendering", done, total),
    )


@contextmanager
def _peer(output: Path, use_orthanc: bool | None) -> Iterator[_Peer]:
    """Orthanc where it is wanted or installed, otherwise a node inside this process."""
    wanted = orthanc_program() is not None if use_orthanc is None else use_orthanc
    if wanted:
        folder = output / "orthanc"
        with OrthancServer(folder) as server:
            address = f"dicom://{server.aet}@127.0.0.1:{server.dicom_port}"
            view = f"Orthanc {folder / 'orthanc.json'} and then {server.url}/app/explorer.html"
            yield _Peer("Orthanc", address, folder, from_orthanc(server), view)
        return
    folder = output / "pacs"
    with DicomNode(folder) as node:
        address = f"dicom://{node.aet}@127.0.0.1:{node.port}"
        view = f"the DICOM files in {folder} with any viewer"
        yield _Peer("the DICOM node of medvid", address, folder, from_node(node), view)


def _store(video: Path, analyzed: AnalyzedFolder, destination: Destination) -> int:
    reports, problems = deliver(analyzed.folder, [destination])
    sent = store_files([video], destination)
    if problems or not sent.complete:
        raise DeliveryError([*problems, *sent.problems][0])
    return sent.stored + sum(report.stored for report in reports)


def _summarize(
    clip: SyntheticClip,
    video: Path,
    analyzed: AnalyzedFolder,
    peer: _Peer,
    stored: int,
    returned: ReadBack,
) -> DemoReport:
    tracks = analyzed.analysis.tracks
    return DemoReport(
        clip=clip.path,
        video=video,
        results=analyzed.folder.path,
        tracks=len(tracks),
        overlap=measure_overlap(tracks, clip.masks()),
        frames_per_second=analyzed.analysis.timings["frames_per_second"],
        server=peer.name,
        stored_at=peer.folder,
        stored=stored,
        returned=returned,
        view=peer.view,
    )
