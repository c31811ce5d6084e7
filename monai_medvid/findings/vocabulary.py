# SPDX-License-Identifier: Apache-2.0
"""Labels of bundles as coded concepts, shipped as data in ``vocabulary.yaml``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from monai_medvid.errors import BundleError
from monai_medvid.findings.model import IntervalKind

PRIVATE_SCHEME = "99MEDVID"
"""Coding Scheme Designator of our own codes; private ones begin with 99 (PS3.16 8.2)."""

Kind = IntervalKind


class Coded(NamedTuple):
    """A code: value (at most 16 characters), scheme designator, meaning (at most 64)."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class Concept:
    """What a label means.

    Attributes:
        code: The finding, object or phase itself.
        category: What sort of thing it is (CID 7150, or ours for findings in time).
    """

    code: Coded
    category: Coded


@dataclass(frozen=True)
class Vocabulary:
    """Concepts by label.

    Attributes:
        concepts: By label as ``plain_label`` spells it.
        categories: By the names that the file uses.
        default_categories: For labels that are not listed, by kind of finding.
    """

    concepts: Mapping[str, Concept] = field(default_factory=dict)
    categories: Mapping[str, Coded] = field(default_factory=dict)
    default_categories: Mapping[str, Coded] = field(default_factory=dict)

    def find(self, label: str, *, kind: Kind = "finding") -> Concept:
        """The concept of a label; an unlisted one gets a private code with itself as meaning.

        A criterion of a safety check is named like the structure that it is about; its category
        tells that it is not the structure itself.
        """
        plain = plain_label(label)
        known = self.concepts.get(plain)
        if known is not None and kind == "criterion":
            return Concept(known.code, self.default_categories[kind])
        if known is not None:
            return known
        digest = hashlib.sha256(plain.encode()).hexdigest()[:12].upper()
        meaning = re.sub(r"[\x00-\x1f\x7f\\]", " ", label).strip()[:64] or "unnamed finding"
        return Concept(Coded(f"L-{digest}", PRIVATE_SCHEME, meaning), self.default_categories[kind])

    def extended(self, path: Path) -> Vocabulary:
        """This vocabulary with the terms of a further file, which win (a bundle's own).

        Raises:
            BundleError: The file is not a vocabulary.
        """
        return _parse(path.read_text("utf-8"), name=path.name, base=self)


def find_concept(label: str, *, kind: Kind = "finding") -> Concept:
    """The concept of a label in the shipped vocabulary.

    Example:
        >>> find_concept("polyp").code.meaning
        'Polyp of colon'
    """
    return shipped_vocabulary().find(label, kind=kind)


@lru_cache(maxsize=1)
def shipped_vocabulary() -> Vocabulary:
    """The vocabulary that comes with the package, read once."""
    text = files("monai_medvid.findings").joinpath("vocabulary.yaml").read_text("utf-8")
    return _parse(text, name="vocabulary.yaml", base=Vocabulary())


def plain_label(label: str) -> str:
    """A label without case, camel case, hyphens, underscores and doubled spaces."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", label)
    return re.sub(r"[\s_\-]+", " ", spaced).strip().lower()


def _parse(text: str, *, name: str, base: Vocabulary) -> Vocabulary:
    try:
        data = yaml.safe_load(text)
        own = {key: _coded(value) for key, value in data.get("categories", {}).items()}
        categories = {**base.categories, **own}
        concepts = {
            plain_label(label): Concept(_coded(code), categories[category])
            for category, terms in data.get("terms", {}).items()
            for label, code in terms.items()
        }
        defaults = {k: categories[v] for k, v in data.get("default_categories", {}).items()}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        msg = (
            f"expected a vocabulary (terms: category: label: [value, scheme, meaning]) in {name}, "
            f"found something else ({type(error).__name__}); compare it with the shipped "
            "findings/vocabulary.yaml."
        )
        raise BundleError(msg) from error
    return Vocabulary(
        concepts={**base.concepts, **concepts},
        categories=categories,
        default_categories={**base.default_categories, **defaults},
    )


def _coded(value: Any) -> Coded:
    """A code from its three parts (lengths of SH, SH and LO, PS3.5 6.2)."""
    code, scheme, meaning = (str(part) for part in value)
    if not (0 < len(code) <= 16 and 0 < len(scheme) <= 16 and 0 < len(meaning) <= 64):
        raise ValueError("a code is [value <= 16, scheme <= 16, meaning <= 64 characters]")
    return Coded(code, scheme, meaning)
