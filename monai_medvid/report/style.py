# SPDX-License-Identifier: Apache-2.0
"""How findings look, the same in the page, the overlay video and the stills.

Colours are Okabe and Ito's, told apart with every common colour vision (Color Universal Design,
https://jfly.uni-koeln.de/color/); a dash pattern and a number say the same without colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monai_medvid.findings.model import Findings, Interval, Track
from monai_medvid.findings.vocabulary import plain_label

PALETTE = ("#56B4E9", "#F0E442", "#009E73", "#E69F00", "#CC79A7", "#D55E00", "#0072B2")
"""Sky blue first: the farthest from tissue."""

DASHES: tuple[tuple[int, ...], ...] = ((), (10, 5), (3, 4), (12, 4, 3, 4))
"""Lengths of stroke and gap in units of half the line width; () is solid."""

NOTICE = "AI result, not verified"


@dataclass(frozen=True)
class Style:
    """Look of one finding.

    Attributes:
        code: What it is called in the picture and on the timeline, e.g. "1" or "P2".
        color: "#RRGGBB".
        dash: One of ``DASHES``.
    """

    code: str
    color: str
    dash: tuple[int, ...]

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The colour as 0..255."""
        red, green, blue = bytes.fromhex(self.color[1:])
        return red, green, blue


def track_style(track: Track) -> Style:
    """Each track has its own look, by its number."""
    return _style(str(track.number), track.number - 1)


def interval_style(interval: Interval, findings: Findings) -> Style:
    """All intervals of one label look alike; the letter is that of their kind."""
    known = {plain_label(label) for label in findings.model.labels}
    others = sorted(
        {
            (item.kind, item.label)
            for item in findings.intervals
            if plain_label(item.label) not in known
        }
    )
    labels = (*findings.model.labels, *(label for _, label in others))
    code = f"{interval.kind[0].upper()}{interval.number}"
    return label_style(interval.label, labels, code=code)


def label_style(label: str, labels: Sequence[str], *, code: str = "") -> Style:
    """The look of a label by its place among those of the model, in every video the same.

    Args:
        label: As the model or the findings spell it.
        labels: All that may come, those of the model first; one that is not there looks like the
            one after them.
        code: What it is called.
    """
    plain = [plain_label(name) for name in labels]
    wanted = plain_label(label)
    return _style(code, plain.index(wanted) if wanted in plain else len(plain))


def _style(code: str, place: int) -> Style:
    return Style(code, PALETTE[place % len(PALETTE)], DASHES[place % len(DASHES)])
