# SPDX-License-Identifier: Apache-2.0
"""Whether decoding that starts at a packet gives exactly what a run from the top gives.

Containers and parsers call a packet a key frame when something can be shown from there. For H.264
that includes recovery points (ITU-T H.264 D.2.8), where the first pictures may be approximate.
Every other codec that is read here refers to nothing before its key frames once the pictures
that are displayed earlier are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from av.packet import Packet
from av.video.stream import VideoStream

_SLICE, _IDR, _SEI = 1, 5, 6
_RECOVERY_POINT = 6
_LOOK_AT = 1 << 16


def starts_clean(packet: Packet[VideoStream], codec: str, extradata: bytes | None) -> bool:
    """Whether a key packet is an exact starting point.

    Args:
        packet: A packet that is flagged as key.
        codec: FFmpeg's name of the codec.
        extradata: The codec's configuration record, which tells how units are framed.
    """
    if codec != "h264":
        return True
    data = bytes(memoryview(packet)[:_LOOK_AT])  # type: ignore[arg-type]
    if extradata and extradata[0] == 1:  # avcC (ISO/IEC 14496-15 5.3.3.1)
        units = _boxed_units(data, (extradata[4] & 3) + 1)
    else:
        units = _annex_b_units(data)
    for unit in units:
        kind = unit[0] & 31
        if kind == _IDR:
            return True
        if kind == _SEI and _exact_recovery_now(unit):
            return True
        if kind == _SLICE:
            return False
    return False


def _boxed_units(data: bytes, length_size: int) -> Iterator[bytes]:
    start = 0
    while start + length_size < len(data):
        size = int.from_bytes(data[start : start + length_size], "big")
        start += length_size
        if size:
            yield data[start : start + size]
        start += size


def _annex_b_units(data: bytes) -> Iterator[bytes]:
    start = data.find(b"\0\0\1")
    while start >= 0:
        following = data.find(b"\0\0\1", start + 3)
        unit = data[start + 3 : following if following >= 0 else None]
        if unit:
            yield unit
        start = following


def _exact_recovery_now(unit: bytes) -> bool:
    """Whether an SEI unit holds a recovery point with recovery_frame_cnt 0 and exact_match_flag."""
    payload = unit[1:].replace(b"\0\0\3", b"\0\0")
    at = 0
    while at + 2 < len(payload):
        kind, at = _sei_number(payload, at)
        size, at = _sei_number(payload, at)
        if kind == _RECOVERY_POINT and at < len(payload):
            return payload[at] & 0b1100_0000 == 0b1100_0000  # ue(v) zero is "1", then the flag
        at += size
    return False


def _sei_number(payload: bytes, at: int) -> tuple[int, int]:
    total = 0
    while at < len(payload) and payload[at] == 255:
        total, at = total + 255, at + 1
    return (total + payload[at], at + 1) if at < len(payload) else (total, at)
