# SPDX-License-Identifier: Apache-2.0
"""The int8 form that a workflow bundle may hold beside its weights: ``models/int8``.

    frames.xml, frames.bin   the frame part, quantised after training, as OpenVINO reads it
    int8.json                which weights it was made of, what it lost, and what it answers

Which range of numbers each layer has is all that it keeps of the frames it was made with.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from monai_medvid.errors import ModelError, first_line
from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.openvino_model import (
    compile_for_streams,
    computes_in_bf16,
    model_digest,
)
from monai_medvid.inference.probe import probe_pictures
from monai_medvid.models.openvino_core import shared_core

logger = logging.getLogger(__name__)

FOLDER = Path("models", "int8")
MODEL, SIDECAR = "frames.xml", "int8.json"
PRECISION = "int8"
_MEAN_DIFFERENCE = 0.01
"""Another processor may answer otherwise by this much, evidence 0..1, on average."""


@dataclass(frozen=True)
class QuantizedRecord:
    """What is known of an int8 form.

    Attributes:
        weights_sha256: Of the ``models/model.pt`` that it was made of, hex.
        model_sha256: Of ``frames.xml`` and ``frames.bin``, hex.
        frames: How many it was made with.
        evidence_difference: Mean difference of the evidence (0..1) from torch on frames that it
            was not made with.
        mask_difference: The same of the masks' probabilities; None where there are no masks.
        evidence: Its answers to the pictures of ``probe_pictures``, a list of K numbers each.
        made_with: Versions of OpenVINO and NNCF.
    """

    weights_sha256: str
    model_sha256: str
    frames: int
    evidence_difference: float
    mask_difference: float | None
    evidence: list[list[float]]
    made_with: dict[str, str]


def compile_quantized(bundle: Bundle, *, masks: bool) -> Any | None:
    """Compile a bundle's int8 form; None where there is none, or where it cannot be trusted.

    It is taken where it was made of the weights that the bundle has, and where this processor
    answers as the one did that it was made on. (Processors without VNNI or AMX add products of
    int8 in 16 bits, which may overflow.)

    Args:
        bundle: A workflow bundle.
        masks: Whether the graph segments as well.
    """
    folder = bundle.info.path / FOLDER
    if not folder.is_dir():
        return None
    try:
        return _compile(bundle, folder, masks=masks)
    except (LookupError, ModelError, OSError, RuntimeError, TypeError, ValueError) as error:
        logger.warning(
            "bundle %r: its int8 form is not used, the network takes its place (%s)",
            bundle.info.name,
            first_line(error),
        )
        return None


def _compile(bundle: Bundle, folder: Path, *, masks: bool) -> Any:
    record = QuantizedRecord(**json.loads((folder / SIDECAR).read_text("utf-8")))
    if record.weights_sha256 != bundle.weights_sha256:
        raise ModelError("it was made of other weights: run 'medvid quantize' again")
    if record.model_sha256 != model_digest(folder / MODEL):
        raise ModelError("it is damaged: run 'medvid quantize' again")
    model = shared_core().read_model(folder / MODEL)
    if not masks:
        for result in model.get_results()[2:]:
            model.remove_result(result)
    # norms, activations and sums are no int8
    compiled = compile_for_streams(model, "bf16" if computes_in_bf16() else "f32")
    found = answers(compiled, bundle)
    difference = np.abs(np.asarray(record.evidence) - found).mean(1).max()
    if not difference <= _MEAN_DIFFERENCE:
        raise ModelError(f"this processor answers otherwise, by {difference:.3f} on average")
    return compiled


def answers(compiled: Any, bundle: Bundle) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Evidence (N, K) float32 for the pictures of ``probe_pictures``."""
    pictures = probe_pictures(bundle.format.height, bundle.format.width)
    return np.concatenate([compiled(pixels)[0] for pixels in pictures])
