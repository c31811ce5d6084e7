# SPDX-License-Identifier: Apache-2.0
"""The whole way for one video: analyze, write the result folder, deliver it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_medvid.analysis import Analysis, analyze
from monai_medvid.errors import DeliveryError, OutputError
from monai_medvid.findings.options import FindingOptions
from monai_medvid.inference import AnyPredictor, load_bundle, make_predictor
from monai_medvid.inference.runtime import Device, RuntimeName
from monai_medvid.pacs import DeliveryReport, Destination, store_files
from monai_medvid.report.delivery import update_delivery
from monai_medvid.report.serialize import findings_to_dict
from monai_medvid.results import Progress, ResultFolder, ResultOptions, save_results
from monai_medvid.run_record import add_deliveries
from monai_medvid.video import open_video
from monai_medvid.video.choose import DecoderName


@dataclass(frozen=True, kw_only=True)
class AnalyzedFolder:
    """What came out for one video.

    Attributes:
        undelivered: One line for each destination that did not take everything.
    """

    analysis: Analysis
    folder: ResultFolder
    deliveries: tuple[DeliveryReport, ...] = ()
    undelivered: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able summary."""
        findings = findings_to_dict(self.analysis.findings)
        for track in findings["tracks"]:
            track.pop("regions", None)  # the outlines of each frame are in findings.json
        return {
            "folder": str(self.folder.path),
            "files": [str(path.relative_to(self.folder.path)) for path in self.folder.files],
            "findings": findings,
            "timings": dict(self.analysis.timings),
            "deliveries": [report.to_dict() for report in self.deliveries],
            "undelivered": list(self.undelivered),
        }


class SharedPredictor:
    """A bundle that is loaded when it is first needed and kept for the videos that follow."""

    def __init__(
        self, bundle: str | Path, *, device: Device = "auto", runtime: RuntimeName = "auto"
    ) -> None:
        self._bundle, self._device, self._runtime = bundle, device, runtime
        self._predictor: AnyPredictor | None = None

    def get(self) -> AnyPredictor:
        """The predictor, ready to run.

        Raises:
            BundleError: The bundle is missing, damaged, or does not fit.
            ModelError: The device is not there.
        """
        if self._predictor is None:
            loaded = load_bundle(self._bundle)
            self._predictor = make_predictor(loaded, device=self._device, runtime=self._runtime)
        return self._predictor

    def close(self) -> None:
        """Give back what the runtime holds; safe to call twice."""
        if self._predictor is not None:
            self._predictor.close()
            self._predictor = None


def analyze_to_folder(
    source: str | Path,
    output: Path,
    *,
    bundle: str | Path,
    device: Device = "auto",
    decoder: DecoderName = "auto",
    runtime: RuntimeName = "auto",
    every: int = 1,
    finding_options: FindingOptions | None = None,
    options: ResultOptions | None = None,
    destinations: Sequence[Destination] = (),
    explain: bool = False,
    progress: Progress | None = None,
    model: SharedPredictor | None = None,
) -> AnalyzedFolder:
    """Analyze a video, write its result folder, and send the DICOM objects on.

    Delivery problems do not raise: the results are complete by then (see ``undelivered``). With
    ``model`` the same loaded bundle serves one video after another; then ``bundle`` and
    ``runtime`` are without effect. ``explain`` shows on the page what the findings of a workflow
    bundle rested on.

    Raises:
        MedvidError: As ``analyze`` and ``save_results``.
    """
    report = progress or (lambda stage, done, total: None)
    if output.exists() and not output.is_dir():
        msg = f"expected a folder at {output}, found a file; choose another output folder."
        raise OutputError(msg)
    with open_video(source, decoder=decoder, device=device) as video:
        analysis = analyze(
            video,
            bundle=bundle,
            every=every,
            device=device,
            runtime=runtime,
            predictor=None if model is None else model.get(),
            options=finding_options,
            progress=lambda done, total: report("analyzing", done, total),
            explain=explain,
            explain_progress=lambda done, total: report("explaining", done, total),
        )
        folder = save_results(analysis, output, options=options, progress=report)
    deliveries, problems = deliver(folder, destinations, progress=report)
    return AnalyzedFolder(
        analysis=analysis, folder=folder, deliveries=deliveries, undelivered=problems
    )


def deliver(
    folder: ResultFolder, destinations: Sequence[Destination], *, progress: Progress | None = None
) -> tuple[tuple[DeliveryReport, ...], tuple[str, ...]]:
    """Send a result's DICOM objects to every destination and write down what was taken.

    Returns:
        A report for each destination that could be reached, and one line for each problem.
    """
    reports: list[DeliveryReport] = []
    problems: list[str] = []
    documents: list[dict[str, Any]] = []
    for number, destination in enumerate(destinations):
        try:
            report = store_files(folder.dicom, destination)
        except DeliveryError as error:
            problems.append(str(error))
            documents.append({"destination": str(destination), "problem": str(error)})
        else:
            reports.append(report)
            problems.extend(report.problems)
            documents.append(report.to_dict())
        if progress is not None:
            progress("delivering", number + 1, len(destinations))
    if destinations:
        add_deliveries(folder.path, documents)
        update_delivery(folder.path / "report.html", _statuses(reports))
    return tuple(reports), tuple(problems)


def _statuses(reports: Sequence[DeliveryReport]) -> dict[str, str]:
    """SOP Instance UID -> what became of it everywhere, for the page."""
    words: dict[str, list[str]] = {}
    for report in reports:
        for one in report.instances:
            code = f" (0x{one.code:04X})" if one.code and one.status != "stored" else ""
            told = words.setdefault(one.sop_instance_uid, [])
            told.append(f"{one.status} at {report.destination}{code}")
    return {uid: "; ".join(parts) for uid, parts in words.items()}
