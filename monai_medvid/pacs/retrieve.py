# SPDX-License-Identifier: Apache-2.0
"""One video object from a DICOMweb service to a file (WADO-RS and QIDO-RS, PS3.18 10.4, 10.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import requests
from dicomweb_client import DICOMwebClient
from pydicom import Dataset

from monai_medvid.errors import InputError, VideoReadError
from monai_medvid.pacs.destination import WebDestination
from monai_medvid.pacs.parts import boundary_of, first_part
from monai_medvid.pacs.stow import web_client, web_session
from monai_medvid.video.selection import SelectionRules

_UID = r"[0-9]+(?:\.[0-9]+)+"
_PATH = re.compile(
    rf"(?P<base>.*?)(?:/studies/(?P<study>{_UID}))?(?:/series/(?P<series>{_UID}))?"
    rf"(?P<instances>/instances(?:/(?P<instance>{_UID}))?)?/?"
)
_FORMS = (
    "https://host/dicom-web/studies/UID/series/UID, the same with /instances/UID, or a search "
    "like https://host/dicom-web/instances?SOPInstanceUID=UID"
)
_ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
"""Any transfer syntax: the object as it is stored, never encoded anew."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class WebObject:
    """Where an object is in a DICOMweb service.

    Attributes:
        base: Address of the service.
        study: Study Instance UID, "" where not named; as the others.
    """

    base: str
    study: str = ""
    series: str = ""
    instance: str = ""

    @property
    def url(self) -> str:
        """The WADO-RS address of the instance."""
        return f"{self.base}/studies/{self.study}/series/{self.series}/instances/{self.instance}"


def is_web_object(source: object) -> bool:
    """Whether a source is an address of a DICOMweb service."""
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def read_address(url: str) -> WebObject:
    """Take an address of WADO-RS or QIDO-RS apart.

    Raises:
        InputError: It names no series and no instance, or holds a password.
    """
    parts = urlsplit(url)
    if parts.username is not None:
        raise InputError(
            "expected an address without user and password, found both; "
            "set MEDVID_STOW_USER and MEDVID_STOW_PASSWORD instead."
        )
    match = _PATH.fullmatch(parts.path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    named = match.groupdict() if match is not None else {}
    found = WebObject(
        urlunsplit((parts.scheme, parts.netloc, named.get("base") or "", "", "")),
        named.get("study") or query.get("StudyInstanceUID", ""),
        named.get("series") or query.get("SeriesInstanceUID", ""),
        named.get("instance") or query.get("SOPInstanceUID", ""),
    )
    if not parts.netloc or not (found.series or found.instance):
        raise InputError(f"expected a DICOMweb address like {_FORMS}, found another.")
    return found


def retrieve_video(url: str, folder: Path, *, timeout_seconds: float = 60.0) -> Path:
    """Download the object that an address names; of a series, the one that is a video.

    Credentials and certificates come from the environment, as for sending (``MEDVID_STOW_TOKEN``,
    ``MEDVID_STOW_USER``, ``MEDVID_STOW_PASSWORD``, ``MEDVID_TLS_CA``). The object goes to disk as
    it comes and is never held in memory.

    Args:
        url: Of an instance, of a series, or of a search for either.
        folder: Where the file goes; its name is the SOP Instance UID.
        timeout_seconds: How long to wait for an answer, and between its parts.

    Returns:
        The file.

    Raises:
        InputError: The address is none of DICOMweb.
        VideoReadError: The service does not answer or refuses, or there is not exactly one video.
    """
    place = read_address(url)
    shown = urlsplit(place.base).netloc
    try:
        if not (place.study and place.series and place.instance):
            with web_client(WebDestination(place.base), timeout=timeout_seconds) as client:
                place = _find_one(place, client)
        return _download(place, folder, timeout_seconds)
    except requests.HTTPError as error:
        code = error.response.status_code if error.response is not None else 0
        msg = f"Expected the object from {shown}, found HTTP status {code}. "
        raise VideoReadError(msg + "Check address and credentials.") from error
    except (requests.RequestException, ValueError) as error:
        what = str(error) if type(error) is ValueError else f"{type(error).__name__}."
        msg = f"Expected the object from {shown}, found: {what} Check address and service."
        raise VideoReadError(msg) from error


def _find_one(place: WebObject, client: DICOMwebClient) -> WebObject:
    filters = {"StudyInstanceUID": place.study, "SeriesInstanceUID": place.series}
    named = {**filters, "SOPInstanceUID": place.instance}
    answers = client.search_for_instances(
        search_filters={name: value for name, value in named.items() if value},
        fields=["NumberOfFrames"],
    )
    found = [Dataset.from_json(answer) for answer in answers]
    videos = [one for one in found if _is_video(one)]
    if len(videos) != 1:
        raise VideoReadError(
            f"Expected one video at this address, found {len(videos)} among {len(found)} objects. "
            "Give the address of an instance."
        )
    (video,) = videos
    return WebObject(
        place.base, *(str(video[f"{name}UID"].value) for name in (
            "StudyInstance", "SeriesInstance", "SOPInstance"
        ))
    )  # fmt: skip


def _is_video(header: Dataset) -> bool:
    """By the rules for a study's folder; a service does not tell the transfer syntax."""
    return not SelectionRules().reason_against(header, "")


def _download(place: WebObject, folder: Path, timeout: float) -> Path:
    path = folder / f"{place.instance}.dcm"
    with web_session() as session:
        headers: dict[str, Any] = {"Accept": _ACCEPT}
        answer = session.get(place.url, headers=headers, stream=True, timeout=timeout)
        with answer:
            answer.raise_for_status()
            boundary = boundary_of(answer.headers.get("Content-Type", ""))
            part = path.with_suffix(".part")
            try:
                with part.open("wb") as file:
                    for piece in first_part(answer.iter_content(_CHUNK), boundary):
                        file.write(piece)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
    return path
