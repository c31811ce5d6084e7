# SPDX-License-Identifier: Apache-2.0
"""How the domains differ."""

from __future__ import annotations

from monai_medvid.data.laparoscopy.domain import SHIFTED, STANDARD
from monai_medvid.data.laparoscopy.operation import plan_operation
from monai_medvid.data.laparoscopy.tools import SHAFT_RADIUS


def test_varied_has_every_instrument_bare_and_insulated() -> None:
    makes = [plan_operation(seed, domain="varied", minutes=5).look.maker for seed in range(40)]
    for instrument in SHAFT_RADIUS:
        assert {instrument in maker.bare for maker in makes} == {True, False}


def test_varied_differs_from_standard_in_instruments_only() -> None:
    for seed in range(4):
        varied, standard = (plan_operation(seed, domain=name) for name in ("varied", "standard"))
        assert varied.look.palette == standard.look.palette
        assert varied.look.lamp == standard.look.lamp
        assert varied.look.optics == standard.look.optics
        assert varied.segments == standard.segments


def test_scissors_are_bare_in_the_shifted_domain_only() -> None:
    assert all("Scissors" in some for some in SHIFTED.bare)
    assert not any("Scissors" in some for some in STANDARD.bare)
