# SPDX-License-Identifier: Apache-2.0
"""From a bundle to a compiled OpenVINO model, converted once and kept in the user's cache."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino import frontend

from monai_medvid.errors import ModelError
from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.probe import probe_pictures
from monai_medvid.models.openvino_core import shared_core
from monai_medvid.whole_folder import whole_folder

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

_LAYOUT = 1
"""Raise when what is stored, or how the graph is made, changes."""
_MODEL, _SIDECAR = "model.xml", "check.json"
_REFUSALS = (
    frontend.GeneralFailure,
    frontend.NotImplementedFailure,
    frontend.OpConversionFailure,
    frontend.OpValidationFailure,
    RuntimeError,
    TypeError,
    ValueError,
)
_MEAN_DIFFERENCE = 0.01
"""bf16 is used where probabilities differ from torch's by no more than this on average."""


def compile_bundle(bundle: Bundle) -> tuple[Any, str]:
    """Compile a bundle's network for this CPU; see ``compile_graph``."""
    from monai_medvid.inference.graph import ProbabilityGraph

    return compile_graph(bundle, lambda: ProbabilityGraph(bundle))


def compile_graph(
    bundle: Bundle, make_graph: Callable[[], torch.nn.Module], *, variant: str = ""
) -> tuple[Any, str]:
    """Compile a graph made of a bundle's network for this CPU.

    Args:
        bundle: Whose network it is.
        make_graph: Makes the graph, (1, h, w, 3) uint8 in, where it is not in the cache. Its
            attribute ``compared`` tells which outputs are probabilities.
        variant: Which of several graphs of one bundle.

    Returns:
        The compiled model and its precision: "bf16" where the CPU computes in it and the
        probabilities stay those of torch, else "f32".

    Raises:
        BundleError: The bundle is damaged.
        ModelError: OpenVINO cannot take the network.
    """
    core = shared_core()
    has_bf16 = computes_in_bf16()
    folder = cache_folder() / _key(bundle, has_bf16, variant)
    stored = _read(core, folder)
    if stored is None:
        stored = _convert(bundle, make_graph().eval(), has_bf16)
        _write(folder, *stored)
    model, precision = stored
    return compile_for_streams(model, precision), precision


def cache_folder() -> Path:
    """Where converted models are kept: ``$XDG_CACHE_HOME/monai-medvid/openvino``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "monai-medvid" / "openvino"


def computes_in_bf16() -> bool:
    """Whether this CPU has it; OpenVINO would otherwise imitate it, slowly."""
    return "BF16" in shared_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def compile_for_streams(model: Any, precision: str) -> Any:
    """Compile a model for many frames in a row on all cores of this CPU.

    Args:
        model: An OpenVINO model.
        precision: Of what is not quantised, "f32" or "bf16".
    """
    return shared_core().compile_model(
        model,
        "CPU",
        {
            "PERFORMANCE_HINT": "THROUGHPUT",
            "INFERENCE_PRECISION_HINT": precision,
            # the decoder's thread needs a core now and then: pinned threads would wait for it
            "ENABLE_CPU_PINNING": False,
        },
    )


def _key(bundle: Bundle, has_bf16: bool, variant: str) -> str:
    config = b"".join(
        path.read_bytes() for path in sorted((bundle.info.path / "configs").glob("inference.*"))
    )
    parts = [_LAYOUT, bundle.weights_sha256, repr(bundle.format), has_bf16, ov.__version__]
    parts += [hashlib.sha256(config).hexdigest(), *([variant] if variant else [])]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def convert_graph(bundle: Bundle, graph: torch.nn.Module) -> Any:
    """An OpenVINO model of a graph, (1, h, w, 3) uint8 in.

    Raises:
        ModelError: OpenVINO cannot take it.
    """
    import torch

    shape = (1, bundle.format.height, bundle.format.width, 3)
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tracing warns of every size that it fixes, as it must
            model = ov.convert_model(graph, example_input=torch.zeros(shape, dtype=torch.uint8))
        model.reshape(list(shape))
    except _REFUSALS as error:
        raise ModelError(
            f"expected a network that OpenVINO can take in bundle {bundle.info.name!r}, found one "
            f"it refuses ({_last_line(error)}). Use runtime 'torch'."
        ) from error
    return model


def _convert(bundle: Bundle, graph: torch.nn.Module, has_bf16: bool) -> tuple[Any, str]:
    model = convert_graph(bundle, graph)
    if has_bf16:
        pictures = probe_pictures(bundle.format.height, bundle.format.width)
        compiled = compile_for_streams(model, "bf16")
        if differences_from_torch(compiled, graph, pictures).max() <= _MEAN_DIFFERENCE:
            return model, "bf16"
    return model, "f32"


def _last_line(error: Exception) -> str:
    """OpenVINO tells where it failed first, and why at the end."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip(" -")[:160]


def differences_from_torch(
    compiled: Any, graph: Any, pictures: Sequence[npt.NDArray[np.uint8]]
) -> npt.NDArray[np.float64]:
    """Mean differences of a compiled model from the graph that it was made of.

    Args:
        compiled: By OpenVINO.
        graph: Whose attribute ``compared`` tells which outputs are probabilities.
        pictures: N of (1, h, w, 3) uint8 RGB.

    Returns:
        (N, outputs compared).
    """
    import torch

    rows = []
    for pixels in pictures:
        with torch.inference_mode():
            expected = graph(torch.from_numpy(pixels))
        expected = expected if isinstance(expected, tuple) else (expected,)
        found = compiled(pixels)
        rows.append([np.abs(found[i] - expected[i].numpy()).mean() for i in graph.compared])
    return np.array(rows, np.float64)


def _read(core: Any, folder: Path) -> tuple[Any, str] | None:
    """Read a stored model; None where there is none or where it is not what was written."""
    try:
        sidecar = json.loads((folder / _SIDECAR).read_text())
        if sidecar["sha256"] != model_digest(folder / _MODEL):
            logger.info("the stored OpenVINO model is damaged and is made again")
            return None
        return core.read_model(folder / _MODEL), str(sidecar["precision"])
    except (OSError, ValueError, LookupError, TypeError, RuntimeError):
        return None


def _write(folder: Path, model: Any, precision: str) -> None:
    """Store a model whole or not at all; a cache that cannot be written is no failure."""
    try:
        with whole_folder(folder) as fresh:
            ov.save_model(model, fresh / _MODEL, compress_to_fp16=False)
            sidecar = {"sha256": model_digest(fresh / _MODEL), "precision": precision}
            (fresh / _SIDECAR).write_text(json.dumps(sidecar))
    except (OSError, RuntimeError) as error:
        logger.info("the OpenVINO model is not kept for the next run: %s", type(error).__name__)


def model_digest(model: Path) -> str:
    """SHA-256 of a stored model, of its ``.xml`` and its ``.bin``, hex."""
    digest = hashlib.sha256()
    for path in (model, model.with_suffix(".bin")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
