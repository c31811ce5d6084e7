# SPDX-License-Identifier: Apache-2.0
"""One procedure, from the command line to the exit code."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager, nullcontext
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NoReturn

from app import MonitorEndoscopyApp, Setup, ready_predictor
from options import MonitorOptions, read_options
from split import ANALYSIS, CAPTURE, SplitMonitorApp

from monai_medvid import terminal
from monai_medvid.errors import (
    DeliveryError,
    InputError,
    MedvidError,
    OutputError,
    VideoReadError,
)
from monai_medvid.findings.answers_of_bundle import answers_of_bundle
from monai_medvid.inference import AnyPredictor
from monai_medvid.preview import PreviewServer, PreviewState

log = logging.getLogger("monitor_endoscopy")
_LOOK_SECONDS, _GRACE_SECONDS = 0.02, 5.0
_OWN_LOGGERS = ("monitor_endoscopy", "monai_medvid", "operators")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
AnyApp = MonitorEndoscopyApp | SplitMonitorApp


def main(argv: Sequence[str] | None = None) -> int:
    """Watch one procedure; every problem is one line on stderr and an exit code."""
    given = _parser().parse_args(argv)
    terminal.set_up_logging(debug=given.debug, own=_OWN_LOGGERS)
    return terminal.exit_code_of(lambda: _watch(given), debug=given.debug)


def _watch(given: argparse.Namespace) -> int:
    monitor(_options(given), recording=given.recording)
    return 0


def monitor(options: MonitorOptions, *, recording: Path | None = None) -> AnyApp:
    """Watch one procedure to its end: a signal, the end of the stream, or out of the body.

    Raises:
        MedvidError: The source, bundle, device or output cannot be used.
        DeliveryError: The results are complete, and wait in the spool for a destination.
    """
    if not options.source.source and options.link.part != ANALYSIS:
        raise InputError(
            "expected a source, found none. Pass --source, or name it in the settings: a device, "
            "an address, or a file that is replayed."
        )
    answers = answers_of_bundle(options.inference.bundle)
    masks = () if options.inference.mask_seconds is None else answers.mask_labels
    state = PreviewState(
        title=answers.model.display_name,
        labels=answers.model.labels,
        stale_after=options.preview.stale_after,
    )
    server = PreviewServer(state, host=options.preview.host, port=options.preview.port)
    with _predictor(options) as predictor:
        setup = Setup(
            options=options,
            recording=recording or _new_recording(Path(options.results.output)),
            server=server,
            predictor=predictor,
            mask_labels=masks,
        )
        app: AnyApp = SplitMonitorApp(setup) if options.link.part else MonitorEndoscopyApp(setup)
        with server if options.link.part != ANALYSIS else nullcontext(), _undisturbed():
            _run(app)
    return app


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Leave what is loaded out of garbage collection: looking through it all stops every thread."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _predictor(options: MonitorOptions) -> Iterator[AnyPredictor | None]:
    """The model, loaded and warm before the first frame arrives; none beside the tower alone."""
    if options.link.part == CAPTURE:
        yield None
        return
    predictor = ready_predictor(options.inference)
    try:
        yield predictor
    finally:
        predictor.close()


def _run(app: AnyApp) -> None:
    future = app.run_async()
    ended = _wait(future, _Signals(app), app)
    if isinstance(app, SplitMonitorApp) and not app.finished:
        if not ended:
            _leave(_gone(app))
        raise _gone(app)
    if app.analysis is None:
        return
    if not app.analysis.page.written:
        raise OutputError(
            "expected results at the end, found the graph ended before they were written. The "
            f"recording {app.recording.name} is there: run medvid analyze on it."
        )
    sender = app.analysis.sender
    if sender is not None and sender.undelivered:
        raise DeliveryError(
            " ".join(sender.undelivered) + " They stay in the spool and are sent at the next start."
        )


def _leave(error: MedvidError) -> NoReturn:
    """End the process: Holoscan's driver waits for ever for a worker that is gone."""
    terminal.complain(error)
    logging.shutdown()
    os._exit(error.exit_code)


