# SPDX-License-Identifier: Apache-2.0
"""Damaged frames are named and the rest is read; decoders agree; forked workers work."""

from __future__ import annotations

import io
import logging
import os
import threading
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from monai_medvid.video import cine_choice, cine_dali
from monai_medvid.video.cine_decoder import CineDecoder
from monai_medvid.video.decoder import FrameDecoder
from monai_medvid.video.dicom_bytes import ByteSource
from monai_medvid.video.dicom_object import open_dicom
from tests.video.dicom_objects import (
    BASE,
    LOSSLESS,
    cine,
    coded,
    even,
    frames_of,
    items,
    moving,
    saved,
    sentences,
)

JPEG, LS = f"{BASE}.4.50", f"{BASE}.4.80"
PIXELS = moving(12)


def _jpegs() -> list[bytes]:
    return [even(imagecodecs.jpeg8_encode(frame, 95)) for frame in PIXELS]


def _loop(frames: list[bytes], syntax: str = JPEG) -> bytes:
    data = coded(PIXELS, syntax, LOSSLESS[LS], PhotometricInterpretation="YBR_FULL_422")
    data.NumberOfFrames = len(frames)
    data.PixelData = items(b"", *frames, end=False)
    return saved(data)


def _decoder(data: bytes, **options: str) -> FrameDecoder:
    return open_dicom(io.BytesIO(data), **options).decoder  # type: ignore[arg-type]


@pytest.mark.parametrize("decoder", ["dali", "auto"])
def test_an_undecodable_frame_is_black_and_named(
    decoder: str, caplog: pytest.LogCaptureFixture
) -> None:
    frames = _jpegs()
    whole = frames_of(_decoder(_loop(frames)))
    frames[4] = b"\xff\xd8\xff" + b"junk" * 20 + b"\0\xff\xd9"
    damaged = _decoder(_loop(frames), decoder=decoder)
    with caplog.at_level(logging.WARNING):
        found = frames_of(damaged)
    assert not found[4].any()
    np.testing.assert_array_equal(np.delete(found, 4, 0), np.delete(whole, 4, 0))
    assert "Frame 4 cannot be decoded and is given as black" in sentences(damaged.info.warnings)
    assert "Frame 4" in caplog.text
    frames_of(damaged)
    assert len([text for text in damaged.info.warnings if "Frame 4" in text]) == 1


