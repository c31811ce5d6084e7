# SPDX-License-Identifier: Apache-2.0
"""Pictures on which two ways of computing one network are held against each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_CELLS = (4, 16, 64)
"""Squares across a picture: from blurs to detail."""


def probe_pictures(height: int, width: int) -> list[npt.NDArray[np.uint8]]:
    """Smooth pictures of nothing, the same everywhere.

    Returns:
        A few of (1, height, width, 3) uint8 RGB.
    """
    import torch

    rng = np.random.default_rng(0)
    made = []
    for cells in _CELLS:
        coarse = torch.from_numpy(rng.integers(0, 256, (1, 3, cells, cells)).astype(np.float32))
        picture = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear")
        made.append(picture.permute(0, 2, 3, 1).to(torch.uint8).contiguous().numpy())
    return made
