# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from monai_medvid.errors import OutputError

REFUSALS = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EEXIST,
        errno.EFBIG,
        errno.EIO,
        errno.EISDIR,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)
"""Error numbers by which a system refuses to write; FFmpeg's own ones are others."""


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write under a passing name in the same folder; take the real name only on success.

    Raises:
        OutputError: If the folder cannot be written to, or the disk is full.
    """
    part = path.parent / f".{path.name}.{os.getpid()}.part"
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("w+b") as file:
                yield file
            part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell what the system refuses in the words of this library.

    Raises:
        OutputError: No space, no permission, or the like.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        msg = (
            f"Expected to write a {path.suffix or 'result'} file, but the system refused: "
            f"{error.strerror or type(error).__name__}. Check the folder's space and permissions."
        )
        raise OutputError(msg) from error
