# SPDX-License-Identifier: Apache-2.0
"""What is odd about a stream, one sentence each, without patient data."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from monai_medvid.video.color import Turn
from monai_medvid.video.timeline import Timeline

_ENOUGH_STEPS = 20
_MOSTLY = 0.9
_NAMED_GAPS = 3


def oddities(pixel_aspect: Fraction, turn: Turn | None, *, interlaced: bool) -> list[str]:
    """What is unusual about the pictures and is not undone.

    Args:
        pixel_aspect: Width to height of a pixel.
        turn: How pictures are put upright; None where the container asks for no right angle.
        interlaced: Whether pictures consist of two fields.
    """
    notes = []
    if interlaced:
        notes.append("The stream is interlaced; both fields are kept in each frame.")
    if pixel_aspect != 1:
        notes.append(
            f"Pixels are not square ({pixel_aspect.numerator}:"
            f"{pixel_aspect.denominator}); frames keep the stored grid."
        )
    if turn is None:
        notes.append("The display matrix is no right angle and is not applied.")
    elif turn.mirrored:
        notes.append("The display matrix mirrors the picture; it is applied.")
    return notes


def gaps(timeline: Timeline) -> list[str]:
    """Jumps in the time of a stream that is otherwise regular: pictures were lost."""
    steps = np.diff(timeline.ticks)
    usual = timeline.last_step
    regular = len(steps) >= _ENOUGH_STEPS and (np.abs(steps - usual) <= 1).mean() >= _MOSTLY
    if not regular or usual <= 2:
        return []
    jumps = np.flatnonzero(steps >= 2 * usual - 1)
    return [
        f"Time jumps by {float(int(steps[at]) * timeline.time_base):.2f} s after frame {at}; "
        "pictures are missing there."
        for at in jumps[:_NAMED_GAPS]
    ]
