# SPDX-License-Identifier: Apache-2.0
"""The bundle in a model folder, laid out as MONAI Deploy packages it or as people unpack it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from monai_medvid.errors import BundleError
from monai_medvid.inference.catalog import METADATA


@contextmanager
def bundle_in(
    model: str | Path, *, name: str = "", scratch: str | Path | None = None
) -> Iterator[Path]:
    """The folder of the one bundle that is meant, as long as the context lasts.

    Args:
        model: A bundle's folder, a folder that holds bundles one or two folders deep
            (``models/<name>``, as MONAI Deploy's packager writes), or the same with a bundle's
            zip file in place of its folder.
        name: Which one, where there are several.
        scratch: Where a zip file is unpacked; the system's temporary folder if None.

    Raises:
        BundleError: There is none, several and no name to choose by, or a damaged zip file.

    Example:
        >>> with bundle_in("bundles/colonoscopy_polyp_segmentation") as folder:
        ...     folder.name
        'colonoscopy_polyp_segmentation'
    """
    root = Path(model)
    if not root.exists():
        raise BundleError(
            "expected a model folder with a MONAI bundle, found no such folder. Check the model "
            "path, or package the application with its models."
        )
    chosen = _choose({_name_of(path): path for path in _bundles(root)}, name)
    if chosen.is_dir():
        yield chosen.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="medvid-bundle-", dir=scratch) as folder:
        yield _unpacked(chosen, Path(folder))


def _bundles(root: Path) -> Iterator[Path]:
    """Bundle folders and zip files at the root, one, or two folders below it."""
    if root.is_file() or (root / METADATA).is_file():
        yield root
        return
    for first in sorted(root.iterdir()):
        yield from _bundle_at(first)
        if first.is_dir() and not (first / METADATA).is_file():
            for second in sorted(first.iterdir()):
                yield from _bundle_at(second)


def _bundle_at(path: Path) -> Iterator[Path]:
    if (path / METADATA).is_file() or path.suffix == ".zip":
        yield path


def _name_of(path: Path) -> str:
    path = path.resolve()
    return path.stem if path.is_file() else path.name


def _choose(found: dict[str, Path], name: str) -> Path:
    names = ", ".join(sorted(found)) or "none"
    if name and name in found:
        return found[name]
    if name:
        raise BundleError(
            f"expected the bundle {name!r} in the model folder, found {names}. Name one of those."
        )
    if not found:
        raise BundleError(
            f"expected a MONAI bundle (a folder with {METADATA}, or its zip file) in the model "
            f"folder, found none. Put the bundle's whole folder there."
        )
    if len(found) > 1:
        raise BundleError(
            f"expected one bundle in the model folder, found {names}. Say which one by its name."
        )
    return next(iter(found.values()))


def _unpacked(path: Path, folder: Path) -> Path:
    try:
        with ZipFile(path) as archive:
            archive.extractall(folder)  # ZipFile keeps its members inside
    except (BadZipFile, OSError, RuntimeError) as error:
        raise BundleError(
            f"expected a bundle's zip file, found one that cannot be unpacked "
            f"({type(error).__name__}). Copy it again."
        ) from error
    for place in (folder, *sorted(folder.iterdir())):
        if (place / METADATA).is_file():
            return place
    raise BundleError(
        f"expected a bundle in the zip file, found no {METADATA} in it. Zip the bundle's folder."
    )
