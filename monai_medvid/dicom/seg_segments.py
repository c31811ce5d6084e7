# SPDX-License-Identifier: Apache-2.0
"""What each segment stands for: the SegmentSequence (PS3.3 C.8.20.2, C.8.20.4)."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

from pydicom import Dataset
from pydicom.sr.codedict import codes

from monai_medvid.dicom.coding_scheme import coding_scheme
from monai_medvid.dicom.common import code_item
from monai_medvid.dicom.wording import track_name
from monai_medvid.findings.model import ModelSummary, Track
from monai_medvid.findings.vocabulary import PRIVATE_SCHEME, Vocabulary

BACKGROUND = 0
"""The LABELMAP pixel value that stands for nothing (PS3.3 C.8.20.2.3.3)."""


def segment_items(
    tracks: Sequence[Track], model: ModelSummary, vocabulary: Vocabulary
) -> list[Dataset]:
    """One item a track: its number, tracking UID, coded property, and the algorithm."""
    ordered = sorted(tracks, key=lambda one: one.number)
    return [_segment(track, model, vocabulary) for track in ordered]


def coding_schemes(tracks: Sequence[Track], vocabulary: Vocabulary) -> list[Dataset]:
    """Coding Scheme Identification (PS3.3 C.12.1) where a segment has a private code."""
    concepts = (vocabulary.find(track.label) for track in tracks)
    if not any(PRIVATE_SCHEME in (one.code.scheme, one.category.scheme) for one in concepts):
        return []
    return [coding_scheme()]


def background_item(model: ModelSummary) -> Dataset:
    """The item that a LABELMAP needs for its background value."""
    item = Dataset()
    item.SegmentNumber = BACKGROUND
    item.SegmentLabel = "Background"
    item.SegmentedPropertyCategoryCodeSequence = [code_item(codes.DCM.Background)]
    item.SegmentedPropertyTypeCodeSequence = [code_item(codes.DCM.Background)]
    _add_algorithm(item, model)
    return item


def _segment(track: Track, model: ModelSummary, vocabulary: Vocabulary) -> Dataset:
    concept = vocabulary.find(track.label)
    item = Dataset()
    item.SegmentNumber = track.number
    item.SegmentLabel = f"{track.label} {track.number}".replace("\\", "/")[:64]
    item.SegmentedPropertyCategoryCodeSequence = [code_item(concept.category)]
    item.SegmentedPropertyTypeCodeSequence = [code_item(concept.code)]
    item.TrackingID = track_name(track)
    item.TrackingUID = track.uid
    item.RecommendedDisplayCIELabValue = list(display_color(track.number))
    _add_algorithm(item, model)
    return item


def _add_algorithm(item: Dataset, model: ModelSummary) -> None:
    """Algorithm Identification Macro (PS3.3 table 10-19)."""
    algorithm = Dataset()
    algorithm.AlgorithmFamilyCodeSequence = [code_item(codes.DCM.ArtificialIntelligence)]
    algorithm.AlgorithmName = model.name[:64]
    algorithm.AlgorithmVersion = model.version[:64]
    item.SegmentAlgorithmType = "AUTOMATIC"
    item.SegmentAlgorithmName = algorithm.AlgorithmName
    item.SegmentationAlgorithmIdentificationSequence = [algorithm]


def display_color(number: int) -> tuple[int, int, int]:
    """A colour that differs from those of the neighbouring numbers.

    Returns:
        PCS values L*, a*, b* scaled to 0..65535 (PS3.3 C.10.7.1.1).
    """
    # steps of the golden angle never fall on a used hue
    red, green, blue = colorsys.hls_to_rgb((0.13 + 0.618034 * number) % 1.0, 0.55, 0.9)
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (red, green, blue)
    ]
    # sRGB to CIE XYZ relative to D50, the white point of the ICC connection space
    x = (0.4360747 * linear[0] + 0.3850649 * linear[1] + 0.1430804 * linear[2]) / 0.96422
    y = 0.2225045 * linear[0] + 0.7168786 * linear[1] + 0.0606169 * linear[2]
    z = (0.0139322 * linear[0] + 0.0971045 * linear[1] + 0.7141733 * linear[2]) / 0.82521
    fx, fy, fz = (_lab(value) for value in (x, y, z))
    lab = (116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz))
    scaled = (lab[0] * 65535 / 100, (lab[1] + 128) * 257, (lab[2] + 128) * 257)
    first, second, third = (min(max(round(value), 0), 65535) for value in scaled)
    return first, second, third


def _lab(value: float) -> float:
    return float(value ** (1 / 3)) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116
