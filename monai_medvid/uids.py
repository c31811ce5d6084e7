# SPDX-License-Identifier: Apache-2.0
"""Deterministic UIDs: the same input, model, version and settings give the same UIDs.

A UID is "2.25." and the decimal value of a name-based UUID (PS3.5 B.2, RFC 9562 version 5), so a
repeated run is harmless in a PACS and anything different gets a new UID.
"""

from __future__ import annotations

import json
import uuid

ROOT = uuid.UUID("7c1c6a5e-3f0e-5d0e-9b44-6d65647669d0")
"""Namespace of this project's UIDs; changing it changes every UID ever made."""


def derive_uid(*parts: object) -> str:
    """Make a UID from what determines the object.

    Args:
        parts: JSON-able values in a fixed order, e.g. source UID, weights hash, settings, kind.

    Returns:
        A UID of at most 44 characters.

    Example:
        >>> derive_uid("sr", "1.2.3") == derive_uid("sr", "1.2.3")
        True
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return f"2.25.{uuid.uuid5(ROOT, text).int}"
