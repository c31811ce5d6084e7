# SPDX-License-Identifier: Apache-2.0
"""C-STORE as a user (PS3.4 annex B), through pynetdicom.

Each pair of SOP class and transfer syntax has its own presentation context, so that nothing is
decoded or encoded again, and files go out in pieces, so that a video is never in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal

from pynetdicom import AE, _config
from pynetdicom.association import Association

from monai_medvid.errors import DeliveryError
from monai_medvid.pacs.delivery import Instance, Outcome
from monai_medvid.pacs.destination import DimseDestination, client_tls

CALLING_AET = "MEDVID"
_MOST_CONTEXTS = 128  # odd IDs from 1 to 255, PS3.8 9.3.2.2
_WARNINGS = frozenset({0xB000, 0xB006, 0xB007})  # stored all the same, PS3.4 B.2.3


def send_by_c_store(
    instances: Sequence[Instance], destination: DimseDestination, *, attempt: int, timeout: float
) -> list[Outcome]:
    """Send once; what fails in passing is "failed" and may be sent again.

    Args:
        instances: What to send.
        destination: Where to.
        attempt: Which attempt this is, from 1.
        timeout: Seconds to wait for an answer of the peer.
    """
    outcomes: list[Outcome] = []
    for batch in _batches(instances):
        outcomes.extend(_send_batch(batch, destination, attempt, timeout))
    return outcomes


def _batches(instances: Sequence[Instance]) -> Iterator[list[Instance]]:
    """Instances whose pairs of class and syntax fit into one association."""
    pairs = sorted({(one.sop_class_uid, one.transfer_syntax_uid) for one in instances})
    remaining = iter(pairs)
    while chosen := set(islice(remaining, _MOST_CONTEXTS)):
        yield [one for one in instances if (one.sop_class_uid, one.transfer_syntax_uid) in chosen]


def _send_batch(
    batch: Sequence[Instance], destination: DimseDestination, attempt: int, timeout: float
) -> Iterator[Outcome]:
    association = _associate(batch, destination, timeout)
    if association.rejected_contexts and not association.accepted_contexts:
        for one in batch:
            yield _not_accepted(one, attempt)
        return
    if not association.is_established:
        reason, lasting = _why_not(association, destination)
        for one in batch:
            yield _outcome(one, None, attempt, reason, lasting=lasting)
        return
    try:
        for one in batch:
            yield _send(one, association, attempt)
    finally:
        if association.is_established:
            association.release()


def _associate(
    batch: Sequence[Instance], destination: DimseDestination, timeout: float
) -> Association:
    # pynetdicom has this switch for the whole process only
    _config.STORE_SEND_CHUNKED_DATASET = True
    entity = AE(ae_title=CALLING_AET)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = timeout
    entity.connection_timeout = min(timeout, 15)
    for sop_class, syntax in sorted(
        {(one.sop_class_uid, one.transfer_syntax_uid) for one in batch}
    ):
        entity.add_requested_context(sop_class, syntax)
    tls = (client_tls(), destination.host) if destination.tls else None
    try:
        return entity.associate(
            destination.host, destination.port, ae_title=destination.aet, tls_args=tls, max_pdu=0
        )
    except OSError as error:
        msg = f"expected an answer of {destination}, found {error.strerror or 'none'}."
        raise DeliveryError(msg) from error


def _why_not(association: Association, destination: DimseDestination) -> tuple[str, bool]:
    """Why there is no association, and whether that lasts (PS3.8 9.3.4)."""
    if association.is_rejected:
        answer = association.acceptor.primitive
        lasting = getattr(answer, "result", 2) == 1
        words = str(getattr(answer, "reason_str", "")).lower() or "no reason given"
        return f"the association was rejected ({words}); check AE titles and ports.", lasting
    kind = "a TLS connection" if destination.tls else "a connection"
    return f"expected {kind}, found none; check that the peer is up and what it asks for.", False


def _send(one: Instance, association: Association, attempt: int) -> Outcome:
    if not association.is_established:
        return _outcome(one, None, attempt, "the peer ended the association.", lasting=False)
    try:
        status = association.send_c_store(one.path)
    except ValueError:
        return _not_accepted(one, attempt)
    except (RuntimeError, OSError) as error:
        reason = f"the connection broke ({type(error).__name__})."
        return _outcome(one, None, attempt, reason, lasting=False)
    code = status.get("Status")
    if code is None:
        return _outcome(one, None, attempt, "the peer did not answer in time.", lasting=False)
    if code == 0 or code in _WARNINGS:
        return Outcome(one.sop_instance_uid, one.sop_class_uid, "stored", int(code), attempt)
    lasting = code >> 8 != 0xA7  # 0xA7xx is "out of resources", PS3.4 B.2.3
    return _outcome(one, int(code), attempt, f"C-STORE status 0x{code:04X}.", lasting=lasting)


def _not_accepted(one: Instance, attempt: int) -> Outcome:
    return _outcome(one, None, attempt, f"the peer does not accept {one.kind}.", lasting=True)


def _outcome(
    one: Instance, code: int | None, attempt: int, reason: str, *, lasting: bool
) -> Outcome:
    status: Literal["refused", "failed"] = "refused" if lasting else "failed"
    return Outcome(one.sop_instance_uid, one.sop_class_uid, status, code, attempt, reason)
