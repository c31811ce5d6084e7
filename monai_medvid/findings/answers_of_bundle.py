# SPDX-License-Identifier: Apache-2.0
"""What a bundle's predictions mean, read from its files alone: no weights, no network."""

from __future__ import annotations

from pathlib import Path

from monai_medvid.data.procedure import load_procedure
from monai_medvid.errors import InputError
from monai_medvid.findings.answer_format import AnswerFormat
from monai_medvid.findings.model import ModelSummary
from monai_medvid.inference.catalog import describe_bundle, find_bundle
from monai_medvid.inference.format import NetworkFormat, read_format
from monai_medvid.inference.preparation import read_config
from monai_medvid.models.channels import Channels


def answers_of_bundle(name_or_dir: str | Path) -> AnswerFormat:
    """Read what a bundle's predictions mean.

    The model's runtime, device and checksum are left empty: those who have the network tell them.

    Raises:
        BundleError: There is no such bundle, or it is not made for RGB frames.
    """
    path = find_bundle(name_or_dir)
    layout, info = read_format(path), describe_bundle(path)
    workflow = layout.kind == "workflow"
    masks = _mask_labels(path) if workflow else ()
    return AnswerFormat(
        model=ModelSummary(
            name=info.name,
            display_name=info.display_name,
            version=info.version,
            sha256="",
            runtime="",
            device="",
            labels=_workflow_labels(layout, masks) if workflow else layout.labels,
            license=info.license,
        ),
        interval_kind=layout.finding_kind,
        exclusive=layout.activation == "softmax",
        channels=layout.channels if workflow else (),
        mask_labels=masks,
    )


def _mask_labels(path: Path) -> tuple[str, ...]:
    network = read_config(path).get("network_def")
    procedure = network.get("procedure") if isinstance(network, dict) else None
    try:
        return tuple(mask.name for mask in load_procedure(str(procedure)).masks)
    except InputError:
        return ()


def _workflow_labels(layout: NetworkFormat, masks: tuple[str, ...]) -> tuple[str, ...]:
    heads = {head.kind: head.labels for head in Channels.parse(layout.channels).heads}
    named = [
        label for kind in ("phase", "instrument", "criterion") for label in heads.get(kind, ())
    ]
    return tuple(dict.fromkeys((*named, *masks[1:])))
