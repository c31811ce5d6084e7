# SPDX-License-Identifier: Apache-2.0
"""ConvNeXt rewritten for inference: the same answers from fewer and friendlier operations.

Runtimes on CPUs keep maps with channels innermost by themselves. The transpositions around each
LayerNorm and Linear in the network's code only stand in their way: as 1x1 convolutions, with the
norm's and the scale's weights multiplied in, a frame takes OpenVINO a quarter (bf16) to two fifths
(f32) less time (``benchmarks/workflow_net.py``).
"""

from __future__ import annotations

import copy
from typing import Any, TypeVar, cast

import torch
from torch import nn
from torch.nn import functional

Network = TypeVar("Network", bound=nn.Module)


def fold(network: Network) -> Network:
    """A copy of a network with the ConvNeXt parts in it rewritten, in evaluation mode.

    The copy answers as the network does up to rounding and is for inference only.
    """
    from transformers.models.convnext import modeling_convnext as convnext

    folded = copy.deepcopy(network).eval().requires_grad_(False)
    for module in list(folded.modules()):
        for name, child in module.named_children():
            if isinstance(child, convnext.ConvNextLayer):
                setattr(module, name, _Block(child))
            elif isinstance(child, convnext.ConvNextLayerNorm) and _is_channels_first(child):
                setattr(module, name, _Norm(child))
    return folded


def _is_channels_first(norm: Any) -> bool:
    return bool(norm.data_format == "channels_first")


def _normalized(x: torch.Tensor, eps: float) -> torch.Tensor:
    """LayerNorm over the channels of (B, C, H, W), without weights."""
    centred = x - x.mean(1, keepdim=True)
    return centred * torch.rsqrt(centred.square().mean(1, keepdim=True) + eps)


class _Norm(nn.Module):
    def __init__(self, norm: nn.LayerNorm) -> None:
        super().__init__()
        self.eps = norm.eps
        self.weight = nn.Parameter(norm.weight[:, None, None], requires_grad=False)
        self.bias = nn.Parameter(norm.bias[:, None, None], requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _normalized(x, self.eps) * self.weight + self.bias


class _Block(nn.Module):
    def __init__(self, layer: Any) -> None:
        super().__init__()
        norm, wide, narrow = layer.layernorm, layer.pwconv1, layer.pwconv2
        scale = layer.layer_scale_parameter
        if scale is None:
            scale = torch.ones_like(narrow.bias)
        self.eps = float(norm.eps)
        self.depthwise = layer.dwconv
        self.activation = layer.act
        self.wide = _Pointwise(wide.weight * norm.weight, wide.bias + wide.weight @ norm.bias)
        self.narrow = _Pointwise(narrow.weight * scale[:, None], narrow.bias * scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = _normalized(self.depthwise(x), self.eps)
        return x + cast(torch.Tensor, self.narrow(self.activation(self.wide(y))))


class _Pointwise(nn.Module):
    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight[:, :, None, None], requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(x, self.weight, self.bias)
