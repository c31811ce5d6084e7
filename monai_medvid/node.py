# SPDX-License-Identifier: Apache-2.0
"""``medvid serve``: a DICOM node that receives video studies and delivers findings.

Instances are received into ``<folder>/received``; when nothing was added to a study for a while,
each of its videos is analyzed into ``<folder>/results`` and the results are sent. What is still
to be done stands in ``<folder>/queue.db``, so that a restart loses nothing.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import yaml

from monai_medvid.errors import DeliveryError, InputError, MedvidError
from monai_medvid.pacs import Destination, parse_destination, store_files
from monai_medvid.pacs.listen import DicomNode, ReceivedInstance
from monai_medvid.pacs.queue import Job, JobQueue, pause_seconds
from monai_medvid.pipeline import SharedPredictor, analyze_to_folder
from monai_medvid.results import ResultOptions, folder_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class NodeConfig:
    """What ``node.yaml`` says; every name below is a key of that file.

    Attributes:
        folder: Where everything of the node lives.
        aet: Own AE title.
        host: Address to listen on; 0.0.0.0 for all.
        port: Port to listen on; 0 takes a free one.
        callers: Calling AE titles that are let in; empty lets in all.
        destinations: Where results go, e.g. ``dicom://PACS@10.0.0.5:104``.
        bundle: Name or folder of the bundle.
        device: "auto", "cpu" or "cuda".
        every: Analyze every N-th frame.
        seg: "binary", "labelmap" or "none".
        sr_target: "video", "stills" or "both".
        stable_seconds: A study is complete when nothing was added for this long.
        retry_seconds: First pause after a failed delivery; doubled each time, up to an hour.
        retry_attempts: Deliveries tried before a job is parked.
        min_free_gigabytes: Below this much free disk, instances are refused.
    """

    folder: Path
    aet: str = "MEDVID"
    host: str = "127.0.0.1"
    port: int = 11112
    callers: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    bundle: str = "colonoscopy_polyp_segmentation"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    every: int = 1
    seg: Literal["binary", "labelmap", "none"] = "binary"
    sr_target: Literal["video", "stills", "both"] = "both"
    stable_seconds: float = 30.0
    retry_seconds: float = 30.0
    retry_attempts: int = 20
    min_free_gigabytes: float = 5.0


_KINDS: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "Path": str,
    "tuple[str, ...]": list,
}


def load_config(path: Path) -> NodeConfig:
    """Read a node's YAML file; relative folders are relative to that file.

    Raises:
        InputError: The file is missing, is not YAML, or has a wrong key or value.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"expected a node configuration at {path}, found none ({error.strerror})."
        raise InputError(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"expected YAML in {path}, found something else; see docs/how-to/serve.md."
        raise InputError(msg) from error
    if not isinstance(values, dict) or "folder" not in values:
        msg = f"expected keys and values with 'folder' in {path}; see docs/how-to/serve.md."
        raise InputError(msg)
    kinds = {field.name: str(field.type) for field in fields(NodeConfig)}
    for name, value in values.items():
        if name not in kinds:
            msg = f"unknown key {name!r} in {path}; known are {', '.join(kinds)}."
            raise InputError(msg)
        _check_kind(path, name, value, kinds[name])
    values["folder"] = path.parent / values["folder"]
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    config = NodeConfig(**{**values, **lists})
    for text in config.destinations:
        parse_destination(text)
    return config


def _check_kind(path: Path, name: str, value: Any, kind: str) -> None:
    if kind.startswith("Literal"):
        choices = [word.strip(" '\"") for word in kind[len("Literal[") : -1].split(",")]
        if value not in choices:
            msg = f"expected {name} in {path} to be one of {', '.join(choices)}, found {value!r}."
            raise InputError(msg)
    elif not isinstance(value, _KINDS[kind]) or isinstance(value, bool):
        msg = f"expected {name} in {path} to be {kind}, found {type(value).__name__}."
        raise InputError(msg)


def run_node(
    config: NodeConfig,
    *,
    once: bool = False,
    announce: Callable[[str], None] = logger.info,
    stop: threading.Event | None = None,
) -> None:
    """Receive, analyze and deliver until told to stop (SIGTERM, SIGINT or ``stop``).

    Args:
        config: See ``NodeConfig``.
        once: End when something was received and all of it has been dealt with.
        announce: Told one line at a time what happens; without patient data.
        stop: Ends the node when set.

    Raises:
        BundleError: The bundle cannot be used.
        DeliveryError: The port is taken.
    """
    ended = stop or threading.Event()
    node = _Node(config, announce)
    with _ending_on_signals(ended), node.listening():
        while not ended.is_set():
            busy = node.analyze_next(ended) or node.deliver_next()
            if once and node.queue.jobs() and not node.queue.unfinished():
                break
            if not busy:
                ended.wait(0.2)
    announce("stopped")


@contextmanager
def _ending_on_signals(ended: threading.Event) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        signal.signal(number, lambda *_: ended.set())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Node:
    def __init__(self, config: NodeConfig, announce: Callable[[str], None]) -> None:
        self._config = config
        self._announce = announce
        self._destinations = [parse_destination(text) for text in config.destinations]
        config.folder.mkdir(parents=True, exist_ok=True)
        self._model = SharedPredictor(config.bundle, device=config.device)
        self._model.get()  # a bundle that cannot be used ends the node before it takes anything
        self.queue = JobQueue(config.folder / "queue.db")

    @contextmanager
    def listening(self) -> Iterator[None]:
        config = self._config
        listener = DicomNode(
            config.folder / "received",
            aet=config.aet,
            host=config.host,
            port=config.port,
            on_stored=self._received,
            callers=config.callers,
            min_free_bytes=int(config.min_free_gigabytes * 2**30),
        )
        try:
            with listener:
                self._announce(f"listening as {config.aet} on {config.host}:{listener.port}")
                yield
        finally:
            self._model.close()
            self.queue.close()

    def _received(self, instance: ReceivedInstance) -> None:
        self.queue.add(
            instance.path,
            sop_instance_uid=instance.sop_instance_uid,
            study_instance_uid=instance.study_instance_uid,
        )
        self._announce(f"received {instance.sop_instance_uid}")

    def analyze_next(self, ended: threading.Event) -> bool:
        """Analyze one video of a study that is complete; whether there was one."""
        ready = self.queue.ready_to_analyze(stable_seconds=self._config.stable_seconds)
        if not ready or ended.is_set():
            return False
        job = ready[0]
        config = self._config
        try:
            result = analyze_to_folder(
                job.path,
                config.folder / "results" / job.study_instance_uid,
                bundle=config.bundle,
                device=config.device,
                every=config.every,
                options=ResultOptions(seg=config.seg, sr_target=config.sr_target),
                model=self._model,
            )
        except MedvidError as error:
            self.queue.mark(job, "refused", reason=str(error))
            self._announce(f"refused {job.sop_instance_uid}: {error}")
            return True
        self.queue.mark(job, "analyzed", results=result.folder.path)
        found = len(result.analysis.findings.tracks) + len(result.analysis.findings.intervals)
        self._announce(f"analyzed {job.sop_instance_uid}: {found} findings")
        return True

    def deliver_next(self) -> bool:
        """Send the results of one video whose time has come; whether there was one."""
        ready = self.queue.ready_to_send()
        if not ready:
            return False
        job = ready[0]
        problems = [text for one in self._destinations for text in self._send(job, one)]
        if not problems:
            self.queue.mark(job, "done")
            self._announce(f"delivered {job.sop_instance_uid}")
        elif job.attempts + 1 >= self._config.retry_attempts:
            self.queue.mark(job, "parked", reason=problems[0])
            self._announce(f"parked {job.sop_instance_uid}: {problems[0]}")
        else:
            pause = pause_seconds(job.attempts, first=self._config.retry_seconds)
            self.queue.postpone(job, seconds=pause, reason=problems[0])
            self._announce(f"will send {job.sop_instance_uid} again: {problems[0]}")
        return True

    def _send(self, job: Job, destination: Destination) -> tuple[str, ...]:
        if job.results is None:
            return ()
        try:
            report = store_files(folder_of(job.results).dicom, destination)
        except DeliveryError as error:
            return (str(error),)
        return tuple(report.problems)
