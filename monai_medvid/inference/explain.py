# SPDX-License-Identifier: Apache-2.0
"""Why a workflow network answered as it did: the region of the frame and the ticks that mattered.

Both come from gradients times activations. They say what the answer was sensitive to, not whether
it is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import InputError
from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.workflow_bundle import require_workflow
from monai_medvid.video.frames import FrameBatch

if TYPE_CHECKING:
    from monai_medvid.models import WorkflowNet

PAST_TICKS = 60
"""Ticks before the frame that are weighed; what came earlier acts through the network's memory."""


@dataclass(frozen=True)
class Question:
    """What is to be explained.

    Attributes:
        interval_uid: Of the finding.
        frame: 0-based number of its best frame.
        channel: Number of the answer's channel, see ``monai_medvid.models.channels``.
        absent: Whether the finding is that the channel is *not* there (out of the body).
    """

    interval_uid: str
    frame: int
    channel: int
    absent: bool = False


@dataclass(frozen=True, eq=False)
class Explanation:
    """What an answer rested on.

    Attributes:
        interval_uid: Of the finding.
        heat: (h, w) float32 0..1 over the whole frame at the network's input size: how much each
            place spoke for the answer, relative to the strongest; all 0 where none did.
        tick_seconds: (K,) float64 ascending, K at most ``PAST_TICKS + 1``: times of the ticks
            before, and last of the frame itself.
        tick_weights: (K,) float32, not negative: how much each tick spoke for the answer; they add
            up to 1, or are all 0 where none did.
    """

    interval_uid: str
    heat: npt.NDArray[np.float32]
    tick_seconds: npt.NDArray[np.float64]
    tick_weights: npt.NDArray[np.float32]

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.heat.shape))
        return f"Explanation({self.interval_uid}, heat {shape}, {len(self.tick_weights)} ticks)"


def explain(
    bundle: Bundle,
    batches: Iterable[FrameBatch],
    questions: Sequence[Question],
    *,
    past_ticks: int = PAST_TICKS,
) -> list[Explanation]:
    """Explain answers of a workflow bundle in one pass over the video.

    Memory holds the features of the last ticks and nothing that grows with the video. One frame a
    tick and one a question go through the network, so the pass takes less time than the analysis;
    it ends at the last question's frame.

    Args:
        bundle: Whose network is a ``WorkflowNet``.
        batches: The video from its start, as it was analysed.
        questions: In any order; each costs one pass back through encoder's end and ``past_ticks``.
        past_ticks: How many ticks before the frame are weighed.

    Returns:
        One explanation a question, in the order of the questions.

    Raises:
        BundleError: The bundle is damaged, or is not one for workflows.
        InputError: The frame of a question is not in the video, or a channel is not the network's.

    Example:
        >>> explain(bundle, video.batches(8), ask(findings, channels))  # doctest: +SKIP
    """
    from monai_medvid.inference.explain_pass import ExplainPass

    network = workflow_network(bundle)
    _check_channels(questions, len(network.channels))
    asked: dict[int, list[Question]] = {}
    for question in questions:
        asked.setdefault(question.frame, []).append(question)
    running = ExplainPass(network, bundle.format, past_ticks)
    found: dict[Question, Explanation] = {}
    for batch in batches:
        if len(found) == len(set(questions)):
            break
        for place, number in enumerate(batch.indices.tolist()):
            due = asked.get(number, [])
            answers = running.see(batch.frames[place], float(batch.seconds[place]), due)
            found |= dict(zip(due, answers, strict=True))
    _check_found(questions, found)
    return [found[question] for question in questions]


def workflow_network(bundle: Bundle) -> WorkflowNet:
    """The network of a workflow bundle.

    Raises:
        BundleError: The bundle is damaged, or is not one for workflows.
    """
    return require_workflow(
        bundle.network,
        bundle.info.name,
        advice="Only answers of workflow networks can be explained.",
    )


def _check_channels(questions: Sequence[Question], channels: int) -> None:
    for question in questions:
        if not 0 <= question.channel < channels:
            raise InputError(
                f"expected channels below {channels} in the questions, found {question.channel}. "
                f"Ask with the channels of the bundle's network."
            )


def _check_found(questions: Sequence[Question], found: dict[Question, Explanation]) -> None:
    missing = [question.frame for question in questions if question not in found]
    if missing:
        raise InputError(
            f"expected frame {missing[0]} in the video that is explained, found it missing. "
            f"Give the frames that were analysed."
        )
