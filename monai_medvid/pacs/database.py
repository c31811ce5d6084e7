# SPDX-License-Identifier: Apache-2.0
"""A small SQLite file that several threads of a process may use."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Database:
    """What is written is on disk when the call comes back.

    Args:
        path: The file; made where it is not there.
        table: ``CREATE TABLE IF NOT EXISTS ...``.
    """

    def __init__(self, path: Path, table: str) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        with self._lock, self._connection:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(table)

    def run(self, statement: str, values: Iterable[object] = ()) -> None:
        """Change something."""
        with self._lock, self._connection:
            self._connection.execute(statement, tuple(values))

    def rows(self, query: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """Ask for something."""
        with self._lock:
            return self._connection.execute(query, tuple(values)).fetchall()

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock:
            self._connection.close()
