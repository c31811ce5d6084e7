# SPDX-License-Identifier: Apache-2.0
"""Which videos of different data sets show the same operation, as published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.faults import Fault

SOURCE = "CAMMA's analysis of overlaps between cholecystectomy data sets (2025)"

_SAME_NUMBERS = frozenset({"cholec80", "cholec80-cvs", "cholecseg8k", "cholect50", "cholectrack20"})
"""They count the same operations of Strasbourg (CholecT50, README-Splits)."""

_ENDOSCAPES = {1: 67, 2: 68, 3: 70, 4: 71, 7: 72, 10: 96, 33: 110, 121: 66, 127: 103}
"""Number in Cholec80 and CholecT50 by number in Endoscapes2023; the others are in neither."""

_M2CAI16_TOOL = {
    **{number: number + 66 for number in range(1, 11)},
    **dict(zip(range(11, 16), (61, 62, 64, 65, 66), strict=True)),
}
"""Number in Cholec80 by number in M2CAI16-tool."""

_SAME_NAMES = frozenset({"kvasir-seg", "hyperkvasir"})
_STRASBOURG = _SAME_NUMBERS | {"endoscapes", "m2cai16-tool"}

_APART = frozenset(
    {
        "autolaparo",
        "autolaparo-masks",
        "autolaparo-motion",
        "endovis2017",
        "endovis2018",
        "heichole",
        "jigsaws",
        "multibypass140",
        "pitvis",
        "sar-rarp50",
        "simulated",
    }
)
"""Other hospitals or other operations than the sets of Strasbourg, and than each other."""


def operation_id(dataset: str, video: str) -> str:
    """A name that two videos share where they show the same operation."""
    digits = re.sub(r"\D", "", video)
    number = int(digits) if digits else 0
    if dataset in _SAME_NUMBERS:
        return f"strasbourg-{number}"
    for name, table in (("endoscapes", _ENDOSCAPES), ("m2cai16-tool", _M2CAI16_TOOL)):
        if dataset == name and number in table:
            return f"strasbourg-{table[number]}"
    if dataset in _SAME_NAMES:
        return f"kvasir-{video}"
    return f"{dataset}-{video}"


def is_known(first: str, second: str) -> bool:
    """Whether it is published which operations two data sets share, or evident that none is."""
    together = {first, second}
    return (
        together <= _STRASBOURG
        or together <= _SAME_NAMES
        or len(together) == 1
        or (bool(together & _APART) and together <= _APART | _STRASBOURG)
    )


def shared_operations(
    first: LabelledDataset, second: LabelledDataset
) -> dict[str, tuple[str, str]]:
    """Names in both data sets of each operation that is here in both."""
    by_id = {operation_id(second.name, name): name for name in second.names}
    return {
        key: (name, by_id[key])
        for name in first.names
        if (key := operation_id(first.name, name)) in by_id
    }


def check_overlap(
    first: LabelledDataset,
    second: LabelledDataset,
    shared: Mapping[str, tuple[str, str]],
    *,
    how: str = SOURCE,
) -> Iterator[Fault]:
    """Faults for operations that two data sets share, errors where one trains and one tests.

    Args:
        first: One data set; its first split counts.
        second: The other; its first split counts.
        shared: Names of the same operation in both.
        how: How it is known.
    """
    crossed: dict[tuple[str, str], list[str]] = {}
    for one, other in shared.values():
        parts = _part_of(first, one), _part_of(second, other)
        crossed.setdefault(parts, []).append(f"{one} = {other}")
    for (one, other), pairs in sorted(crossed.items()):
        leaks = {one.rpartition(":")[2], other.rpartition(":")[2]} in (
            {"train", "test"},
            {"train", "val"},
        )
        yield Fault(
            "error" if leaks else "warning",
            "overlap",
            f"{first.name} / {second.name}",
            f"{len(pairs)} operations of {_named(first, one)} are in {_named(second, other)} too "
            f"(by {how}): {', '.join(pairs[:8])}{', ...' if len(pairs) > 8 else ''}."
            + (" Leave them out of training." if leaks else ""),
        )


def _named(dataset: LabelledDataset, part: str) -> str:
    return f"{dataset.name} {part}" if part else dataset.name


def _part_of(dataset: LabelledDataset, video: str) -> str:
    scheme = next(iter(dataset.splits), None)
    parts = dataset.splits[scheme] if scheme else {}
    return next((f"{scheme}:{part}" for part, names in parts.items() if video in names), "")