@pytest.mark.parametrize("decoder", ["dali", "auto"])
def test_a_frame_that_ends_early_is_named_and_looks_the_same_in_every_order(decoder: str) -> None:
    frames = _jpegs()
    frames[2] = even(frames[2][: len(frames[2]) // 2])
    damaged = _decoder(_loop(frames), decoder=decoder)
    found = frames_of(damaged)
    np.testing.assert_array_equal(next(damaged.read([2])), found[2])
    assert "Frame 2 ends early" in sentences(damaged.info.warnings)


def test_many_damaged_frames_are_not_all_named() -> None:
    frames = [_jpegs()[0]] + [b"\xff\xd8\xff" + bytes(30)] * 30
    damaged = _decoder(_loop(frames))
    frames_of(damaged)
    assert len(damaged.info.warnings) == 10
    assert damaged.info.warnings[-1].endswith("Further ones like it are not named.")


def test_a_damaged_first_frame_is_no_reason_to_refuse() -> None:
    frames = [LOSSLESS[LS](frame) for frame in PIXELS]
    frames[0] = frames[0][:60] + b"\xff\xff" * 20
    damaged = _decoder(_loop([even(f) for f in frames], LS))
    np.testing.assert_array_equal(next(damaged.read([11])), frames_of(damaged)[11])


def test_a_frame_of_another_size_is_scaled_and_named() -> None:
    frames = _jpegs()
    frames[3] = even(imagecodecs.jpeg8_encode(np.full((80, 128, 3), 200, np.uint8), 95))
    mixed = _decoder(_loop(frames))
    assert abs(int(frames_of(mixed)[3].mean()) - 200) <= 2
    assert "Frame 3 is 128x80 and is scaled to the first's" in sentences(mixed.info.warnings)


def test_a_gray_frame_among_color_ones_is_black_and_named() -> None:
    frames = [LOSSLESS[LS](frame) for frame in PIXELS]
    frames[5] = LOSSLESS[LS](np.ascontiguousarray(PIXELS[5, ..., 0]))
    mixed = _decoder(_loop([even(f) for f in frames], LS))
    assert not frames_of(mixed)[5].any()
    assert "Frame 5" in sentences(mixed.info.warnings)


def test_a_damaged_frame_does_not_count_in_the_gray_scale() -> None:
    stored = moving(4, samples=1, bits=12)
    data = coded(stored, LS, LOSSLESS[LS], BitsStored=12)
    frames = [even(LOSSLESS[LS](frame)) for frame in stored]
    frames[1] = frames[1][:40] + b"\xff\xff" * 10
    data.PixelData = items(b"", *frames, end=False)
    found = frames_of(_decoder(saved(data)))
    kept = np.delete(stored, 1, 0).astype(float)
    expected = np.rint((kept - kept.min()) * 255 / (kept.max() - kept.min()))
    np.testing.assert_array_equal(np.delete(found, 1, 0)[..., 0], expected)


@pytest.mark.parametrize("subsampling", ["444", "422", "420", "440", "411"])
def test_dali_gives_the_bits_of_imagecodecs(subsampling: str) -> None:
    frames = [
        even(imagecodecs.jpeg8_encode(f, 80, subsampling=subsampling)) for f in moving(3, 37, 53)
    ]
    data = _loop(frames)
    by_dali, plain = _decoder(data, decoder="dali"), _decoder(data)
    assert (by_dali.info.decoder, plain.info.decoder) == ("dali-cpu", "imagecodecs")
    np.testing.assert_array_equal(frames_of(by_dali), frames_of(plain))
    assert by_dali._codec._agrees is True  # type: ignore[attr-defined]
    by_dali.close()
    by_dali.close()


def test_a_dali_that_disagrees_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _loop(_jpegs())
    expected = frames_of(_decoder(data))
    decoder = _decoder(data, decoder="dali")
    run = cine_dali.DaliJpegCodec._run

    def wrong(self: cine_dali.DaliJpegCodec, frames: list[bytes]) -> list[cine_dali.Decoded]:
        return [cine_dali.Decoded(d.rgb + 1) for d in run(self, frames) if d.rgb is not None]

    monkeypatch.setattr(cine_dali.DaliJpegCodec, "_run", wrong)
    np.testing.assert_array_equal(frames_of(decoder), expected)


def test_the_choice_and_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _loop(_jpegs())
    assert _decoder(data).info.decoder == "imagecodecs"
    assert "PyAV was asked for" in _decoder(data, decoder="pyav").info.decoder_reason
    lossless = saved(coded(PIXELS, LS, LOSSLESS[LS]))
    assert "does not read them" in _decoder(lossless, decoder="dali").info.decoder_reason
    assert _decoder(saved(cine(PIXELS))).info.decoder == "numpy"
    monkeypatch.setattr(cine_choice, "dali_is_available", lambda: False)
    assert "not installed" in _decoder(data, decoder="dali").info.decoder_reason


def test_an_unknown_decoder_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="decoder must be auto, dali or pyav, got magic"):
        _decoder(saved(cine(PIXELS)), decoder="magic")


@pytest.mark.parametrize("options", [{}, {"decoder": "dali"}])
def test_a_forked_worker_reads_what_its_parent_opened(
    tmp_path: Path, options: dict[str, str]
) -> None:
    path = tmp_path / "loop.dcm"
    path.write_bytes(_loop(_jpegs() * 4))
    with path.open("rb") as file:
        decoder = open_dicom(file, **options).decoder  # type: ignore[arg-type]
        expected = frames_of(decoder)  # threads and pipelines of the parent are at work now
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if (frames_of(decoder) == expected).all() else 1)
            finally:
                os._exit(2)
        assert _waited(child) == 0
        np.testing.assert_array_equal(frames_of(decoder), expected)
        decoder.close()


def _waited(child: int, seconds: int = 60) -> int:
    timer = threading.Timer(seconds, os.kill, (child, 9))
    timer.start()
    _, status = os.waitpid(child, 0)
    timer.cancel()
    return status


def test_threads_reading_one_decoder_do_not_disturb_each_other() -> None:
    decoder = _decoder(_loop(_jpegs() * 6))
    expected = frames_of(decoder)
    wrong: list[int] = []

    def read(step: int) -> None:
        numbers = range(0, len(expected), step)
        for number, frame in zip(numbers, decoder.read(numbers), strict=True):
            if not np.array_equal(frame, expected[number]):
                wrong.append(number)

    threads = [threading.Thread(target=read, args=(step,)) for step in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert not any(thread.is_alive() for thread in threads)


def test_an_abandoned_iteration_leaves_the_decoder_usable() -> None:
    decoder = _decoder(_loop(_jpegs() * 6))
    frames = decoder.iterate(0, 72)
    first = next(frames)
    frames.close()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(next(decoder.read([0])), first)
    assert isinstance(decoder, CineDecoder)
    decoder.close()


def test_parts_of_a_file_are_read_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(bytes(range(100)))
    with path.open("rb") as file:
        for source in (ByteSource(file), ByteSource(io.BytesIO(path.read_bytes()))):
            assert source.size == 100
            assert source.read_at(95, 50) == bytes(range(95, 100))
            assert source.read_at(200, 5) == b""
            assert source.read_at(3, 0) == b""
