# SPDX-License-Identifier: Apache-2.0
"""Measuring a segmentation bundle with its own ``configs/evaluate.json``.

The configuration names the data: ``dataset`` and ``dataloader`` with ``image`` and ``label``, and
``negatives``, data loaders of frames without the object, by name. A bundle's configuration names
Python to run: measure only bundles from a source you trust.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser

from monai_medvid.errors import BundleError
from monai_medvid.metrics.segmentation import (
    CalibrationError,
    FalsePositives,
    SegmentationReport,
    false_positives,
    overlap,
)

Batch = Mapping[str, torch.Tensor]


def evaluate_bundle(
    bundle_dir: Path,
    data_dir: Path,
    *,
    split: str = "validation",
    negatives: bool = True,
    threshold: float = 0.5,
) -> SegmentationReport:
    """Measure the shipped weights of a bundle.

    Args:
        bundle_dir: the bundle's folder.
        data_dir: the folder with the real data (``polyps/`` and, for the false positives,
            ``video/`` and ``dicom/cine/``).
        split: which part of the bundle's split.
        negatives: whether frames without the object are measured too.
        threshold: probability from which on a pixel counts as found.

    Raises:
        BundleError: the bundle cannot be evaluated: configuration or weights are missing.
    """
    parser = _read(bundle_dir, data_dir, split)
    network = _network(parser, bundle_dir)
    scores, error = _measure(network, parser.get_parsed_content("dataloader"), threshold)
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
            name: claimed_area(network, batches, threshold=threshold)
            for name, batches in claims.items()
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
        found = _probabilities(network, batch) >= threshold
        areas += found.double().mean(dim=(1, 2, 3)).tolist()
    return false_positives(areas)


@torch.inference_mode()
def _measure(
    network: torch.nn.Module, batches: Iterable[Batch], threshold: float
) -> tuple[dict[str, torch.Tensor], float]:
    parts: dict[str, list[torch.Tensor]] = {}
    calibration = CalibrationError()
    for batch in batches:
        probabilities, truth = _probabilities(network, batch), _plain(batch["label"])
        calibration.update(probabilities, truth)
        for name, score in overlap((probabilities >= threshold).float(), truth).items():
            parts.setdefault(name, []).append(score)
    return {name: torch.cat(pieces) for name, pieces in parts.items()}, calibration.compute()


def _probabilities(network: torch.nn.Module, batch: Batch) -> torch.Tensor:
    logits: torch.Tensor = network(_plain(batch["image"]))
    return torch.sigmoid(logits.float())


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.as_subclass(torch.Tensor)


def _read(bundle_dir: Path, data_dir: Path, split: str) -> Any:
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
    parser.update({"bundle_root": str(bundle_dir), "data_dir": str(data_dir), "split": split})
    return parser


def _network(parser: Any, bundle_dir: Path) -> torch.nn.Module:
    weights = bundle_dir / "models" / "model.pt"
    if not weights.is_file():
        raise BundleError(
            f"bundle {bundle_dir.name!r}: expected weights in models/model.pt, found none. "
            f"Download or train them."
        )
    network: torch.nn.Module = parser.get_parsed_content("network_def")
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval()
