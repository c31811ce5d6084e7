# SPDX-License-Identifier: Apache-2.0
"""From frames of any size to the network's input size.

One path for all devices: torch's antialiased bilinear resize, which is how our networks were
trained; other bundles' own way where their configuration says so (``preparation.py``). Its uint8
kernel takes 0.4 ms for a 1280x720 frame on one core, where a DALI pipeline on the CPU takes 9 ms
(``benchmarks/preprocess.py`` prints the ratio). Intensities and the change of layout are the first
steps of the network's graph (see ``graph.py``), so that no float copy of the frames is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from monai_medvid.inference.preparation import Resize

if TYPE_CHECKING:
    import torch


def resize_frames(
    frames: npt.NDArray[np.uint8] | torch.Tensor,
    *,
    height: int,
    width: int,
    device: str = "cpu",
    mode: Resize = "antialias",
) -> torch.Tensor:
    """Stretch whole frames to a size.

    Args:
        frames: (T, H, W, 3) uint8 RGB, in main memory or on any device.
        height: Rows to make.
        width: Columns to make.
        device: A torch device; frames that are not there are copied to it first.
        mode: Antialiased bilinear, or MONAI's "bilinear" and "area" as they are.

    Returns:
        (T, height, width, 3) uint8 RGB, contiguous, on the device.
    """
    import torch

    if isinstance(frames, np.ndarray):
        frames = torch.from_numpy(frames if frames.flags.writeable else frames.copy())
    source = frames.to(device)
    if source.shape[1:3] == (height, width):
        return source.contiguous()
    planes = source.permute(0, 3, 1, 2)
    if planes.device.type != "cpu" or mode == "area":
        planes = planes.float()  # the uint8 kernels exist on the CPU only
    resize = torch.nn.functional.interpolate
    if mode == "area":
        resized = resize(planes, size=(height, width), mode="area")
    else:
        resized = resize(
            planes,
            size=(height, width),
            mode="bilinear",
            align_corners=False,
            antialias=mode == "antialias",
        )
    if resized.dtype != torch.uint8:
        resized = resized.round_().clamp_(0, 255).to(torch.uint8)
    return resized.permute(0, 2, 3, 1).contiguous()


def measure_sharpness(pixels: torch.Tensor) -> torch.Tensor:
    """Measure how much fine detail each frame shows, on the device where they are.

    Args:
        pixels: (T, h, w, 3) uint8 RGB at the network's size.

    Returns:
        (T,) float32: mean squared step between neighbours of the green channel, 0..1.
    """
    import torch

    green = pixels[..., 1]
    if green.device.type == "cpu":  # torch would wait for threads that the network computes on
        return torch.from_numpy(_steps_of_array(green.numpy()))
    return _steps_of_tensor(green)


def _steps_of_array(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    values = planes.astype(np.float32, order="C") / np.float32(255)
    steps = (np.diff(values, axis=axis) for axis in (1, 2))
    means = [np.einsum("tyx,tyx->t", step, step) / step[0].size for step in steps]
    return np.asarray((means[0] + means[1]) / 2, np.float32)


def _steps_of_tensor(planes: torch.Tensor) -> torch.Tensor:
    values = planes.float() / 255
    down, across = values.diff(dim=1), values.diff(dim=2)
    return (down.square().mean(dim=(1, 2)) + across.square().mean(dim=(1, 2))) / 2
