# SPDX-License-Identifier: Apache-2.0
"""The real DICOM videos, and the faults of their own that reach everything made from them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pydicom
from pydicom import Dataset

from tests.outside import Noise

SINGLE_FRAME_CLASS = Noise(
    "dciodvfy",
    r"Error - </\S*ReferencedFrameNumber\(0008,1160\)> - "
    r"Shall not be present for Referenced SOP Class that is not multi-frame",
    "the source has two frames in a class for one; without its number a frame could not be named, "
    "and PS3.3 C.18.4 asks for it where the instance is multi-frame, whatever its class",
)
_ILLEGAL_UIDS = Noise(
    "dciodvfy",
    r"Error - </\S+> - Illegal root for UID = <999\.999\.[\d.]+>",
    "the source's UIDs are made up; a reference has to repeat them",
)
_ACR_NEMA = (
    _ILLEGAL_UIDS,
    Noise(
        "dcentvfy",
        r"Error - .*attribute has different value - Element=<Study(Date|Time)> IE=<Study> .* "
        r"Value 1 <(1994\.?01\.?30|11:?25:?01)> versus <(1994\.?01\.?30|11:?25:?01)>",
        "the source's date and time are spelled as in ACR-NEMA, which DICOM forbids to write",
    ),
    Noise(
        "dcentvfy",
        r"Warning - Attribute present in one instance but not the other - "
        r"Element=<(PatientID|PatientBirthDate|PatientSex|AccessionNumber|StudyID)> .*",
        "the source lacks Type 2 attributes, which we have to write, empty",
    ),
)

VIDEOS: dict[str, tuple[Noise, ...]] = {
    "video/es_h264_hp41_surgery.dcm": (),
    "video/es_mpeg2_mpml_surgery.dcm": (),
    "cine/ct_2f_rle_bot_dicomParser_CT0012.dcm": (),
    "cine/mr_10f_j2k_emri_small_jpeg_2k_lossless.dcm": (),
    "cine/sc_2f_rle_pydicom_SC_rgb_rle_2frame.dcm": (SINGLE_FRAME_CLASS,),
    "cine/sc_2f_uncompressed16_SC_rgb_16bit_2frame.dcm": (SINGLE_FRAME_CLASS,),
    "cine/us_10f_jpegbaseline_google_dicomweb_adapter.dcm": (),
    "cine/us_10f_jpegls_palette_dcm4che_jpeg-ls-Palette.dcm": _ACR_NEMA,
    "cine/us_10f_rle_palette_dcm4che_US-PAL-8-10x-echo.dcm": _ACR_NEMA,
    "cine/us_2f_bigendian_palette_OBXXXX1A_expb_2frame.dcm": (SINGLE_FRAME_CLASS,),
    "cine/us_2f_rle_palette_OBXXXX1A_rle_2frame.dcm": (),
    "cine/us_2f_uncompressed_palette_OBXXXX1A_2frame.dcm": (SINGLE_FRAME_CLASS,),
    "cine/us_30f_jpegbaseline_pydicom_examples_ybr_color.dcm": (),
    "cine/us_64f_jpegbaseline_suyashkumar_I_000031.dcm": (),
    "cine/us_65f_jpegbaseline_fodicom_DIRW0007.dcm": (),
    "cine/us_8f_jpegbaseline_fragmented_nobot_dicomParser_IM00001.dcm": (),
    "cine/us_8f_uncompressed_rgb_implicitLE_dicomParser_IM00001.dcm": (),
}
"""Path below the test data -> what its faults make the checkers say about faultless results."""

SURGERY = "video/es_h264_hp41_surgery.dcm"
ULTRASOUND = "cine/us_30f_jpegbaseline_pydicom_examples_ybr_color.dcm"


@lru_cache(maxsize=32)
def read_header(path: Path) -> Dataset:
    """The data set before the pixels; do not change it."""
    return pydicom.dcmread(path, stop_before_pixels=True)
