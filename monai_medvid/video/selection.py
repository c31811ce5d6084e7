# SPDX-License-Identifier: Apache-2.0
"""Which objects of a study are videos to look at: rules over headers that a hospital may change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pydicom import Dataset, uid
from pydicom.datadict import dictionary_VR, tag_for_keyword

from monai_medvid.errors import InputError
from monai_medvid.video.dicom_syntaxes import VIDEO_CODECS
from monai_medvid.video.dicom_values import int_of, uid_of, values_of

_STORAGE = "1.2.840.10008.5.1.4.1.1"  # PS3.4 table B.5-1

VIDEO_CLASSES = (
    f"{_STORAGE}.77.1.1.1",  # Video Endoscopic
    f"{_STORAGE}.77.1.2.1",  # Video Microscopic
    f"{_STORAGE}.77.1.4.1",  # Video Photographic
    f"{_STORAGE}.3.1",  # Ultrasound Multi-frame
    f"{_STORAGE}.3",  # Ultrasound Multi-frame (Retired)
    # classes of single frames, into which devices write several nonetheless
    f"{_STORAGE}.77.1.1",  # VL Endoscopic
    f"{_STORAGE}.77.1.2",  # VL Microscopic
    f"{_STORAGE}.77.1.4",  # VL Photographic
    f"{_STORAGE}.6.1",  # Ultrasound
    f"{_STORAGE}.6",  # Ultrasound (Retired)
)
"""Storage classes whose objects are videos where they have several frames."""


@dataclass(frozen=True, kw_only=True)
class SelectionRules:
    """An object is chosen by its class or its transfer syntax, and kept unless a rule is against.

    Attributes:
        sop_classes: Storage classes that are chosen, UIDs.
        transfer_syntaxes: Transfer syntaxes that are chosen whatever the class, UIDs.
        min_frames: Fewest frames. A video stream whose header names none or one is not measured
            by its header: the stream decides.
        require: DICOM keyword to a regular expression that its value must contain.
        refuse: DICOM keyword to a regular expression that its value must not contain.
    """

    sop_classes: tuple[str, ...] = VIDEO_CLASSES
    transfer_syntaxes: tuple[str, ...] = tuple(VIDEO_CODECS)
    min_frames: int = 2
    require: Mapping[str, str] = field(default_factory=dict)
    refuse: Mapping[str, str] = field(default_factory=dict)

    @property
    def keywords(self) -> tuple[str, ...]:
        """What has to be read from a header besides class, syntax and number of frames."""
        return (*self.require, *self.refuse)

    def reason_against(self, header: Dataset, syntax: str) -> str:
        """Why an object is left out, "" where it is chosen. No value of the header is quoted.

        Args:
            header: With the attributes that the rules name.
            syntax: Transfer syntax UID.
        """
        sop_class = uid_of(header, "SOPClassUID")
        if sop_class not in self.sop_classes and syntax not in self.transfer_syntaxes:
            return f"its SOP class is not chosen: {uid.UID(sop_class).name or 'none'}"
        if (frames := _frames(header, syntax)) < self.min_frames:
            return f"it has fewer than {self.min_frames} frames: {frames}"
        for keyword, pattern in self.require.items():
            if not _contains(header, keyword, pattern):
                return f"its {keyword} is not what is required"
        for keyword, pattern in self.refuse.items():
            if _contains(header, keyword, pattern):
                return f"its {keyword} is refused"
        return ""


def read_rules(values: Mapping[str, Any]) -> SelectionRules:
    """Rules from plain values, as a YAML file gives them; what is not named keeps its default.

    Raises:
        InputError: An unknown rule, class, syntax or keyword, or a wrong type or expression.

    Example:
        >>> read_rules({"require": {"Modality": "^ES$"}}).require
        {'Modality': '^ES$'}
    """
    known = [one.name for one in fields(SelectionRules)]
    for name in values:
        if name not in known:
            raise InputError(
                f"expected selection rules among {', '.join(known)}, found {str(name)!r}. "
                f"Correct it."
            )
    read: dict[str, Any] = {}
    for name in ("sop_classes", "transfer_syntaxes"):
        if name in values:
            read[name] = _uids(name, values[name])
    if "min_frames" in values:
        read["min_frames"] = _count(values["min_frames"])
    for name in ("require", "refuse"):
        if name in values:
            read[name] = _patterns(name, values[name])
    return SelectionRules(**read)


def _frames(header: Dataset, syntax: str) -> float:
    """Frames as the header says; unlimited for a stream whose header does not know."""
    named = int_of(header, "NumberOfFrames") or 1
    return float("inf") if syntax in VIDEO_CODECS and named <= 1 else named


def _contains(header: Dataset, keyword: str, pattern: str) -> bool:
    text = "\\".join(str(value) for value in values_of(header, keyword))
    return re.search(pattern, text, re.IGNORECASE) is not None


def _uids(name: str, value: Any) -> tuple[str, ...]:
    """UIDs, written as such or as the standard's keywords."""
    if not isinstance(value, list):
        raise _refused(name, "a list of UIDs or keywords", value)
    found = []
    for item in value:
        named = getattr(uid, str(item), item)  # pydicom has a constant for each keyword
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)+", str(named)):
            raise _refused(name, "UIDs or keywords of PS3.6 table A-1", item)
        found.append(str(named))
    return tuple(found)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _refused("min_frames", "a whole number of 1 or more", value)
    return value


def _patterns(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _refused(name, "DICOM keywords with regular expressions", value)
    for keyword, pattern in value.items():
        tag = tag_for_keyword(str(keyword))
        if tag is None or dictionary_VR(tag) == "SQ" or tag >= 0x7FE00000:
            raise _refused(name, "keywords of DICOM attributes with plain values", keyword)
        try:
            re.compile(pattern)
        except (re.error, TypeError):
            raise _refused(f"{name}, {keyword}", "a regular expression", pattern) from None
    return dict(value)


def _refused(name: str, expected: str, found: Any) -> InputError:
    return InputError(f"expected {expected} in the selection rule {name}, found {found!r}.")
