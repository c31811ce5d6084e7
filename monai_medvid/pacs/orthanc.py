# SPDX-License-Identifier: Apache-2.0
"""An Orthanc of our own on loopback, for the demo and for tests, where Orthanc is installed."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from monai_medvid.errors import DeliveryError

_PLUGIN = "libOrthancDicomWeb.so"
_PLUGIN_FOLDERS = (Path("/usr/share/orthanc/plugins"), Path("/usr/local/share/orthanc/plugins"))


def orthanc_program() -> str | None:
    """Path of the Orthanc program, None where it is not installed."""
    return shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin")


class OrthancServer:
    """Orthanc with its own database in a folder, listening on loopback only.

    Args:
        folder: Where its files go.
        aet: Its AE title.

    Example:
        >>> with OrthancServer(Path("orthanc")) as server:  # doctest: +SKIP
        ...     print(server.url, server.dicom_port)
    """

    def __init__(self, folder: Path, *, aet: str = "ORTHANC") -> None:
        self.folder = folder
        self.aet = aet
        self.http_port = free_port()
        self.dicom_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the web page and of the REST interface."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def dicom_web_url(self) -> str:
        """Address of DICOMweb."""
        return f"{self.url}/dicom-web"

    def start(self, *, timeout_seconds: float = 60.0) -> OrthancServer:
        """Start it and wait until it answers.

        Raises:
            DeliveryError: Orthanc is not installed, or does not come up.
        """
        program = orthanc_program()
        if program is None:
            msg = "expected Orthanc, found none; install it (Debian: orthanc, orthanc-dicomweb)."
            raise DeliveryError(msg)
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "orthanc.json"
        config.write_text(json.dumps(self._configuration(), indent=1))
        log = (self.folder / "orthanc.log").open("wb")
        with log:
            self._process = subprocess.Popen(  # noqa: S603 (a fixed program)
                [program, str(config)], stdout=log, stderr=subprocess.STDOUT
            )
        end = time.monotonic() + timeout_seconds
        while time.monotonic() < end and self._process.poll() is None:
            try:
                self.get("/system")
            except requests.RequestException:
                time.sleep(0.1)
            else:
                return self
        self.stop()
        msg = f"expected Orthanc to answer within {timeout_seconds:.0f} s; see its log file."
        raise DeliveryError(msg)

    def get(self, path: str) -> Any:
        """Ask the REST interface; JSON comes back as values."""
        answer = requests.get(self.url + path, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def download(self, sop_instance_uid: str) -> bytes | None:
        """The DICOM file of an instance, None where it is not there."""
        query: dict[str, Any] = {"Level": "Instance", "Query": {"SOPInstanceUID": sop_instance_uid}}
        found = requests.post(f"{self.url}/tools/find", json=query, timeout=30).json()
        if not found:
            return None
        return requests.get(f"{self.url}/instances/{found[0]}/file", timeout=120).content

    def stop(self) -> None:
        """Stop it and wait for its end. Safe to call twice."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _configuration(self) -> dict[str, Any]:
        plugins = [str(place / _PLUGIN) for place in _PLUGIN_FOLDERS if (place / _PLUGIN).is_file()]
        # absolute, because Orthanc reads paths from its configuration's folder on
        storage = str((self.folder / "db").resolve())
        return {
            "Name": "medvid",
            "StorageDirectory": storage,
            "IndexDirectory": storage,
            "HttpPort": self.http_port,
            "HttpBindAddresses": ["127.0.0.1"],
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomAet": self.aet,
            "DicomPort": self.dicom_port,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowStore": True,
            "Plugins": plugins,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }

    def __enter__(self) -> OrthancServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
