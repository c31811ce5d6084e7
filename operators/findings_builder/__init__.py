# SPDX-License-Identifier: Apache-2.0
"""Predictions to events as they happen, and to findings at the end."""

from operators.findings_builder.findings_builder import FindingsBuilderOp

__all__ = ["FindingsBuilderOp"]
