# SPDX-License-Identifier: Apache-2.0
"""Results on their way to PACS, on disk until every destination has taken them.

Each result is a folder with its DICOM files under numbers; ``outbox.db`` says what each
destination has made of it so far. A step that was under way when the process ended is done again,
which is harmless: an instance has the same UID each time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from monai_medvid.errors import InputError, OutputError
from monai_medvid.pacs.database import Database
from monai_medvid.pacs.delivery import DeliveryReport, Instance, Outcome, read_instances
from monai_medvid.pacs.destination import Destination
from monai_medvid.whole_folder import whole_folder

_TABLE = """
CREATE TABLE IF NOT EXISTS deliveries (
    parcel TEXT NOT NULL,
    destination TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    added REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try REAL NOT NULL DEFAULT 0,
    outcomes TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (parcel, destination)
)
"""
_NEVER_TRIED = "it was not tried yet."


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One result on its way to one destination.

    Attributes:
        parcel: Name of the result in the outbox.
        attempts: How often it was tried.
        outcomes: What became of each instance so far, by SOP Instance UID.
    """

    parcel: str
    destination: Destination
    instances: tuple[Instance, ...]
    attempts: int
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    @property
    def rest(self) -> list[Instance]:
        """What has not been stored."""
        return [one for one in self.instances if not self._stored(one)]

    def report(self, latest: Sequence[Outcome] = ()) -> DeliveryReport:
        """What became of every instance."""
        known = {**self.outcomes, **{one.sop_instance_uid: one for one in latest}}
        return DeliveryReport(
            destination=str(self.destination),
            instances=tuple(
                known.get(one.sop_instance_uid)
                or Outcome(one.sop_instance_uid, one.sop_class_uid, "failed", None, 0, _NEVER_TRIED)
                for one in self.instances
            ),
        )

    def _stored(self, one: Instance) -> bool:
        outcome = self.outcomes.get(one.sop_instance_uid)
        return outcome is not None and outcome.status == "stored"


