# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from monai_medvid.errors import OutputError


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write under a passing name in the same folder; take the real name only on success.

    Raises:
        OutputError: If the folder cannot be written to, or the disk is full.
    """
    part = path.parent / f".{path.name}.{os.getpid()}.part"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w+b") as file:
            yield file
        part.replace(path)
    except OSError as error:
        msg = (
            f"Expected to write a {path.suffix or 'result'} file, but the system refused: "
            f"{error.strerror or type(error).__name__}. Check the folder's space and permissions."
        )
        raise OutputError(msg) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
