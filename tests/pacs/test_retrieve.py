# SPDX-License-Identifier: Apache-2.0
"""Videos from a DICOMweb service: from a real Orthanc, and from services that answer badly."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread

from monai_medvid.errors import InputError, VideoReadError
from monai_medvid.pacs import parse_destination, store_files
from monai_medvid.pacs.multipart import FileBody
from monai_medvid.pacs.orthanc import OrthancServer, free_port
from monai_medvid.pacs.parts import boundary_of, first_part
from monai_medvid.pacs.retrieve import WebObject, is_web_object, read_address, retrieve_video
from monai_medvid.video import open_video
from tests.pacs.peers import write_small

ENDOSCOPY = "1.2.840.10008.5.1.4.1.1.77.1.1.1"


# --- addresses


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (
            "https://pacs:8042/dicom-web/studies/1.2/series/1.3/instances/1.4",
            WebObject("https://pacs:8042/dicom-web", "1.2", "1.3", "1.4"),
        ),
        (
            "http://pacs/rs/studies/1.2/series/1.3",
            WebObject("http://pacs/rs", "1.2", "1.3"),
        ),
        (
            "http://pacs/rs/studies/1.2/series/1.3/instances?limit=1",
            WebObject("http://pacs/rs", "1.2", "1.3"),
        ),
        (
            "http://pacs/instances?SOPInstanceUID=1.4",
            WebObject("http://pacs", "", "", "1.4"),
        ),
        (
            "http://pacs/rs/studies/1.2/instances?SeriesInstanceUID=1.3",
            WebObject("http://pacs/rs", "1.2", "1.3"),
        ),
    ],
)
def test_addresses(url: str, found: WebObject) -> None:
    assert is_web_object(url)
    assert read_address(url) == found


@pytest.mark.parametrize(
    "url", ["https://pacs/dicom-web", "https://pacs/studies/1.2", "https:///studies/1.2/series/1.3"]
)
def test_other_addresses_are_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a DICOMweb address like"):
        retrieve_video(url, tmp_path)


def test_no_password_in_an_address(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="without user and password") as caught:
        retrieve_video("https://me:secret@pacs/studies/1.2/series/1.3", tmp_path)
    assert "secret" not in str(caught.value)
    assert not is_web_object(tmp_path)
    assert not is_web_object("clip.mp4")


# --- parts


@given(content=st.binary(max_size=400), size=st.integers(1, 50))
def test_a_part_comes_out_whole_however_it_is_cut(content: bytes, size: int) -> None:
    body = b"--b1\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--b1--"
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    expected = content.split(b"\r\n--b1")[0]
    assert b"".join(first_part(chunks, b"b1")) == expected


def test_what_we_send_can_be_read(tmp_path: Path) -> None:
    path = write_small(tmp_path / "small.dcm")
    body = FileBody(path)
    assert b"".join(first_part(body, boundary_of(body.content_type))) == path.read_bytes()


def test_what_is_no_part() -> None:
    with pytest.raises(ValueError, match="multipart answer, found application/json"):
        boundary_of("application/json")
    with pytest.raises(ValueError, match="part with a header"):
        list(first_part([b"x" * 50_000] * 3, b"b1"))
    with pytest.raises(ValueError, match="found the end of the answer"):
        list(first_part([b"--b1\r\n\r\n\r\nabc"], b"b1"))


# --- a real service


def test_from_orthanc(server: OrthancServer, data_dir: Path, tmp_path: Path) -> None:
    sent = data_dir / "dicom" / "video" / "es_h264_hp41_surgery.dcm"
    header = dcmread(sent, stop_before_pixels=True)
    assert store_files([sent], parse_destination(server.dicom_web_url)).complete
    series = (
        f"{server.dicom_web_url}/studies/{header.StudyInstanceUID}"
        f"/series/{header.SeriesInstanceUID}"
    )
    search = f"{server.dicom_web_url}/instances?SOPInstanceUID={header.SOPInstanceUID}"
    for number, url in enumerate((series, f"{series}/instances/{header.SOPInstanceUID}", search)):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = retrieve_video(url, folder)
        assert path.name == f"{header.SOPInstanceUID}.dcm"
        assert dcmread(path) == dcmread(sent)
    with open_video(path) as got, open_video(sent) as original:
        assert len(got) == len(original)
        assert got.payload_sha256() == original.payload_sha256()
    with pytest.raises(VideoReadError, match="found HTTP status 404"):
        retrieve_video(f"{series}/instances/1.2.3", tmp_path)


# --- services that answer badly


class Service(HTTPServer):
    """Gives one answer to everything."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content_type, self.body = "application/dicom+json", b"[]"

    @property
    def series(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/studies/1.2/series/1.3"


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", self.server.content_type)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join(timeout=10)


def _answer(*frames: int) -> bytes:
    """What QIDO-RS says of endoscopic videos with these numbers of frames."""
    return json.dumps(
        [
            {
                "00080016": {"vr": "UI", "Value": [ENDOSCOPY]},
                "00080018": {"vr": "UI", "Value": [f"1.4.{number}"]},
                "0020000D": {"vr": "UI", "Value": ["1.2"]},
                "0020000E": {"vr": "UI", "Value": ["1.3"]},
                "00280008": {"vr": "IS", "Value": [count]},
            }
            for number, count in enumerate(frames)
        ]
    ).encode()


@pytest.mark.parametrize(("frames", "found"), [((), "0 among 0"), ((20, 1, 30), "2 among 3")])
def test_not_one_video(
    service: Service, tmp_path: Path, frames: tuple[int, ...], found: str
) -> None:
    service.body = _answer(*frames)
    with pytest.raises(VideoReadError, match=f"one video at this address, found {found}"):
        retrieve_video(service.series, tmp_path)


def test_an_answer_that_is_no_object(service: Service, tmp_path: Path) -> None:
    with pytest.raises(VideoReadError, match=r"multipart answer, found application/dicom\+json"):
        retrieve_video(f"{service.series}/instances/1.4", tmp_path)


def test_an_answer_that_ends_early_leaves_no_file(service: Service, tmp_path: Path) -> None:
    service.content_type = "multipart/related; boundary=b1"
    service.body = b"--b1\r\n\r\n\r\n" + bytes(5000)
    with pytest.raises(VideoReadError, match="found the end of the answer"):
        retrieve_video(f"{service.series}/instances/1.4", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nobody_answers(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/studies/1.2/series/1.3"
    for address in (url, f"{url}/instances/1.4"):
        with pytest.raises(VideoReadError, match="found: ConnectionError"):
            retrieve_video(address, tmp_path)
