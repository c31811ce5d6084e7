# SPDX-License-Identifier: Apache-2.0
"""A run in MLflow, for those who keep their experiments there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from monai_medvid.errors import MissingExtraError
from monai_medvid.training.train import Logger


@contextmanager
def mlflow_logger(uri: str, *, name: str, settings: Mapping[str, Any]) -> Iterator[Logger]:
    """Log the rows of a run's epochs, its settings first.

    Args:
        uri: Of the tracking server, or of a local store ("sqlite:///runs.db").
        name: Of the run.
        settings: As parameters.

    Raises:
        MissingExtraError: MLflow is not installed.
    """
    if find_spec("mlflow") is None:
        raise MissingExtraError(
            "expected MLflow for --mlflow, found it not installed. "
            'Run: pip install "monai-medvid[mlflow]", or leave the option out.'
        )
    import mlflow

    mlflow.set_tracking_uri(uri)
    with mlflow.start_run(run_name=name):
        mlflow.log_params({key: str(value)[:500] for key, value in settings.items()})
        step = 0

        def log(row: dict[str, Any]) -> None:
            nonlocal step
            step += 1
            numbers = {k: float(v) for k, v in row.items() if isinstance(v, int | float)}
            prefix = str(row["stage"])
            mlflow.log_metrics({f"{prefix}_{k}": v for k, v in numbers.items()}, step=step)

        yield log
