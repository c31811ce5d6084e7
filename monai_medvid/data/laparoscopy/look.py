# SPDX-License-Identifier: Apache-2.0
"""How one operation looks: tissue colours, light, camera, instruments. Drawn from a domain."""

from __future__ import annotations

from dataclasses import dataclass

from monai_medvid.data.laparoscopy.light import Lamp
from monai_medvid.data.laparoscopy.maker import Maker
from monai_medvid.data.laparoscopy.outdoors import Theatre
from monai_medvid.data.laparoscopy.sensor import Optics
from monai_medvid.data.laparoscopy.textures import Palette


@dataclass(frozen=True)
class Look:
    """Everything about a picture that has nothing to do with what happens.

    Attributes:
        palette: Tissue colours.
        vessels: 0 to 1, how strongly vessels show.
        lamp: The light.
        optics: The camera.
        maker: The instruments.
        theatre: What is outside.
        texture_seed: Family of the textures.
        zoom: Factor of the picture's scale: how close this surgeon likes to be.
        roll: Radians by which the camera is held askew.
    """

    palette: Palette
    vessels: float
    lamp: Lamp
    optics: Optics
    maker: Maker
    theatre: Theatre
    texture_seed: tuple[int, ...]
    zoom: float
    roll: float