def _gone(app: SplitMonitorApp) -> MedvidError:
    """What to do about an end that is gone."""
    if app.part == CAPTURE:
        return DeliveryError(
            "expected answers of the analysis host to the end, found the link broken. The "
            f"recording {app.recording.name} is here: run medvid analyze on it."
        )
    return VideoReadError(
        "expected frames of the capture host to the end, found the link broken. The recording is "
        "on that host: run medvid analyze on it."
    )


def _wait(future: Future[Any], signals: _Signals, app: AnyApp) -> bool:
    """Wait so that signals are seen meanwhile; False where the graph ended and Holoscan did not."""
    patience = _GRACE_SECONDS
    with signals:
        while patience > 0:
            signals.watch()
            try:
                future.result(timeout=_LOOK_SECONDS)
                return True
            except NotYet:
                if isinstance(app, SplitMonitorApp) and app.stopped and not app.finished:
                    patience -= _LOOK_SECONDS
    return False


class _Signals:
    """The first signal ends the procedure and has everything written; the second ends at once.

    Holoscan takes the signals for itself when the graph starts, and would end the graph at the
    first, with nothing written; ``watch`` takes them back, and has to be called often.
    """

    def __init__(self, app: AnyApp) -> None:
        self._app, self._asked = app, False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Signals:
        self._before = {number: signal.getsignal(number) for number in _SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def watch(self) -> None:
        """Have the signals come here."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL if self._asked else self._end)

    def _end(self, number: int, frame: Any) -> None:
        log.info("asked to end: the procedure is over")
        self._asked = True
        self._app.end_procedure()


def _new_recording(output: Path) -> Path:
    """A name that no procedure before had, in the output folder."""
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"expected to write into the output folder, the system refused: "
            f"{error.strerror or type(error).__name__}. Choose another folder."
        ) from error
    start = datetime.now(timezone.utc)
    return output / f"procedure-{start:%Y%m%dT%H%M%S%f}Z.mp4"


def _options(given: argparse.Namespace) -> MonitorOptions:
    values: dict[str, dict[str, Any]] = {}
    for section, name in (
        ("source", "source"), ("source", "loop"), ("inference", "bundle"),
        ("results", "output"), ("results", "like"), ("preview", "port"),
        ("link", "part"), ("link", "address"),
    ):  # fmt: skip
        value = getattr(given, name)
        if value is not None:
            values.setdefault(section, {})[name] = value
    if given.store:
        values["deliver"] = {"destinations": given.store}
    return read_options(given.config, values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="monitor_endoscopy",
        description="Show findings while an operation goes on; leave DICOM behind at its end.",
        epilog="The procedure ends with Ctrl-C (or SIGTERM), at the end of the stream, or when the "
        "camera has been out of the body for long enough; then everything is written and sent. "
        "Example: python apps/monitor_endoscopy --source rtsp://tower/scope -o results "
        "--store dicom://PACS@10.0.0.5:104",
    )
    parser.add_argument("--config", type=Path, help="settings, see monitor_endoscopy.yaml")
    parser.add_argument("--source", help="/dev/video0, rtsp://..., or a file that is replayed")
    parser.add_argument("--loop", action="store_true", default=None, help="replay without end")
    parser.add_argument("--bundle", help="name of a bundle at hand, or its folder")
    parser.add_argument("--output", "-o", help="folder of recordings and results")
    parser.add_argument("--like", help="a DICOM object with the patient and study of the results")
    parser.add_argument("--store", action="append", help="dicom://AET@host:port or https://...")
    parser.add_argument("--port", type=int, help="of the live page; 0 for any free one")
    parser.add_argument(
        "--part", choices=(CAPTURE, ANALYSIS), help="run this half here, the other one elsewhere"
    )
    parser.add_argument("--address", help="host:port of the capture half, for both halves")
    parser.add_argument("--recording", type=Path, help="file of the recording; must not be there")
    parser.add_argument("--debug", action="store_true", help="show the trace of errors")
    return parser
