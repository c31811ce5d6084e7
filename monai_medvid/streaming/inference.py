# SPDX-License-Identifier: Apache-2.0
"""Frames to predictions, one message at a time, without leaving the device idle."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np

from monai_medvid.findings.answer_format import read_answer_format
from monai_medvid.inference import (
    AnyPredictor,
    PredictionBatch,
    WorkflowBatch,
    WorkflowPredictor,
)
from monai_medvid.latency import LatencyHistogram
from monai_medvid.messages import (
    Arrays,
    Message,
    is_end,
    predictions_message,
    read_frames,
    tensor,
)
from monai_medvid.streaming.order import FrameOrder

_HANDED_ON = ("arrived", "gaps")


class MessageInference:
    """Runs a predictor over a stream of messages; see ``messages.py`` for what is in them.

    From a file, one message is computed while the one before it is handed on, so that results come
    one message late; ``ready`` tells that what is left can be taken without a new message. Live,
    each message is answered at once.

    Attributes:
        dropped: Frames so far that never came here, live.
        latency: From the arrival of a frame to its prediction, where frames tell their arrival.
        busy: Whether something is done in the background; never.
    """

    busy = False

    def __init__(
        self,
        predictor: AnyPredictor,
        *,
        live: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make ready for the first message of a stream.

        Args:
            predictor: Ready to run; forgets what it saw before.
            live: Whether frames may be missing.
            clock: That ``arrived`` is told by.
        """
        if isinstance(predictor, WorkflowPredictor):
            predictor.reset()
        self._predictor, self._clock = predictor, clock
        self._ahead = 0 if live else 1
        self._live = live
        self._order = FrameOrder(live=live)
        self._pending: deque[Callable[[], Arrays]] = deque()
        self._end: Arrays | None = None
        self._model = read_answer_format(predictor).to_array()
        self.latency = LatencyHistogram()

    @property
    def dropped(self) -> int:
        """Frames so far that never came here, live."""
        return self._order.dropped

    @property
    def ready(self) -> bool:
        """Whether there is a message to hand on before another one is taken."""
        return self._end is not None

    def take(self, message: Message) -> Arrays | None:
        """Take in a message; gives one to hand on, if there is one.

        Raises:
            ValueError: The message is empty, or a tensor has another shape or type.
            KeyError: A tensor is missing.
            VideoReadError: A frame of a file is missing.
            ModelError: The network failed.
        """
        if is_end(message):
            self._order.end(int(tensor(message, "count")[0]))
            self._end = {name: tensor(message, name) for name in message}
            if self._live:
                self._end["dropped"] = np.array([self.dropped], np.int64)
            return self.next()
        self._pending.append(self._begin(message))
        return self._pending.popleft()() if len(self._pending) > self._ahead else None

    def next(self) -> Arrays:
        """What is still to be handed on: the last predictions, then the end.

        Raises:
            ModelError: The network failed.
            ValueError: There is nothing.
        """
        if self._pending:
            return self._pending.popleft()()
        if self._end is None:
            raise ValueError("nothing is left to hand on; ask for `ready` first.")
        end, self._end = self._end, None
        return end

    def _begin(self, message: Message) -> Callable[[], Arrays]:
        batch = read_frames(message)
        self._order.see(batch.indices.tolist())
        handed = {name: tensor(message, name) for name in _HANDED_ON if name in message}
        if self._live:
            handed["dropped"] = np.array([self.dropped], np.int64)
        wait: Callable[[], PredictionBatch | WorkflowBatch] = self._predictor.submit(batch)

        def finish() -> Arrays:
            found = {**predictions_message(wait()), **handed, "model": self._model}
            for arrived in handed.get("arrived", np.empty(0)).tolist():
                self.latency.add(self._clock() - arrived)
            return found

        return finish
