# SPDX-License-Identifier: Apache-2.0
"""Temperature scaling (Guo et al. 2017): probabilities that mean what they say, no mask changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

Batch = Mapping[str, torch.Tensor]


@torch.no_grad()
def collect_logits(
    network: torch.nn.Module, batches: Iterable[Batch], device: torch.device | str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Run the network over ``image`` and keep its logits beside ``label``.

    Returns:
        Logits and labels, both (N, 1, H, W) float32 on the CPU.
    """
    network.eval()
    logits, labels = [], []
    for batch in batches:
        logits.append(network(batch["image"].to(device)).float().cpu())
        labels.append(batch["label"].float().cpu())
    return torch.cat(logits), torch.cat(labels)


def fit_temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Find the temperature whose division of the logits makes the labels most likely.

    Args:
        logits: any shape.
        labels: the same shape, 0 or 1.

    Raises:
        ValueError: the shapes differ.
    """
    if logits.shape != labels.shape:
        raise ValueError(
            f"expected logits and labels of one shape, got {tuple(logits.shape)} and "
            f"{tuple(labels.shape)}."
        )
    # Every seventh pixel: neighbours say the same, and the optimum does not move.
    flat, truth = logits.flatten()[::7], labels.flatten()[::7]
    log_temperature = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_temperature], lr=0.5, max_iter=40)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = binary_cross_entropy_with_logits(flat / log_temperature.exp(), truth)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return float(log_temperature.detach().exp())


def scale_last_layer(
    state: Mapping[str, torch.Tensor], temperature: float, *, prefix: str
) -> dict[str, torch.Tensor]:
    """Divide the weight and bias of the last convolution by the temperature.

    Args:
        state: a network's state dict.
        temperature: greater than zero.
        prefix: what the names of the last convolution's parameters begin with.

    Raises:
        ValueError: no parameter has that prefix, or the temperature is not positive.
    """
    if temperature <= 0:
        raise ValueError(f"expected a temperature above zero, got {temperature}.")
    if not any(name.startswith(prefix) for name in state):
        raise ValueError(f"expected parameters named {prefix}*, found none in the state dict.")
    return {
        name: value / temperature if name.startswith(prefix) else value
        for name, value in state.items()
    }


def compact(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Store weights in half precision; running statistics, with their wide range, stay float32.

    Parameters that a network registers under two names (MONAI's DynUNet does) are stored once.
    """
    stored: dict[tuple[int, torch.Size], torch.Tensor] = {}
    for value in state.values():
        stored.setdefault(_place(value), value.contiguous())
    narrow = {
        _place(value): stored[_place(value)].half()
        for name, value in state.items()
        if value.is_floating_point() and "running_" not in name
    }
    return {name: narrow.get(_place(value), stored[_place(value)]) for name, value in state.items()}


def _place(value: torch.Tensor) -> tuple[int, torch.Size]:
    return value.data_ptr(), value.shape


def export_weights(
    network: torch.nn.Module,
    checkpoint: str | Path,
    path: str | Path,
    batches: Iterable[Batch],
    *,
    prefix: str,
    key: str = "ema",
) -> float:
    """Calibrate the weights of a checkpoint and write them as a bundle's ``model.pt``.

    Args:
        network: the network that the weights are for.
        checkpoint: what training left.
        path: the file to write.
        batches: images and labels that neither training nor the reported figures use.
        prefix: of the parameters of the last convolution.
        key: which of the checkpoint's weights; the moving average by default.

    Returns:
        The temperature.
    """
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)[key]
    network.load_state_dict(state)
    temperature = fit_temperature(*collect_logits(network, batches))
    torch.save(compact(scale_last_layer(state, temperature, prefix=prefix)), path)
    return temperature
