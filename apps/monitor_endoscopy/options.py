# SPDX-License-Identifier: Apache-2.0
"""The application's settings, from YAML and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from monai_medvid.errors import InputError
from monai_medvid.settings import read_yaml, settings_of

LINK_PORTS = 3
"""What one half listens on: Holoscan's control, and two for what the other half sends."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Arguments of ``LiveVideoSourceOp``."""

    source: str = ""
    loop: bool = False
    connect_seconds: float = 10.0
    lost_seconds: float = 2.0
    reconnect_seconds: float | None = 300.0
    input_options: Mapping[str, str] = field(default_factory=dict)
    slack: int = 0


@dataclass(frozen=True, kw_only=True)
class Inference:
    """Arguments of ``BundleInferenceOp``."""

    bundle: str = "laparoscopic_cholecystectomy_workflow"
    device: str = "auto"
    runtime: str = "auto"
    mask_seconds: float | None = 1.0


@dataclass(frozen=True, kw_only=True)
class Procedure:
    """When a procedure is over, see ``ProcedureEnd``."""

    outside_seconds: float | None = 120.0


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The live page."""

    host: str = "127.0.0.1"
    port: int = 8080
    stale_after: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Results:
    """What is written, and where."""

    output: str = "results"
    seg: str = "binary"
    sr: str = "comprehensive3d"
    sr_target: str = "both"
    like: str = ""


@dataclass(frozen=True, kw_only=True)
class Deliver:
    """Where DICOM objects go."""

    destinations: tuple[str, ...] = ()
    spool: str = ""
    patience_seconds: float = 60.0


@dataclass(frozen=True, kw_only=True)
class Link:
    """How the application is shared between two hosts; all here where ``part`` is empty.

    Attributes:
        ports: Of this host, ``LINK_PORTS`` of them, beside the one of the address; free ones where
            none are named.
    """

    part: Literal["", "capture", "analysis"] = ""
    address: str = "127.0.0.1:8765"
    ports: tuple[int, ...] = ()
    lost_seconds: float = 10.0

    def __post_init__(self) -> None:
        if self.ports and len(set(self.ports)) != LINK_PORTS:
            raise InputError(
                f"expected {LINK_PORTS} different ports of the link, found "
                f"{', '.join(map(str, self.ports))}. Name as many, or none for free ones."
            )


@dataclass(frozen=True, kw_only=True)
class MonitorOptions:
    """Everything that can be set; the sections of ``monitor_endoscopy.yaml``.

    Attributes:
        findings: Fields of ``FindingOptions``.
    """

    source: Source = Source()
    inference: Inference = Inference()
    findings: Mapping[str, Any] = field(default_factory=dict)
    procedure: Procedure = Procedure()
    preview: Preview = Preview()
    results: Results = Results()
    deliver: Deliver = Deliver()
    link: Link = Link()

    @property
    def spool(self) -> Path:
        """Where objects wait that were not delivered yet."""
        return Path(self.deliver.spool or Path(self.results.output) / "spool")


SECTIONS: dict[str, type[Any]] = {
    "source": Source,
    "inference": Inference,
    "procedure": Procedure,
    "preview": Preview,
    "results": Results,
    "deliver": Deliver,
    "link": Link,
}


def read_options(
    path: Path | None, given: Mapping[str, Mapping[str, Any]] | None = None
) -> MonitorOptions:
    """Read settings from a YAML file; what is given beside it comes first.

    Args:
        path: The file; None for the defaults.
        given: Values by section and name.

    Raises:
        InputError: The file is missing or no YAML, or a section, name or type is not known.
    """
    document = read_yaml(path) if path is not None else {}
    _check(document, {*SECTIONS, "findings"}, "sections")
    values: dict[str, Any] = {"findings": _mapping(document, "findings")}
    for name, section in SECTIONS.items():
        merged = {**_mapping(document, name), **(given or {}).get(name, {})}
        values[name] = settings_of(section, merged, where=name)
    return MonitorOptions(**values)


def _mapping(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name) or {}
    if not isinstance(found, Mapping):
        raise InputError(
            f"expected names and values in section {name!r}, found a {type(found).__name__}. "
            f"Indent them below it."
        )
    return found


def _check(found: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(set(map(str, found)) - known)
    if unknown:
        raise InputError(
            f"expected {what} of {', '.join(sorted(known))}, found {', '.join(unknown)}. Correct "
            f"the name."
        )
