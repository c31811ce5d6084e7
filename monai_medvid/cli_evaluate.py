# SPDX-License-Identifier: Apache-2.0
"""``medvid evaluate``: how good a bundle is on labelled data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from monai_medvid import terminal
from monai_medvid.errors import InputError

if TYPE_CHECKING:
    from monai_medvid.data.datasets import Dataset

POLYPS = "colonoscopy_polyp_segmentation"


def evaluate_command(
    data: Annotated[Path, typer.Argument(help="Folder with the labelled data.")],
    bundle: Annotated[str, typer.Option(help="Name of a bundle at hand, or its folder.")] = POLYPS,
    dataset: Annotated[
        str, typer.Option(help="For workflow bundles: which data set, see medvid data list.")
    ] = "simulated",
    split: Annotated[
        str, typer.Option(help="Which part: validation for polyps, e.g. 32/8/40:test for Cholec80.")
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Also JSON, tables and pictures into this folder."),
    ] = None,
    rate: Annotated[float, typer.Option(help="Judged moments a second.")] = 1.0,
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option(help="Where the model runs.")
    ] = "auto",
    runtime: Annotated[
        Literal["auto", "torch", "openvino"], typer.Option(help="What runs the network.")
    ] = "auto",
    plots: Annotated[
        bool, typer.Option(help="Pictures in the output; they need the extra plots.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Measure a bundle on labelled data, with the convention beside every figure.

    For the polyp bundle: Dice, IoU, precision, recall, calibration. For workflow bundles: phases,
    segments, transitions, instruments, anticipation, safety check, masks, calibration
    (docs/reference/metrics.md).

    Example: medvid evaluate /data/cholec80 --dataset cholec80 --split 40/40:test
    --bundle laparoscopic_cholecystectomy_workflow -o evaluation
    """
    from monai_medvid.inference.catalog import find_bundle
    from monai_medvid.inference.format import read_format

    path = find_bundle(bundle)
    if read_format(path).kind != "workflow":
        from monai_medvid.metrics.evaluate import evaluate_bundle as evaluate_polyps

        result = evaluate_polyps(path, data, split=split or "validation")
        terminal.show_evaluation(result, as_json=as_json)
        return
    from monai_medvid.data.datasets import open_dataset
    from monai_medvid.evaluation import evaluate_bundle

    opened = open_dataset(dataset, data)
    with terminal.progress(quiet=as_json) as report:
        evaluation = evaluate_bundle(
            path,
            opened,
            _names(opened, split),
            rate=rate,
            split=f"{opened.name} {split}".strip(),
            device=device,
            runtime=runtime,
            output=output,
            plots=plots and output is not None,
            progress=report,
        )
    show_workflow_evaluation(evaluation, as_json=as_json)


def show_workflow_evaluation(evaluation: Any, *, as_json: bool) -> None:
    """The whole document, or the figures as tables."""
    from monai_medvid.metrics.workflow_table import to_json, to_text

    if as_json:
        terminal.print_json(to_json(evaluation))
    else:
        typer.echo(to_text(evaluation))


def _names(dataset: Dataset, split: str) -> tuple[str, ...]:
    """All videos, or those of a part.

    Raises:
        InputError: There is no such part, or there are no videos.
    """
    if split:
        return dataset.split_names(split)
    if not dataset.names:
        raise InputError(
            f"expected videos of {dataset.name}, found none in the folder. Check the folder."
        )
    return dataset.names
