# SPDX-License-Identifier: Apache-2.0
"""Bad input is refused: exit code 3, one line that says what to do, nothing half-written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from monai_medvid.cli import main
from tests.clips import write_clip
from tests.tiny_bundle import make_bundle

SECRET = "Nobody^Shall^See"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=60)


@pytest.fixture(scope="module")
def wrapped(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    from monai_medvid.dicom.wrap import wrap_video

    path = tmp_path_factory.mktemp("wrapped") / "clip.dcm"
    wrap_video(clip, path, patient_id="ID-" + SECRET, patient_name=SECRET)
    return dcmread(path)


@pytest.fixture(scope="module", autouse=True)
def small_bundle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The bundle that these tests run: it finds what is red, in no time."""
    bundles = tmp_path_factory.mktemp("bundles")
    make_bundle(bundles / "red")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDVID_BUNDLES", str(bundles))
        yield


def _analyze(
    video: Path, output: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, str]:
    bundle = () if "--bundle" in options else ("--bundle", "red")
    with pytest.raises(SystemExit) as ended:
        main(["analyze", str(video), "-o", str(output), *bundle, *options])
    return int(ended.value.code or 0), capsys.readouterr().err


def _assert_refused(
    video: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *words: str,
    options: tuple[str, ...] = (),
) -> None:
    output = tmp_path / "results"
    code, said = _analyze(video, output, capsys, *options)
    assert code == 3, said
    lines = said.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("medvid: ")
    for word in words:
        assert word.lower() in said.lower()
    assert SECRET not in said
    assert not output.exists() or list(output.iterdir()) == []


def _plain(rows: int = 8, columns: int = 8, frames: int | None = 3) -> Dataset:
    """A small uncompressed multi-frame ultrasound object."""
    data = Dataset()
    data.file_meta = Dataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"  # Ultrasound Multi-frame, PS3.4 B.5
    data.SOPInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.StudyInstanceUID = generate_uid()
    data.PatientName, data.PatientID, data.Modality = SECRET, SECRET, "US"
    data.Rows, data.Columns = rows, columns
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.FrameTime = "40"
    if frames is not None:
        data.NumberOfFrames = frames
    data.PixelData = np.arange(64 * 3, dtype=np.uint8).tobytes()
    return data


def _save(data: Dataset, path: Path) -> Path:
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.save_as(path, enforce_file_format=True)
    return path


def test_no_such_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _assert_refused(tmp_path / "none.mp4", tmp_path, capsys, "expected", "found")


def test_folder_without_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "notes.txt").write_text("no image")
    _assert_refused(folder, tmp_path, capsys, "image")


def test_empty_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.mp4").touch()
    _assert_refused(tmp_path / "empty.mp4", tmp_path, capsys, "empty")


def test_text_renamed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.mp4").write_text("This is a letter, not a video.\n" * 40)
    _assert_refused(tmp_path / "text.mp4", tmp_path, capsys, "expected")


def test_dicom_without_pixels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = _plain()
    del data.PixelData
    _assert_refused(_save(data, tmp_path / "a.dcm"), tmp_path, capsys, "pixel")


