# SPDX-License-Identifier: Apache-2.0
"""A structured report as a tree that can be asked (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property

from pydicom import Dataset

from monai_medvid.dicom.validate_known import items


@dataclass(frozen=True, eq=False)
class Node:
    """A content item; what is asked once is kept, since pydicom takes long to answer.

    Attributes:
        data: Its data set.
        place: Position in the tree, as in PS3.3 C.17.3.2.5: "1" is the root, "1.2" its second.
    """

    data: Dataset
    place: str = "1"

    @cached_property
    def value_type(self) -> str:
        """ValueType (0040,A040)."""
        return str(self.data.get("ValueType") or "")

    @cached_property
    def relationship(self) -> str:
        """RelationshipType (0040,A010) to the parent."""
        return str(self.data.get("RelationshipType") or "")

    @cached_property
    def concept(self) -> tuple[str, str]:
        """Value and scheme of the concept name; two empty ones where it has none."""
        return code_of(self.data, "ConceptNameCodeSequence")

    @cached_property
    def children(self) -> tuple[Node, ...]:
        """Items of the next level."""
        contents = enumerate(items(self.data, "ContentSequence"), 1)
        return tuple(Node(item, f"{self.place}.{number}") for number, item in contents)

    def walk(self) -> Iterator[Node]:
        """This item and everything under it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def named(self, *concepts: tuple[str, str]) -> list[Node]:
        """Children with one of these concept names."""
        return [child for child in self.children if child.concept in concepts]

    @cached_property
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
