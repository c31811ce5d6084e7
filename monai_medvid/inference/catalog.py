# SPDX-License-Identifier: Apache-2.0
"""Which bundles are at hand, told from their files alone: torch is never imported here."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_medvid.errors import BundleError

BUNDLES_VARIABLE = "MEDVID_BUNDLES"
"""Environment variable: folders that hold bundles, separated like ``PATH``."""

METADATA = Path("configs", "metadata.json")
WEIGHTS = Path("models", "model.pt")
_BACKGROUND = "background"
_LICENSES = {
    "Apache License": "Apache-2.0",
    "MIT License": "MIT",
    "BSD 3-Clause": "BSD-3-Clause",
    "NVIDIA": "NVIDIA",
    "CC BY": "CC-BY-4.0",
    "Attribution-NonCommercial": "CC-BY-NC-4.0",
}


@dataclass(frozen=True, kw_only=True)
class BundleInfo:
    """What a bundle says about itself.

    Attributes:
        name: Name of its folder, which is what ``--bundle`` takes.
        display_name: For people.
        task: One line.
        labels: What it finds, in channel order, without background.
        weights_bytes: Size of the weights; 0 where they are missing.
        license: SPDX identifier or short name; empty where it is not known.
        problem: Why it cannot be used, one sentence; empty where nothing is wrong.
    """

    name: str
    path: Path
    display_name: str = ""
    version: str = ""
    task: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    weights_bytes: int = 0
    license: str = ""
    problem: str = ""


def find_bundle(name_or_dir: str | Path) -> Path:
    """Find a bundle's folder.

    Args:
        name_or_dir: The folder itself, or the name of a bundle in one of the folders that
            ``MEDVID_BUNDLES`` lists, or of one that came with this package.

    Raises:
        BundleError: There is none of that name.

    Example:
        >>> find_bundle("colonoscopy_polyp_segmentation").name
        'colonoscopy_polyp_segmentation'
    """
    given = Path(name_or_dir)
    if (given / METADATA).is_file():
        return given.resolve()
    if given.name == str(name_or_dir):
        for root in _roots():
            if (root / given / METADATA).is_file():
                return root / given
    names = ", ".join(sorted({path.name for path in _bundle_folders()})) or "none"
    raise BundleError(
        f"expected a bundle (a folder with {METADATA}) or the name of one, found none called "
        f"{str(name_or_dir)!r}. At hand: {names}. Set {BUNDLES_VARIABLE} to a folder with others."
    )


def list_bundles() -> tuple[BundleInfo, ...]:
    """List the bundles at hand, by name; a damaged one is listed with its problem."""
    found: dict[str, BundleInfo] = {}
    for path in _bundle_folders():
        if path.name not in found:
            found[path.name] = describe_bundle(path)
    return tuple(found[name] for name in sorted(found))


def describe_bundle(path: Path) -> BundleInfo:
    """Read what a bundle says about itself; never raises for a damaged one."""
    weights = path / WEIGHTS
    size = weights.stat().st_size if weights.is_file() else 0
    try:
        metadata = read_metadata(path)
    except BundleError as error:
        return BundleInfo(name=path.name, path=path, weights_bytes=size, problem=str(error))
    return BundleInfo(
        name=path.name,
        path=path,
        display_name=str(metadata.get("name") or path.name),
        version=str(metadata.get("version", "")),
        task=str(metadata.get("task", "")),
        description=str(metadata.get("description", "")),
        labels=object_labels(_channel_def(metadata)),
        weights_bytes=size,
        license=str(metadata.get("license") or _guess_license(path / "LICENSE")),
        problem="" if size else f"its weights {WEIGHTS} are missing or empty",
    )


def read_metadata(path: Path) -> dict[str, Any]:
    """Read a bundle's ``configs/metadata.json``.

    Raises:
        BundleError: It is missing, is not JSON, or is not an object.
    """
    try:
        content = json.loads((path / METADATA).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(
            f"bundle {path.name!r}: expected {METADATA} in JSON, found it unreadable "
            f"({type(error).__name__}). Restore the file."
        ) from error
    if not isinstance(content, dict):
        raise BundleError(
            f"bundle {path.name!r}: expected a JSON object in {METADATA}, found a "
            f"{type(content).__name__}. Restore the file."
        )
    return content


def object_labels(channels: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out the channels that are background: they are no objects."""
    return tuple(name for name in channels if name.lower() != _BACKGROUND)


def _channel_def(metadata: dict[str, Any]) -> tuple[str, ...]:
    node: Any = metadata
    for key in ("network_data_format", "outputs", "pred", "channel_def"):
        node = node.get(key) if isinstance(node, dict) else None
    return tuple(map(str, node.values())) if isinstance(node, dict) else ()


def _guess_license(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as stream:
        head = stream.read(400)
    return next((name for words, name in _LICENSES.items() if words in head), "")


def _roots() -> Iterator[Path]:
    for folder in os.environ.get(BUNDLES_VARIABLE, "").split(os.pathsep):
        if folder:
            yield Path(folder).expanduser().resolve()
    package = Path(__file__).resolve().parents[1]
    yield package / "_shipped" / "bundles"  # where a wheel carries them
    yield package.parent / "bundles"  # where an editable install has them


def _bundle_folders() -> Iterator[Path]:
    for root in _roots():
        if root.is_dir():
            yield from (path for path in sorted(root.iterdir()) if (path / METADATA).is_file())
