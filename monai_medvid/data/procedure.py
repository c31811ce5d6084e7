# SPDX-License-Identifier: Apache-2.0
"""What can be recognised in a procedure: phases, instruments, criteria, tissues, as data files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from monai_medvid.errors import InputError

OUTSIDE = "OutOfBody"
"""Label of the moments when the camera is outside of the patient."""


@dataclass(frozen=True)
class MaskClass:
    """One class of a segmentation mask.

    Attributes:
        name: As the data set spells it.
        value: Grey value in the published masks; ``None`` where the data set has no such file.
    """

    name: str
    value: int | None


@dataclass(frozen=True)
class Procedure:
    """The classes of one procedure, in the order of a network's channels.

    Attributes:
        name: Of the file, e.g. "cholecystectomy".
        title: For people.
        source: Which data set or paper defines the names.
        phases: Exactly one at each moment inside the body.
        instruments: Any number at each moment.
        criteria: Of a safety check (critical view of safety), soft labels 0..1.
        masks: Classes of the segmentation, the background first.
        steps: Finer than phases, exactly one at each moment inside the body.
    """

    name: str
    title: str
    source: str
    phases: tuple[str, ...]
    instruments: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    masks: tuple[MaskClass, ...] = ()
    steps: tuple[str, ...] = ()

    def __repr__(self) -> str:
        counts = f"{len(self.phases)} phases, {len(self.instruments)} instruments"
        return f"Procedure({self.name}: {counts}, {len(self.masks)} mask classes)"


def list_procedures() -> tuple[str, ...]:
    """Names of the procedures that come with the package."""
    folder = files("monai_medvid.data").joinpath("procedures")
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name[:-5] for name in names if name.endswith(".yaml")))


def load_procedure(name_or_path: str | Path) -> Procedure:
    """A procedure's classes by shipped name, or from a file of one's own.

    Raises:
        InputError: There is no such procedure, or the file is not one.

    Example:
        >>> load_procedure("cholecystectomy").phases[1]
        'CalotTriangleDissection'
    """
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        try:
            return _parse(path.read_text("utf-8"), path.stem)
        except OSError as error:
            raise InputError(
                f"expected a procedure file, found {path.name} unreadable ({error.strerror}). "
                f"Check the path."
            ) from error
    return _shipped(str(name_or_path))


@lru_cache(maxsize=16)
def _shipped(name: str) -> Procedure:
    if name not in list_procedures():
        raise InputError(
            f"expected a procedure ({', '.join(list_procedures())}) or a .yaml file, found "
            f"{name!r}. Take one of these or write a file like them."
        )
    file = files("monai_medvid.data").joinpath("procedures", f"{name}.yaml")
    return _parse(file.read_text("utf-8"), name)


def _parse(text: str, name: str) -> Procedure:
    try:
        data = yaml.safe_load(text)
        procedure = Procedure(
            name=name,
            title=str(data["title"]),
            source=str(data["source"]),
            phases=_names(data["phases"]),
            instruments=_names(data.get("instruments", [])),
            criteria=_names(data.get("criteria", [])),
            masks=tuple(MaskClass(str(n), v) for n, v in (data.get("masks") or {}).items()),
            steps=_names(data.get("steps", [])),
        )
        if any(not isinstance(mask.value, int | None) for mask in procedure.masks):
            raise TypeError("mask values are numbers")
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"expected title, source and phases (and instruments, criteria, masks) in the "
            f"procedure file {name}.yaml, found something else ({type(error).__name__}). Compare "
            f"it with a shipped one."
        ) from error
    return procedure


def _names(value: Any) -> tuple[str, ...]:
    names = tuple(str(name) for name in value)
    if isinstance(value, str) or len(set(names)) != len(names):
        raise ValueError("a list of different names")
    return names
