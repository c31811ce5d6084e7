# SPDX-License-Identifier: Apache-2.0
"""The make of the instruments: colours and proportions differ between manufacturers."""

from __future__ import annotations

from dataclasses import dataclass

Color = tuple[float, float, float]


@dataclass(frozen=True)
class Maker:
    """One make.

    Attributes:
        shaft: Linear RGB of insulated shafts.
        metal: Of jaws and bare shafts.
        accent: Of insulation near the tip (bipolar, hook).
        jaw: Length of the grasper's jaws in shaft diameters.
        teeth: 0 to 1, how strongly the grasper's jaws are ribbed.
        hook: Length of the hook's tip in shaft diameters.
        width: Factor of the shafts' diameter.
        bag: Linear RGB of the bag's film.
        bag_clear: 0 opaque to 1, how much shows through it.
        bag_rim: Of its mouth.
        bare: Instruments whose shaft is bare metal.
    """

    shaft: Color
    metal: Color
    accent: Color
    jaw: float
    teeth: float
    hook: float
    width: float
    bag: Color
    bag_clear: float
    bag_rim: Color
    bare: tuple[str, ...]
