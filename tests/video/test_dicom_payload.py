# SPDX-License-Identifier: Apache-2.0
"""A video stream in fragments reads like one file."""

from __future__ import annotations

import io
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_medvid.video.dicom_bytes import ByteSource
from monai_medvid.video.dicom_fragments import Span, find_fragments
from monai_medvid.video.dicom_payload import PayloadReader
from tests.video.dicom_objects import items

PARTS = st.lists(st.binary(max_size=40).map(lambda b: b + bytes(len(b) % 2)), max_size=6)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 60)),
        st.tuples(st.just("seek"), st.integers(-50, 250)),
        st.tuples(st.just("current"), st.integers(-60, 60)),
        st.tuples(st.just("end"), st.integers(-80, 10)),
    ),
    max_size=12,
)


def _reader(parts: list[bytes], before: bytes = b"header") -> PayloadReader:
    data = before + items(b"", *parts) + b"trailing"
    source = ByteSource(io.BytesIO(data))
    fragments = find_fragments(source, len(before), len(data))
    assert not fragments.cut
    return PayloadReader(source, fragments.spans)


@given(parts=PARTS, moves=MOVES)
def test_reads_and_seeks_like_the_joined_bytes(
    parts: list[bytes], moves: list[tuple[str, int]]
) -> None:
    reader, plain = _reader(parts), io.BytesIO(b"".join(parts))
    for kind, number in moves:
        if kind == "read":
            assert reader.read(number) == plain.read(number)
        else:
            whence = {"seek": 0, "current": 1, "end": 2}[kind]
            base = (0, plain.tell(), len(plain.getvalue()))[whence]
            if base + number < 0:
                with pytest.raises(ValueError, match="before the start"):
                    reader.seek(number, whence)
            else:
                assert reader.seek(number, whence) == plain.seek(base + number)
        assert reader.tell() == plain.tell()


@given(parts=PARTS)
def test_whole_and_buffered(parts: list[bytes]) -> None:
    assert _reader(parts).read() == b"".join(parts)
    assert io.BufferedReader(_reader(parts), 7).read() == b"".join(parts)
    assert _reader(parts).size == sum(map(len, parts))


def test_it_says_what_it_can() -> None:
    reader = _reader([b"ab"])
    assert reader.readable()
    assert reader.seekable()
    assert not reader.writable()
    with pytest.raises(ValueError, match="whence must be 0, 1 or 2, got 7"):
        reader.seek(0, 7)


def test_several_readers_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "parts"
    path.write_bytes(items(b"", b"abcd", b"efgh"))
    with path.open("rb") as file:
        source = ByteSource(file)
        spans = find_fragments(source, 0, source.size).spans
        first, second = PayloadReader(source, spans), PayloadReader(source, spans)
        assert (first.read(3), second.read(5), first.read(3)) == (b"abc", b"abcde", b"def")
        assert file.seek(1) == 1
        assert (first.read(2), file.tell()) == (b"gh", 1)


def test_a_file_that_becomes_shorter_ends_early() -> None:
    source = ByteSource(io.BytesIO(b"abcdef"))
    assert PayloadReader(source, [Span(2, 100)]).read() == b"cdef"


@pytest.mark.parametrize(
    ("data", "offsets", "starts", "cut"),
    [
        (items(b"", b"ab", b"cd"), (), [b"ab", b"cd"], False),
        (items(b"\0\0\0\0\x0a\0\0\0", b"ab", b"cd"), (0, 10), [b"ab", b"cd"], False),
        (items(b"\x01\x02\x03\x04", b"ab"), (), [b"\x01\x02\x03\x04", b"ab"], False),  # no table
        (items(b"", b"ab", end=False), (), [b"ab"], False),  # a data set's value has no delimiter
        (items(b"", b"abcdef")[:-12], (), [b"ab"], True),
        (items(b"", b"ab", end=False) + b"\xfe\xff", (), [b"ab"], True),
        (items(b"", b"ab", end=False) + b"garbage!", (), [b"ab"], True),
        (items(b"", end=False) + b"\xfe\xff\x00\xe0\xff\xff\xff\xff", (), [], True),
        (b"", (), [], False),
    ],
)
def test_fragments(data: bytes, offsets: tuple[int, ...], starts: list[bytes], cut: bool) -> None:
    fragments = find_fragments(ByteSource(io.BytesIO(data)), 0, len(data))
    assert fragments.offsets == offsets
    assert fragments.cut is cut
    found = [data[span.offset : span.offset + span.length] for span in fragments.spans]
    assert found == starts


def test_item_offsets_count_from_the_first_fragment() -> None:
    data = b"??" + items(b"", b"ab", b"cdef", b"gh")
    fragments = find_fragments(ByteSource(io.BytesIO(data)), 2, len(data))
    assert fragments.item_offsets == (0, 10, 22)


def test_a_large_stream_is_not_loaded() -> None:
    size = 300 << 20
    with tempfile.TemporaryFile() as file:
        file.write(items(b"", end=False) + b"\xfe\xff\x00\xe0" + size.to_bytes(4, "little"))
        file.truncate(8 + 8 + size)
        tracemalloc.start()
        source = ByteSource(file)  # type: ignore[arg-type]
        reader = PayloadReader(source, find_fragments(source, 0, source.size).spans)
        reader.seek(-1024, io.SEEK_END)
        assert reader.read() == bytes(1024)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert reader.size == size
    assert peak < 4 << 20
