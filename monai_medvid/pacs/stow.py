# SPDX-License-Identifier: Apache-2.0
"""STOW-RS (PS3.18 10.5), through dicomweb-client; one instance a request."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import requests
from dicomweb_client import DICOMwebClient
from pydicom import Dataset, dcmread

from monai_medvid.pacs.delivery import Instance, Outcome
from monai_medvid.pacs.destination import WebDestination

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
    with web_client(destination, timeout=timeout) as client:
        return [_send(one, client, attempt) for one in instances]


@contextmanager
def web_client(destination: WebDestination, *, timeout: float) -> Iterator[DICOMwebClient]:
    """A client with the credentials and certificates that the environment names."""
    with _session() as session:
        client = DICOMwebClient(destination.url, session=session, timeout=timeout)
        # its own retries (five, for half a minute) would multiply with ours
        client.set_http_retry_params(retry=False)
        yield client


def _session() -> requests.Session:
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


def _send(one: Instance, client: DICOMwebClient, attempt: int) -> Outcome:
    try:
        answer = client.store_instances([dcmread(one.path)])
    except requests.HTTPError as error:
        code = error.response.status_code if error.response is not None else None
        status: Literal["failed", "refused"] = "failed" if code in _PASSING else "refused"
        return _outcome(one, status, code, attempt, f"HTTP status {code}.")
    except requests.RequestException as error:
        reason = f"expected an answer, found {type(error).__name__}; check address and service."
        return _outcome(one, "failed", None, attempt, reason)
    failed: Sequence[Dataset] = answer.get("FailedSOPSequence") or ()
    if failed:
        code = int(failed[0].get("FailureReason", 0x0110))  # processing failure, PS3.4 table CC.2-5
        reason = f"STOW-RS failure reason 0x{code:04X} for {one.kind}."
        return _outcome(one, "failed" if code >> 8 == 0xA7 else "refused", code, attempt, reason)
    return Outcome(one.sop_instance_uid, one.sop_class_uid, "stored", 200, attempt)


def _outcome(
    one: Instance,
    status: Literal["failed", "refused"],
    code: int | None,
    attempt: int,
    reason: str,
) -> Outcome:
    return Outcome(one.sop_instance_uid, one.sop_class_uid, status, code, attempt, reason)
