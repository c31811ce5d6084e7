# SPDX-License-Identifier: Apache-2.0
"""Sends results to PACS."""

from operators.pacs_sender.pacs_sender import PacsSenderOp

__all__ = ["PacsSenderOp"]
