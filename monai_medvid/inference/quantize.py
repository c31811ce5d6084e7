# SPDX-License-Identifier: Apache-2.0
"""Making the int8 form of a workflow bundle: ``medvid quantize``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino as ov

from monai_medvid.errors import InputError, ModelError, OutputError
from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.nncf_int8 import quantize_model, require_nncf
from monai_medvid.inference.openvino_model import (
    compile_for_streams,
    convert_graph,
    differences_from_torch,
    model_digest,
)
from monai_medvid.inference.preprocess import resize_frames
from monai_medvid.inference.quantized import FOLDER, MODEL, SIDECAR, QuantizedRecord, answers
from monai_medvid.inference.workflow_bundle import require_workflow
from monai_medvid.inference.workflow_graph import FrameGraph, folded_graph
from monai_medvid.video import open_video
from monai_medvid.whole_folder import whole_folder

Pixels = npt.NDArray[np.uint8]

_LEAST, _HELD_OUT = 10, 5
"""Frames that it takes, and of how many one is kept to measure with."""
_MOST_LOST = 0.01
"""Mean difference of evidence or masks, 0..1, that is not accepted."""


def quantize_bundle(
    bundle: Bundle, videos: Sequence[Path], *, frames: int = 256
) -> QuantizedRecord:
    """Write a workflow bundle's int8 form into its folder, whole or not at all.

    Args:
        bundle: Whose network is a ``WorkflowNet``.
        videos: Like those that it will see; frames are taken evenly from each.
        frames: How many in all. A fifth of them is not quantised with but measures the loss.

    Raises:
        BundleError: The bundle is no workflow bundle.
        InputError: There are too few frames.
        MissingExtraError: NNCF is not installed.
        ModelError: OpenVINO refuses the network, or int8 loses too much of what it says.
        OutputError: The bundle's folder cannot be written.
        VideoReadError: A video cannot be read.
    """
    require_nncf()
    network = require_workflow(
        bundle.network, bundle.info.name, advice="Only workflow bundles have an int8 form."
    )
    examples = _frames(bundle, videos, frames)
    kept = examples[_HELD_OUT - 1 :: _HELD_OUT]
    used = [frame for i, frame in enumerate(examples) if i % _HELD_OUT != _HELD_OUT - 1]
    graph = folded_graph(bundle, masks=bool(network.procedure.masks))
    model = quantize_model(convert_graph(bundle, graph), used)
    compiled = compile_for_streams(model, "f32")
    lost = _losses(compiled, graph, kept)
    record = QuantizedRecord(
        weights_sha256=bundle.weights_sha256,
        model_sha256="",
        frames=len(used),
        evidence_difference=lost[0],
        mask_difference=lost[1] if len(lost) > 1 else None,
        evidence=answers(compiled, bundle).astype(float).round(6).tolist(),
        made_with={name: version(name) for name in ("openvino", "nncf")},
    )
    return _store(bundle, model, record)


def _frames(bundle: Bundle, videos: Sequence[Path], count: int) -> list[Pixels]:
    """Frames (1, h, w, 3), evenly from each video, as the network sees them."""
    layout = bundle.format
    shares = np.diff(np.linspace(0, count, len(videos) + 1).round().astype(int)).tolist()
    found: list[Pixels] = []
    for path, share in zip(videos, shares, strict=True):
        with open_video(path, device="cpu") as video:
            places = np.linspace(0, len(video), share, endpoint=False)
            for place in np.unique((places + len(video) / (2 * max(share, 1))).astype(int)):
                frame = video[int(place)][None]
                small = resize_frames(frame, height=layout.height, width=layout.width)
                found.append(small.numpy())
    if len(found) < _LEAST:
        raise InputError(
            f"expected at least {_LEAST} frames to quantise with, found {len(found)}. "
            f"Give more frames or longer videos."
        )
    return found


def _losses(compiled: Any, graph: FrameGraph, frames: Sequence[Pixels]) -> list[float]:
    """Mean differences from torch, of evidence and masks; refused where they are large."""
    lost = differences_from_torch(compiled, graph, frames).mean(0)
    if not lost.max() <= _MOST_LOST:
        raise ModelError(
            f"expected int8 to say what the network says, found a mean difference of "
            f"{lost.max():.3f}. Give more frames, of videos like those that it will see."
        )
    return [round(mean, 6) for mean in lost.tolist()]


def _store(bundle: Bundle, model: Any, record: QuantizedRecord) -> QuantizedRecord:
    """Write both into the bundle; the record with the model's digest."""
    try:
        with whole_folder(bundle.info.path / FOLDER) as folder:
            ov.save_model(model, folder / MODEL, compress_to_fp16=False)
            whole = replace(record, model_sha256=model_digest(folder / MODEL))
            text = json.dumps(asdict(whole), indent=2)
            (folder / SIDECAR).write_text(text + "\n", "utf-8")
    except (OSError, RuntimeError) as error:
        raise OutputError(
            f"expected to write the int8 form into the bundle, found its folder not writable or "
            f"full ({type(error).__name__}). Copy the bundle to a place of yours, or make room."
        ) from error
    return whole
