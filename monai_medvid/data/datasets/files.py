# SPDX-License-Identifier: Apache-2.0
"""Finding the files of a data set."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from monai_medvid.errors import InputError
from monai_medvid.video.folder import natural_key

VIDEO_ENDINGS = frozenset({".mp4", ".avi", ".mov", ".mkv", ".mpg", ".dcm"})
IMAGE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"})


def existing_root(root: Path, *, name: str, needs: Iterable[str]) -> Path:
    """The folder of a data set, where it holds one of the entries that it must have.

    Args:
        root: The folder.
        name: Of the data set.
        needs: Patterns of files or folders; one of them must be there.

    Raises:
        InputError: There is no folder, or nothing of the data set in it.
    """
    if not root.is_dir():
        raise InputError(
            f"expected the folder of {name}, found no folder {root.name!r}. Check the path."
        )
    wanted = list(needs)
    if not any(next(root.glob(pattern), None) for pattern in wanted):
        raise InputError(
            f"expected {' or '.join(wanted)} of {name} in the folder {root.name!r}, found none. "
            f"Point at the folder that holds them."
        )
    return root


def listed(folder: Path, endings: Iterable[str]) -> list[Path]:
    """Files of these endings in natural order of their names; hidden ones are passed over."""
    if not folder.is_dir():
        return []
    kept = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in endings and not path.name.startswith(".")
    ]
    return sorted(kept, key=lambda path: natural_key(path.name))


def find_video(folder: Path, stem: str) -> Path | None:
    """The video of that name, whatever its ending and case; or the folder of its images."""
    for path in listed(folder, VIDEO_ENDINGS):
        if path.stem.lower() == stem.lower():
            return path
    images = folder / stem
    return images if images.is_dir() else None


def matched(folder: Path, pattern: str) -> dict[str, Path]:
    """Files whose whole name matches; by what the first group of the pattern holds, in order.

    Args:
        folder: May be missing.
        pattern: Regular expression with one group; case does not matter.
    """
    if not folder.is_dir():
        return {}
    entries = sorted(folder.iterdir(), key=lambda path: natural_key(path.name))
    found = ((re.fullmatch(pattern, path.name, re.IGNORECASE), path) for path in entries)
    return {match.group(1): path for match, path in found if match}


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Different names in natural order."""
    return tuple(sorted(set(names), key=natural_key))
