# SPDX-License-Identifier: Apache-2.0
"""The errors a user can meet. Each message says what was expected, what was found and what to do.

No message may hold patient data (names, IDs, dates): name UIDs, sizes and codes instead.
"""

from __future__ import annotations

import traceback
from pathlib import Path


class MedvidError(Exception):
    """Base of every error that this library raises about its inputs or surroundings.

    Attributes:
        exit_code: What the ``medvid`` command exits with (see ``docs/reference/exit-codes.md``).
    """

    exit_code = 3


class InputError(MedvidError):
    """The input was refused: not a medical video, damaged, or of a kind that is not supported."""


class VideoReadError(InputError):
    """A video could not be opened or decoded."""


class BundleError(InputError):
    """A bundle is missing, damaged, or does not fit the video."""


class OutputError(InputError):
    """The output place cannot be written: no permission, no space, or it exists already."""


class DicomWriteError(MedvidError):
    """A DICOM object could not be built from the findings."""


class ModelError(MedvidError):
    """The model or the device failed while running."""

    exit_code = 4


class DeliveryError(MedvidError):
    """The results are complete on disk but a destination did not take them."""

    exit_code = 5


class MissingExtraError(MedvidError):
    """An optional package is needed for what was asked."""


def first_line(error: BaseException, *, most: int = 160) -> str:
    """What an error of another library says, in short; its type where it says nothing."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:most]


_NO_MEMORY = ("out of memory", "can't allocate memory", "bad_alloc", "bad allocation")
"""What torch, CUDA, OpenVINO and C++ say when there is none left."""


def as_memory_error(error: BaseException) -> ModelError | None:
    """Want of memory as an error of ours; ``None`` where it was something else."""
    words = str(error).lower()
    if not isinstance(error, MemoryError) and not any(word in words for word in _NO_MEMORY):
        return None
    return ModelError(
        f"expected enough memory for this, found too little ({type(error).__name__}). Use smaller "
        f"batches or a smaller video, or a machine with more memory."
    )


class InternalError(MedvidError):
    """A fault of ours, told by kind and place: its own text may quote values of a patient.

    Args:
        fault: What was raised.
    """

    exit_code = 1

    def __init__(self, fault: BaseException) -> None:
        frames = traceback.extract_tb(fault.__traceback__)
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "no place"
        super().__init__(f"internal error {type(fault).__name__} at {place}")
