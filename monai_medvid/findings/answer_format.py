# SPDX-License-Identifier: Apache-2.0
"""What a model's predictions mean: enough to make findings where there is no network.

It travels with predictions from the process that has the network to the one that makes findings.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medvid.findings.model import IntervalKind, ModelSummary
from monai_medvid.inference import AnyPredictor, WorkflowPredictor
from monai_medvid.models.channels import Channels


@dataclass(frozen=True, kw_only=True)
class AnswerFormat:
    """How predictions are to be read.

    Attributes:
        model: Which model it is and where it runs; its labels name the channels.
        precision: "f32", "bf16" or "int8".
        interval_kind: What one answer a frame is, of models that are not for workflows.
        exclusive: Whether at most one label holds at a time, likewise.
        channels: Names of the answers of a workflow model, see ``Channels.names``; empty for
            others.
        horizon_minutes: What its anticipation is cut off at.
        mask_labels: Classes of its masks, the background first.
    """

    model: ModelSummary
    precision: str = ""
    interval_kind: IntervalKind = "finding"
    exclusive: bool = True
    channels: tuple[str, ...] = ()
    horizon_minutes: float = 5.0
    mask_labels: tuple[str, ...] = ()

    @property
    def workflow_channels(self) -> Channels:
        """The channels of a workflow model."""
        return Channels.parse(self.channels, horizon_minutes=self.horizon_minutes)

    def to_array(self) -> npt.NDArray[np.uint8]:
        """(N,) uint8, JSON in UTF-8: predictions travel as arrays alone."""
        return np.array(bytearray(json.dumps(asdict(self)).encode()), np.uint8)

    @classmethod
    def from_array(cls, array: npt.NDArray[np.uint8]) -> AnswerFormat:
        """Read what ``to_array`` wrote.

        Raises:
            ValueError: It is something else.
        """
        try:
            content: dict[str, Any] = json.loads(array.tobytes())
            model = ModelSummary(**_tupled(content.pop("model")))
            return cls(model=model, **_tupled(content))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            msg = (
                f"expected a model description in JSON as tensor 'model', found something else "
                f"({type(error).__name__}). Connect bundle_inference of the same version."
            )
            raise ValueError(msg) from error


def read_answer_format(predictor: AnyPredictor) -> AnswerFormat:
    """What a predictor's predictions mean."""
    layout = predictor.bundle.format
    common = AnswerFormat(
        model=summarize_model(predictor),
        precision=predictor.runtime.precision,
        interval_kind=layout.finding_kind,
        exclusive=layout.activation == "softmax",
    )
    if not isinstance(predictor, WorkflowPredictor):
        return common
    return replace(
        common,
        channels=predictor.channels.names,
        horizon_minutes=predictor.channels.horizon_minutes,
        mask_labels=predictor.mask_labels,
    )


def summarize_model(predictor: AnyPredictor) -> ModelSummary:
    """Which model it was, for the findings."""
    info = predictor.bundle.info
    return ModelSummary(
        name=info.name,
        display_name=info.display_name,
        version=info.version,
        sha256=predictor.bundle.weights_sha256,
        runtime=predictor.runtime.name,
        device=predictor.runtime.device,
        labels=predictor.labels,
        license=info.license,
    )


def _tupled(content: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in content.items()}
