# SPDX-License-Identifier: Apache-2.0
"""``medvid import-weights``, ``export`` and ``quantize``: models in, models out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from monai_medvid import terminal
from monai_medvid.errors import BundleError

if TYPE_CHECKING:
    from monai_medvid.inference.quantized import QuantizedRecord
    from monai_medvid.models.import_weights import ImportedWeights

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Form = Literal["torchscript", "onnx", "openvino"]


def import_weights_command(
    file: Annotated[Path, typer.Argument(help="A checkpoint of a published encoder.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for the encoder.")],
    licence: Annotated[
        str | None, typer.Option(help="Of the weights, where the file cannot tell.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take an encoder's weights: recognised by their keys, refused where they do not fit.

    Example: medvid import-weights SurgeNetXL_checkpoint_epoch0050_teacher.pth -o surgenet
    """
    from monai_medvid.models.import_weights import import_weights

    found = import_weights(file, output, licence=licence)
    if as_json:
        terminal.print_json(found)
    else:
        typer.echo("\n".join(_lines(found)))
    if found.commercial_use is False:
        terminal.say(f"  ! The licence {found.licence} does not allow commercial use.")


def _lines(found: ImportedWeights) -> list[str]:
    lines = [
        f"{found.folder}",
        f"  family    {found.family}",
        f"  coverage  {found.coverage:.1%} of the encoder's weights",
        f"  licence   {found.licence or 'not known from the file: see where it comes from'}",
    ]
    return [*lines, f"  note      {found.note}"] if found.note else lines


def export_command(
    bundle: Annotated[str, typer.Argument(help="Name of a workflow bundle, or its folder.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for the graphs.")],
    form: Annotated[Form, typer.Option("--format", help="What the graphs are for.")] = "onnx",
    masks: Annotated[bool, typer.Option(help="Whether the graph segments as well.")] = True,
) -> None:
    """Write a workflow bundle's network as graphs for another runtime."""
    from monai_medvid.inference import load_bundle
    from monai_medvid.models import WorkflowNet
    from monai_medvid.models.export import export_workflow

    loaded = load_bundle(bundle)
    network = loaded.network
    if not isinstance(network, WorkflowNet):
        raise BundleError(
            f"bundle {loaded.info.name!r}: expected a workflow network, found "
            f"{type(network).__name__}. Export it with 'python -m monai.bundle onnx_export'."
        )
    size = loaded.format.input_size
    typer.echo(str(export_workflow(network, output, format=form, size=size, masks=masks)))


def quantize_command(
    bundle: Annotated[str, typer.Argument(help="Name of a workflow bundle, or its folder.")],
    videos: Annotated[
        list[Path], typer.Argument(help="Videos like those that it will see.", metavar="VIDEO...")
    ],
    frames: Annotated[int, typer.Option(min=10, help="Frames to take of them, in all.")] = 256,
    as_json: JsonOption = False,
) -> None:
    """Give a workflow bundle an int8 form: analysis on a CPU then takes it and is faster.

    Nothing is learnt and no frame is kept, only the range of each layer. Needs the extra int8.

    Example: medvid quantize my_bundle operations/videos/*.mp4
    """
    from monai_medvid.inference import load_bundle
    from monai_medvid.inference.quantize import quantize_bundle
    from monai_medvid.inference.quantized import FOLDER

    loaded = load_bundle(bundle)
    record = quantize_bundle(loaded, videos, frames=frames)
    if as_json:
        terminal.print_json(record)
    else:
        typer.echo("\n".join(_quantized(loaded.info.path / FOLDER, record)))


def _quantized(folder: Path, record: QuantizedRecord) -> list[str]:
    masks = record.mask_difference
    return [
        f"{folder}",
        f"  frames    {record.frames}",
        f"  evidence  differs by {record.evidence_difference:.4f} on average from torch (0..1)",
        *([f"  masks     differ by {masks:.4f} on average"] if masks is not None else []),
    ]
