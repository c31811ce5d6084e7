# SPDX-License-Identifier: Apache-2.0
"""Grey codes of the masks, from the vocabulary of cholecystectomy (CholecSeg8k)."""

from __future__ import annotations

from functools import lru_cache

from monai_medvid.data.procedure import Procedure, load_procedure

PROCEDURE = "cholecystectomy"


def vocabulary() -> Procedure:
    """The classes of the procedure."""
    return load_procedure(PROCEDURE)


@lru_cache(maxsize=32)
def code(name: str) -> int:
    """The grey value of a class by CholecSeg8k's name of it.

    Raises:
        KeyError: There is no such class.

    Example:
        >>> code("Liver")
        21
    """
    values = {mask.name: mask.value for mask in vocabulary().masks}
    value = values.get(name)
    if value is None:
        raise KeyError(name)
    return value


def tool_code(instrument: str) -> int:
    """The grey value of an instrument.

    CholecSeg8k knows two: the hook has one of its own; all others, the bag too, carry Grasper's.
    """
    return code("L-hook Electrocautery" if instrument == "Hook" else "Grasper")
