# SPDX-License-Identifier: Apache-2.0
"""Frames to predictions, for any MONAI bundle."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from holoscan.core import (
    ConditionType,
    ExecutionContext,
    InputContext,
    IOSpec,
    Operator,
    OperatorSpec,
    OutputContext,
)

from monai_medvid.inference import AnyPredictor, Bundle, load_bundle, make_predictor
from monai_medvid.inference.runtime import Device, RuntimeName
from monai_medvid.latency import LatencySummary
from monai_medvid.streaming import MessageInference
from operators.work_condition import WorkCondition

logger = logging.getLogger(__name__)


class BundleInferenceOp(Operator):  # type: ignore[misc]
    """Runs the network of a bundle on every frame of a file, or on the newest of a live source.

    Ports:
        frames (in): messages with frames; live, one is held and a newer one takes its place.
        predictions (out): one message for each that was taken, in order, then the end. From a file
            they come one message late, so that the network never waits.

    Args:
        fragment: The application or fragment.
        bundle: Name, folder, or a loaded bundle.
        predictor: Ready to run, in place of ``bundle``; whoever made it closes it.
        device: "auto", "cpu" or "cuda".
        runtime: "auto", "torch" or "openvino".
        live: Whether frames may be missing: the newest counts, and drops are counted.
        mask_seconds: Between the frames that a workflow bundle segments; None for no masks.

    Raises:
        ValueError: Not exactly one of ``bundle`` and ``predictor`` is given.
    """

    def __init__(
        self,
        fragment: Any,
        *args: Any,
        bundle: str | Path | Bundle | None = None,
        predictor: AnyPredictor | None = None,
        device: Device = "auto",
        runtime: RuntimeName = "auto",
        live: bool = False,
        mask_seconds: float | None = 1.0,
        **kwargs: Any,
    ) -> None:
        if (not bundle) == (predictor is None):
            raise ValueError("expected either bundle or predictor, got both or neither.")
        self.bundle, self.live = bundle, live
        self._predictor, self._owns = predictor, predictor is None
        self._options: dict[str, Any] = {
            "device": device, "runtime": runtime, "mask_seconds": mask_seconds
        }  # fmt: skip
        self._stream: MessageInference | None = None
        conditions = () if live else (WorkCondition(fragment, "frames", _Left(self)),)
        super().__init__(fragment, *conditions, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """One input and one output."""
        if self.live:
            spec.input("frames", size=1, policy=IOSpec.QueuePolicy.POP)
        else:
            spec.input("frames").condition(ConditionType.NONE)
        spec.output("predictions")

    def start(self) -> None:
        """Load the bundle and make ready.

        Raises:
            BundleError: It is missing, damaged, or not made for RGB frames.
            ModelError: The device or runtime asked for is not here.
        """
        if self._predictor is None:
            loaded = self.bundle if isinstance(self.bundle, Bundle) else load_bundle(self.bundle)
            self._predictor = make_predictor(loaded, **self._options)
        self._stream = MessageInference(self._predictor, live=self.live)

    def compute(
        self, op_input: InputContext, op_output: OutputContext, context: ExecutionContext
    ) -> None:
        """Predict for a message, or hand on what is left."""
        stream = self.stream
        out = stream.next() if stream.ready else stream.take(op_input.receive("frames"))
        if out is not None:
            op_output.emit(out, "predictions")

    def stop(self) -> None:
        """Give back what the runtime holds."""
        if self.live and self._stream is not None:
            logger.info("arrival to prediction: %s, dropped %d", self.latency, self.dropped)
        if self._owns and self._predictor is not None:
            self._predictor.close()
            self._predictor = None

    @property
    def stream(self) -> MessageInference:
        """What does the work, once the graph has started."""
        if self._stream is None:
            raise RuntimeError("the bundle is not loaded yet; it is loaded when the graph starts.")
        return self._stream

    @property
    def latency(self) -> LatencySummary:
        """From the arrival of a live frame to its prediction, so far."""
        return self.stream.latency.summary()

    @property
    def dropped(self) -> int:
        """Live frames so far that were never looked at."""
        return self.stream.dropped


class _Left:
    """Predictions that wait for no frame; see ``WorkCondition``."""

    busy = False

    def __init__(self, operator: BundleInferenceOp) -> None:
        self._operator = operator

    @property
    def ready(self) -> bool:
        stream = self._operator._stream
        return stream is not None and stream.ready
