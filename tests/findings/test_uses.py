# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction

from monai_medvid.findings.uses import Use, count_uses
from tests.factories import make_interval, make_source


def test_uses_are_counted_and_summed_by_label() -> None:
    source = make_source(rate=Fraction(25), frames=50)
    hooks = [make_interval(source, n, kind="tool", label="Hook") for n in (1, 2)]
    clip = make_interval(source, 3, kind="tool", label="Clipper")
    phase = make_interval(source, 4, kind="phase", label="Preparation")
    assert count_uses([*hooks, clip, phase]) == (
        Use("Hook", 2, Fraction(24, 25)),
        Use("Clipper", 1, Fraction(12, 25)),
    )


def test_no_instruments_no_uses() -> None:
    assert count_uses([]) == ()
