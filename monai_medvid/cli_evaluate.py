# SPDX-License-Identifier: Apache-2.0
"""``medvid evaluate``: how good a bundle is on labelled data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from monai_medvid import terminal
from monai_medvid.errors import InputError

if TYPE_CHECKING:
    from monai_medvid.data.datasets import LabelledDataset
    from monai_medvid.metrics.robustness import Robustness

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
    corruptions: Annotated[
        str,
        typer.Option(help="Also on corrupted data: all, or names with commas, e.g. smoke,noise."),
    ] = "",
    severities: Annotated[
        str, typer.Option(help="How much it is corrupted: 1 (mild) to 5, with commas.")
    ] = "1,2,3,4,5",
    plots: Annotated[
        bool, typer.Option(help="Pictures in the output; they need the extra plots.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Measure a bundle on labelled data, with the convention beside every figure.

    For the polyp bundle: Dice, IoU, precision, recall, calibration. For workflow bundles: phases,
    segments, transitions, instruments, anticipation, safety check, masks, calibration
    (docs/reference/metrics.md). With --corruptions also the balanced error on spoilt data against
    that on the data as it is; each corruption and severity is one more pass over the data
    (docs/how-to/trust.md).

    Example: medvid evaluate /data/cholec80 --dataset cholec80 --split 40/40:test
    --bundle laparoscopic_cholecystectomy_workflow -o evaluation --corruptions smoke,blur
    """
    from monai_medvid.inference.catalog import find_bundle
    from monai_medvid.inference.format import read_format

    path = find_bundle(bundle)
    workflow = read_format(path).kind == "workflow"
    spoilt = _spoilt(corruptions, severities, pictures=not workflow)
    settings: dict[str, Any] = {"output": output, "plots": plots and output is not None}
    with terminal.progress(quiet=as_json) as report:
        settings["progress"] = report
        if workflow:
            settings |= {"rate": rate, "device": device, "runtime": runtime}
            document, text = _videos(path, data, dataset, split, spoilt, settings)
        else:
            document, text = _pictures(path, data, split or "validation", spoilt, settings)
    if as_json:
        terminal.print_json(document)
    else:
        typer.echo(text)


Spoilt = dict[str, Any] | None
"""Which corruptions and severities, where they are wanted."""
Shown = tuple[dict[str, Any], str]
"""The figures for a program, and for a person."""


def _spoilt(corruptions: str, severities: str, *, pictures: bool) -> Spoilt:
    """What is asked for, checked before any work."""
    from monai_medvid.data.corruptions import choose_conditions

    if not corruptions:
        return None
    names = [] if corruptions == "all" else [name.strip() for name in corruptions.split(",")]
    try:
        levels = [int(word) for word in severities.split(",")]
    except ValueError as error:
        raise InputError(
            f"expected severities from 1 to 5 with commas, found {severities!r}. Give e.g. 1,3,5."
        ) from error
    choose_conditions(names, levels, pictures=pictures)
    return {"corruptions": names, "severities": levels}


def _videos(
    bundle: Path, data: Path, dataset: str, split: str, spoilt: Spoilt, settings: dict[str, Any]
) -> Shown:
    from monai_medvid.corrupted_evaluation import evaluate_corrupted
    from monai_medvid.data.datasets import open_dataset
    from monai_medvid.evaluation import evaluate_bundle
    from monai_medvid.metrics.workflow_table import to_json, to_text

    opened = open_dataset(dataset, data)
    names = _names(opened, split)
    settings["split"] = f"{opened.name} {split}".strip()
    found = evaluate_bundle(bundle, opened, names, **settings)
    shown = to_json(found), to_text(found)
    if spoilt is None:
        return shown
    robustness = evaluate_corrupted(bundle, opened, names, clean=found, **spoilt, **settings)
    return _with_robustness(shown, robustness)


def _pictures(
    bundle: Path, data: Path, split: str, spoilt: Spoilt, settings: dict[str, Any]
) -> Shown:
    from monai_medvid.metrics.evaluate import evaluate_bundle
    from monai_medvid.metrics.evaluate_corrupted import evaluate_corrupted_pictures
    from monai_medvid.metrics.plots import require_matplotlib
    from monai_medvid.metrics.robustness_report import write_robustness
    from monai_medvid.metrics.segmentation_report import check_place, write_report

    output, progress = settings["output"], settings["progress"]
    if output is not None:
        check_place(output)
    if spoilt is not None and settings["plots"]:
        require_matplotlib()
    found = evaluate_bundle(bundle, data, split=split, progress=progress)
    if output is not None:
        write_report(found, output)
    document = found.to_dict()
    shown = document, "\n".join(f"{name:<18}{value}" for name, value in document.items())
    if spoilt is None:
        return shown
    robustness = evaluate_corrupted_pictures(bundle, data, split=split, progress=progress, **spoilt)
    if output is not None:
        write_robustness(robustness, output, plots=settings["plots"])
    return _with_robustness(shown, robustness)


def _with_robustness(shown: Shown, robustness: Robustness) -> Shown:
    from monai_medvid.metrics.robustness_report import robustness_json, robustness_markdown

    document, text = shown
    spoilt = {"robustness": robustness_json(robustness)}
    return document | spoilt, f"{text}\n\n{robustness_markdown(robustness)}"


def _names(dataset: LabelledDataset, split: str) -> tuple[str, ...]:
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
