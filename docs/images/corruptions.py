# SPDX-License-Identifier: Apache-2.0
"""Draw the picture of docs/how-to/trust.md: what each corruption does at severities 1, 3 and 5.

    python -m docs.images.corruptions

Run it from the root of the checkout.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.corruptions import corrupt, list_corruptions
from monai_medvid.data.laparoscopy.operation import plan_operation
from monai_medvid.data.laparoscopy.render import Renderer

HERE = Path(__file__).parent
SIZE = (480, 640)
CELL = (180, 135)
SEVERITIES = (1, 3, 5)
ACROSS = 3
PHASE, SHARE = 1, 0.3
LOST = ("dropped_frames", "frozen_frames")
"""What no single picture shows."""

Picture = npt.NDArray[np.uint8]


def main() -> None:
    """Three corruptions a row, three severities each."""
    frame = _frame()
    names = [name for name in list_corruptions() if name not in LOST]
    blocks = [np.hstack([_cell(frame, name, s) for s in SEVERITIES]) for name in names]
    rows = [np.hstack(blocks[i : i + ACROSS]) for i in range(0, len(blocks), ACROSS)]
    quality = [cv2.IMWRITE_JPEG_QUALITY, 85]
    cv2.imwrite(str(HERE / "corruptions.jpg"), np.vstack(rows)[..., ::-1], quality)


def _frame() -> Picture:
    operation = plan_operation(4, domain="standard")
    segment = next(s for s in operation.segments if s.phase == PHASE)
    renderer = Renderer(operation.anatomy, operation.look, SIZE)
    picture, _ = renderer(operation.at(segment.start + SHARE * segment.seconds), 0)
    return np.asarray(picture, np.uint8)


def _cell(frame: Picture, name: str, severity: int) -> Picture:
    spoilt = corrupt(frame[None], name, severity=severity, seed=2)[0]
    cell = cv2.resize(spoilt, CELL, interpolation=cv2.INTER_AREA)
    words = f"{name.replace('_', ' ')} {severity}"
    cv2.rectangle(cell, (0, 0), (CELL[0], 16), (0, 0, 0), -1)
    white, font = (255, 255, 255), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(cell, words, (5, 12), font, 0.42, white, 1, cv2.LINE_AA)
    return np.asarray(cell, np.uint8)


if __name__ == "__main__":
    main()
