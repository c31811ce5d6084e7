# SPDX-License-Identifier: Apache-2.0
"""Where the application runs: its paths, its settings and its log."""

from __future__ import annotations

import argparse
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monai.deploy.core import AppContext

from monai_medvid.inference import find_bundle
from monai_medvid.inference.model_folder import bundle_in
from monai_medvid.study_settings import StudySettings, load_study_settings
from monai_medvid.video.study import StudyVideo

BUNDLE_VARIABLE = "MEDVID_BUNDLE"
CONFIG_VARIABLE = "HOLOSCAN_CONFIG_PATH"  # a MAP has its app.yaml there
MODEL_VARIABLE = "HOLOSCAN_MODEL_PATH"
DEFAULT_BUNDLE = "colonoscopy_polyp_segmentation"
SETTINGS = Path(__file__).with_name("app.yaml")

log = logging.getLogger("analyze_study")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Paths are absolute, or relative to the working directory of the application.

    Attributes:
        model: The model folder; None for a bundle that comes with the library.
        scratch: Where a zipped bundle is unpacked; None for the system's place.
    """

    input: Path
    output: Path
    model: Path | None
    scratch: Path | None
    settings: StudySettings

    @contextmanager
    def bundle(self) -> Iterator[Path]:
        """The folder of the bundle to run.

        Raises:
            BundleError: There is none, or it is not clear which one.
        """
        name = os.environ.get(BUNDLE_VARIABLE) or self.settings.analysis.bundle
        if self.model is None:
            yield find_bundle(name or DEFAULT_BUNDLE)
            return
        with bundle_in(self.model, name=name, scratch=self.scratch) as folder:
            yield folder


def read_surroundings(given: argparse.Namespace) -> Surroundings:
    """From the command line, and where that says nothing from the environment.

    The options are those of every MONAI Deploy application. The App SDK's own parser is not used:
    it ends the process over a missing folder, where this application has errors and exit codes.

    Raises:
        InputError: The settings file is missing or wrong.
    """
    context = _context(given)
    place = Path(context.workdir or ".")
    config = os.environ.get(CONFIG_VARIABLE)
    named = given.model or os.environ.get(MODEL_VARIABLE)
    model = place / context.model_path
    return Surroundings(
        input=place / context.input_path,
        output=place / context.output_path,
        model=model if named or model.exists() else None,
        scratch=place if context.workdir else None,
        settings=load_study_settings(config or SETTINGS),
    )


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line; wrong usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="analyze_study",
        description="Finds in the videos of a study what a MONAI bundle is trained for.",
        epilog="Exit codes: 0 done, 2 wrong usage, 3 input refused, 4 model or device problem.",
    )
    parser.add_argument("-i", "--input", help="folder with DICOM studies (HOLOSCAN_INPUT_PATH)")
    parser.add_argument("-o", "--output", help="folder for results (HOLOSCAN_OUTPUT_PATH)")
    parser.add_argument("-m", "--model", help="folder with the bundle (HOLOSCAN_MODEL_PATH)")
    parser.add_argument("-w", "--workdir", help="what relative paths start from (HOLOSCAN_WORKDIR)")
    parser.add_argument(
        "-l",
        "--log-level",
        type=str.upper,
        choices=["DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"],
        default="INFO",
        help="default: INFO",
    )
    return parser.parse_args(argv)


def _context(given: argparse.Namespace) -> AppContext:
    """Command line over environment over defaults, as the App SDK has it.

    Paths of the command line are relative to where it was given, those of the environment to the
    working directory of the application (MAP specification, table of application manifest fields).
    """
    names = ("input", "output", "model", "workdir")
    typed = {name: os.path.abspath(path) for name in names if (path := getattr(given, name))}
    return AppContext(typed)


class ProgressLog:
    """Says every few seconds how far a video is.

    Args:
        videos: All videos, to say which of them it is.
        seconds: Least time between two lines about the same stage.
    """

    def __init__(self, videos: Sequence[StudyVideo], *, seconds: float = 10.0) -> None:
        self._numbers = {video.sop_instance_uid: n for n, video in enumerate(videos, 1)}
        self._seconds = seconds
        self._last: tuple[str, str, float] = ("", "", 0.0)

    def __call__(self, video: StudyVideo, stage: str, done: int, total: int) -> None:
        """Log the stage when it begins, then now and then, and when it is done."""
        uid, last_stage, last = self._last
        now = time.monotonic()
        same = (uid, last_stage) == (video.sop_instance_uid, stage)
        if same and now - last < self._seconds and done != total:
            return
        self._last = (video.sop_instance_uid, stage, now)
        place = f"video {self._numbers[video.sop_instance_uid]} of {len(self._numbers)}"
        log.info("%s: %s %d of %d", place, stage, done, total)
