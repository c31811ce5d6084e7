# SPDX-License-Identifier: Apache-2.0
"""Which corruptions there are."""

from __future__ import annotations

from monai_medvid.data.corruptions import camera, lens, sequence
from monai_medvid.data.corruptions.corruption import SEVERITIES, Corruption, MakeCorruption
from monai_medvid.errors import InputError

CORRUPTIONS: dict[str, MakeCorruption] = {
    "noise": camera.noise,
    "blur": camera.blur,
    "motion": camera.motion,
    "compression": camera.compression,
    "exposure": camera.exposure,
    "low_light": camera.low_light,
    "smoke": lens.smoke,
    "fog": lens.fog,
    "blood_on_lens": lens.blood_on_lens,
    "dropped_frames": sequence.dropped_frames,
    "frozen_frames": sequence.frozen_frames,
}
"""By name."""


def list_corruptions() -> tuple[str, ...]:
    """Names of all corruptions, in the order in which they are reported."""
    return tuple(CORRUPTIONS)


def make_corruption(name: str, *, severity: int, seed: int = 0) -> Corruption:
    """Make a corruption for one video.

    Args:
        name: One of ``list_corruptions()``.
        severity: 1 (mild) to 5 (severe).
        seed: 0 or more; fixes everything that is random.

    Raises:
        InputError: There is no such corruption, or no such severity.
    """
    if name not in CORRUPTIONS:
        raise InputError(
            f"expected a corruption ({', '.join(CORRUPTIONS)}), found {name!r}. Name one of these."
        )
    if severity not in SEVERITIES:
        raise InputError(
            f"expected a severity from {SEVERITIES[0]} to {SEVERITIES[-1]}, found {severity}. "
            f"1 is mild, 5 severe."
        )
    return CORRUPTIONS[name](severity, seed)
