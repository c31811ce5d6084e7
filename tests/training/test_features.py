# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.models import WorkflowNet
from monai_medvid.training.features import Views, extract_features
from monai_medvid.training.videos import VideoSet, load_videos
from tests.workflow_bundle import HEIGHT, WIDTH, make_network

SIZE = (HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def network() -> WorkflowNet:
    return make_network()


@pytest.fixture
def videos(operations: LabelledDataset, network: WorkflowNet) -> VideoSet:
    return load_videos(operations, ["video01", "video02"], network.channels, rate=1.0, size=SIZE)


def _extract(
    network: WorkflowNet, videos: VideoSet, *, workers: int = 0, seed: int = 3
) -> list[Views]:
    device = torch.device("cpu")
    return extract_features(network, videos, views=2, seed=seed, device=device, workers=workers)


def test_each_video_has_its_views(network: WorkflowNet, videos: VideoSet) -> None:
    seen: list[tuple[int, int]] = []
    found = extract_features(
        network, videos, views=2, seed=3, device=torch.device("cpu"),
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    for video, (plain, other) in zip(videos.videos, found, strict=True):
        images = torch.from_numpy(np.array(video.frames)).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            expected = network.encode(images).feature.half()
        assert torch.allclose(plain.float(), expected.float(), atol=1e-2)
        assert other.shape == plain.shape
        assert not torch.equal(other, plain)
    total = 2 * sum(len(video) for video in videos.videos)
    assert seen[-1] == (total, total)


def test_worker_processes_change_nothing(network: WorkflowNet, videos: VideoSet) -> None:
    alone, helped = _extract(network, videos), _extract(network, videos, workers=1)
    for ours, theirs in zip(alone, helped, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_another_seed_augments_otherwise(network: WorkflowNet, videos: VideoSet) -> None:
    one, two = _extract(network, videos), _extract(network, videos, seed=4)
    for ours, theirs in zip(one, two, strict=True):
        assert torch.equal(ours[0], theirs[0])
        assert not torch.equal(ours[1], theirs[1])
