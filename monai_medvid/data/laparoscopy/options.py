# SPDX-License-Identifier: Apache-2.0
"""What a simulation is asked for, and whether that is possible."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from monai_medvid.data.laparoscopy.domain import find_domain
from monai_medvid.data.laparoscopy.workflow import MEAN_MINUTES
from monai_medvid.errors import InputError

_SEEDS = 10_000
"""Operations that one seed can number."""


@dataclass(frozen=True, kw_only=True)
class SimulationOptions:
    """What is simulated.

    Attributes:
        seed: The same options give the same bytes of labels and pixels.
        domain: "standard", "varied" or "shifted", see ``domain.py``.
        minutes: Mean length of operations; each has its own.
        fps: Rendered frames a second. Labels do not depend on it.
        size: Height and width; video takes odd ones up to the next even number (4:2:0).
        first: Number of the first video.
        mask_seconds: A mask every so many seconds, beside the video; 0 for none.
        frames: Write training frames instead of a video.
        dicom: Also write each video as a DICOM Video Endoscopic Image.
        workers: Processes that render. More than one is started anew (spawn): a script that asks
            for that keeps its own work under ``if __name__ == "__main__"``.
    """

    seed: int = 0
    domain: str = "standard"
    minutes: float = MEAN_MINUTES
    fps: Fraction = Fraction(1)
    size: tuple[int, int] = (240, 427)
    first: int = 1
    mask_seconds: float = 10.0
    frames: bool = False
    dicom: bool = False
    workers: int = 1

    def __post_init__(self) -> None:
        find_domain(self.domain)
        least = min(self.size)
        wrong = (
            ("minutes", self.minutes, 0.5 <= self.minutes <= 240, "0.5 to 240"),
            ("fps", self.fps, Fraction(1, 60) <= self.fps <= 60, "1/60 to 60"),
            ("size", f"{self.size[1]}x{self.size[0]}", 64 <= least <= 2160, "64 to 2160 a side"),
            ("first", self.first, 1 <= self.first < _SEEDS, f"1 to {_SEEDS - 1}"),
            ("seed", self.seed, 0 <= self.seed < 1 << 31, "0 to 2147483647"),
            ("masks", self.mask_seconds, self.mask_seconds >= 0, "0 or more seconds"),
            ("workers", self.workers, 1 <= self.workers <= 64, "1 to 64"),
        )
        for name, value, good, expected in wrong:
            if not good:
                raise InputError(f"expected {name} {expected}, found {value}. Change it.")
        if self.frames and self.dicom:
            raise InputError("expected --dicom or --frames, found both. DICOM needs the video.")

    @property
    def picture_size(self) -> tuple[int, int]:
        """Height and width as rendered."""
        odd = 0 if self.frames else 1
        return self.size[0] + odd * (self.size[0] % 2), self.size[1] + odd * (self.size[1] % 2)


def parse_size(text: str) -> tuple[int, int]:
    """Height and width from "427x240" (width first).

    Raises:
        InputError: It is not of that form.
    """
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text.strip().lower())
    if found is None:
        raise InputError(f"expected a size such as 427x240, found {text!r}. Change --size.")
    return int(found[2]), int(found[1])


def parse_rate(text: str) -> Fraction:
    """Frames a second from "25", "0.5" or "30000/1001".

    Raises:
        InputError: It is not a number.
    """
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(
            f"expected frames a second such as 1 or 30000/1001, found {text!r}. Change --fps."
        ) from error


def operation_seed(options: SimulationOptions, number: int) -> int:
    """The seed of one video of a simulation."""
    return options.seed * _SEEDS + number
