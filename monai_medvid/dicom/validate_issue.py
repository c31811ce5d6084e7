# SPDX-License-Identifier: Apache-2.0
"""What the validator has to say about a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong.

    Attributes:
        severity: "error" breaks a rule of DICOM or says something untrue; "warning" keeps a known
            viewer or archive from showing or taking it.
        code: Short and stable, e.g. "sr-time-range".
        where: File, and the place in it: a content item ("1.8.3") or a frame.
        message: What was expected and what was found; numbers and UIDs, never patient data.
        reference: Where the rule stands: PS3.x section, TID, or the viewer that it comes from.
    """

    severity: Severity
    code: str
    where: str
    message: str
    reference: str


@dataclass
class Issues:
    """Collects the issues of one file.

    Attributes:
        name: What the file is called in ``Issue.where``.
        found: In the order of the checks.
    """

    name: str
    found: list[Issue] = field(default_factory=list)

    def error(self, code: str, message: str, reference: str, *, at: str = "") -> None:
        """A rule is broken."""
        self._add("error", code, message, reference, at)

    def warning(self, code: str, message: str, reference: str, *, at: str = "") -> None:
        """A viewer or archive will not cope."""
        self._add("warning", code, message, reference, at)

    def _add(self, severity: Severity, code: str, message: str, reference: str, at: str) -> None:
        where = f"{self.name} {at}" if at else self.name
        self.found.append(Issue(severity, code, where, message, reference))
