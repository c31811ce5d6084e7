# SPDX-License-Identifier: Apache-2.0
"""From the messages of a graph to what the live page shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medvid.findings.answer_format import AnswerFormat
from monai_medvid.findings.events import FindingEvent
from monai_medvid.latency import LatencyHistogram
from monai_medvid.messages import Message, is_end, tensor
from monai_medvid.preview.state import PreviewState

TO_ANSWER = "frame to answer"
"""Name of the latency from arrival of a frame until its predictions came here."""
_CRITERION = "criterion/"


class PreviewFeed:
    """Reads frames, predictions and events; of a batch the newest frame alone is looked at.

    Example:
        >>> state = PreviewState()
        >>> feed = PreviewFeed(state)
        >>> feed.frames({
        ...     "frames": np.zeros((2, 8, 8, 3), np.uint8), "seconds": np.arange(2) / 25,
        ...     "indices": np.arange(2),
        ... })
        >>> state.snapshot()["counts"]["arrived"]
        2
    """

    def __init__(
        self,
        state: PreviewState,
        *,
        mask_labels: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make ready.

        Args:
            state: Is told.
            mask_labels: Classes of the masks in predictions, where those do not say it
                themselves; without them masks are not drawn.
            clock: In which messages tell when frames arrived.
        """
        self.state = state
        self._mask_labels = tuple(mask_labels)
        self._clock = clock
        self._to_answer = LatencyHistogram()
        self._model = b""

    def frames(self, message: Message) -> None:
        """Show the newest frame of a message, or that the stream has ended.

        Raises:
            KeyError: A tensor is missing; the error names it.
            ValueError: The message is empty, or a tensor has another shape or type.
        """
        self._gaps(message)
        if is_end(message):
            self.state.show_counts(arrived=int(tensor(message, "count")[-1]))
            self.state.show_end()
            return
        seconds, indices = tensor(message, "seconds"), tensor(message, "indices")
        arrived = float(tensor(message, "arrived")[-1]) if "arrived" in message else None
        picture = _newest(message, "frames")
        self.state.show_frame(picture, seconds=float(seconds[-1]), arrived=arrived)
        self.state.show_counts(arrived=int(indices[-1]) + 1)

    def predictions(self, message: Message) -> None:
        """Show the model, masks, how far the answers are, and how many frames were dropped.

        Raises:
            KeyError: A tensor is missing; the error names it.
            ValueError: The message is empty, or a tensor has another shape or type.
        """
        self._gaps(message)
        if is_end(message):
            return
        seconds, indices = tensor(message, "seconds"), tensor(message, "indices")
        if "arrived" in message:
            self._to_answer.add(self._clock() - float(tensor(message, "arrived")[-1]))
            self.state.show_latency(TO_ANSWER, self._to_answer.summary())
        if "dropped" in message:
            dropped = int(tensor(message, "dropped")[-1])
            self.state.show_counts(analyzed=int(indices[-1]) + 1 - dropped, dropped=dropped)
        self._learn(message)
        self._masks(message, seconds)
        self.state.show_results_until(float(seconds[-1]))

    def events(self, events: Sequence[FindingEvent]) -> None:
        """Show what happened."""
        self.state.show_events(events)

    def _gaps(self, message: Message) -> None:
        if "gaps" in message:
            self.state.show_gaps(tensor(message, "gaps"))

    def _learn(self, message: Message) -> None:
        """Names of what the model tells, once."""
        if "model" not in message:
            return
        told = np.ascontiguousarray(tensor(message, "model"), np.uint8)
        if told.tobytes() == self._model:
            return
        self._model = told.tobytes()
        answers = AnswerFormat.from_array(told)
        self._mask_labels = self._mask_labels or answers.mask_labels or answers.model.labels
        criteria = [name for name in answers.channels if name.startswith(_CRITERION)]
        self.state.show_model(
            answers.model.display_name,
            labels=answers.model.labels,
            criteria=[name.removeprefix(_CRITERION) for name in criteria],
        )

    def _masks(self, message: Message, seconds: npt.NDArray[np.float64]) -> None:
        """The newest masks of a message: not every frame has some."""
        if not self._mask_labels:
            return
        if "mask_places" in message:
            places = tensor(message, "mask_places")
            if not len(places):
                return
            masks, place = _newest(message, "masks"), int(places[-1])
        elif "probabilities" in message and len(message["probabilities"].shape) == 4:
            masks, place = _newest(message, "probabilities"), -1
        else:
            return
        if len(masks) != len(self._mask_labels):
            return
        self.state.show_masks(masks, labels=self._mask_labels, seconds=float(seconds[place]))


def _newest(message: Message, name: str) -> npt.NDArray[Any]:
    """The last entry of a tensor in main memory; nothing else of it is copied from a GPU."""
    if name not in message or hasattr(message[name], "__array_interface__"):
        array = tensor(message, name)
    else:
        from torch.utils.dlpack import from_dlpack

        array = from_dlpack(message[name])[-1:].cpu().numpy()
    if not len(array):
        raise ValueError(f"expected at least one entry in the tensor {name!r}, found none.")
    return np.asarray(array[-1])
