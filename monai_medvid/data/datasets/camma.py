# SPDX-License-Identifier: Apache-2.0
"""What CholecT50 and CholecTrack20 share with Cholec80: video numbers, phases, instruments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from monai_medvid.data.datasets.values import class_index, plain
from monai_medvid.data.procedure import Procedure

_SAME_PHASE = {
    "carlottriangledissection": "CalotTriangleDissection",  # so spelt in CholecT50's files
    "clippingandcutting": "ClippingCutting",
    "cleaningandcoagulation": "CleaningCoagulation",
    "gallbladderextraction": "GallbladderRetraction",
}


def video_names(numbers: Iterable[int]) -> tuple[str, ...]:
    """Names of videos by their numbers: "VID01"."""
    return tuple(f"VID{number:02d}" for number in numbers)


def phase_of(name: str, procedure: Procedure, *, path: Path) -> int:
    """Index of a phase under any of its spellings.

    Raises:
        InputError: There is no such phase.
    """
    same = _SAME_PHASE.get(plain(name), name)
    return class_index(same, procedure.phases, path=path, what="phase")


def instrument_of(name: str, procedure: Procedure, *, path: Path) -> int:
    """Index of an instrument.

    Raises:
        InputError: There is no such instrument.
    """
    return class_index(name, procedure.instruments, path=path, what="instrument")