def test_single_still(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = _plain(frames=None)
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.6.1"  # Ultrasound Image
    data.PixelData = bytes(64)
    _assert_refused(_save(data, tmp_path / "a.dcm"), tmp_path, capsys, "video")


def test_empty_stream(wrapped: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = dcmread(wrapped.filename)
    data.PixelData = encapsulate([b"\0\0"], has_bot=True)
    _assert_refused(_save(data, tmp_path / "a.dcm"), tmp_path, capsys, "expected")


def test_stream_cut_within_the_first_second(
    wrapped: Dataset, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mpeg = (data_dir / "video" / "surgery_mpeg2_720x480.mpg").read_bytes()
    (tmp_path / "cut.mpg").write_bytes(mpeg[:300_000])
    _assert_refused(tmp_path / "cut.mpg", tmp_path, capsys, "at least 1 s", "breaks off")


def test_cut_stream_is_analyzed_up_to_the_break(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = dcmread(data_dir / "dicom" / "video" / "es_mpeg2_mpml_surgery.dcm")
    path = tmp_path / "cut.dcm"
    data = Path(str(whole.filename)).read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    code, said = _analyze(path, tmp_path / "results", capsys, "--every", "10")
    assert code == 0, said
    (folder,) = (tmp_path / "results").iterdir()
    findings = json.loads((folder / "findings.json").read_text())
    assert any("break" in text for text in findings["warnings"])
    assert findings["source"]["complete"] is False
    run = json.loads((folder / "run.json").read_text())
    assert any("break" in text for text in run["warnings"])
    assert run["video"]["complete"] is False
    assert "frames, where the recording breaks off" in (folder / "report.html").read_text()
    assert "the recording breaks off" in (folder / "findings.vtt").read_text()
    for report in ("sr.dcm", "stills/sr.dcm"):
        assert dcmread(folder / report).CompletionFlag == "PARTIAL"
    assert "breaks off" in dcmread(folder / "seg-001.dcm").ContentDescription
    assert "breaks off" in dcmread(folder / "keyframes.dcm").ContentSequence[0].TextValue


def test_wrong_number_of_frames_is_said_and_the_stream_trusted(
    wrapped: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = dcmread(wrapped.filename)
    data.NumberOfFrames = 9999
    path = _save(data, tmp_path / "a.dcm")
    with pytest.raises(SystemExit) as ended:
        main(["info", str(path), "--json"])
    assert ended.value.code == 0
    info = json.loads(capsys.readouterr().out)
    assert info["frame_count"] == 60
    assert any("NumberOfFrames" in text for text in info["warnings"])


def test_unknown_codec(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(clip.read_bytes().replace(b"avc1\0\0\0\0", b"zzzz\0\0\0\0"))
    _assert_refused(path, tmp_path, capsys, "codec")


def test_encrypted_mp4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Common Encryption, ISO/IEC 23001-7."""
    encryption = {
        "encryption_scheme": "cenc-aes-ctr",
        "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb",
        "encryption_kid": "a7e61c373e219033c21091fa607bf3b8",
    }
    path = write_clip(tmp_path / "a.mp4", options=encryption)
    _assert_refused(path, tmp_path, capsys, "encrypted", "decrypt")


def test_encrypted_dicom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = _plain()
    del data.PixelData
    item = Dataset()
    item.EncryptedContentTransferSyntaxUID = ExplicitVRLittleEndian
    item.EncryptedContent = b"\0" * 32
    data.EncryptedAttributesSequence = [item]
    _assert_refused(_save(data, tmp_path / "a.dcm"), tmp_path, capsys, "encrypted")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("us_27f_jpegxl_dcm4che_will-jxl.dcm", "JPEG XL"),
        ("wsi_140f_jpegbaseline_fodicom_multiframe.dcm", "tile"),
        ("seg_3f_rle_pydicom_liver_rle.dcm", "Segmentation"),
    ],
)
def test_odd_dicom(
    data_dir: Path, name: str, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _assert_refused(data_dir / "dicom" / "odd" / name, tmp_path, capsys, word)


def test_zero_duration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_clip(tmp_path / "none.mkv", frames=0)
    _assert_refused(path, tmp_path, capsys, "expected")


def test_absurd_size_is_not_allocated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = _plain(rows=60000, columns=60000)
    _assert_refused(_save(data, tmp_path / "a.dcm"), tmp_path, capsys, "60000")


def test_output_is_a_file(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("mine")
    code, said = _analyze(clip, tmp_path / "taken", capsys)
    assert (code, len(said.strip().splitlines())) == (3, 1)
    assert (tmp_path / "taken").read_text() == "mine"


def test_output_cannot_be_written(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = _analyze(clip, Path("/proc/medvid-results"), capsys)
    assert (code, len(said.strip().splitlines())) == (3, 1)


def test_disk_full(clip: Path, tmp_path: Path) -> None:
    """A limit on file size is what a process can set for itself; the write fails the same way."""
    done = subprocess.run(
        [
            *("bash", "-c", 'ulimit -f 8 && exec "$@"', "-", sys.executable, "-m", "monai_medvid"),
            *("analyze", str(clip), "-o", str(tmp_path / "results"), "--bundle", "red"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=550,
    )
    assert done.returncode == 3, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list((tmp_path / "results").iterdir()) == []


def test_bundle_missing(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _assert_refused(clip, tmp_path, capsys, "bundle", options=("--bundle", "no_such_bundle"))


@pytest.fixture
def copied_bundle(tmp_path: Path) -> Path:
    from monai_medvid.inference.catalog import find_bundle

    return Path(shutil.copytree(find_bundle("colonoscopy_polyp_segmentation"), tmp_path / "copied"))


def _damage_weights(bundle: Path) -> None:
    weights = bundle / "models" / "model.pt"
    weights.write_bytes(weights.read_bytes()[:1000])


def _damage_metadata(bundle: Path) -> None:
    (bundle / "configs" / "metadata.json").write_text("{")


def _more_channels(bundle: Path) -> None:
    path = bundle / "configs" / "metadata.json"
    metadata = json.loads(path.read_text())
    metadata["network_data_format"]["inputs"]["image"]["num_channels"] = 5
    path.write_text(json.dumps(metadata))


def _no_weights(bundle: Path) -> None:
    (bundle / "models" / "model.pt").unlink()


@pytest.mark.parametrize("damage", [_damage_weights, _damage_metadata, _more_channels, _no_weights])
def test_bundle_damaged(
    clip: Path,
    copied_bundle: Path,
    damage: Callable[[Path], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(copied_bundle)
    _assert_refused(clip, tmp_path, capsys, options=("--bundle", str(copied_bundle)))


def test_device_that_is_not_there(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    code, said = _analyze(clip, tmp_path / "results", capsys, "--device", "cuda")
    assert code == 4
    assert "GPU" in said


def test_one_bad_video_does_not_stop_the_others(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(
            [
                *(
                    "analyze",
                    str(tmp_path / "none.mp4"),
                    str(clip),
                    "-o",
                    str(tmp_path / "results"),
                ),
                *("--every", "10", "--json", "--bundle", "red"),
            ]
        )
    assert ended.value.code == 3
    refused, done = json.loads(capsys.readouterr().out)["results"]
    assert refused["exit_code"] == 3
    assert (Path(done["folder"]) / "sr.dcm").is_file()


def test_a_patients_name_never_becomes_a_file_name(
    wrapped: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"{SECRET} colonoscopy.dcm"
    shutil.copyfile(str(wrapped.filename), path)
    code, said = _analyze(path, tmp_path / "results", capsys, "--every", "10")
    assert code == 0
    assert SECRET not in said
    (folder,) = (tmp_path / "results").iterdir()
    assert "Nobody" not in folder.name
    for file in folder.rglob("*"):
        if file.is_file() and file.suffix != ".dcm":
            assert b"Nobody" not in file.read_bytes()
