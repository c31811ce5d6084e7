# SPDX-License-Identifier: Apache-2.0
"""What a window without a web page writes over the picture (Holoviz)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WHITE, AMBER, RED, GREEN = (
    (0.91, 0.93, 0.94),
    (1.0, 0.77, 0.33),
    (1.0, 0.48, 0.42),
    (0.37, 0.83, 0.65),
)
_LEFT, _LINE = 0.02, 0.042


@dataclass(frozen=True)
class Caption:
    """One line of text.

    Attributes:
        left: Share of the width, 0..1.
        top: Share of the height, 0..1.
        size: Height of the letters as a share of the height.
        rgb: 0..1.
    """

    text: str
    left: float
    top: float
    size: float
    rgb: tuple[float, float, float]


def captions(told: Mapping[str, Any]) -> tuple[Caption, ...]:
    """The lines for a state.

    Args:
        told: As ``PreviewState.snapshot`` gives it.

    Returns:
        The notice always; what does not hold any more (a stale picture's findings) is left out,
        and instead the middle says since when there is no picture.
    """
    lines = [(str(told["notice"]), AMBER)]
    condition = told["picture"]["condition"]
    if condition == "live":
        lines += [("LIVE", GREEN), *_findings(told)]
    placed = [
        Caption(text, _LEFT, 0.02 + place * _LINE, 0.032, rgb)
        for place, (text, rgb) in enumerate(lines)
    ]
    if condition != "live":
        placed.append(Caption(str(told["picture"]["text"]), 0.08, 0.45, 0.07, AMBER))
    return tuple(placed)


def _findings(told: Mapping[str, Any]) -> list[tuple[str, tuple[float, float, float]]]:
    now = told["now"]
    if told["results"]["stale"]:
        return [("STALE: results are behind the picture", AMBER)]
    lines = []
    if now["name"]:
        lines.append((f"{now['name']}  {100 * (now['probability'] or 0):.0f} %", WHITE))
    if now["next"] and now["secondsToNext"] is not None:
        lines.append((f"Next: {now['next']} in {now['secondsToNext'] / 60:.0f} min", WHITE))
    used = ", ".join(one["name"] for one in told["instruments"] if one["inSight"])
    if used:
        lines.append((f"In sight: {used}", WHITE))
    if told["criteria"]:
        met = sum(one["met"] for one in told["criteria"])
        lines.append((f"Critical view: {met} of {len(told['criteria'])} criteria", WHITE))
    alerts = [one for one in told["log"] if one["severity"] == "alert"]
    return lines + [(f"ALERT: {one['text']}", RED) for one in alerts[-2:]]
