# SPDX-License-Identifier: Apache-2.0
"""A tiny workflow network that learnt one thing: the colour of a patch decides the phase."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from monai_medvid.inference.bundle import Bundle, load_bundle
from monai_medvid.models import WorkflowNet
from tests.workflow_bundle import CLIP, NETWORK, make_metadata

HEIGHT, WIDTH, SIDE = 160, 224, 40
COLOURS = ((230, 30, 30), (30, 220, 40))
"""Of phases 0 and 1; without a patch it is phase 2."""
NOTHING = len(COLOURS)
Patch = tuple[int, int]


def background(rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) uint8 of grey noise."""
    grey = rng.integers(60, 180, (HEIGHT // 8, WIDTH // 8, 1), np.uint8)
    return np.repeat(np.repeat(np.repeat(grey, 8, 0), 8, 1), 3, 2)


def place(rng: np.random.Generator) -> Patch:
    """Top and left of a patch."""
    return int(rng.integers(0, HEIGHT - SIDE)), int(rng.integers(0, WIDTH - SIDE))


def draw(frame: np.ndarray, phase: int, at: Patch) -> np.ndarray:
    """The frame with the patch of a phase."""
    drawn = frame.copy()
    if phase < len(COLOURS):
        drawn[at[0] : at[0] + SIDE, at[1] : at[1] + SIDE] = COLOURS[phase]
    return drawn


def train_network(steps: int = 100) -> WorkflowNet:
    """Learn the phase of single frames, then to remember whether a patch was seen, and which.

    On one thread: sums in another order give another network.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _train(steps)
    finally:
        torch.set_num_threads(threads)


def _train(steps: int) -> WorkflowNet:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    options = {key: value for key, value in NETWORK.items() if key != "_target_"}
    network = WorkflowNet(**options)
    optimizer = torch.optim.AdamW(network.parameters(), lr=4e-3)
    for _ in range(steps):
        labels = rng.integers(0, NOTHING + 1, 12)
        feature = network.encode(_images(labels, rng)).feature
        logits = network.classify_frames(feature)[:, : NOTHING + 1]
        _step(optimizer, functional.cross_entropy(logits, torch.from_numpy(labels)))
    network.eval()
    bank = np.repeat(np.arange(NOTHING + 1), 40)
    with torch.no_grad():
        features = network.encode(_images(bank, rng)).feature
    optimizer = torch.optim.AdamW(network.temporal.parameters(), lr=2e-2)
    for _ in range(3 * steps):
        labels = rng.integers(0, NOTHING + 1, 16)
        clips = np.full((16, 8), NOTHING)
        clips[np.arange(16), rng.integers(0, 8, 16)] = labels
        chosen = clips * 40 + rng.integers(0, 40, clips.shape)
        logits = network.temporal(features[chosen].transpose(1, 2))[-1][:, : NOTHING + 1, -1]
        _step(optimizer, functional.cross_entropy(logits, torch.from_numpy(labels)))
    return network


def _images(labels: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
    frames = np.stack([draw(background(rng), int(k), place(rng)) for k in labels])
    return torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255


def _step(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def make_bundle(folder: Path, network: WorkflowNet) -> Bundle:
    """The network as a bundle for frames of this size."""
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    torch.save(network.state_dict(), folder / "models" / "model.pt")
    (folder / "configs" / "inference.json").write_text(json.dumps({"network_def": NETWORK}))
    metadata = make_metadata(network)
    metadata["network_data_format"]["inputs"]["image"]["spatial_shape"] = [CLIP, HEIGHT, WIDTH]
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata))
    (folder / "LICENSE").write_text("Apache License\nVersion 2.0\n")
    return load_bundle(folder)
