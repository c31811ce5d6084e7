# SPDX-License-Identifier: Apache-2.0
"""The node's memory: what came in, what became of it, what still has to be sent (SQLite).

Nothing is lost by a crash: a state is written before and after each step, and a step that was
under way when the process ended is done again. That is harmless, since the same input gives the
same UIDs.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from monai_medvid.pacs.database import Database

State = Literal["received", "analyzed", "done", "ignored", "refused", "parked"]
"""received -> analyzed -> done; ignored: no video; refused: cannot be read; parked: not taken."""

_TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    sop_instance_uid TEXT PRIMARY KEY,
    study_instance_uid TEXT NOT NULL,
    path TEXT NOT NULL,
    state TEXT NOT NULL,
    received REAL NOT NULL,
    results TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try REAL NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
)
"""


@dataclass(frozen=True)
class Job:
    """One received instance.

    Attributes:
        received: When its last byte came in, seconds since the epoch.
        results: Result folder once analyzed.
        attempts: Deliveries tried so far.
        next_try: Not before this time, seconds since the epoch.
        reason: Why it is ignored, refused, parked or waiting; without patient data.
    """

    sop_instance_uid: str
    study_instance_uid: str
    path: Path
    state: State
    received: float
    results: Path | None
    attempts: int
    next_try: float
    reason: str


def pause_seconds(attempts: int, *, first: float, most: float = 3600.0) -> float:
    """How long to wait after so many failed attempts: doubled each time, with jitter.

    Args:
        attempts: Attempts before the last one.
        first: Pause after the first, seconds.
        most: Longest pause, seconds.
    """
    return min(most, first * 2.0 ** min(attempts, 60)) * random.uniform(0.8, 1.2)


class JobQueue:
    """A durable list of jobs, safe to use from several threads of one process."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._database = Database(path, _TABLE)

    def add(self, path: Path, *, sop_instance_uid: str, study_instance_uid: str) -> None:
        """Remember a received instance; one that was received before starts anew."""
        row = (sop_instance_uid, study_instance_uid, str(path), self._clock())
        self._run(
            "INSERT OR REPLACE INTO jobs "
            "(sop_instance_uid, study_instance_uid, path, state, received) "
            "VALUES (?, ?, ?, 'received', ?)",
            row,
        )

    def ready_to_analyze(self, *, stable_seconds: float) -> list[Job]:
        """Received jobs of studies to which nothing was added for a while, oldest first."""
        return self._select(
            "state = 'received' AND study_instance_uid IN (SELECT study_instance_uid FROM jobs "
            "GROUP BY study_instance_uid HAVING MAX(received) <= ?)",
            (self._clock() - stable_seconds,),
        )

    def ready_to_send(self) -> list[Job]:
        """Analyzed jobs whose next try is due, oldest first."""
        return self._select("state = 'analyzed' AND next_try <= ?", (self._clock(),))

    def unfinished(self) -> int:
        """How many jobs still have something to be done."""
        return len(self._select("state IN ('received', 'analyzed')", ()))

    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        return self._select("1", ())

    def mark(
        self, job: Job, state: State, *, results: Path | None = None, reason: str = ""
    ) -> None:
        """Write down what became of a job."""
        kept = results or job.results
        self._run(
            "UPDATE jobs SET state = ?, results = ?, reason = ? WHERE sop_instance_uid = ?",
            (state, str(kept or ""), reason, job.sop_instance_uid),
        )

    def postpone(self, job: Job, *, seconds: float, reason: str) -> None:
        """Try a delivery again later."""
        self._run(
            "UPDATE jobs SET attempts = attempts + 1, next_try = ?, reason = ? "
            "WHERE sop_instance_uid = ?",
            (self._clock() + seconds, reason, job.sop_instance_uid),
        )

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _run(self, statement: str, values: Iterable[object]) -> None:
        self._database.run(statement, values)

    def _select(self, where: str, values: Iterable[object]) -> list[Job]:
        query = f"SELECT * FROM jobs WHERE {where} ORDER BY received"  # noqa: S608 (fixed texts)
        return [
            Job(uid, study, Path(path), state, received, Path(out) if out else None, *rest)
            for uid, study, path, state, received, out, *rest in self._database.rows(query, values)
        ]
