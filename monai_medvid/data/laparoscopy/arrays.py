# SPDX-License-Identifier: Apache-2.0
"""Arrays of single precision: what all pictures are made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_textures import FloatArray


def f32(values: npt.ArrayLike) -> FloatArray:
    """Numbers as a float32 array."""
    return np.asarray(values, np.float32)
