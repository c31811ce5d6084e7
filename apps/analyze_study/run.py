# SPDX-License-Identifier: Apache-2.0
"""One run of the application, from the command line to the exit code."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing

from app import AnalyzeStudyApp
from surroundings import ProgressLog, Surroundings, log, parse_arguments, read_surroundings

from monai_medvid import terminal
from monai_medvid.errors import MedvidError
from monai_medvid.pipeline import SharedPredictor
from monai_medvid.studies import StudyAnalysis, StudyReport
from monai_medvid.video.study import find_videos


def main(argv: Sequence[str] | None = None) -> int:
    """Run the application; every problem is one line on stderr and an exit code."""
    given = parse_arguments(argv)
    debug, level = given.log_level == "DEBUG", given.log_level
    terminal.set_up_logging(debug=debug, own=[log.name], level=level)
    return terminal.exit_code_of(lambda: _run(given), debug=debug)


def _run(given: Namespace) -> int:
    report = analyze_study(read_surroundings(given))
    for problem in report.problems:
        terminal.complain(MedvidError(problem))
    return report.exit_code


def analyze_study(surroundings: Surroundings) -> StudyReport:
    """Choose the videos, run the graph over them, and say what became of them.

    Raises:
        MedvidError: The input, the output, the bundle or the device cannot be used at all.
    """
    settings = surroundings.settings
    selection = find_videos(surroundings.input, settings.selection)
    log.info(
        "%d videos chosen; %d DICOM objects and %d other files left out",
        len(selection.videos),
        len(selection.left_out),
        selection.other_files,
    )
    for reason, count in selection.reasons.items():
        log.info("left out %d: %s", count, reason)
    chosen = settings.analysis
    with (
        surroundings.bundle() as bundle,
        closing(SharedPredictor(bundle, device=chosen.device, runtime=chosen.runtime)) as model,
    ):
        study = StudyAnalysis(
            selection,
            surroundings.output,
            model=model,
            settings=settings,
            progress=ProgressLog(selection.videos),
        )
        study.prepare()
        log.info("bundle %s, %s", bundle.name, model.get().runtime.name)
        AnalyzeStudyApp(study).run()
        report = study.finish()
    done = [one for one in report.outcomes if not one.error]
    found = sum(one.findings for one in done)
    log.info("%d of %d videos done, %d findings", len(done), len(report.outcomes), found)
    return report
