# SPDX-License-Identifier: Apache-2.0
"""monai-medvid: medical video in, validated DICOM findings out."""

__version__ = "0.1.0"
