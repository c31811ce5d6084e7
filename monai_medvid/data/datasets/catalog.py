# SPDX-License-Identifier: Apache-2.0
"""All data sets that can be read, by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from monai_medvid.data.datasets.dataset import LabelledDataset, Split
from monai_medvid.data.datasets.tables import read_json
from monai_medvid.data.datasets.values import place
from monai_medvid.errors import InputError

_READERS = {
    "autolaparo": "autolaparo:open_autolaparo",
    "autolaparo-masks": "autolaparo:open_autolaparo_masks",
    "autolaparo-motion": "autolaparo:open_autolaparo_motion",
    "cholec80": "cholec80:open_cholec80",
    "cholec80-cvs": "cholec80_cvs:open_cholec80_cvs",
    "cholecseg8k": "cholecseg8k:open_cholecseg8k",
    "cholect50": "cholect50:open_cholect50",
    "cholectrack20": "cholectrack20:open_cholectrack20",
    "endoscapes": "endoscapes:open_endoscapes",
    "endovis2017": "endovis2017:open_endovis2017",
    "endovis2018": "endovis2018:open_endovis2018",
    "heichole": "heichole:open_heichole",
    "hyperkvasir": "hyperkvasir:open_hyperkvasir",
    "jigsaws": "jigsaws:open_jigsaws",
    "kvasir-seg": "kvasir_seg:open_kvasir_seg",
    "m2cai16-tool": "m2cai16:open_m2cai16_tool",
    "m2cai16-workflow": "m2cai16:open_m2cai16_workflow",
    "multibypass140": "multibypass140:open_multibypass140",
    "pitvis": "pitvis:open_pitvis",
    "polypgen": "polypgen:open_polypgen",
    "sar-rarp50": "sar_rarp50:open_sar_rarp50",
    "simulated": "simulated:open_simulated",
}

OWN_SPLITS = "splits.json"
"""Splits of one's own in a data set's folder: ``{"mine": {"train": ["video01"], ...}}``."""


def list_datasets() -> tuple[str, ...]:
    """Names of the data sets that can be read."""
    return tuple(sorted(_READERS))


def open_dataset(name: str, folder: str | Path) -> LabelledDataset:
    """Open a data set in its published layout; label files are read when videos are asked for.

    A ``splits.json`` in the folder adds splits of one's own, before the published ones.

    Args:
        name: One of ``list_datasets()``.
        folder: Where its files lie.

    Raises:
        InputError: There is no such data set, or the folder does not hold it.
        MissingExtraError: A package that its files need is not installed.

    Example:
        >>> cholec80 = open_dataset("cholec80", "/data/cholec80")  # doctest: +SKIP
        >>> [video.name for video in cholec80.split("32/8/40:val")]  # doctest: +SKIP
        ['video33', ...]
    """
    root = Path(folder)
    if name not in _READERS:
        raise InputError(
            f"expected a data set ({', '.join(list_datasets())}), found {name!r}. "
            f"Take one of these."
        )
    dataset = _reader(name)(root)
    own = root / OWN_SPLITS
    if not own.is_file():
        return dataset
    return dataclasses.replace(dataset, splits={**_own_splits(own), **dataset.splits})


def _reader(name: str) -> Callable[[Path], LabelledDataset]:
    module, function = _READERS[name].split(":")
    reader: Callable[[Path], LabelledDataset] = getattr(
        import_module(f"monai_medvid.data.datasets.{module}"), function
    )
    return reader


def _own_splits(path: Path) -> dict[str, Split]:
    content = read_json(path)
    try:
        return {
            str(scheme): {str(part): _video_names(videos) for part, videos in parts.items()}
            for scheme, parts in content.items()
        }
    except (AttributeError, TypeError) as error:
        raise InputError(
            f'expected {{"name": {{"train": ["video", ...]}}}} in {place(path)}, found something '
            f"else. Correct it or remove it."
        ) from error


def _video_names(videos: object) -> tuple[str, ...]:
    if not isinstance(videos, list):
        raise TypeError("a list of names")
    return tuple(str(video) for video in videos)
