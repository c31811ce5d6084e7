# SPDX-License-Identifier: Apache-2.0
"""Monochrome frames to RGB as a viewer shows them, by one table look-up a frame."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt
from pydicom import Dataset

from monai_medvid.video.cine_decode import Samples
from monai_medvid.video.cine_layout import CineLayout, stored_values
from monai_medvid.video.cine_window import (
    GraySpec,
    frame_specs,
    stretched,
    value_table,
    windowed,
)
from monai_medvid.video.decoder import Frame
from monai_medvid.video.dicom_values import int_of


class GrayConverter:
    """Monochrome frames, by one table of 65536 grays for each way of showing them.

    Attributes:
        needs_range: Whether the header leaves the scale open, so that the smallest and largest
            stored value of the whole stack must be given to ``set_range`` before the first frame.
        warnings: What was decided, one sentence each.
    """

    def __init__(
        self, header: Dataset, layout: CineLayout, count: int, *, little_endian: bool
    ) -> None:
        self._layout = layout
        self._specs = frame_specs(header, count)
        self._padding = int_of(header, "PixelPaddingValue")  # PS3.3 C.7.5.1.1.2
        self._inverted = layout.photometric == "MONOCHROME1"
        tables = {"little_endian": little_endian, "signed": layout.signed}
        self._modality = value_table(header, "ModalityLUTSequence", **tables)
        self._voi = value_table(header, "VOILUTSequence", **tables)
        self._range: tuple[float, float] | None = None
        self._tables: dict[GraySpec, npt.NDArray[np.uint8]] = {}
        self.needs_range = self._is_open()
        self.warnings = self._warnings()

    def __call__(self, samples: Samples, number: int) -> Frame:
        """RGB of one frame's stored samples."""
        spec = self._specs[number]
        table = self._tables.get(spec)
        if table is None:
            table = self._tables.setdefault(spec, self._table(spec))
        gray = cv2.LUT(samples, table[:256]) if samples.dtype == np.uint8 else table[samples]
        return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)

    def used(self, samples: Samples, number: int) -> tuple[float, float] | None:
        """Smallest and largest modality value of a frame; None where all of it is padding."""
        patterns = np.flatnonzero(np.bincount(samples.reshape(-1), minlength=1))
        stored = stored_values(patterns.astype(np.uint16), self._layout)
        if self._padding is not None:
            stored = stored[stored != self._padding]
        if not stored.size:
            return None
        values = self._modality_values(stored, self._specs[number])
        return float(values.min()), float(values.max())

    def set_range(self, ranges: Iterable[tuple[float, float] | None]) -> None:
        """Fix the scale from the ``used`` values of every frame."""
        known = [pair for pair in ranges if pair is not None]
        low = min((low for low, _ in known), default=0.0)
        self._range = low, max((high for _, high in known), default=low)
        self.needs_range = False

    def _is_open(self) -> bool:
        if self._voi is not None or all(spec.has_window for spec in self._specs):
            return False
        plain = {(spec.slope, spec.intercept) for spec in self._specs} == {(1.0, 0.0)}
        eight_bits = self._layout.bits == 8 and not self._layout.signed
        return not (plain and eight_bits and self._modality is None)

    def _warnings(self) -> list[str]:
        if self.needs_range:
            return [
                "The header has no window: gray is scaled from the smallest to the largest value "
                "of the whole stack, the same for all frames."
            ]
        if len({(spec.center, spec.width) for spec in self._specs}) > 1:
            return ["The window changes from frame to frame, as the header says."]
        return []

    def _modality_values(
        self, stored: npt.NDArray[np.int64], spec: GraySpec
    ) -> npt.NDArray[np.float64]:
        values = stored.astype(np.float64)
        if self._modality is not None:
            return self._modality(values)
        return values * spec.slope + spec.intercept

    def _table(self, spec: GraySpec) -> npt.NDArray[np.uint8]:
        stored = stored_values(np.arange(1 << 16, dtype=np.uint16), self._layout)
        values = self._modality_values(stored, spec)
        shown = self._shown(values, spec)
        gray = np.rint(shown).astype(np.uint8)
        return np.asarray(255 - gray if self._inverted else gray, np.uint8)

    def _shown(self, values: npt.NDArray[np.float64], spec: GraySpec) -> npt.NDArray[np.float64]:
        if self._voi is not None:
            return np.clip(self._voi(values) * (255 / ((1 << self._voi.bits) - 1)), 0, 255)
        if spec.has_window:
            return windowed(values, spec)
        if self._range is not None:
            return stretched(values, *self._range)
        return np.clip(values, 0, 255)
