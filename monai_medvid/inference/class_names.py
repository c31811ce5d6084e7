# SPDX-License-Identifier: Apache-2.0
"""Names of output channels where a bundle's metadata has them in sentences only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SENTENCE = re.compile(
    r"(?<![\d.])(\d+)\s*(?:/\s*\d+\s*)?(?::|=|\bis\b|\bmeans\b)\s*([^\W\d][\w -]*)"
)
"""A number and its name: "0: inbody", "channel 1 is tool", "1/255 is tool"."""


def read_class_names(metadata: Mapping[str, Any], number: int) -> tuple[str, ...]:
    """Names of the channels from ``label_classes`` or ``pred_classes``.

    Args:
        metadata: Of the bundle.
        number: How many channels there are.

    Returns:
        One name a channel; empty where neither field names each of them exactly once.

    Example:
        >>> read_class_names({"label_classes": "0: inbody, 1: outbody"}, 2)
        ('inbody', 'outbody')
    """
    for key in ("label_classes", "pred_classes"):
        value = metadata.get(key)
        if isinstance(value, dict):
            found = [(str(place), str(name)) for place, name in value.items()]
        else:
            found = _SENTENCE.findall(str(value or ""))
        names = {int(place): name.strip() for place, name in found if place.isdigit()}
        if len(found) == number and sorted(names) == list(range(number)):
            return tuple(names[place] for place in range(number))
    return ()
