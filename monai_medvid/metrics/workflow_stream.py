# SPDX-License-Identifier: Apache-2.0
"""Judging a workflow model on one video as it would watch it: forward only, in flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cv2
import numpy as np
import numpy.typing as npt

from monai_medvid.data.datasets.labels import MaskFile, VideoLabels
from monai_medvid.data.datasets.sampling import labels_at
from monai_medvid.inference.workflow_batch import WorkflowBatch
from monai_medvid.inference.workflow_predictor import WorkflowPredictor
from monai_medvid.metrics.masks import Counts, mask_confusion
from monai_medvid.metrics.workflow_data import VideoPrediction, VideoTruth
from monai_medvid.metrics.workflow_moments import Moments, open_moments
from monai_medvid.metrics.workflow_pairs import held_at
from monai_medvid.video.frames import FrameBatch

ReadMask = Callable[[MaskFile], npt.NDArray[np.uint8]]
Spoil = Callable[[Iterable[FrameBatch]], Iterable[FrameBatch]]
"""What happens to a video's frames before the model sees them; some may be lost."""
Progress = Callable[[str, int, int], None]
"""Called with (name of the video, frames done, frames in all)."""


def judge_video(
    predictor: WorkflowPredictor,
    labels: VideoLabels,
    *,
    rate: float,
    read_mask: ReadMask | None = None,
    mask_classes: int = 0,
    spoil: Spoil | None = None,
    progress: Progress | None = None,
) -> tuple[VideoTruth, VideoPrediction]:
    """Truth and prediction of one video at ``rate`` moments a second.

    Answers are the network's own at each moment, which know nothing of what follows; nothing is
    smoothed. Frames with masks that lie between the moments are seen as well, but only their masks
    count. Of the masks, a matrix of pixels is kept.

    Args:
        predictor: Whose state is reset.
        labels: Of the video.
        rate: Moments a second.
        read_mask: Gives class numbers (H, W), 255 for pixels of no class; ``None``: masks do not
            count.
        mask_classes: How many, the background included.
        spoil: What happens to the frames first. Where one is lost, the answer before it stands.
        progress: Called while it runs.

    Raises:
        InputError: The video or a mask is missing or damaged, or they do not fit.
        ModelError: The network failed.
    """
    wanted = read_mask is not None and mask_classes > 0
    with open_moments(labels, rate=rate, masks=wanted) as moments:
        confusion = np.zeros((mask_classes, mask_classes), np.int64)
        frames = moments.batches if spoil is None else spoil(moments.batches)
        answers, times, done = [], [], 0
        for batch in predictor.stream(frames, mask_at=moments.masks):
            answers.append(batch.answers)
            times.append(batch.seconds)
            if read_mask is not None:
                confusion += _confusion(batch, moments, read_mask, mask_classes)
            done += len(batch)
            if progress is not None:
                progress(labels.name, done, len(moments.seconds))
    seconds = moments.seconds[moments.judged]
    said = VideoPrediction.of(
        labels.name,
        np.concatenate(times),
        np.concatenate(answers),
        predictor.channels,
        confusion=confusion if moments.masks else None,
    )
    return VideoTruth.of(labels_at(labels, seconds)), held_at(said, seconds)


def _confusion(batch: WorkflowBatch, moments: Moments, read: ReadMask, classes: int) -> Counts:
    """Pixels of the batch's segmented frames by true and predicted class."""
    counts = np.zeros((classes, classes), np.int64)
    for place, probabilities in batch.masks.items():
        seconds = float(batch.seconds[place])
        truth = read(moments.masks[seconds])
        moments.check_mask(seconds, truth.shape)
        counts += mask_confusion(truth, _classes_at(probabilities, truth.shape), classes=classes)
    return counts


def _classes_at(
    probabilities: npt.NDArray[np.float32], shape: tuple[int, ...]
) -> npt.NDArray[np.uint8]:
    """Probabilities (C, h, w), enlarged to the truth's size, to class numbers (H, W)."""
    # OpenCV's bilinear and NumPy's argmax over the last axis take 2 ms for 13 classes at 240 x 427,
    # torch's interpolate and argmax over the first 14 ms
    whole = cv2.resize(
        np.ascontiguousarray(probabilities.transpose(1, 2, 0)),
        (shape[1], shape[0]),
        interpolation=cv2.INTER_LINEAR,
    )
    return np.asarray(whole.reshape(*shape, -1).argmax(axis=-1), np.uint8)
