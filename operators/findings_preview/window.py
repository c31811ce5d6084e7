# SPDX-License-Identifier: Apache-2.0
"""Frames and findings in a Holoviz window, or on the web page where there is no display or GPU."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

import numpy as np
from holoscan.conditions import PeriodicCondition
from holoscan.core import (
    ConditionType,
    IOSpec,
    MetadataPolicy,
    Operator,
    OperatorSpec,
    Subgraph,
)

from monai_medvid.preview import PreviewServer, PreviewState
from monai_medvid.preview.captions import Caption, captions
from monai_medvid.preview.feed import PreviewFeed
from operators.findings_preview.findings_preview import PORTS, FindingsPreviewOp

_log = logging.getLogger(__name__)
Mode = Literal["auto", "web", "holoviz"]
DRAWS_A_SECOND = 30


def choose_mode(mode: Mode = "auto", environment: Mapping[str, str] = os.environ) -> Mode:
    """Where to show it: for "auto" in the window where that can be had; said at INFO with why.

    Returns:
        "web" or "holoviz".

    Raises:
        ImportError: "holoviz" was asked for, and its libraries are not here.
        ValueError: The mode is none of the three.
    """
    if mode not in ("auto", "web", "holoviz"):
        msg = f"mode must be auto, web or holoviz, got {mode!r}."
        raise ValueError(msg)
    if mode == "web":
        return mode
    if mode == "auto" and not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        _log.info("Preview on the web page: there is no display.")
        return "web"
    try:
        from holoscan.operators import HolovizOp  # noqa: F401 - only whether it can be had
    except ImportError as error:
        if mode == "holoviz":
            raise
        _log.info("Preview on the web page: Holoviz cannot be loaded (%s).", error)
        return "web"
    _log.info("Preview in a Holoviz window.")
    return "holoviz"


class WindowFeedOp(Operator):
    """Draws at a steady rate for Holoviz, so that a window never goes on showing an old picture.

    Inputs:
        frames, events, predictions: As of ``FindingsPreviewOp``; all optional.

    Outputs:
        outputs: ``picture`` (H, W, 3) uint8, and for each caption ``line0`` ... (1, 3) float32.
        output_specs: What Holoviz is to do with them.
    """

    def __init__(
        self, fragment: Any, *args: Any, state: PreviewState, mask_labels: Any = (), **kwargs: Any
    ) -> None:
        """Make ready.

        Args:
            fragment: That the operator belongs to.
            *args: A ``PeriodicCondition`` among them.
            state: What is shown.
            mask_labels: Classes of the masks in ``predictions``.
            **kwargs: For the base class.
        """
        self.state = state
        self.feed = PreviewFeed(state, mask_labels=mask_labels)
        super().__init__(fragment, *args, **kwargs)
        self.metadata_policy = MetadataPolicy.UPDATE

    def setup(self, spec: OperatorSpec) -> None:
        """Three inputs that need nothing, two outputs."""
        newest = {"size": 1, "policy": IOSpec.QueuePolicy.POP}
        spec.input("frames", **newest).condition(ConditionType.NONE)
        spec.input("events").condition(ConditionType.NONE)
        spec.input("predictions", **newest).condition(ConditionType.NONE)
        spec.output("outputs")
        spec.output("output_specs")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Take in what came and draw what holds now."""
        shows = (self.feed.frames, self.feed.events, self.feed.predictions)
        for port, show in zip(PORTS, shows, strict=True):
            message = op_input.receive(port)
            if message is not None:
                show(message)
        lines = captions(self.state.snapshot())
        op_output.emit(window_tensors(self.state, lines), "outputs")
        op_output.emit(window_specs(lines), "output_specs")
        if self.state.standing().condition == "ended":
            self.stop_execution()


def window_tensors(state: PreviewState, lines: tuple[Caption, ...]) -> dict[str, Any]:
    """The picture, grey where it is stale, and where each caption stands."""
    places = {
        f"line{n}": np.array([[line.left, line.top, line.size]], np.float32)
        for n, line in enumerate(lines)
    }
    painted = state.painted()
    nothing = np.zeros((9, 16, 3), np.uint8)
    return {"picture": nothing if painted is None else painted, **places}


def window_specs(lines: tuple[Caption, ...]) -> list[Any]:
    """What Holoviz is to do with the tensors."""
    from holoscan.operators import HolovizOp

    specs = [HolovizOp.InputSpec("picture", "color")]
    for number, line in enumerate(lines):
        spec = HolovizOp.InputSpec(f"line{number}", "text")
        spec.text, spec.color, spec.priority = [line.text], [*line.rgb, 1.0], number + 1
        specs.append(spec)
    return specs


class FindingsPreview(Subgraph):
    """The preview as one part of a graph, with the ports of ``FindingsPreviewOp``.

    The Holoviz path was never run: it needs an NVIDIA GPU with a display.
    """

    def __init__(
        self,
        fragment: Any,
        name: str,
        *,
        server: PreviewServer,
        mode: Mode = "auto",
        mask_labels: Any = (),
    ) -> None:
        """Make ready.

        Args:
            fragment: That it belongs to.
            name: Of this part.
            server: Whose state is shown; its owner starts and stops it. In "holoviz" it need not
                be started.
            mode: Where to show it.
            mask_labels: Classes of the masks in ``predictions``.
        """
        self.server, self.mode, self.mask_labels = server, choose_mode(mode), mask_labels
        super().__init__(fragment, name)

    def compose(self) -> None:
        """One operator for the page, two for the window."""
        shown: Any
        if self.mode == "web":
            shown = FindingsPreviewOp(
                self, server=self.server, mask_labels=self.mask_labels, name="page"
            )
            self.add_operator(shown)
        else:
            shown = self._window()
        for port in PORTS:
            self.add_input_interface_port(port, shown, port)

    def _window(self) -> Any:
        from holoscan.operators import HolovizOp

        every = PeriodicCondition(self, recess_period=timedelta(seconds=1 / DRAWS_A_SECOND))
        feed = WindowFeedOp(
            self, every, state=self.server.state, mask_labels=self.mask_labels, name="feed"
        )
        window = HolovizOp(self, window_title="Not a medical device", name="window")
        flows = {("outputs", "receivers"), ("output_specs", "input_specs")}
        self.add_flow(feed, window, flows)
        return feed
