# SPDX-License-Identifier: Apache-2.0
"""The ``medvid`` command: argument handling only, one small function a subcommand."""

from __future__ import annotations

import gc
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from monai_medvid import __version__, terminal
from monai_medvid.cli_data import data_app
from monai_medvid.cli_evaluate import evaluate_command
from monai_medvid.cli_models import export_command, import_weights_command, quantize_command
from monai_medvid.cli_train import train_command
from monai_medvid.errors import DeliveryError, InputError, MedvidError

if TYPE_CHECKING:
    from monai_medvid.pacs import Destination

DEFAULT_BUNDLE = "colonoscopy_polyp_segmentation"

app = typer.Typer(
    name="medvid",
    help="Medical video in, validated DICOM findings out. Not a medical device.",
    epilog=(
        "Exit codes: 0 done, 2 wrong usage, 3 input refused, 4 model or device problem, "
        "5 results kept but delivery failed. --debug anywhere shows the trace of an error."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(data_app, name="data")


Device = Literal["auto", "cpu", "cuda"]
DecoderChoice = Literal["auto", "dali", "pyav"]
Runtime = Literal["auto", "torch", "openvino"]
SegMode = Literal["binary", "labelmap", "none"]
SrTarget = Literal["video", "stills", "both"]
SrClass = Literal["comprehensive3d", "comprehensive"]
SopClass = Literal["endoscopic", "photographic", "microscopic"]

VideoArgument = Annotated[Path, typer.Argument(help="A video file, DICOM object or image folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
DeviceOption = Annotated[Device, typer.Option(help="Where the model runs.")]
DecoderOption = Annotated[DecoderChoice, typer.Option(help="What decodes the video.")]
BundleOption = Annotated[str, typer.Option(help="Name of a bundle at hand, or its folder.")]
RuntimeOption = Annotated[Runtime, typer.Option(help="What runs the network.")]


def _version(show: bool) -> None:
    if show:
        typer.echo(f"medvid {__version__}")
        raise typer.Exit


def _destination(text: str) -> Destination:
    from monai_medvid.pacs import parse_destination

    try:
        return parse_destination(text)
    except InputError as error:
        raise typer.BadParameter(str(error)) from error


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where clip and results go.")
    ] = Path("medvid-demo"),
    seconds: Annotated[float, typer.Option(help="Length of the clip.", min=2.0, max=120.0)] = 8.0,
    as_json: JsonOption = False,
) -> None:
    """The whole way on a clip made here: find the polyp, write DICOM, deliver it to a PACS.

    The clip is synthetic and says so; where its polyp is, is known exactly, so the overlap of
    what the network found is printed. The PACS is Orthanc where it is installed, otherwise a
    DICOM node inside this process; both on loopback only.
    """
    from monai_medvid.demo import run_demo

    with terminal.progress(quiet=as_json) as report:
        result = run_demo(output, seconds=seconds, progress=report)
    terminal.show_demo(result, as_json=as_json)


@app.command()
def info(
    video: VideoArgument,
    decoder: DecoderOption = "auto",
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """What a video is, which decoder would read it, and what is odd about it."""
    from monai_medvid.video import open_video

    with open_video(video, decoder=decoder, device=device) as opened:
        terminal.show_info(opened.info, as_json=as_json)


@app.command()
def analyze(
    videos: Annotated[
        list[Path], typer.Argument(help="Video files, DICOM objects or image folders.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A folder; each video gets one inside it.")
    ],
    bundle: BundleOption = DEFAULT_BUNDLE,
    device: DeviceOption = "auto",
    decoder: DecoderOption = "auto",
    runtime: RuntimeOption = "auto",
    every: Annotated[int, typer.Option(help="Analyze every N-th frame.", min=1)] = 1,
    seg: Annotated[SegMode, typer.Option(help="Kind of DICOM segmentation.")] = "binary",
    sr: Annotated[
        SrClass, typer.Option(help="Kind of structured report (old PACS: comprehensive).")
    ] = "comprehensive3d",
    sr_target: Annotated[
        SrTarget, typer.Option(help="What SR and SEG refer to: the video, stills of it, or both.")
    ] = "both",
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Also write overlay.mp4 with the outlines burned in.")
    ] = False,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Workflow bundles: show on the page what findings rested on."
        ),
    ] = False,
    store: Annotated[
        list[str] | None,
        typer.Option(help="Deliver to dicom://AET@host:port, dicoms://… or https://…/dicom-web."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find things in videos; write DICOM SR, SEG, key objects, a page and data files.

    Each video gets OUTPUT/<its name>/, which appears whole or not at all.

    Example: medvid analyze colonoscopy.mp4 -o results --store dicom://ORTHANC@127.0.0.1:4242
    """
    from monai_medvid.pipeline import SharedPredictor, analyze_to_folder
    from monai_medvid.results import ResultOptions

    settings: dict[str, Any] = {
        "bundle": bundle,
        "device": device,
        "decoder": decoder,
        "every": every,
        "options": ResultOptions(seg=seg, sr=sr, sr_target=sr_target, overlay=overlay),
        "destinations": [_destination(text) for text in store or []],
        "explain": explain,
    }
    failures: list[MedvidError] = []
    documents: list[dict[str, Any]] = []
    with closing(SharedPredictor(bundle, device=device, runtime=runtime)) as model:
        for video in videos:
            try:
                with terminal.progress(quiet=as_json) as report:
                    result = analyze_to_folder(
                        video, output, model=model, progress=report, **settings
                    )
            except MedvidError as error:
                faults: list[MedvidError] = [error]
                documents.append({"error": str(error), "exit_code": error.exit_code})
            else:
                faults = [DeliveryError(text) for text in result.undelivered]
                documents.append(result.to_dict())
                terminal.show_result(result, quiet=as_json)
            failures.extend(faults)
            for fault in faults:
                terminal.complain(fault)
    if as_json:
        terminal.print_json({"results": documents})
    if failures:
        raise typer.Exit(min(error.exit_code for error in failures))


@app.command()
def wrap(
    video: VideoArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="The DICOM file to write.")],
    patient_id: Annotated[str | None, typer.Option(help="PatientID (0010,0020).")] = None,
    patient_name: Annotated[
        str | None, typer.Option(help="PatientName (0010,0010), e.g. Doe^Jane.")
    ] = None,
    like: Annotated[
        Path | None, typer.Option(help="A DICOM object whose patient and study are taken over.")
    ] = None,
    sop_class: Annotated[
        SopClass, typer.Option("--class", help="Which video object to write.")
    ] = "endoscopic",
    as_json: JsonOption = False,
) -> None:
    """A video file as a DICOM video object, without re-encoding where DICOM allows its stream."""
    from monai_medvid.dicom.wrap import wrap_video

    with terminal.progress(quiet=as_json):
        result = wrap_video(
            video,
            output,
            patient_id=patient_id,
            patient_name=patient_name,
            like=like,
            sop_class=sop_class,
        )
    terminal.show_wrapped(result, as_json=as_json)


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(help="SR, SEG, KOS or still objects.")],
    source: Annotated[
        Path | None, typer.Option(help="The DICOM video that they are about.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check DICOM results beyond what public checkers see. Exit code 3 if there are errors."""
    from monai_medvid.dicom.validate import validate_files

    issues = validate_files(files, source=source)
    terminal.show_issues(files, issues, as_json=as_json)
    if any(issue.severity == "error" for issue in issues):
        raise typer.Exit(3)


@app.command(name="store")
def store_command(
    files: Annotated[list[Path], typer.Argument(help="DICOM files, or folders of them.")],
    to: Annotated[
        list[str],
        typer.Option(help="dicom://AET@host:port, dicoms://… for TLS, or https://…/dicom-web."),
    ],
    as_json: JsonOption = False,
) -> None:
    """Send DICOM files to a PACS by C-STORE or STOW-RS. Exit code 5 if anything was not taken."""
    from monai_medvid.pacs import dicom_files, store_files

    destinations = [_destination(text) for text in to]
    paths = dicom_files(files)
    reports = [store_files(paths, destination) for destination in destinations]
    terminal.show_deliveries(reports, as_json=as_json)
    if not all(report.complete for report in reports):
        raise typer.Exit(DeliveryError.exit_code)


@app.command()
def serve(
    config: Annotated[Path, typer.Option(help="The node's configuration (YAML).")],
    once: Annotated[
        bool, typer.Option("--once", help="Stop when everything received has been dealt with.")
    ] = False,
) -> None:
    """A DICOM node: receives video studies, analyzes them, delivers the findings."""
    from monai_medvid.node import load_config, run_node

    run_node(load_config(config), once=once, announce=terminal.say)


@app.command()
def bundles(as_json: JsonOption = False) -> None:
    """Bundles at hand: task, labels, weights, licence."""
    from monai_medvid.inference.catalog import list_bundles

    terminal.show_bundles(list_bundles(), as_json=as_json)


app.command(name="evaluate")(evaluate_command)
app.command(name="train")(train_command)


app.command(name="import-weights")(import_weights_command)
app.command(name="export")(export_command)
app.command(name="quantize")(quantize_command)


@app.command(name="simulate")
def simulate_command(
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for the data set.")],
    count: Annotated[int, typer.Option(help="How many operations.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same data.", min=0)] = 0,
    domain: Annotated[
        str, typer.Option(help="How it looks: standard, varied, shifted.")
    ] = "standard",
    fps: Annotated[str, typer.Option(help="Frames a second, e.g. 1, 25 or 30000/1001.")] = "1",
    size: Annotated[str, typer.Option(help="Width x height.")] = "427x240",
    minutes: Annotated[float, typer.Option(help="Mean length of an operation.")] = 38.0,
    masks: Annotated[float, typer.Option(help="A mask every N seconds; 0: none.")] = 10.0,
    first: Annotated[int, typer.Option(help="Number of the first video.", min=1)] = 1,
    frames: Annotated[
        bool, typer.Option("--frames", help="Training frames with masks and labels, no video.")
    ] = False,
    dicom: Annotated[bool, typer.Option("--dicom", help="Also as DICOM video.")] = False,
    workers: Annotated[int, typer.Option(help="Processes that render.", min=1)] = 2,
    as_json: JsonOption = False,
) -> None:
    """Laparoscopic cholecystectomies, drawn here, with exact labels in the published layouts.

    Example: medvid simulate -o data --count 10 --seed 7 --fps 1 --size 427x240
    """
    from monai_medvid.data.laparoscopy.options import SimulationOptions, parse_rate, parse_size
    from monai_medvid.simulate import simulate

    options = SimulationOptions(
        seed=seed,
        domain=domain,
        minutes=minutes,
        fps=parse_rate(fps),
        size=parse_size(size),
        first=first,
        mask_seconds=masks,
        frames=frames,
        dicom=dicom,
        workers=workers,
    )
    with terminal.progress(quiet=as_json) as report:
        paths = simulate(output, count=count, options=options, progress=report)
    terminal.show_simulated(paths, as_json=as_json)


def main(argv: list[str] | None = None) -> None:
    """Run the command; every refusal is one line on stderr and an exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    # torch and MONAI make millions of objects that stay: looking through them for garbage takes a
    # third of the time of their import
    gc.set_threshold(50_000, 20, 20)
    words = [word for word in arguments if word != "--debug"]
    terminal.set_up_logging(debug=debug)
    sys.exit(terminal.exit_code_of(lambda: app(words, prog_name="medvid"), debug=debug))


if __name__ == "__main__":
    main()
