# SPDX-License-Identifier: Apache-2.0
"""How monochrome values are shown: rescale, window, lookup tables (PS3.3 C.11.1, C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

from monai_medvid.video.dicom_values import (
    float_of,
    items_of,
    text_of,
    value_of,
    values_of,
)

_WHITE = 255
_Real = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GraySpec:
    """From stored values to what is shown, for one or more frames.

    Attributes:
        slope: Rescale slope; the modality value is slope * stored + intercept.
        center: Window centre, None where there is no window.
        width: Window width, None where there is no window.
        function: "LINEAR", "LINEAR_EXACT" or "SIGMOID" (PS3.3 C.11.2.1.3).
    """

    slope: float = 1.0
    intercept: float = 0.0
    center: float | None = None
    width: float | None = None
    function: str = "LINEAR"

    @property
    def has_window(self) -> bool:
        """Whether the header says how to show the values."""
        return self.center is not None and self.width is not None


def frame_specs(header: Dataset, count: int) -> list[GraySpec]:
    """One spec a frame, from functional groups where they are, else from the data set itself."""
    shared = next(iter(items_of(header, "SharedFunctionalGroupsSequence")), Dataset())
    frames = items_of(header, "PerFrameFunctionalGroupsSequence")
    common = _spec([header, *_groups(shared)])
    if not frames:
        return [common] * count
    specs = [_spec([header, *_groups(shared), *_groups(frame)]) for frame in frames[:count]]
    return specs + [common] * (count - len(specs))


def _groups(item: Dataset) -> list[Dataset]:
    """Pixel Value Transformation and Frame VOI LUT macros (PS3.3 C.7.6.16.2.9, .10)."""
    return [
        *items_of(item, "PixelValueTransformationSequence")[:1],
        *items_of(item, "FrameVOILUTSequence")[:1],
    ]


def _spec(places: list[Dataset]) -> GraySpec:
    """The last place that has a value wins."""
    slope, intercept, center, width, function = 1.0, 0.0, None, None, "LINEAR"
    for place in places:
        slope = float_of(place, "RescaleSlope") or slope
        found = float_of(place, "RescaleIntercept")
        intercept = intercept if found is None else found
        found_center, found_width = float_of(place, "WindowCenter"), float_of(place, "WindowWidth")
        if found_center is not None and found_width is not None:
            center, width = found_center, found_width
            function = text_of(place, "VOILUTFunction").upper() or "LINEAR"
    least = 1.0 if function == "LINEAR" else 0.0  # C.11.2.1.2: width of at least 1; above 0 else
    if width is not None and (width < least or width == 0):
        center = width = None
    return GraySpec(slope, intercept, center, width, function)


@dataclass(frozen=True)
class ValueTable:
    """A Modality or VOI LUT (PS3.3 C.11.1, C.11.2): entries from a first input value on."""

    first: int
    entries: npt.NDArray[np.uint16]
    bits: int

    def __call__(self, values: _Real) -> _Real:
        """The entry of each value."""
        place = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1).astype(np.int64)
        return np.asarray(self.entries[place], np.float64)


def value_table(
    header: Dataset, keyword: str, *, little_endian: bool, signed: bool
) -> ValueTable | None:
    """The first table of a ModalityLUTSequence or VOILUTSequence; None where there is none."""
    for item in items_of(header, keyword):
        values = values_of(item, "LUTDescriptor")
        data = value_of(item, "LUTData")
        if len(values) != 3 or data is None:
            return None
        count, first, bits = (int(value) & 0xFFFF for value in values)
        if signed and first > 0x7FFF:
            first -= 0x10000
        if isinstance(data, bytes):
            data = np.frombuffer(data[: len(data) // 2 * 2], "<u2" if little_endian else ">u2")
        entries = np.asarray(data).astype(np.uint16)[: count or 1 << 16]
        return ValueTable(first, entries, bits) if len(entries) else None
    return None


def windowed(values: _Real, spec: GraySpec) -> _Real:
    """Apply a window; 0 to 255 (PS3.3 C.11.2.1.2.1, C.11.2.1.3.1, C.11.2.1.3.2)."""
    center, width = spec.center or 0.0, spec.width or 1.0
    if spec.function == "SIGMOID":
        return _WHITE / (1 + np.exp(np.clip(-4 * (values - center) / width, -700, 700)))
    if spec.function == "LINEAR_EXACT":
        return np.clip(((values - center) / width + 0.5) * _WHITE, 0, _WHITE)
    if width == 1:
        return np.where(values > center - 0.5, float(_WHITE), 0.0)
    return np.clip(((values - center + 0.5) / (width - 1) + 0.5) * _WHITE, 0, _WHITE)


def stretched(values: _Real, low: float, high: float) -> _Real:
    """From the smallest to the largest used value to 0 to 255."""
    return np.clip((values - low) * (_WHITE / (high - low)) if high > low else values * 0, 0, 255)
