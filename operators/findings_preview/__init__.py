# SPDX-License-Identifier: Apache-2.0
"""Shows frames and findings while the operation goes on."""

from operators.findings_preview.findings_preview import FindingsPreviewOp
from operators.findings_preview.window import FindingsPreview

__all__ = ["FindingsPreview", "FindingsPreviewOp"]
