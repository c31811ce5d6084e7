# SPDX-License-Identifier: Apache-2.0
"""Send DICOM files and say what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_exponential_jitter

from monai_medvid.pacs.delivery import DeliveryReport, Instance, Outcome, read_instances
from monai_medvid.pacs.destination import Destination, DimseDestination
from monai_medvid.pacs.dimse import send_by_c_store
from monai_medvid.pacs.stow import send_by_stow


def store_files(
    paths: Iterable[Path],
    destination: Destination,
    *,
    attempts: int = 3,
    first_pause_seconds: float = 1.0,
    timeout_seconds: float = 60.0,
) -> DeliveryReport:
    """Store files at a destination; what fails in passing is tried again.

    Sending twice is harmless: an instance has the same UID each time.

    Args:
        paths: DICOM files.
        destination: From ``parse_destination``.
        attempts: How often an instance is sent at most.
        first_pause_seconds: Before the second attempt; doubled each time, with jitter.
        timeout_seconds: To wait for an answer.

    Raises:
        InputError: A path is not a DICOM file.
        DeliveryError: The TLS files are not usable, or the address does not exist.
    """
    instances = read_instances(paths)
    delivery = _Delivery(instances, destination, timeout_seconds)
    retrying = Retrying(
        stop=stop_after_attempt(attempts),
        wait=wait_exponential_jitter(initial=first_pause_seconds, max=30, jitter=0.2),
        retry=retry_if_result(bool),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    retrying(delivery.send_rest)
    return DeliveryReport(
        destination=str(destination),
        instances=tuple(delivery.outcomes[one.sop_instance_uid] for one in instances),
    )


class _Delivery:
    def __init__(self, instances: list[Instance], destination: Destination, timeout: float) -> None:
        self._rest = instances
        self._destination = destination
        self._timeout = timeout
        self._attempt = 0
        self.outcomes: dict[str, Outcome] = {}

    def send_rest(self) -> int:
        """Send what has not been dealt with; returns how many may be tried again."""
        self._attempt += 1
        for outcome in self._send():
            self.outcomes[outcome.sop_instance_uid] = outcome
        self._rest = [
            one for one in self._rest if self.outcomes[one.sop_instance_uid].status == "failed"
        ]
        return len(self._rest)

    def _send(self) -> list[Outcome]:
        if isinstance(self._destination, DimseDestination):
            return send_by_c_store(
                self._rest, self._destination, attempt=self._attempt, timeout=self._timeout
            )
        return send_by_stow(
            self._rest, self._destination, attempt=self._attempt, timeout=self._timeout
        )
