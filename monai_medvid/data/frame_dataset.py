# SPDX-License-Identifier: Apache-2.0
"""The frames of a video, or the pictures of a folder, as the items of a MONAI dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from monai.data import MetaTensor
from torch.utils.data import Dataset

import monai_medvid.video as medical_video
from monai_medvid.data.polyps import ByteArray

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"})


class FrameDataset(Dataset[dict[str, Any]]):
    """Every frame of every source, one item each, read when asked for.

    Items are ``image``, a ``MetaTensor`` (3, H, W) float32 RGB in 0..255 at the source's own size,
    whose meta data has ``filename_or_obj`` (``<source>_<frame>``) and ``spatial_shape`` (H, W).

    Args:
        sources: a folder of pictures, a video (file, DICOM object, anything ``open_video`` reads),
            or a list of those.
        transform: applied to every item.
        every: of a video, keep each ``every``-th frame.
    """

    def __init__(
        self,
        sources: str | Path | list[str | Path],
        *,
        transform: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        every: int = 1,
    ) -> None:
        self.transform = transform
        self.data: list[tuple[Path, int | None]] = []
        self._open: tuple[Path, Any] | None = None
        for source in sources if isinstance(sources, list) else [sources]:
            self.data += self._list(Path(source), every)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.data)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Read frame ``index``."""
        path, number = self.data[index]
        frame = _read_picture(path) if number is None else self._video(path)[number]
        name = path.stem if number is None else f"{path.stem}_{number:06d}"
        planes = torch.from_numpy(np.ascontiguousarray(frame.transpose(2, 0, 1))).float()
        meta = {"filename_or_obj": f"{name}.png", "spatial_shape": frame.shape[:2]}
        item: dict[str, Any] = {"image": MetaTensor(planes, meta=meta)}
        return item if self.transform is None else self.transform(item)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open video behind: each worker process opens its own."""
        return {**self.__dict__, "_open": None}

    def _list(self, source: Path, every: int) -> list[tuple[Path, int | None]]:
        if source.is_dir():
            pictures = sorted(path for path in source.iterdir() if path.suffix.lower() in PICTURES)
            if not pictures:
                raise FileNotFoundError(f"expected pictures in the folder {source.name!r}, found none.")
            return [(path, None) for path in pictures]
        if source.suffix.lower() in PICTURES:
            return [(source, None)]
        return [(source, number) for number in range(0, len(self._video(source)), every)]

    def _video(self, path: Path) -> Any:
        if self._open is None or self._open[0] != path:
            if self._open is not None:
                self._open[1].close()
            self._open = (path, medical_video.open_video(path))
        return self._open[1]


def stretch(image: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Stretch (C, H, W) to ``size`` (height, width): bilinear, without aliasing when it shrinks."""
    height, width = int(size[0]), int(size[1])
    return torch.nn.functional.interpolate(
        image[None], size=(height, width), mode="bilinear", antialias=True
    )[0]


def _read_picture(path: Path) -> ByteArray:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise OSError(f"expected a picture in {path.name!r}, found something unreadable.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
