# SPDX-License-Identifier: Apache-2.0
"""A folder that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A passing folder beside the target that takes its place when everything went well.

    What was in the target's place is replaced; whether it may be is for the caller to say.

    Raises:
        OSError: The system refuses.

    Example:
        >>> with whole_folder(Path("results")) as folder:  # doctest: +SKIP
        ...     (folder / "found.json").write_text("{}")
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    passing = Path(tempfile.mkdtemp(prefix=".medvid-", dir=target.parent))
    try:
        yield passing
        passing.chmod(0o777 & ~_umask())
        put_in_place(passing, target)
    finally:
        shutil.rmtree(passing, ignore_errors=True)


def put_in_place(passing: Path, target: Path) -> None:
    """Move a file or folder to where it belongs; what was there before is removed.

    Raises:
        OSError: The system refuses.
    """
    if not target.exists():
        passing.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=".medvid-old-", dir=target.parent))
    try:
        target.rename(old / "old")
        passing.rename(target)
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
