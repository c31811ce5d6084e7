# SPDX-License-Identifier: Apache-2.0
"""Which corruptions there are."""

from __future__ import annotations

from collections.abc import Sequence

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
OF_SEQUENCES = ("dropped_frames", "frozen_frames")
"""These happen to a sequence and mean nothing in a single picture."""
Condition = tuple[str, int]
"""Name of a corruption and its severity."""


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


def choose_conditions(
    names: Sequence[str] = (), severities: Sequence[int] = (), *, pictures: bool = False
) -> tuple[Condition, ...]:
    """Every corruption at every severity.

    Args:
        names: Of corruptions; all where there are none.
        severities: 1 to 5; all where there are none.
        pictures: Whether single pictures are corrupted, in which no frames can be lost.

    Raises:
        InputError: There is no such corruption or severity.

    Example:
        >>> choose_conditions(["smoke"], [1, 5])
        (('smoke', 1), ('smoke', 5))
    """
    known = [name for name in CORRUPTIONS if not (pictures and name in OF_SEQUENCES)]
    conditions = tuple(
        (name, severity)
        for name in dict.fromkeys(names or known)
        for severity in sorted(set(severities or SEVERITIES))
    )
    for name, severity in conditions:
        make_corruption(name, severity=severity)
        if name not in known:
            raise InputError(
                f"expected a corruption of single pictures ({', '.join(known)}), found {name!r}. "
                f"Only videos can lose frames."
            )
    return conditions
