# SPDX-License-Identifier: Apache-2.0
"""The end of a run: honest probabilities, a sense of the unfamiliar, and a bundle."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from monai_medvid.errors import OutputError
from monai_medvid.inference.catalog import WEIGHTS
from monai_medvid.models import WorkflowNet
from monai_medvid.training.features import VideoFeatures

_STEPS = 60
_KINDS = ("phase", "instrument", "criterion", "inside")


def finish_network(
    network: WorkflowNet,
    train: Sequence[VideoFeatures],
    val: Sequence[VideoFeatures],
    device: torch.device,
) -> dict[str, float]:
    """Fit temperatures (Guo et al., ICML 2017) and the familiarity, and put them into the network.

    Args:
        network: Changed in place.
        train: What is familiar.
        val: What temperatures and the limit of the familiar are fitted on.
        device: Where to compute.

    Returns:
        Temperature by kind of answer; above 1 where the network was too sure.
    """
    known = torch.cat([video.views[0] for video in train]).float()
    held_out = torch.cat([video.views[0] for video in val]).float()
    network.familiarity.to("cpu").fit(known, held_out)
    network.to(device).eval()
    logits, truth = _answers(network, val, device)
    found = {}
    for kind in _KINDS:
        part = network.channels.find(kind)
        fitted = _temperature(logits[:, part], truth[kind], exclusive=kind == "phase")
        if fitted is not None:
            found[kind] = fitted
            network.temporal.head.divide(part, fitted)
    return found


def _answers(
    network: WorkflowNet, videos: Sequence[VideoFeatures], device: torch.device
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    logits = []
    with torch.no_grad():
        for video in videos:
            features = video.views[0].T[None].float().to(device)
            logits.append(network.temporal(features)[-1][0].T.cpu())
    truth = {
        kind: torch.cat([torch.from_numpy(getattr(video.targets, kind)) for video in videos])
        for kind in _KINDS
    }
    return torch.cat(logits), truth


def _temperature(logits: torch.Tensor, truth: torch.Tensor, *, exclusive: bool) -> float | None:
    """The temperature under which the truth is most probable; None where there is no truth."""
    if truth.dim() == 1:
        truth = truth[:, None]
    known = (truth[:, 0] >= 0) if exclusive else ~truth.isnan().any(1)
    logits, truth = logits[known], truth[known]
    if not len(truth) or not logits.shape[1]:
        return None
    log = nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.LBFGS([log], lr=0.1, max_iter=_STEPS)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        scaled = logits / log.exp()
        if exclusive:
            loss = functional.cross_entropy(scaled, truth[:, 0].long())
        else:
            loss = functional.binary_cross_entropy_with_logits(scaled, truth.float())
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return float(log.detach().exp().clamp(0.25, 8.0))


def write_bundle(network: WorkflowNet, source: Path, place: Path) -> None:
    """Write a bundle like the source with the network's weights, whole or not at all.

    Raises:
        OutputError: The folder cannot be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as name:
            fresh = Path(name) / place.name
            shutil.copytree(source, fresh, ignore=shutil.ignore_patterns("models", "eval"))
            (fresh / WEIGHTS).parent.mkdir()
            state = {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}
            torch.save(state, fresh / WEIGHTS)
            shutil.rmtree(place, ignore_errors=True)
            fresh.rename(place)
    except (OSError, shutil.Error, RuntimeError) as error:
        raise OutputError(
            f"expected to write the trained bundle, found the folder not writable or full "
            f"({type(error).__name__}). Make room and start the same command again."
        ) from error
