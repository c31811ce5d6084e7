# SPDX-License-Identifier: Apache-2.0
"""What a network says about each frame of a video, as one table a video."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np
import numpy.typing as npt
from monai.config import KeysCollection
from monai.transforms import MapTransform

from monai_medvid.errors import OutputError

SCHEMA = "medvid-channels/1"
Rows = list[tuple[int, float, npt.NDArray[np.float32]]]


class SaveChannelsd(MapTransform):  # type: ignore[misc]  # MONAI is untyped
    """Collects (K, T) answers of the clips of ``VideoClips`` and writes them when a video ends.

    The file is ``OUTPUT/<video>_<postfix>.csv``: frame (0-based), seconds, one column a channel; or
    ``.json`` with the same. It appears whole or not at all.

    Args:
        keys: Of the answers, usually "pred".
        output_dir: Made where it is missing.
        channels: Names of the K channels.
        output_postfix: Of the file's name.
        output_ext: ".csv" or ".json".

    Raises:
        OutputError: The folder cannot be written.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        output_dir: str | Path,
        channels: Sequence[str],
        output_postfix: str = "workflow",
        output_ext: Literal[".csv", ".json"] = ".csv",
    ) -> None:
        super().__init__(keys)
        if output_ext not in (".csv", ".json"):
            msg = f"output_ext must be .csv or .json, got {output_ext}."
            raise ValueError(msg)
        self.folder = Path(output_dir)
        self.channels = tuple(channels)
        self.postfix, self.suffix = output_postfix, output_ext
        self._rows: Rows = []

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Take in a clip: the answers, "video", "seconds", "frames", "first" and "last"."""
        if bool(data["first"]):
            self._rows = []
        frames, seconds = np.asarray(data["frames"]), np.asarray(data["seconds"])
        for key in self.key_iterator(data):
            answers = np.asarray(data[key].detach().cpu(), np.float32)
            self._rows += zip(frames.tolist(), seconds.tolist(), answers.T, strict=True)
        if bool(data["last"]):
            self._write(str(data["video"]))
            self._rows = []
        return dict(data)

    def _write(self, video: str) -> None:
        target = self.folder / f"{video}_{self.postfix}{self.suffix}"
        part = target.with_suffix(f"{self.suffix}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("w", newline="", encoding="utf-8") as file:
                (self._csv if self.suffix == ".csv" else self._json)(file, video)
            os.replace(part, target)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise OutputError(
                f"expected to write {self.suffix} files into {self.folder.name}, the system "
                f"refused ({type(error).__name__}). Check permissions and free space."
            ) from error

    def _csv(self, file: TextIO, video: str) -> None:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["frame", "seconds", *self.channels])
        for frame, seconds, values in self._rows:
            table.writerow([frame, f"{seconds:.3f}", *(f"{value:.6g}" for value in values)])

    def _json(self, file: TextIO, video: str) -> None:
        content = {
            "schema": SCHEMA,
            "video": video,
            "channels": list(self.channels),
            "frames": [frame for frame, _, _ in self._rows],
            "seconds": [seconds for _, seconds, _ in self._rows],
            "values": [[float(f"{v:.6g}") for v in values] for _, _, values in self._rows],
        }
        json.dump(content, file, allow_nan=False)
