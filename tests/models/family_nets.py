# SPDX-License-Identifier: Apache-2.0
"""Encoders as their families define them, small, with the families' own names of tensors."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


def randomize(net: nn.Module) -> nn.Module:
    """Weights of which each one counts, also those that start as 0 or 1."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if value.dtype.is_floating_point:
                noise = torch.randn(value.shape, generator=generator)
                if value.dim() > 1 and "token" not in name and "embed" not in name:
                    value.copy_(noise / value[0].numel() ** 0.5)
                elif name.endswith("running_var"):
                    value.copy_(0.5 + noise.abs())
                else:
                    value.copy_((0.0 if name.endswith(("bias", "mean")) else 1.0) + 0.2 * noise)
    return net.eval()


class ResNet(nn.Module):
    """He et al., CVPR 2016, as torchvision has it: the stride is in the 3x3 convolution."""

    def __init__(self, *, depth: int = 2, width: int = 8, bottleneck: bool = True) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for i in range(4):
            outputs = width * 2**i * (4 if bottleneck else 1)
            blocks = [
                _ResBlock(
                    inputs if j == 0 else outputs,
                    width * 2**i,
                    outputs,
                    stride=2 if i and j == 0 else 1,
                    bottleneck=bottleneck,
                )
                for j in range(depth)
            ]
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
            inputs = outputs
        self.fc = nn.Linear(inputs, 10)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x = functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        maps = []
        for i in range(4):
            x = getattr(self, f"layer{i + 1}")(x)
            maps.append(x)
        return maps


class _ResBlock(nn.Module):
    def __init__(
        self, inputs: int, inner: int, outputs: int, *, stride: int, bottleneck: bool
    ) -> None:
        super().__init__()
        if bottleneck:
            shapes = [(inputs, inner, 1, 1), (inner, inner, 3, stride), (inner, outputs, 1, 1)]
        else:
            shapes = [(inputs, inner, 3, stride), (inner, outputs, 3, 1)]
        self.count = len(shapes)
        for i, (a, b, kernel, step) in enumerate(shapes, 1):
            setattr(self, f"conv{i}", nn.Conv2d(a, b, kernel, step, kernel // 2, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(b))
        self.downsample: nn.Module | None = None
        if inputs != outputs or stride > 1:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = y.relu() if i < self.count else y
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


class ChannelsFirstNorm(nn.LayerNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXt(nn.Module):
    """Liu et al., CVPR 2022, as torchvision has it: pairs of downsampling and stage."""

    def __init__(self, sizes: tuple[int, ...] = (8, 8, 16, 16), depth: int = 2) -> None:
        super().__init__()
        stem = nn.Sequential(nn.Conv2d(3, sizes[0], 4, 4), ChannelsFirstNorm(sizes[0], eps=1e-6))
        parts: list[nn.Module] = [stem]
        for i, size in enumerate(sizes):
            if i:
                before = sizes[i - 1]
                norm = ChannelsFirstNorm(before, eps=1e-6)
                parts.append(nn.Sequential(norm, nn.Conv2d(before, size, 2, 2)))
            parts.append(nn.Sequential(*(_CnBlock(size) for _ in range(depth))))
        self.features = nn.Sequential(*parts)
        self.classifier = nn.Sequential(ChannelsFirstNorm(sizes[-1]), nn.Flatten())

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        maps = []
        for i, part in enumerate(self.features):
            x = part(x)
            if i % 2:
                maps.append(x)
        return maps


class _Permute(nn.Module):
    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = order

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(self.order)


class _CnBlock(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.layer_scale = nn.Parameter(torch.ones(size, 1, 1))
        self.block = nn.Sequential(
            nn.Conv2d(size, size, 7, padding=3, groups=size),
            _Permute(0, 2, 3, 1),
            nn.LayerNorm(size, eps=1e-6),
            nn.Linear(size, 4 * size),
            nn.GELU(),
            nn.Linear(4 * size, size),
            _Permute(0, 3, 1, 2),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layer_scale * self.block(x)


class Vit(nn.Module):
    """Dosovitskiy et al., ICLR 2021, with the names that DINO, MAE and timm share."""

    def __init__(
        self, *, hidden: int = 64, depth: int = 4, patch: int = 16, grid: int = 4, scales: bool
    ) -> None:
        super().__init__()
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, hidden, patch, patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, hidden))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + grid**2, hidden))
        self.blocks = nn.ModuleList(_VitBlock(hidden, scales=scales) for _ in range(depth))
        self.norm = nn.LayerNorm(hidden, eps=1e-6)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        grid = self.patch_embed.proj(x)
        tokens = grid.flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(len(x), -1, -1), tokens], 1) + self.pos_embed
        for block in self.blocks:
            tokens = block(tokens)
        return [self.norm(tokens)[:, 1:].transpose(1, 2).reshape(grid.shape)]


class _VitBlock(nn.Module):
    def __init__(self, size: int, *, scales: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(size, eps=1e-6)
        self.attn = nn.Module()
        self.attn.qkv = nn.Linear(size, 3 * size)
        self.attn.proj = nn.Linear(size, size)
        self.norm2 = nn.LayerNorm(size, eps=1e-6)
        self.mlp = nn.Module()
        self.mlp.fc1 = nn.Linear(size, 4 * size)
        self.mlp.fc2 = nn.Linear(4 * size, size)
        if scales:
            for name in ("ls1", "ls2"):
                setattr(self, name, nn.Module())
                getattr(self, name).gamma = nn.Parameter(torch.ones(size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.attn.qkv(self.norm1(x)).chunk(3, 2)  # one head of 64 channels
        share = (query @ key.transpose(1, 2) / query.shape[2] ** 0.5).softmax(2)
        x = x + self._scale("ls1", self.attn.proj(share @ value))
        return x + self._scale("ls2", self.mlp.fc2(functional.gelu(self.mlp.fc1(self.norm2(x)))))

    def _scale(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return x * getattr(self, name).gamma if hasattr(self, name) else x
