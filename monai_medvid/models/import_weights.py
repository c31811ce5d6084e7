# SPDX-License-Identifier: Apache-2.0
"""Published encoder weights into a folder that ``FrameEncoder`` and ``WorkflowNet`` take."""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from monai_medvid.errors import ModelError, OutputError
from monai_medvid.models.backbone import CARD, WEIGHTS, make_backbone
from monai_medvid.models.checkpoint_keys import unwrap
from monai_medvid.models.weight_families import FAMILIES, recognise
from monai_medvid.models.weight_family import Converted, Family, Tensors
from monai_medvid.models.weights import read_weights

LEAST_COVERAGE = 0.99
"""Of the encoder's tensors that must come from the file, and of the file's that must be used."""
_SHOWN = 5
_COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class ImportedWeights:
    """What an import found.

    Attributes:
        folder: With the weights and their card.
        family: Name of the family.
        coverage: Share of tensors that found their place, 0..1.
        licence: As published; empty where the file does not tell.
        commercial_use: Whether the licence allows it; None where it is not known.
        note: What else to know before using them.
    """

    folder: Path
    family: str
    coverage: float
    licence: str
    commercial_use: bool | None
    note: str


def import_weights(
    file: str | Path, folder: str | Path, *, licence: str | None = None
) -> ImportedWeights:
    """Recognise weights by their keys, check that they fit, and write them for use here.

    Args:
        file: A checkpoint (``.pth``, ``.pt``, ``.bin``, ``.pkl``, ``.torch``, ``.safetensors``).
        folder: Where to; must not exist.
        licence: Of the weights, where the file cannot tell or tells it wrongly.

    Raises:
        ModelError: The file is no checkpoint, of no known family, or does not fill the encoder.
        OutputError: The folder exists already, or cannot be written.
    """
    source, target = Path(file), Path(folder)
    if target.exists():
        raise OutputError(
            f"expected a new folder, found {target.name} there already. Name another or remove it."
        )
    tensors = unwrap(_read(source))
    family = _recognise(tensors, source.name)
    try:
        converted = family.convert(tensors)
    except (KeyError, ValueError, RuntimeError, IndexError) as error:
        raise ModelError(
            f"expected the tensors of {family.name} in {source.name}, found them incomplete "
            f"({error}). Download the file again."
        ) from error
    backbone = make_backbone(converted.config)
    coverage = _fill(backbone, converted, tensors, family, source.name)
    card = _card(family, converted, coverage, source, licence)
    _write(target, backbone.state_dict(), card)
    return ImportedWeights(
        target, family.name, coverage, card["licence"], card["commercial_use"], family.note
    )


def _read(file: Path) -> dict[str, Any]:
    if file.is_dir() or file.suffix == ".pb":
        raise ModelError(
            f"expected a checkpoint file of PyTorch, found {file.name}, which looks like a "
            f"TensorFlow model or a folder. Convert it to PyTorch first; a folder of transformers "
            f"can be the network's encoder as it is."
        )
    # DINO's checkpoints hold the arguments of their training
    with torch.serialization.safe_globals([argparse.Namespace]):
        return read_weights(file)


def _recognise(tensors: Tensors, name: str) -> Family:
    family = recognise(tensors)
    if family is None:
        known = ", ".join(family.name for family in FAMILIES)
        start = ", ".join(sorted(tensors)[:3]) or "no tensors"
        raise ModelError(
            f"expected weights of a known family ({known}), found keys like {start} in {name}. "
            f"Check that the file is an image encoder of one of these."
        )
    return family


def _fill(
    backbone: Any, converted: Converted, tensors: Tensors, family: Family, name: str
) -> float:
    """Load what fits; the share of tensors that found their place."""
    wanted = {
        key: value
        for key, value in backbone.state_dict().items()
        if not key.startswith(converted.optional or ("\0",)) and not key.endswith(_COUNTER)
    }
    given = converted.tensors
    fits = {k for k, v in wanted.items() if k in given and given[k].shape == v.shape}
    offered = {key for key in tensors if not _is_unused(key, family)}
    used = offered & converted.origins
    coverage = min(len(fits) / len(wanted), len(used) / max(1, len(offered)))
    if coverage < LEAST_COVERAGE:
        missing, extra = sorted(wanted.keys() - fits), sorted(offered - used)
        raise ModelError(
            f"expected weights for all of the encoder ({family.name}), found {coverage:.1%} in "
            f"{name}; without a source: {_some(missing)}; not used: {_some(extra)}. Use the file "
            f"of the encoder itself."
        )
    shapes = {key: value.shape for key, value in backbone.state_dict().items()}
    backbone.load_state_dict(
        {k: v for k, v in given.items() if shapes.get(k) == v.shape}, strict=False
    )
    return coverage


def _is_unused(key: str, family: Family) -> bool:
    return key.endswith(_COUNTER) or any(
        fnmatch.fnmatchcase(key, beginning + "*") for beginning in family.unused
    )


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return (", ".join(keys[:_SHOWN]) or "none") + more


def _card(
    family: Family, converted: Converted, coverage: float, source: Path, licence: str | None
) -> dict[str, Any]:
    known = family.licence if licence is None else licence
    commercial = family.commercial_use if licence is None else "-NC" not in licence.upper()
    return {
        "family": family.name,
        "config": converted.config,
        "mean": list(family.mean),
        "std": list(family.std),
        "colours": "RGB",
        "pretraining_size": list(family.size),
        "licence": known,
        "commercial_use": commercial,
        "note": family.note,
        "coverage": round(coverage, 4),
        "source": source.name,
        "source_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
    }


def _write(target: Path, tensors: Tensors, card: dict[str, Any]) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
            fresh = Path(temporary) / target.name
            fresh.mkdir()
            save_file({k: v.contiguous() for k, v in tensors.items()}, fresh / WEIGHTS)
            (fresh / CARD).write_text(json.dumps(card, indent=2) + "\n", "utf-8")
            shutil.move(fresh, target)
    except OSError as error:
        raise OutputError(
            f"expected to write {target.name}, found that impossible ({error.strerror}). "
            f"Choose a folder with space that you may write to."
        ) from error
