# SPDX-License-Identifier: Apache-2.0
"""A DICOM storage SCP: receives instances into a folder (PS3.4 annex B).

Data sets are written to disk while they arrive (a video is never held in memory) and appear in
the folder whole or not at all.
"""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, _config, evt
from pynetdicom.sop_class import Verification
from pynetdicom.transport import ThreadedAssociationServer

from monai_medvid.errors import DeliveryError

# PS3.4 B.2.3, C-STORE response status
SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000


@dataclass(frozen=True)
class ReceivedInstance:
    """One instance as it lies in the folder."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str


class DicomNode:
    """Listens for C-STORE and C-ECHO; every storage class, every transfer syntax.

    Args:
        folder: Where instances go: ``<StudyInstanceUID>/<SOPInstanceUID>.dcm``.
        aet: Own AE title; callers must name it.
        host: Address to listen on. Loopback unless told otherwise.
        port: 0 takes a free one; see ``port`` once started.
        on_stored: Called in the association's thread after an instance is on disk and before the
            sender is told so.
        callers: Calling AE titles that are let in; empty lets in all.
        min_free_bytes: Below this much free space instances are refused with 0xA700.
        tls: Server context for TLS.

    Example:
        >>> with DicomNode(Path("incoming")) as node:  # doctest: +SKIP
        ...     print(node.port)
    """

    def __init__(
        self,
        folder: Path,
        *,
        aet: str = "MEDVID",
        host: str = "127.0.0.1",
        port: int = 0,
        on_stored: Callable[[ReceivedInstance], None] | None = None,
        callers: Collection[str] = (),
        min_free_bytes: int = 1 << 30,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.folder = folder
        self.aet = aet
        self.host = host
        self.port = port
        self._on_stored = on_stored
        self._callers = tuple(callers)
        self._min_free_bytes = min_free_bytes
        self._tls = tls
        self._server: ThreadedAssociationServer | None = None

    def start(self) -> DicomNode:
        """Begin to listen.

        Raises:
            DeliveryError: The address is taken or may not be used.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # pynetdicom has this switch for the whole process only
        _config.STORE_RECV_CHUNKED_DATASET = True
        entity = AE(ae_title=self.aet)
        entity.require_called_aet = True
        entity.require_calling_aet = list(self._callers)
        entity.maximum_pdu_size = 0
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(context.abstract_syntax, ALL_TRANSFER_SYNTAXES)
        entity.add_supported_context(Verification)
        try:
            server = entity.start_server(
                (self.host, self.port),
                block=False,
                evt_handlers=[(evt.EVT_C_STORE, self._store)],
                ssl_context=self._tls,
            )
        except OSError as error:
            msg = (
                f"expected to listen on {self.host}:{self.port}, the system refused: "
                f"{error.strerror}; choose another port or stop what uses it."
            )
            raise DeliveryError(msg) from error
        assert isinstance(server, ThreadedAssociationServer)  # noqa: S101 (block=False)
        self._server = server
        self.port = server.server_address[1]
        return self

    def stop(self) -> None:
        """Stop listening; associations under way are ended. Safe to call twice."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def instances(self) -> list[Path]:
        """What lies in the folder, by name."""
        return sorted(self.folder.glob("*/*.dcm"))

    def _store(self, event: evt.Event) -> int:
        arrived = event.dataset_path
        try:
            head = dcmread(arrived, specific_tags=["StudyInstanceUID"], stop_before_pixels=True)
        except (InvalidDicomError, OSError, ValueError):
            return CANNOT_UNDERSTAND
        request = event.request
        received = ReceivedInstance(
            path=self._place(head.get("StudyInstanceUID"), request.AffectedSOPInstanceUID),
            sop_class_uid=str(request.AffectedSOPClassUID),
            sop_instance_uid=str(request.AffectedSOPInstanceUID),
            study_instance_uid=str(head.get("StudyInstanceUID", "")),
        )
        if shutil.disk_usage(self.folder).free < self._min_free_bytes:
            return OUT_OF_RESOURCES
        part = received.path.with_suffix(".part")
        try:
            received.path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(arrived, part)
            part.replace(received.path)
        except OSError:
            part.unlink(missing_ok=True)
            return OUT_OF_RESOURCES
        if self._on_stored is not None:
            self._on_stored(received)
        return SUCCESS

    def _place(self, study: object, instance: object) -> Path:
        safe = [
            "".join(letter for letter in str(uid or "unknown") if letter.isalnum() or letter == ".")
            for uid in (study, instance)
        ]
        return self.folder / safe[0].strip(".") / f"{safe[1].strip('.')}.dcm"

    def __enter__(self) -> DicomNode:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
