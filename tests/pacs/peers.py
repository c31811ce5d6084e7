# SPDX-License-Identifier: Apache-2.0
"""Real peers on loopback: dcmtk's storescp, and certificates for TLS; something small to send."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from monai_medvid.pacs.orthanc import free_port

LABELMAP = "1.2.840.10008.5.1.4.1.1.66.7"  # Label Map Segmentation Storage


def wait_for(port: int, *, seconds: float = 30.0) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nobody listens on port {port} after {seconds} s")


@dataclass(frozen=True)
class Certificates:
    authority: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


def make_certificates(folder: Path) -> Certificates:
    """An authority and, signed by it, a server's and a client's certificate for localhost."""

    def openssl(*arguments: object) -> None:
        subprocess.run(
            ["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder
        )

    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", "/CN=Test CA"),
        *("-keyout", "ca.key", "-out", "ca.pem"),
    )
    (folder / "names.txt").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("server", "client"):
        openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"),
            *("-keyout", f"{name}.key", "-out", f"{name}.csr"),
        )
        openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
            *("-CAcreateserial", "-days", 2, "-extfile", "names.txt", "-out", f"{name}.pem"),
        )
    return Certificates(
        folder / "ca.pem",
        folder / "server.pem",
        folder / "server.key",
        folder / "client.pem",
        folder / "client.key",
    )


@contextmanager
def running_storescp(
    tool: Callable[[str], str], folder: Path, *, certificates: Certificates | None = None
) -> Iterator[int]:
    """dcmtk's storescp, which accepts every transfer syntax that it knows; yields its port."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [tool("storescp"), "-od", str(folder), "+xa", "--bit-preserving"]
    if certificates is not None:
        command += ["+tls", str(certificates.server_key), str(certificates.server)]
        command += ["+cf", str(certificates.authority)]
    process = subprocess.Popen(
        [*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def write_small(path: Path, *, sop_class: str = "1.2.840.10008.5.1.4.1.1.7") -> Path:
    """An object without pixels that every archive takes if it knows the class."""
    data = Dataset()
    data.file_meta = Dataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = sop_class, generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.PatientName = "Nobody^Shall^See"
    data.file_meta.MediaStorageSOPClassUID = sop_class
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.save_as(path, enforce_file_format=True)
    return path
