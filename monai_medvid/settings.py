# SPDX-License-Identifier: Apache-2.0
"""Settings from YAML files into frozen dataclasses, each name and type checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import yaml

from monai_medvid.errors import InputError

Settings = TypeVar("Settings")
_WORDS: dict[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    NoneType: "null",
    Mapping: "names and values",
    tuple[str, ...]: "a list of texts",
    tuple[int, ...]: "a list of whole numbers",
}


def read_yaml(path: str | Path) -> dict[str, Any]:
    """The sections of a YAML file.

    Raises:
        InputError: It is missing, is not YAML, or has no names at its top.
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise InputError(f"expected a settings file, found none to read ({what}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(
            f"expected YAML in the settings file, found something else "
            f"({type(error).__name__}). Correct it."
        ) from error
    if not isinstance(values, dict):
        raise InputError("expected names and values in the settings file, found none. Correct it.")
    return values


def settings_of(kind: type[Settings], values: Any, *, where: str) -> Settings:
    """A dataclass of settings from plain values; what is not named keeps its default.

    Args:
        kind: A dataclass whose fields are str, bool, int, float, a choice (``Literal``), or one of
            these or None; tuples of texts or whole numbers; or mappings.
        values: Names and values, or None for none at all.
        where: The section they stand in, for errors.

    Raises:
        InputError: An unknown name, or a value of another type.

    Example:
        >>> from monai_medvid.results import ResultOptions
        >>> settings_of(ResultOptions, {"seg": "labelmap"}, where="results").seg
        'labelmap'
    """
    if values is None:
        values = {}
    if not isinstance(values, Mapping):
        raise InputError(f"expected names and values under {where}, found {values!r}. Correct it.")
    hints = get_type_hints(kind)
    known = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    for name, value in values.items():
        if name not in known:
            raise InputError(
                f"expected settings among {', '.join(known)} under {where}, found {str(name)!r}. "
                f"Correct the name."
            )
        if not _fits(value, hints[name]):
            raise InputError(
                f"expected {name} under {where} to be {_words(hints[name])}, found {value!r}. "
                f"Correct it."
            )
    return kind(**{n: tuple(v) if isinstance(v, list) else v for n, v in values.items()})


def _fits(value: Any, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is UnionType:
        return any(_fits(value, one) for one in get_args(hint))
    if get_origin(hint) is tuple:
        return isinstance(value, (list, tuple)) and all(_fits(v, get_args(hint)[0]) for v in value)
    if get_origin(hint) is Mapping:
        return isinstance(value, Mapping)
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, hint) and (hint is bool or not isinstance(value, bool))


def _words(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    if get_origin(hint) is UnionType:
        return " or ".join(map(_words, get_args(hint)))
    return _WORDS[hint if hint in _WORDS else get_origin(hint)]
