# SPDX-License-Identifier: Apache-2.0
"""The whole story of an operation: every phase in turn, repeats too."""

from __future__ import annotations

from monai_medvid.data.laparoscopy.phases import (
    clean,
    clip_and_cut,
    free_gallbladder,
    open_triangle,
    pack,
    prepare,
    take_out,
)
from monai_medvid.data.laparoscopy.script import Script
from monai_medvid.data.laparoscopy.workflow import Segment


def write_story(script: Script) -> None:
    """Write every phase; what is left to do is shared among a phase's repeats."""
    for number, segment in enumerate(script.segments):
        again = any(later.phase == segment.phase for later in script.segments[number + 1 :])
        if segment.phase == 0:
            prepare(script, segment)
        elif segment.phase == 1:
            open_triangle(script, segment, last=not again)
        elif segment.phase == 2:
            _clip(script, segment, again=again)
        elif segment.phase == 3:
            begin = script.now("separation", segment.start)
            free_gallbladder(script, segment, begin=begin, goal=0.85 if again else 1.0)
        elif segment.phase == 4:
            pack(script, segment)
        elif segment.phase == 5:
            clean(script, segment)
        else:
            take_out(script, segment)


def _clip(script: Script, segment: Segment, *, again: bool) -> None:
    """Both structures in either order; only the first where the phase comes again."""
    order = ("duct", "artery") if script.rng.random() < 0.6 else ("artery", "duct")
    clipped = {clipping.structure for clipping in script.clippings}
    left = tuple(name for name in order if name not in clipped)
    clip_and_cut(
        script, segment, structures=left[:1] if again else left, clear=0.72 if again else 1.0
    )
