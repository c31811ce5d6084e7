# SPDX-License-Identifier: Apache-2.0
"""The corruptions as MONAI transforms, for training and for tests."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform

from monai_medvid.data.corruptions.corruption import SEVERITIES
from monai_medvid.data.corruptions.stream import apply_corruption
from monai_medvid.data.corruptions.table import list_corruptions, make_corruption
from monai_medvid.data.effects import ByteArray
from monai_medvid.video.frames import FrameBatch

Seconds = npt.NDArray[np.float64]


class RandCorruptVideo(RandomizableTransform):  # type: ignore[misc]  # MONAI has no types
    """Spoils a clip by a corruption that is drawn.

    Args:
        names: What is drawn from; all corruptions where ``None``. One name for always this one.
        severities: What is drawn from, 1 (mild) to 5 (severe).
        prob: Of spoiling at all.

    Raises:
        InputError: There is no such corruption or severity.

    Example:
        >>> transform = RandCorruptVideo("smoke", severities=2, prob=1.0)
        >>> transform.set_random_state(seed=0)(np.zeros((4, 48, 64, 3), np.uint8)).shape
        (4, 48, 64, 3)
    """

    def __init__(
        self,
        names: str | Sequence[str] | None = None,
        *,
        severities: int | Sequence[int] = SEVERITIES,
        prob: float = 0.1,
    ) -> None:
        super().__init__(prob)
        self.names = (names,) if isinstance(names, str) else tuple(names or list_corruptions())
        self.severities = (severities,) if isinstance(severities, int) else tuple(severities)
        for name in self.names:
            for severity in self.severities:
                make_corruption(name, severity=severity)
        self.name, self.severity, self.seed = self.names[0], self.severities[0], 0

    def randomize(self, data: Any = None) -> None:
        """Draw whether, what, how much and which."""
        super().randomize(data)
        self.name = self.names[self.R.randint(len(self.names))]
        self.severity = self.severities[self.R.randint(len(self.severities))]
        self.seed = int(self.R.randint(2**31))

    def __call__(
        self,
        frames: ByteArray,
        *,
        seconds: Seconds | None = None,
        fps: float = 25.0,
        randomize: bool = True,
    ) -> ByteArray:
        """Spoil a clip.

        Args:
            frames: (T, H, W, 3) uint8 RGB; left as they are.
            seconds: (T,) ascending; by ``fps`` where ``None``.
            fps: Frames in a second.
            randomize: Whether to draw anew; otherwise as the time before.

        Returns:
            The clip, without the frames that a corruption lost.
        """
        if randomize:
            self.randomize()
        return self.spoil(frames, _times(len(frames), seconds, fps)).frames

    def spoil(self, frames: ByteArray, seconds: Seconds) -> FrameBatch:
        """Spoil a clip as drawn; the indices are the places of the frames that are left."""
        batch = FrameBatch(np.asarray(frames), seconds, np.arange(len(frames)))
        if not self._do_transform:
            return batch
        corruption = make_corruption(self.name, severity=self.severity, seed=self.seed)
        return apply_corruption(corruption, batch)


class RandCorruptVideod(MapTransform, RandomizableTransform):  # type: ignore[misc]
    """Spoils the clips of a dictionary, all in the same way.

    Args:
        keys: Of clips (T, H, W, 3) uint8 RGB.
        names: See ``RandCorruptVideo``.
        severities: Likewise.
        prob: Likewise.
        seconds_key: Of (T,) times; by ``fps`` where the dictionary has none.
        per_frame_keys: Of arrays that have an entry a frame (labels, masks); when frames are lost,
            so are their entries. Those of ``seconds_key`` always are.
        fps: Frames in a second.
        allow_missing_keys: Whether a key may be absent.

    Raises:
        InputError: There is no such corruption or severity.

    Example:
        >>> transform = RandCorruptVideod("clip", names="dropped_frames", per_frame_keys="phase")
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        names: str | Sequence[str] | None = None,
        severities: int | Sequence[int] = SEVERITIES,
        prob: float = 0.1,
        seconds_key: Hashable = "seconds",
        per_frame_keys: KeysCollection = (),
        fps: float = 25.0,
        allow_missing_keys: bool = False,
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        RandomizableTransform.__init__(self, prob)
        self.corrupt = RandCorruptVideo(names, severities=severities, prob=prob)
        listed = (per_frame_keys,) if isinstance(per_frame_keys, str) else per_frame_keys
        self.seconds_key, self.fps = seconds_key, fps
        self.per_frame_keys: tuple[Hashable, ...] = (*listed, seconds_key)  # type: ignore[misc]

    def set_random_state(
        self, seed: int | None = None, state: np.random.RandomState | None = None
    ) -> RandCorruptVideod:
        """Make what is drawn repeatable."""
        super().set_random_state(seed, state)
        self.corrupt.set_random_state(seed, state)
        return self

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Spoil a dictionary's clips; the dictionary given is left as it was."""
        made = dict(data)
        self.corrupt.randomize()
        kept: npt.NDArray[np.int64] | None = None
        for key in self.key_iterator(made):
            seconds = _times(len(made[key]), made.get(self.seconds_key), self.fps)
            spoilt = self.corrupt.spoil(made[key], seconds)
            made[key], kept = spoilt.frames, spoilt.indices
        for key in self.per_frame_keys:
            if kept is not None and key in made:
                made[key] = np.asarray(made[key])[kept]
        return made


def _times(count: int, seconds: Seconds | None, fps: float) -> Seconds:
    return np.arange(count) / fps if seconds is None else np.asarray(seconds, np.float64)
