# SPDX-License-Identifier: Apache-2.0
"""Medical video for MONAI's own loading transforms."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from monai.data import ImageReader
from monai.utils.enums import MetaKeys, SpaceKeys

from monai_medvid.data.reader_choice import looks_like_video
from monai_medvid.data.reader_request import FRAME_MARK, VideoRequest, names_of, request_of
from monai_medvid.video.choose import DecoderName, DeviceName
from monai_medvid.video.open import open_video
from monai_medvid.video.video import Video

_INHERITED: list[Video] = []  # opened before a fork: using or closing them here would hang


class MedicalVideoReader(ImageReader):  # type: ignore[misc]  # MONAI is untyped
    """Reads video files, DICOM videos and multi-frame images, and folders of images.

    Gives channel-last uint8 RGB: (T, H, W, 3) for a stretch of a video, (H, W, 3) for one frame.
    With ``EnsureChannelFirstd`` that becomes (3, T, H, W) or (3, H, W). Rows come first, unlike in
    MONAI's readers of photographs, which transpose.

    ``LoadImaged`` turns everything into float32 unless told otherwise, which takes four times the
    memory: pass ``dtype``.

    Args:
        frames: (start, stop, step) as in a slice; None for all frames.
        every: Step between frames, where ``frames`` is not given.
        max_frames: At most so many frames, from the start of the selection.
        frame: One frame by its 0-based number; a name that ends in ``#frame=12`` goes before it.
        decoder: As for ``open_video``.
        device: As for ``open_video``.

    Example:
        >>> load = LoadImaged(  # doctest: +SKIP
        ...     "image", reader=MedicalVideoReader(every=5, max_frames=64), dtype=np.uint8
        ... )
        >>> data = EnsureChannelFirstd("image")(load({"image": "colonoscopy.dcm"}))

        In a bundle's configuration, one item a frame (see ``video_frame_dicts``)::

            "data": "$monai_medvid.data.video_frame_dicts(@source, every=25)",
            "load": {"_target_": "LoadImaged", "keys": "image", "dtype": "$np.uint8",
                     "reader": "monai_medvid.data.MedicalVideoReader"}
    """

    def __init__(
        self,
        *,
        frames: tuple[int | None, int | None, int | None] | None = None,
        every: int = 1,
        max_frames: int | None = None,
        frame: int | None = None,
        decoder: DecoderName = "auto",
        device: DeviceName = "auto",
    ) -> None:
        super().__init__()
        if every < 1 or (max_frames is not None and max_frames < 1):
            msg = f"every and max_frames must be at least 1, got {every} and {max_frames}."
            raise ValueError(msg)
        if frames is not None and (every != 1 or frame is not None):
            msg = (
                "frames goes without every and frame: put the step into frames=(start, stop, step)."
            )
            raise ValueError(msg)
        self._selection = slice(*frames) if frames is not None else slice(None, None, every)
        self._max_frames = max_frames
        self._frame = frame
        self._decoder: DecoderName = decoder
        self._device: DeviceName = device
        self._opened: tuple[int, str, Video] | None = None
        self._lock = Lock()

    def verify_suffix(self, filename: Sequence[str | os.PathLike[str]] | Any) -> bool:
        """Whether all of these look like videos; DICOM files are looked into."""
        return all(looks_like_video(request_of(name, None).path) for name in names_of(filename))

    def read(self, data: Sequence[str | os.PathLike[str]] | Any, **kwargs: Any) -> VideoRequest:
        """Take note of what is to be read; it is opened in ``get_data``.

        MONAI tries other readers when this one raises, and then shows the wrong reason; errors
        of ``get_data`` reach the user as they are.

        Args:
            data: One name, or a sequence with one name.
            kwargs: Taken for the sake of the interface, unused.

        Raises:
            ValueError: More than one name.
        """
        names = names_of(data)
        if len(names) != 1:
            msg = f"one video at a time, got {len(names)} names; give a folder for single pictures."
            raise ValueError(msg)
        return request_of(names[0], self._frame)

    def get_data(self, img: VideoRequest) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
        """Decode the selected frames.

        Returns:
            (T, H, W, 3) or (H, W, 3) uint8 RGB, and the meta data: ``spatial_shape``, ``affine``
            (identity), ``original_channel_dim`` (-1), ``seconds`` and ``frame_numbers`` of the
            frames, ``patch_index`` (the number of a single frame, which names what ``SaveImaged``
            writes).

        Raises:
            VideoReadError: The source is refused.
            IndexError: There is no frame of that number.
        """
        with self._lock:
            video = self._video(img.path)
            if img.frame is not None:
                return video[img.frame], _meta(video, np.asarray([img.frame]), single=True)
            numbers = range(len(video))[self._selection][: self._max_frames]
            frames = video[list(numbers)].frames
            return frames, _meta(video, np.asarray(numbers, np.int64), single=False)

    def close(self) -> None:
        """Close the video that is kept open between frames; safe to call twice."""
        with self._lock:
            self._forget()

    def __getstate__(self) -> dict[str, Any]:
        """Without the open video and the lock: each process opens its own."""
        state = self.__dict__.copy()
        state["_opened"] = state["_lock"] = None
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = Lock()

    def _video(self, path: str) -> Video:
        """The video of the last call, where it is the same one; so that frames come quickly."""
        if self._opened is None or self._opened[:2] != (os.getpid(), path):
            self._forget()
            video = open_video(path, decoder=self._decoder, device=self._device)
            self._opened = os.getpid(), path, video
        return self._opened[2]

    def _forget(self) -> None:
        if self._opened is not None:
            process, _, video = self._opened
            if process == os.getpid():
                video.close()
            else:
                _INHERITED.append(video)
        self._opened = None


def video_frame_dicts(
    source: str | Path | Sequence[str | Path], *, every: int = 1, key: str = "image"
) -> list[dict[str, str]]:
    """One item a frame, for ``Dataset`` and ``LoadImaged`` with ``MedicalVideoReader``.

    Args:
        source: A video, a DICOM object, a folder of images, or a list of those.
        every: Keep each ``every``-th frame.
        key: Name of the item's entry.

    Returns:
        ``[{"image": "clip.mp4#frame=0"}, ...]``.

    Raises:
        VideoReadError: A source is refused.
    """
    items = []
    for name in names_of(source):
        with open_video(str(name)) as video:
            numbers = range(0, len(video), every)
        items += [{key: f"{name}{FRAME_MARK}{number}"} for number in numbers]
    return items


def _meta(video: Video, numbers: npt.NDArray[np.int64], *, single: bool) -> dict[str, Any]:
    height, width = video.info.height, video.info.width
    shape = (height, width) if single else (len(numbers), height, width)
    meta = {
        MetaKeys.SPATIAL_SHAPE: np.asarray(shape),
        MetaKeys.ORIGINAL_CHANNEL_DIM: -1,
        MetaKeys.AFFINE: np.eye(4),
        MetaKeys.ORIGINAL_AFFINE: np.eye(4),
        MetaKeys.SPACE: SpaceKeys.RAS,
        "seconds": video.seconds[numbers],
        "frame_numbers": numbers,
    }
    if single:
        meta["patch_index"] = int(numbers[0])
    return {str(getattr(name, "value", name)): value for name, value in meta.items()}
