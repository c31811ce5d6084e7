# SPDX-License-Identifier: Apache-2.0
"""Holoscan graphs for tests: operators that give and take anything, and a way to run them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

core = pytest.importorskip("holoscan.core", reason="needs the extra holoscan")

from holoscan.conditions import CountCondition  # noqa: E402
from holoscan.schedulers import GreedyScheduler  # noqa: E402


class EmitOp(core.Operator):  # type: ignore[misc, name-defined]
    """Emits the given messages on port ``out``, one a tick, then is not called again."""

    def __init__(self, fragment: Any, messages: Sequence[Any], **options: Any) -> None:
        self.messages = iter(messages)
        super().__init__(fragment, CountCondition(fragment, len(messages)), **options)

    def setup(self, spec: Any) -> None:
        spec.output("out")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        op_output.emit(next(self.messages), "out")


class CollectOp(core.Operator):  # type: ignore[misc, name-defined]
    """Keeps every message that comes to port ``in``."""

    def __init__(self, fragment: Any, **options: Any) -> None:
        self.messages: list[Any] = []
        super().__init__(fragment, **options)

    def setup(self, spec: Any) -> None:
        spec.input("in")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        self.messages.append(op_input.receive("in"))


def run_graph(compose: Callable[[Any], None]) -> None:
    """Run an application whose ``compose`` is this function of it, with the greedy scheduler."""

    class App(core.Application):  # type: ignore[misc, name-defined]
        def compose(self) -> None:
            compose(self)

    app = App()
    app.scheduler(GreedyScheduler(app, name="greedy"))
    app.run()
