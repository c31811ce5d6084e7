# SPDX-License-Identifier: Apache-2.0
"""Which findings of an operation are worth explaining, asked so that the network can answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from monai_medvid.errors import InputError
from monai_medvid.findings.model import Findings, Interval
from monai_medvid.findings.vocabulary import plain_label
from monai_medvid.findings.workflow_events import OUT_OF_BODY
from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.explain import Explanation, Question, explain, workflow_network
from monai_medvid.models.channels import Channels
from monai_medvid.video.frames import FrameBatch
from monai_medvid.video.video import Video

MOST = 20
"""Explanations beside those of phases and events: pages stay small and the pass short."""
_ALWAYS = ("phase", "event")
"""Kinds of findings that are explained however many there are."""
_TOGETHER = 4
"""Frames decoded at a time."""
_HEADS = {"phase": "phase", "tool": "instrument", "criterion": "criterion"}
_TRANSITION = "transition to "


def check_explainable(bundle: Bundle) -> None:
    """See that there is something to explain, before time is spent.

    Raises:
        InputError: The bundle is not one for workflows.
    """
    if bundle.format.kind != "workflow":
        raise InputError(
            f"expected a workflow bundle to explain, found {bundle.info.name!r}, whose findings "
            f"are outlined already. Leave explanations out."
        )


def explain_findings(
    findings: Findings,
    bundle: Bundle,
    video: Video,
    *,
    most: int = MOST,
    progress: Callable[[int, int], None] | None = None,
) -> list[Explanation]:
    """Explain what a workflow bundle found, by a second pass over the video.

    Args:
        findings: Of this bundle in this video.
        bundle: A workflow bundle; of others there is nothing to explain, and the list is empty.
        video: What was analysed.
        most: Explanations of criteria and instruments at most; of phases and events each has one.
        progress: Called after each batch with the frames read and those to read.

    Raises:
        BundleError: The bundle is damaged.
        VideoReadError: The video cannot be read any more.

    Example:
        >>> explained = explain_findings(analysis.findings, bundle, video)  # doctest: +SKIP
        >>> save_results(analysis, "results", explanations=explained)  # doctest: +SKIP
    """
    if bundle.format.kind != "workflow":
        return []
    channels = workflow_network(bundle).channels
    questions = ask(findings, channels, most=most)
    batches: Iterable[FrameBatch] = video.batches(_TOGETHER, every=findings.every)
    if progress is not None and questions:
        last = max(question.frame for question in questions)
        batches = _watched(batches, last // findings.every + 1, progress)
    return explain(bundle, batches, questions)


def _watched(
    batches: Iterable[FrameBatch], total: int, progress: Callable[[int, int], None]
) -> Iterator[FrameBatch]:
    done = 0
    for batch in batches:
        yield batch
        done += len(batch)
        progress(min(done, total), total)


def ask(findings: Findings, channels: Channels, *, most: int = MOST) -> list[Question]:
    """Questions about the intervals of a workflow model's findings, in order of time.

    Every phase and event is asked about; then criteria and instruments, the probable ones before
    the others. What is seen in masks (bleeding) is outlined already and not asked about.

    Args:
        findings: Of the model.
        channels: Of its network.
        most: Questions about criteria and instruments at most.
    """
    asked = [(item, question) for item in findings.intervals if (question := _ask(item, channels))]
    chosen = [question for item, question in asked if item.kind in _ALWAYS]
    others = [pair for pair in asked if pair[0].kind not in _ALWAYS]
    others.sort(key=lambda pair: (pair[0].kind != "criterion", -pair[0].probability))
    chosen += [question for _, question in others[:most]]
    return sorted(chosen, key=lambda one: one.frame)


def _ask(item: Interval, channels: Channels) -> Question | None:
    if item.kind == "event" and item.label == OUT_OF_BODY:
        place = channels.find("inside")
        known = place.stop > place.start
        return Question(item.uid, item.best_frame, place.start, absent=True) if known else None
    label = item.label
    head = _HEADS.get(item.kind)
    if item.kind == "event" and label.startswith(_TRANSITION):
        head, label = "phase", label.removeprefix(_TRANSITION)
    for one in channels.heads:
        names = [plain_label(name) for name in one.labels]
        if one.kind == head and plain_label(label) in names:
            channel = one.start + names.index(plain_label(label))
            return Question(item.uid, item.best_frame, channel)
    return None
