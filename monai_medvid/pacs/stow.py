# SPDX-License-Identifier: Apache-2.0
"""STOW-RS (PS3.18 10.5), one instance a request; files go out as they lie on disk.

dicomweb-client, which retrieves, would load and encode each object anew to store it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import requests
from dicomweb_client import DICOMwebClient
from pydicom import Dataset

from monai_medvid.pacs.delivery import Instance, Outcome
from monai_medvid.pacs.destination import WebDestination
from monai_medvid.pacs.multipart import FileBody

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP status codes after which another attempt makes sense (RFC 9110, RFC 6585)."""


def send_by_stow(
    instances: Sequence[Instance], destination: WebDestination, *, attempt: int, timeout: float
) -> list[Outcome]:
    """Send once; what fails in passing is "failed" and may be sent again.

    The environment says who we are: ``MEDVID_STOW_TOKEN`` (bearer token), or
    ``MEDVID_STOW_USER`` and ``MEDVID_STOW_PASSWORD``; ``MEDVID_TLS_CA`` names the authorities that
    are trusted instead of the usual ones, ``MEDVID_TLS_CERT`` and ``MEDVID_TLS_KEY`` our own.

    Args:
        instances: What to send.
        destination: Where to.
        attempt: Which attempt this is, from 1.
        timeout: Seconds to wait for an answer of the service.
    """
    with web_session() as session:
        return [
            _send(one, destination.url, session, attempt=attempt, timeout=timeout)
            for one in instances
        ]


@contextmanager
def web_client(destination: WebDestination, *, timeout: float) -> Iterator[DICOMwebClient]:
    """A client with the credentials and certificates that the environment names."""
    with web_session() as session:
        client = DICOMwebClient(destination.url, session=session, timeout=timeout)
        # its own retries (five, for half a minute) would multiply with ours
        client.set_http_retry_params(retry=False)
        yield client


def web_session() -> requests.Session:
    """A session with the credentials and certificates that the environment names."""
    session = requests.Session()
    token, user = os.environ.get("MEDVID_STOW_TOKEN"), os.environ.get("MEDVID_STOW_USER")
    if token:
        session.headers["Authorization"] = f"Bearer {token}"
    elif user:
        session.auth = (user, os.environ.get("MEDVID_STOW_PASSWORD", ""))
    session.verify = os.environ.get("MEDVID_TLS_CA") or True
    certificate, key = os.environ.get("MEDVID_TLS_CERT"), os.environ.get("MEDVID_TLS_KEY")
    if certificate:
        session.cert = (certificate, key) if key else certificate
    return session


def _send(
    one: Instance, url: str, session: requests.Session, *, attempt: int, timeout: float
) -> Outcome:
    body = FileBody(one.path)
    headers = {"Content-Type": body.content_type, "Accept": "application/dicom+json"}
    try:
        answer = session.post(f"{url}/studies", data=body, headers=headers, timeout=timeout)
    except requests.RequestException as error:
        reason = f"expected an answer, found {type(error).__name__}; check address and service."
        return _outcome(one, "failed", None, attempt, reason)
    code = _failure_reason(answer)
    if code is not None:
        reason = f"STOW-RS failure reason 0x{code:04X} for {one.kind}."
        return _outcome(one, "failed" if code >> 8 == 0xA7 else "refused", code, attempt, reason)
    if not answer.ok:
        status: Literal["failed", "refused"]
        status = "failed" if answer.status_code in _PASSING else "refused"
        reason = f"HTTP status {answer.status_code}."
        return _outcome(one, status, answer.status_code, attempt, reason)
    return Outcome(one.sop_instance_uid, one.sop_class_uid, "stored", answer.status_code, attempt)


def _failure_reason(answer: requests.Response) -> int | None:
    """FailureReason (0008,1197) of the only instance; None where the answer names none."""
    try:
        failed = Dataset.from_json(answer.json()).get("FailedSOPSequence")
    except (ValueError, TypeError, AttributeError, KeyError):
        return None  # an empty answer, or one that is not DICOM JSON: the HTTP status decides
    if not failed:
        return None
    return int(failed[0].get("FailureReason", 0x0110))  # processing failure, PS3.4 table CC.2-5


def _outcome(
    one: Instance,
    status: Literal["failed", "refused"],
    code: int | None,
    attempt: int,
    reason: str,
) -> Outcome:
    return Outcome(one.sop_instance_uid, one.sop_class_uid, status, code, attempt, reason)
