# SPDX-License-Identifier: Apache-2.0
"""Presentation contexts in batches, and what each C-STORE status leads to (PS3.4 B.2.3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, StoragePresentationContexts, evt
from pynetdicom.presentation import AllStoragePresentationContexts

from monai_medvid.pacs import DicomNode, parse_destination, store_files
from tests.pacs.peers import write_small


@contextmanager
def _peer_that_answers(*statuses: int) -> Iterator[str]:
    """A storage SCP that gives these statuses one after the other, then success."""
    left = list(statuses)
    entity = AE(ae_title="PEER")
    for context in StoragePresentationContexts:
        entity.add_supported_context(context.abstract_syntax, ExplicitVRLittleEndian)
    handlers = [(evt.EVT_C_STORE, lambda _: left.pop(0) if left else 0x0000)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        yield f"dicom://PEER@127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


@pytest.mark.exhaustive
def test_more_pairs_than_an_association_holds(tmp_path: Path) -> None:
    classes = [str(context.abstract_syntax) for context in AllStoragePresentationContexts][:140]
    assert len(classes) > 128
    paths = [
        write_small(tmp_path / f"{number}.dcm", sop_class=sop_class)
        for number, sop_class in enumerate(classes)
    ]
    with DicomNode(tmp_path / "in") as node:
        report = store_files(paths, parse_destination(f"dicom://MEDVID@127.0.0.1:{node.port}"))
        assert report.complete, report.problems
        assert len(node.instances()) == len(paths)


@pytest.mark.parametrize(
    ("statuses", "status", "attempts"),
    [
        ((0xB000,), "stored", 1),
        ((0xB007,), "stored", 1),
        ((0xA700,), "stored", 2),
        ((0xA700, 0xA701, 0xA702), "failed", 3),
        ((0xA900,), "refused", 1),
        ((0xC123,), "refused", 1),
        ((0x0122,), "refused", 1),
    ],
)
def test_what_a_status_leads_to(
    tmp_path: Path, statuses: tuple[int, ...], status: str, attempts: int
) -> None:
    small = write_small(tmp_path / "small.dcm")
    with _peer_that_answers(*statuses) as address:
        report = store_files([small], parse_destination(address), first_pause_seconds=0.02)
    (outcome,) = report.instances
    assert (outcome.status, outcome.attempts) == (status, attempts)
    if status != "stored":
        assert f"0x{statuses[-1]:04X}" in outcome.reason
