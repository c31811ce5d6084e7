# SPDX-License-Identifier: Apache-2.0
"""Measuring a segmentation bundle with its own ``configs/evaluate.json``.

The configuration names the data: ``dataset`` and ``dataloader`` with ``image`` and ``label``, and
``negatives``, data loaders of frames without the object, by name. A bundle's configuration names
Python to run: measure only bundles from a source you trust.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser

from monai_medvid.errors import BundleError
from monai_medvid.metrics.segmentation import (
    ExpectedCalibrationError,
    FalsePositives,
    SegmentationReport,
    false_positives,
    overlap,
)

Batch = Mapping[str, torch.Tensor]
Progress = Callable[[str, int, int], None]


def evaluate_bundle(
    bundle_dir: Path,
    data_dir: Path,
    *,
    split: str = "validation",
    negatives: bool = True,
    threshold: float = 0.5,
    progress: Progress | None = None,
) -> SegmentationReport:
    """Measure the shipped weights of a bundle.

    Args:
        bundle_dir: the bundle's folder.
        data_dir: the data set's folder (``images/``, ``masks/``), or the folder above it with all
            the real data: false positives are also measured on its ``video/`` and ``dicom/cine/``.
        split: which part of the bundle's split.
        negatives: whether frames without the object are measured too.
        threshold: probability from which on a pixel counts as found.
        progress: told what is measured, how many batches are done, and how many there are.

    Raises:
        BundleError: the bundle cannot be evaluated: configuration or weights are missing.
    """
    parser = open_evaluation(bundle_dir, data_dir, split)
    network = evaluated_network(parser, bundle_dir)
    watched = _Watched(progress or (lambda name, done, total: None))
    batches = watched(split, parser.get_parsed_content("dataloader"))
    scores, error = _measure(network, batches, threshold)
    claims = parser.get_parsed_content("negatives") if negatives and "negatives" in parser else {}
    metadata = json.loads((bundle_dir / "configs" / "metadata.json").read_text())
    return SegmentationReport(
        bundle=bundle_dir.resolve().name,
        version=str(metadata["version"]),
        split=split,
        images=len(scores["dice"]),
        threshold=threshold,
        dice=float(scores["dice"].mean()),
        iou=float(scores["iou"].mean()),
        precision=float(scores["precision"].mean()),
        recall=float(scores["recall"].mean()),
        ece=error,
        median_dice=float(scores["dice"].median()),
        missed=int((scores["dice"] == 0).sum()),
        false_positives={
            name: claimed_area(network, watched(name, loader), threshold=threshold)
            for name, loader in claims.items()
            if len(loader)
        },
    )


@torch.inference_mode()
def claimed_area(
    network: torch.nn.Module, batches: Iterable[Batch], *, threshold: float = 0.5
) -> FalsePositives:
    """Measure how much a network claims on frames that hold nothing.

    Args:
        network: gives logits (B, 1, H, W).
        batches: of ``image`` (B, 3, H, W).
        threshold: probability from which on a pixel counts as claimed.
    """
    areas: list[float] = []
    for batch in batches:
        found = probabilities_of(network, batch) >= threshold
        areas += found.double().mean(dim=(1, 2, 3)).tolist()
    return false_positives(areas)


@torch.inference_mode()
def _measure(
    network: torch.nn.Module, batches: Iterable[Batch], threshold: float
) -> tuple[dict[str, torch.Tensor], float]:
    parts: dict[str, list[torch.Tensor]] = {}
    calibration = ExpectedCalibrationError()
    for batch in batches:
        probabilities, truth = probabilities_of(network, batch), plain(batch["label"])
        calibration.update(probabilities, truth)
        for name, score in overlap((probabilities >= threshold).float(), truth).items():
            parts.setdefault(name, []).append(score)
    return {name: torch.cat(pieces) for name, pieces in parts.items()}, calibration.compute()


@dataclass(frozen=True)
class _Watched:
    """Lets a progress bar see how batches go by."""

    progress: Progress

    def __call__(self, name: str, loader: Any) -> Iterator[Batch]:
        total = len(loader)
        for done, batch in enumerate(loader):
            self.progress(name, done, total)
            yield batch
        self.progress(name, total, total)


def probabilities_of(network: torch.nn.Module, batch: Batch) -> torch.Tensor:
    """Probabilities (B, 1, H, W) of the batch's images."""
    logits: torch.Tensor = network(plain(batch["image"]))
    return torch.sigmoid(logits.float())


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor without MONAI's metadata."""
    return tensor.as_subclass(torch.Tensor)


def open_evaluation(bundle_dir: Path, data_dir: Path, split: str) -> Any:
    """The bundle's ``configs/evaluate.json``, pointed at the data.

    Raises:
        BundleError: There is none.
    """
    config = bundle_dir / "configs" / "evaluate.json"
    if not config.is_file():
        raise BundleError(
            f"bundle {bundle_dir.name!r}: expected configs/evaluate.json, found none. "
            f"Give a bundle that says how it is evaluated."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MONAI warns at each parse that configurations run code
        parser = ConfigParser()
        parser.read_config(config)
    whole = (data_dir / "polyps").is_dir()
    parser.update(
        {
            "bundle_root": str(bundle_dir),
            "data_dir": str(data_dir if whole else data_dir.parent),
            "dataset_dir": str(data_dir / "polyps" if whole else data_dir),
            "split": split,
        }
    )
    return parser


def evaluated_network(parser: Any, bundle_dir: Path) -> torch.nn.Module:
    """The configuration's network with the bundle's weights, in eval mode.

    Raises:
        BundleError: There are no weights.
    """
    weights = bundle_dir / "models" / "model.pt"
    if not weights.is_file():
        raise BundleError(
            f"bundle {bundle_dir.name!r}: expected weights in models/model.pt, found none. "
            f"Download or train them."
        )
    network: torch.nn.Module = parser.get_parsed_content("network_def")
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval()
