# SPDX-License-Identifier: Apache-2.0
"""Where results go: a DICOM node (C-STORE) or a DICOMweb service (STOW-RS)."""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from monai_medvid.errors import DeliveryError, InputError

_AE_TITLE = re.compile(r"[^\\\x00-\x1f]{1,16}")  # VR AE, PS3.5 6.2
_FORMS = "dicom://AET@host:port, dicoms://AET@host:port or https://host/dicom-web"


@dataclass(frozen=True)
class DimseDestination:
    """A storage SCP.

    Attributes:
        aet: Its AE title.
        tls: Whether to speak TLS (dicoms://).
    """

    aet: str
    host: str
    port: int
    tls: bool = False

    def __str__(self) -> str:
        return f"dicom{'s' if self.tls else ''}://{self.aet}@{self.host}:{self.port}"


@dataclass(frozen=True)
class WebDestination:
    """A DICOMweb service (PS3.18)."""

    url: str

    def __str__(self) -> str:
        return self.url


Destination = DimseDestination | WebDestination


def parse_destination(text: str) -> Destination:
    """Read a destination as the command takes it.

    Args:
        text: ``dicom://AET@host:port``, ``dicoms://...`` for TLS, or ``https://host/dicom-web``.

    Raises:
        InputError: It is neither.

    Example:
        >>> parse_destination("dicom://PACS@127.0.0.1:104").port
        104
    """
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme in ("dicom", "dicoms"):
        aet = parts.netloc.rpartition("@")[0]
        if parts.hostname and port and _AE_TITLE.fullmatch(aet):
            return DimseDestination(aet, parts.hostname, port, tls=parts.scheme == "dicoms")
    elif parts.scheme in ("http", "https") and parts.hostname:
        if parts.username is None:
            return WebDestination(text.rstrip("/"))
        msg = (
            "expected a destination without user and password, found both in the address; "
            "set MEDVID_STOW_USER and MEDVID_STOW_PASSWORD instead."
        )
        raise InputError(msg)
    msg = f"expected a destination like {_FORMS}, found {text!r}."
    raise InputError(msg)


def client_tls() -> ssl.SSLContext:
    """TLS as PS3.15 B.12 asks for it: 1.2 or newer, the peer's certificate verified.

    The environment says which files: ``MEDVID_TLS_CA`` (authorities that are trusted instead of
    the system's), ``MEDVID_TLS_CERT`` and ``MEDVID_TLS_KEY`` (own certificate and key).

    Raises:
        DeliveryError: A file is missing or is not what it should be.
    """
    authority = os.environ.get("MEDVID_TLS_CA")
    certificate = os.environ.get("MEDVID_TLS_CERT")
    key = os.environ.get("MEDVID_TLS_KEY")
    try:
        context = ssl.create_default_context(cafile=authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate:
            context.load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        names = [Path(name).name for name in (authority, certificate, key) if name]
        msg = (
            f"expected PEM files in MEDVID_TLS_CA, MEDVID_TLS_CERT and MEDVID_TLS_KEY, "
            f"found {', '.join(names)}: {error.strerror or error.__class__.__name__}."
        )
        raise DeliveryError(msg) from error
    return context
