# SPDX-License-Identifier: Apache-2.0
"""A structured report as a tree that can be asked (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pydicom import Dataset

from monai_medvid.dicom.validate_known import items


@dataclass(frozen=True, eq=False)
class Node:
    """A content item.

    Attributes:
        data: Its data set.
        place: Position in the tree, as in PS3.3 C.17.3.2.5: "1" is the root, "1.2" its second.
    """

    data: Dataset
    place: str = "1"

    @property
    def value_type(self) -> str:
        """ValueType (0040,A040)."""
        return str(self.data.get("ValueType") or "")

    @property
    def relationship(self) -> str:
        """RelationshipType (0040,A010) to the parent."""
        return str(self.data.get("RelationshipType") or "")

    @property
    def concept(self) -> tuple[str, str]:
        """Value and scheme of the concept name; two empty ones where it has none."""
        return code_of(self.data, "ConceptNameCodeSequence")

    @property
    def children(self) -> Iterator[Node]:
        """Items of the next level."""
        for number, item in enumerate(items(self.data, "ContentSequence"), 1):
            yield Node(item, f"{self.place}.{number}")

    def walk(self) -> Iterator[Node]:
        """This item and everything under it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def named(self, *concepts: tuple[str, str]) -> list[Node]:
        """Children with one of these concept names."""
        return [child for child in self.children if child.concept in concepts]

    @property
    def number(self) -> Decimal | None:
        """The value of a NUM; None where it has none."""
        for measured in items(self.data, "MeasuredValueSequence"):
            try:
                return Decimal(str(measured.get("NumericValue")))
            except InvalidOperation:
                return None
        return None


def code_of(data: Dataset, keyword: str) -> tuple[str, str]:
    """Value and scheme of the first code of a sequence."""
    for item in items(data, keyword):
        value = item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue") or ""
        return str(value), str(item.get("CodingSchemeDesignator") or "")
    return "", ""
