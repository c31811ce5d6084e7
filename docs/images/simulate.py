# SPDX-License-Identifier: Apache-2.0
"""Draw the picture of docs/how-to/simulate.md: one moment of each phase, in both domains.

    python -m docs.images.simulate

Run it from the root of the checkout.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.laparoscopy.codes import vocabulary
from monai_medvid.data.laparoscopy.operation import plan_operation
from monai_medvid.data.laparoscopy.render import Renderer

HERE = Path(__file__).parent
SIZE = (240, 320)
SHARES = (0.55, 0.45, 0.30, 0.55, 0.45, 0.50, 0.45)
"""Where in each phase the moment lies."""

COLORS = {
    "Black Background": (0, 0, 0),
    "Abdominal Wall": (210, 140, 140),
    "Liver": (140, 60, 40),
    "Gastrointestinal Tract": (231, 70, 156),
    "Fat": (255, 220, 90),
    "Grasper": (170, 255, 0),
    "Connective Tissue": (255, 160, 165),
    "Blood": (255, 0, 0),
    "Cystic Duct": (255, 255, 0),
    "L-hook Electrocautery": (0, 255, 255),
    "Gallbladder": (120, 200, 120),
    "Hepatic Vein": (0, 50, 200),
    "Liver Ligament": (255, 255, 255),
}

Picture = npt.NDArray[np.uint8]


def main() -> None:
    """Rows: pictures and masks of a standard operation, pictures of a shifted one."""
    standard, masks = _phases(4, "standard")
    shifted, _ = _phases(7, "shifted")
    sheet = np.vstack([np.hstack(row) for row in (standard, masks, shifted)])
    quality = [cv2.IMWRITE_JPEG_QUALITY, 82]
    cv2.imwrite(str(HERE / "simulate.jpg"), sheet[..., ::-1], quality)


def _phases(seed: int, domain: str) -> tuple[list[Picture], list[Picture]]:
    operation = plan_operation(seed, domain=domain)
    renderer = Renderer(operation.anatomy, operation.look, SIZE)
    pictures, masks = [], []
    for phase, share in enumerate(SHARES):
        segment = next(s for s in operation.segments if s.phase == phase)
        picture, mask = renderer(operation.at(segment.start + share * segment.seconds), phase)
        cv2.putText(picture, vocabulary().phases[phase], (4, 12), 0, 0.4, (255,) * 3, 1, 16)
        pictures.append(picture)
        masks.append(_colored(mask))
    return pictures, masks


def _colored(mask: Picture) -> Picture:
    table = np.zeros((256, 3), np.uint8)
    for kind in vocabulary().masks:
        if kind.value is not None:
            table[kind.value] = COLORS[kind.name]
    return table[mask]


if __name__ == "__main__":
    main()
