# SPDX-License-Identifier: Apache-2.0
"""Messages in, messages out: what operators of any runtime do with the rooms above."""

from monai_medvid.streaming.findings import MessageFindings
from monai_medvid.streaming.inference import MessageInference

__all__ = ["MessageFindings", "MessageInference"]
