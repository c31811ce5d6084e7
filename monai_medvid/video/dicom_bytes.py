# SPDX-License-Identifier: Apache-2.0
"""Reading parts of a file from any thread, or from a forked worker, without sharing a position."""

from __future__ import annotations

import io
import os
import threading
from typing import BinaryIO


class ByteSource:
    """Random access to the bytes of a seekable binary file.

    Real files are read with ``pread``, so that threads and forked workers do not disturb each
    other; anything else is read under a lock. The file stays the caller's, unless it is ``owned``.
    """

    def __init__(self, file: BinaryIO, *, owned: bool = False) -> None:
        self._file = file
        self._owned = owned
        self._lock = threading.Lock()
        self._descriptor = _plain_descriptor(file)
        with self._lock:
            self.size = file.seek(0, io.SEEK_END)

    def close(self) -> None:
        """Close a file that is owned; safe to call twice."""
        if self._owned:
            self._file.close()

    def read_at(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes at ``offset``; fewer only at the end of the file."""
        if self._descriptor is None:
            with self._lock:
                self._file.seek(offset)
                return self._file.read(size)
        parts = []
        while size > 0 and (part := os.pread(self._descriptor, size, offset)):
            parts.append(part)
            offset, size = offset + len(part), size - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _plain_descriptor(file: BinaryIO) -> int | None:
    """The descriptor of an ordinary file on disk; None for anything that only looks like one."""
    raw = getattr(file, "raw", file)
    if isinstance(raw, io.FileIO) and hasattr(os, "pread"):
        return raw.fileno()
    return None
