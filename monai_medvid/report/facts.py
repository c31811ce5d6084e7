# SPDX-License-Identifier: Apache-2.0
"""What was analysed and by what, as rows of words for the page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from monai_medvid.findings.model import Findings
from monai_medvid.findings.uses import count_uses
from monai_medvid.report.proxy import Proxy
from monai_medvid.report.tables import timestamp
from monai_medvid.video.info import VideoInfo

Rows = list[tuple[str, str]]


def video_facts(findings: Findings, info: VideoInfo, proxy: Proxy | None) -> Rows:
    """The video: its form, how it was read and how this page shows it."""
    rows = [
        ("Name", findings.source.name),
        ("Form", f"{info.container}, {info.codec}, {info.pixel_format}, {info.bit_depth} bit"),
        ("Picture", f"{info.width} × {info.height} pixels"),
        ("Frame rate", _rate(info.frame_rate, constant=info.constant_frame_rate)),
        ("Length", _length(info)),
        ("SHA-256", findings.source.sha256),
        ("Decoder", f"{info.decoder}: {info.decoder_reason}"),
        ("On this page", _shown(proxy)),
    ]
    if info.dicom is not None:
        rows += [
            ("Study UID", info.dicom.study_instance_uid),
            ("Series UID", info.dicom.series_instance_uid),
            ("SOP instance UID", info.dicom.sop_instance_uid),
            ("SOP class UID", info.dicom.sop_class_uid),
            ("Transfer syntax UID", info.dicom.transfer_syntax_uid),
        ]
    return rows


def model_facts(findings: Findings) -> Rows:
    """The model and how it was run."""
    model, source = findings.model, findings.source
    step = "every frame" if findings.every == 1 else f"one frame in {findings.every}"
    uses = count_uses(findings.intervals)
    used = "; ".join(f"{u.label} {u.count} ×, {timestamp(u.seconds)}" for u in uses)
    return [
        *([("Instruments in use", used)] if used else []),
        ("Model", model.display_name),
        ("Bundle", f"{model.name} {model.version}"),
        ("Finds", ", ".join(model.labels)),
        ("Weights SHA-256", model.sha256),
        ("Licence", model.license or "not stated"),
        ("Run by", f"{model.runtime} on {model.device}"),
        ("Frames seen", f"{findings.analyzed_frames:,} of {source.frame_count:,} ({step})"),
    ]


def flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested mappings as rows of dotted names and text."""
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from flatten(value, f"{name}.")
        elif isinstance(value, list | tuple) and any(isinstance(v, Mapping) for v in value):
            numbered = {str(place): item for place, item in enumerate(value)}
            yield from flatten(numbered, f"{name}.")
        elif isinstance(value, list | tuple):
            yield name, ", ".join(_text(item) for item in value)
        else:
            yield name, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    return "none" if value is None else str(value)


def _length(info: VideoInfo) -> str:
    end = "" if info.complete else ", where the recording breaks off"
    return f"{timestamp(info.duration)}, {info.frame_count:,} frames{end}"


def _rate(rate: Fraction | None, *, constant: bool) -> str:
    if rate is None:
        return "the source has no time"
    exact = "" if rate.denominator == 1 else f" ({rate.numerator}/{rate.denominator})"
    return f"{float(rate):.6g} frames/s{exact}, {'constant' if constant else 'variable'}"


def _shown(proxy: Proxy | None) -> str:
    if proxy is None:
        return "key frames only, no video"
    if proxy.how == "remuxed":
        return "the source's own pictures, not encoded again"
    return f"a copy encoded again for browsers ({proxy.codec}), because {proxy.reason}"
