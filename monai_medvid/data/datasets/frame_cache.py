# SPDX-License-Identifier: Apache-2.0
"""Resized frames kept on disk: one file a video and setting, whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import OutputError

Frames = npt.NDArray[np.uint8]
Size = tuple[int, int]

_STRETCH = 1 << 16
_STRETCHES = 16


@dataclass(frozen=True)
class CacheKey:
    """What a cache file stands for.

    Attributes:
        name: Of the video.
        paths: Files that the frames come from.
        kind: Which frames, e.g. their rate.
        size: Height and width.
    """

    name: str
    paths: tuple[Path, ...]
    kind: str
    size: Size

    def path(self, cache: Path) -> Path:
        """The cache file."""
        mark = file_mark(self.paths)[:24]
        name = self.name.replace("/", "_")
        return cache / f"{name}-{mark}-{self.kind}-{self.size[1]}x{self.size[0]}.npy"


def keep_frames(
    key: CacheKey, count: int, fill: Callable[[Frames], None], *, cache: Path | None
) -> Frames:
    """Frames (count, H, W, 3) uint8 from the cache, filled in where they are not there yet.

    Args:
        key: What they are.
        count: How many.
        fill: Writes all of them into an array of that shape.
        cache: A folder; None fills an array in memory.

    Returns:
        A read-only map of the cache file, or an array.

    Raises:
        OutputError: The cache cannot be written.
    """
    shape = (count, *key.size, 3)
    if cache is None:
        frames = np.empty(shape, np.uint8)
        fill(frames)
        return frames
    path = key.path(cache)
    known = _opened(path, shape)
    return known if known is not None else _written(path, shape, fill)


def file_mark(paths: Sequence[Path]) -> str:
    """SHA-256 in hexadecimal of names, lengths and 16 stretches of each file, spread evenly.

    A whole hash of a data set would take longer than an epoch; videos that differ only between
    the stretches and agree in length do not occur in practice.
    """
    digest = hashlib.sha256()
    for path in paths:
        length = path.stat().st_size
        digest.update(f"{path.name}:{length};".encode())
        with path.open("rb") as file:
            for stretch in range(_STRETCHES if length > _STRETCH * _STRETCHES else 1):
                file.seek(stretch * max(length - _STRETCH, 0) // max(_STRETCHES - 1, 1))
                whole = length <= _STRETCH * _STRETCHES
                digest.update(file.read(-1 if whole else _STRETCH))
    return digest.hexdigest()


def _opened(path: Path, shape: tuple[int, ...]) -> Frames | None:
    """The cache file, or None where it is missing or cut off."""
    try:
        frames = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return frames if frames.shape == shape and frames.dtype == np.uint8 else None


def _written(path: Path, shape: tuple[int, ...], fill: Callable[[Frames], None]) -> Frames:
    part = path.with_name(f"{path.stem}.{os.getpid()}.part.npy")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(error) from error
    try:
        place = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
            part, mode="w+", dtype=np.uint8, shape=shape
        )
        fill(place)
        place.flush()
        del place
        part.replace(path)
    except OSError as error:
        raise _refused(error) from error
    finally:
        part.unlink(missing_ok=True)
    frames: Frames = np.load(path, mmap_mode="r", allow_pickle=False)
    return frames


def _refused(error: OSError) -> OutputError:
    return OutputError(
        f"expected to write the cache of frames, found it refused ({error.strerror}). "
        f"Choose a folder with room."
    )
