# SPDX-License-Identifier: Apache-2.0
"""A check of a data set before anything is trained on it or measured with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

from monai_medvid.data.datasets.catalog import open_dataset
from monai_medvid.data.datasets.check_video import check_video
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.faults import DatasetReport, Fault, VideoFacts, sorted_faults
from monai_medvid.data.datasets.fingerprints import same_operations
from monai_medvid.data.datasets.overlaps import check_overlap, is_known, shared_operations

Progress = Callable[[str, int, int], None]


def check_dataset(
    name: str,
    folder: str | Path,
    *,
    against: Sequence[tuple[str, str | Path]] = (),
    pictures: bool = False,
    progress: Progress | None = None,
) -> DatasetReport:
    """Look at all files of a data set: what is there, what is missing, what does not fit.

    Args:
        name: One of ``list_datasets()``.
        folder: Where its files lie.
        against: Names and folders of other data sets whose videos must not be shared.
        pictures: Also compare pictures across data sets, which decodes all of them.
        progress: Called with (what, done, total).

    Raises:
        InputError: A folder does not hold the data set at all.
        MissingExtraError: A package that its files need is not installed.
    """
    dataset = open_dataset(name, folder)
    others = [open_dataset(other, place) for other, place in against]
    facts, faults = [], list(_whole(dataset))
    for done, video in enumerate(dataset.names, 1):
        fact, found = check_video(dataset, video)
        facts.append(fact)
        faults += found
        if progress is not None:
            progress(f"checking {name}", done, len(dataset))
    faults += _sizes(facts)
    for other in others:
        faults += _across(dataset, other, pictures=pictures, progress=progress)
    return DatasetReport(
        name=dataset.name,
        licence=dataset.licence,
        expected=dataset.expected,
        videos=tuple(facts),
        splits=_present(dataset),
        faults=sorted_faults(faults),
    )


def _present(dataset: LabelledDataset) -> dict[str, dict[str, tuple[int, int]]]:
    here = set(dataset.names)
    return {
        scheme: {part: (len(here.intersection(names)), len(names)) for part, names in parts.items()}
        for scheme, parts in dataset.splits.items()
    }


def _whole(dataset: LabelledDataset) -> Iterator[Fault]:
    for text in dataset.warnings:
        yield Fault("warning", "note", "", text)
    if dataset.expected is not None and len(dataset) < dataset.expected:
        text = f"{len(dataset)} of the {dataset.expected} published videos are here."
        yield Fault("warning", "missing", "", text)
    for scheme, parts in dataset.splits.items():
        for one, other in combinations(parts, 2):
            both = sorted(set(parts[one]) & set(parts[other]))
            if both:
                some = ", ".join(both[:4]) + (", ..." if len(both) > 4 else "")
                yield Fault(
                    "warning" if scheme in dataset.leaky else "error",
                    "leak",
                    scheme,
                    f"Expected parts without a common video, found {len(both)} in {one} and "
                    f"{other} ({some}). Take another split.",
                )


def _sizes(facts: Sequence[VideoFacts]) -> Iterator[Fault]:
    sizes = Counter(fact.size for fact in facts if fact.size is not None)
    if len(sizes) > 1:
        told = ", ".join(f"{n} of {w}x{h}" for (w, h), n in sizes.most_common(5))
        yield Fault("warning", "size", "", f"The videos differ in size: {told}.")


def _across(
    dataset: LabelledDataset, other: LabelledDataset, *, pictures: bool, progress: Progress | None
) -> Iterator[Fault]:
    pair = f"{dataset.name} / {other.name}"
    if is_known(dataset.name, other.name):
        yield from check_overlap(dataset, other, shared_operations(dataset, other))
    elif not pictures:
        text = "It is not published which operations they share: compare pictures (--pictures)."
        yield Fault("warning", "overlap", pair, text)
    if pictures:
        found = same_operations(dataset, other, progress=progress)
        yield from check_overlap(dataset, other, found, how="their pictures")
