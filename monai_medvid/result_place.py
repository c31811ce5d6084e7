# SPDX-License-Identifier: Apache-2.0
"""Where results go: a folder that appears whole, in place of nothing but earlier results."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monai_medvid.errors import OutputError
from monai_medvid.whole_folder import put_in_place, whole_folder

_DICOM_NAMES = re.compile(r"(source|sr|keyframes|seg-\d{3,})\.dcm|stills")
"""What a folder holds that was written without ``run.json``."""


@contextmanager
def result_folder(target: Path) -> Iterator[Path]:
    """A passing folder that takes the target's place when everything went well.

    Raises:
        OutputError: The system refuses, or something else is in the target's place.
    """
    if target.exists() and not _earlier_results(target):
        msg = (
            f"expected no {target.name} in the output folder, or one with earlier results; "
            "found something else. Choose another output folder."
        )
        raise OutputError(msg)
    with _in_our_words(), whole_folder(target) as passing:
        yield passing


@contextmanager
def added_results(target: Path) -> Iterator[Path]:
    """A passing folder whose files move into the target when everything went well.

    Raises:
        OutputError: The system refuses.
    """
    with _in_our_words(), tempfile.TemporaryDirectory(prefix=".medvid-", dir=target.parent) as made:
        yield Path(made)
        for path in sorted(Path(made).iterdir()):
            put_in_place(path, target / path.name)


def _earlier_results(target: Path) -> bool:
    if not target.is_dir():
        return False
    names = [path.name for path in target.iterdir()]
    return "run.json" in names or all(_DICOM_NAMES.fullmatch(name) for name in names)


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = (
            f"expected to write results into the output folder, the system refused: "
            f"{error.strerror or type(error).__name__}. Check its permissions and free space."
        )
        raise OutputError(msg) from error
