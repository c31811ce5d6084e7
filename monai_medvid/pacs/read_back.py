# SPDX-License-Identifier: Apache-2.0
"""Fetch what was stored and compare it with what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import requests
from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError

from monai_medvid.errors import DeliveryError
from monai_medvid.pacs.destination import WebDestination
from monai_medvid.pacs.listen import DicomNode
from monai_medvid.pacs.orthanc import OrthancServer
from monai_medvid.pacs.stow import web_client

_ANY_SYNTAX = (("application/dicom", "*"),)

Fetch = Callable[[Dataset], Dataset | None]
"""From what was sent to what is there now; None where nothing is."""


@dataclass(frozen=True, kw_only=True)
class ReadBack:
    """What a peer gave back.

    Attributes:
        sent: Instances that were looked for.
        missing: SOP Instance UIDs that are not there.
        changed: SOP Instance UIDs that came back with another content or transfer syntax.
    """

    sent: int
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def equal(self) -> int:
        """Instances that came back as they were sent."""
        return self.sent - len(self.missing) - len(self.changed)

    @property
    def complete(self) -> bool:
        """Whether all came back as they were sent."""
        return self.equal == self.sent


def read_back(paths: Iterable[Path], fetch: Fetch) -> ReadBack:
    """Fetch every instance and compare all its attributes, pixels and transfer syntax.

    Args:
        paths: The files that were sent.
        fetch: ``from_node``, ``from_orthanc`` or ``from_web`` of the peer.

    Raises:
        DeliveryError: The peer does not answer.
    """
    missing, changed, sent = [], [], 0
    for path in paths:
        sent += 1
        original = dcmread(path)
        found = fetch(original)
        if found is None:
            missing.append(str(original.SOPInstanceUID))
        elif found != original or _syntax(found) != _syntax(original):
            changed.append(str(original.SOPInstanceUID))
    return ReadBack(sent=sent, missing=tuple(missing), changed=tuple(changed))


def from_node(node: DicomNode) -> Fetch:
    """Look into the folder of a node of our own."""

    def fetch(original: Dataset) -> Dataset | None:
        path = next(
            (path for path in node.instances() if path.stem == original.SOPInstanceUID), None
        )
        return None if path is None else dcmread(path)

    return fetch


def from_orthanc(server: OrthancServer) -> Fetch:
    """Ask Orthanc's own interface."""

    def fetch(original: Dataset) -> Dataset | None:
        try:
            content = server.download(str(original.SOPInstanceUID))
        except requests.RequestException as error:
            raise _no_answer(server.url, error) from error
        return _read(content)

    return fetch


def from_web(destination: WebDestination, *, timeout_seconds: float = 60.0) -> Fetch:
    """Retrieve through WADO-RS (PS3.18 10.4), in the transfer syntax in which it is kept."""

    def fetch(original: Dataset) -> Dataset | None:
        place = (original.StudyInstanceUID, original.SeriesInstanceUID, original.SOPInstanceUID)
        with web_client(destination, timeout=timeout_seconds) as client:
            try:
                found: Dataset = client.retrieve_instance(*place, media_types=_ANY_SYNTAX)
            except requests.HTTPError as error:
                if error.response is not None and error.response.status_code == 404:
                    return None
                raise _no_answer(str(destination), error) from error
            except requests.RequestException as error:
                raise _no_answer(str(destination), error) from error
        return found

    return fetch


def _read(content: bytes | None) -> Dataset | None:
    try:
        return None if content is None else dcmread(BytesIO(content))
    except InvalidDicomError:
        return None


def _syntax(dataset: Dataset) -> str:
    return str(dataset.file_meta.TransferSyntaxUID)


def _no_answer(peer: str, error: Exception) -> DeliveryError:
    return DeliveryError(
        f"expected {peer} to give back what was stored, found {type(error).__name__}; "
        "check that the service is up."
    )
