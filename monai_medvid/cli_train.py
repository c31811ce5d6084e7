# SPDX-License-Identifier: Apache-2.0
"""``medvid train``: a workflow bundle on a data set of one's own."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from monai_medvid import terminal

DEFAULT_WORKFLOW = "laparoscopic_cholecystectomy_workflow"


def train_command(
    data: Annotated[Path, typer.Argument(help="Folder of the data set.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The run: checkpoint, curves, trained bundle.")
    ],
    dataset: Annotated[
        str, typer.Option(help="Which data set lies there, see medvid data list.")
    ] = "simulated",
    bundle: Annotated[
        str, typer.Option(help="Name of a workflow bundle at hand, or its folder.")
    ] = DEFAULT_WORKFLOW,
    split: Annotated[
        str,
        typer.Option(help="Published split with a train and a val part, e.g. 32/8/40."),
    ] = "",
    hold_out: Annotated[
        float, typer.Option(help="Without a split: share of the videos kept for validation.")
    ] = 0.15,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Begin with random weights.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    cache: Annotated[
        Path | None, typer.Option(help="Where resized frames are kept; in the output by default.")
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting, e.g. frame_epochs=5; may be given many times."),
    ] = None,
    mlflow: Annotated[str, typer.Option(help="Address of an MLflow store for the curves.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Train or fine-tune a workflow bundle. A run that was stopped goes on when started again.

    Example: medvid train /data/cholec80 --dataset cholec80 --split 32/8/40 -o run

    The trained bundle is in OUTPUT/bundle and runs with medvid analyze --bundle. All settings with
    their defaults: docs/how-to/train.md. Several GPUs: torchrun --nproc-per-node 2 -m monai_medvid
    train ...
    """
    from monai_medvid.data.datasets import open_dataset
    from monai_medvid.training import TrainSettings, train_workflow
    from monai_medvid.training.device import choose_training_device
    from monai_medvid.training.distributed import is_first
    from monai_medvid.training.mlflow_log import mlflow_logger
    from monai_medvid.training.parts import choose_parts, parse_values

    settings = TrainSettings.of(parse_values(values or []))
    opened = open_dataset(dataset, data)
    train, val = choose_parts(opened, split=split, hold_out=hold_out, seed=settings.seed)
    with ExitStack() as stack:
        report = stack.enter_context(terminal.progress(quiet=as_json))
        log: Any = None
        if mlflow and is_first():
            log = stack.enter_context(
                mlflow_logger(mlflow, name=output.name, settings=settings.as_dict())
            )
        result = train_workflow(
            bundle,
            opened,
            output,
            train=train,
            val=val,
            settings=settings,
            from_scratch=from_scratch,
            device=choose_training_device(device),
            cache=cache,
            report=report,
            log=log,
        )
    if is_first():
        terminal.show_trained(result, as_json=as_json)