class Outbox:
    """Takes files in and keeps them until all of the destinations have them.

    When it is opened everything is due at once, also what was refused before, and what waits goes
    to the destinations of now: whoever corrects an address and starts again has it sent there.

    Args:
        folder: Where everything is kept; made where it is not there. On the file system of the
            results nothing is copied.
        destinations: Where everything goes.
        clock: Seconds since the epoch.

    Raises:
        InputError: There is no destination.
        OutputError: The system refuses the folder.
    """

    def __init__(
        self,
        folder: Path,
        destinations: Sequence[Destination],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not destinations:
            raise InputError("expected one destination or more for the outbox, found none.")
        self._folder, self._clock = folder, clock
        self._destinations = {str(one): one for one in destinations}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob(".medvid-*"):  # of a process that was ended while it took in
                shutil.rmtree(left, ignore_errors=True)
        except OSError as error:
            msg = f"expected a folder for the outbox, the system refused: {error.strerror}."
            raise OutputError(msg) from error
        self._database = Database(folder / "outbox.db", _TABLE)
        self._resume()

    def add(self, files: Sequence[Path]) -> None:
        """Take files in; when this comes back they are on disk, and due at every destination.

        Args:
            files: DICOM files in the order in which they should be delivered.

        Raises:
            InputError: A path is not a DICOM file.
            OutputError: The system refuses.
        """
        if not files:
            return
        uids = [one.sop_instance_uid for one in read_instances(files)]
        parcel = hashlib.sha256("\n".join(uids).encode()).hexdigest()[:32]
        target = self._folder / parcel
        try:
            if not target.is_dir():  # the same UIDs are the same bytes
                with whole_folder(target) as folder:
                    for number, file in enumerate(files, 1):
                        _take_in(file, folder / f"{number:04d}.dcm")
        except OSError as error:
            msg = (
                f"expected room in the outbox for {len(files)} files, the system refused: "
                f"{error.strerror or type(error).__name__}. Check its permissions and free space."
            )
            raise OutputError(msg) from error
        for destination in self._destinations:
            self._begin(parcel, destination, again=True)

    def due(self) -> Delivery | None:
        """The oldest delivery whose time has come."""
        where = "state = 'waiting' AND next_try <= ?"
        found = self._select(where, self._clock(), most=1)
        return found[0] if found else None

    def next_due(self) -> float | None:
        """Seconds until the next delivery should be tried; None where none is."""
        query = "SELECT MIN(next_try) FROM deliveries WHERE state = 'waiting'"
        ((moment,),) = self._database.rows(query)
        return None if moment is None else max(0.0, float(moment) - self._clock())

    def record(
        self, delivery: Delivery, latest: Sequence[Outcome], *, pause_seconds: float
    ) -> DeliveryReport:
        """Write down what became of a try. What failed is due again after a pause.

        What was refused waits for the next time that the outbox is opened. What every destination
        has stored leaves the outbox.
        """
        report = delivery.report(latest)
        failed = any(one.status == "failed" for one in report.instances)
        state = "stored" if report.complete else "waiting" if failed else "refused"
        self._database.run(
            "UPDATE deliveries SET state = ?, attempts = attempts + 1, next_try = ?, outcomes = ? "
            "WHERE parcel = ? AND destination = ?",
            (
                state,
                self._clock() + pause_seconds,
                json.dumps([asdict(one) for one in report.instances]),
                delivery.parcel,
                report.destination,
            ),
        )
        self._clear(delivery.parcel)
        return report

    def left(self) -> list[DeliveryReport]:
        """What has not been delivered, oldest first."""
        return [one.report() for one in self._select("state != 'stored'")]

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _resume(self) -> None:
        folders = [path for path in self._folder.iterdir() if path.is_dir()]
        parcels = sorted(folders, key=lambda path: path.stat().st_mtime)
        for parcel, destination in self._database.rows(
            "SELECT parcel, destination FROM deliveries"
        ):
            if destination not in self._destinations or not (self._folder / parcel).is_dir():
                self._database.run(
                    "DELETE FROM deliveries WHERE parcel = ? AND destination = ?",
                    (parcel, destination),
                )
        self._database.run(
            "UPDATE deliveries SET state = 'waiting', next_try = 0 WHERE state != 'stored'"
        )
        for path in parcels:
            for destination in self._destinations:
                self._begin(path.name, destination, again=False)
            self._clear(path.name)

    def _begin(self, parcel: str, destination: str, *, again: bool) -> None:
        self._database.run(
            f"INSERT OR {'REPLACE' if again else 'IGNORE'} INTO deliveries "  # noqa: S608
            "(parcel, destination, added) VALUES (?, ?, ?)",
            (parcel, destination, self._clock()),
        )

    def _clear(self, parcel: str) -> None:
        """Let a parcel go that every destination has."""
        query = "SELECT COUNT(*) FROM deliveries WHERE parcel = ? AND state != 'stored'"
        if self._database.rows(query, (parcel,)) == [(0,)]:
            shutil.rmtree(self._folder / parcel, ignore_errors=True)
            self._database.run("DELETE FROM deliveries WHERE parcel = ?", (parcel,))

    def _select(self, where: str, *values: object, most: int = -1) -> list[Delivery]:
        query = (
            "SELECT parcel, destination, attempts, outcomes FROM deliveries "  # noqa: S608
            f"WHERE {where} ORDER BY added, rowid LIMIT ?"
        )
        return [
            Delivery(
                parcel=parcel,
                destination=self._destinations[destination],
                instances=tuple(read_instances(sorted((self._folder / parcel).glob("*.dcm")))),
                attempts=attempts,
                outcomes={one["sop_instance_uid"]: Outcome(**one) for one in json.loads(outcomes)},
            )
            for parcel, destination, attempts, outcomes in self._database.rows(
                query, (*values, most)
            )
        ]


def _take_in(file: Path, target: Path) -> None:
    """The same file under another name; a copy where the file system has no such thing."""
    with suppress(OSError):
        os.link(file, target)
        return
    shutil.copyfile(file, target)
