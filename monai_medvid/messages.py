# SPDX-License-Identifier: Apache-2.0
"""What passes between operators: frames and predictions as dictionaries of tensors.

Every value is an array, so that operators in C++ and other runtimes can read a message. A stream
is any number of messages with frames and one that ends it:

    frames       frames (T, H, W, 3) uint8 RGB · seconds (T,) float64 · indices (T,) int64;
                 live also arrived (T,) float64, seconds on the host's monotonic clock, and
                 gaps (G, 2) float64, all times so far at which the source was lost and back again
    predictions  what ``PredictionBatch`` or ``WorkflowBatch`` holds under the same names, masks as
                 masks (M, C, h, w) float32 with mask_places (M,) int64; arrived and gaps are
                 handed on; dropped (1,) int64, frames so far that were never looked at; model (N,)
                 uint8, what the predictions mean, see ``AnswerFormat``
    end          end (1,) float64, seconds at which the stream ended · count (1,) int64, frames that
                 it had · gaps as above; no frames, no predictions

A message without any tensor is an error: some sources fail that way without saying so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medvid.inference.prediction import PredictionBatch
from monai_medvid.inference.workflow_batch import WorkflowBatch
from monai_medvid.video.frames import AnyBatch, FrameBatch, TensorBatch
from monai_medvid.video.live_info import LiveFrame

Message = Mapping[str, Any]
"""Arrays by name; anything that speaks DLPack or the array interface."""
Arrays = dict[str, npt.NDArray[Any]]
Gaps = Sequence[tuple[float, float]]


def frames_message(batch: AnyBatch) -> dict[str, Any]:
    """A batch of frames as a message; nothing is copied."""
    return {"frames": batch.frames, "seconds": batch.seconds, "indices": batch.indices}


def live_message(frame: LiveFrame, *, gaps: Gaps = ()) -> Arrays:
    """One frame of a live source as a message; its pixels are not copied.

    Args:
        frame: The frame.
        gaps: (start, end) seconds between which the source was lost, so far.
    """
    return {
        "frames": frame.pixels[None],
        "seconds": np.array([frame.seconds], np.float64),
        "indices": np.array([frame.index], np.int64),
        "arrived": np.array([frame.arrived], np.float64),
        **_gap_rows(gaps),
    }


def read_frames(message: Message) -> AnyBatch:
    """The frames of a message, where they are: what is on a GPU stays there. Nothing is copied.

    Raises:
        KeyError: A tensor is missing; the error names it.
        ValueError: The message is empty, or a tensor has another shape or type.
    """
    seconds, indices = (tensor(message, name) for name in ("seconds", "indices"))
    frames = _found(message, "frames")
    if hasattr(frames, "__array_interface__"):
        return FrameBatch(np.asarray(frames), seconds, indices)
    from torch.utils.dlpack import from_dlpack

    return TensorBatch(from_dlpack(frames), seconds, indices)


def predictions_message(batch: PredictionBatch | WorkflowBatch) -> Arrays:
    """Predictions as a message."""
    common: Arrays = {
        "seconds": batch.seconds,
        "indices": batch.indices,
        "sharpness": batch.sharpness,
    }
    if isinstance(batch, PredictionBatch):
        return {"probabilities": batch.probabilities, **common}
    found: Arrays = {"answers": batch.answers, "familiarity": batch.familiarity, **common}
    if batch.masks:
        places = sorted(batch.masks)
        found["masks"] = np.stack([batch.masks[place] for place in places])
        found["mask_places"] = np.array(places, np.int64)
    return found


def read_predictions(message: Message) -> PredictionBatch | WorkflowBatch:
    """The predictions of a message.

    Raises:
        KeyError: A tensor is missing; the error names it.
        ValueError: The message is empty, or a tensor has another shape or type.
    """
    seconds, indices, sharpness = (tensor(message, n) for n in ("seconds", "indices", "sharpness"))
    if "probabilities" in message:
        return PredictionBatch(tensor(message, "probabilities"), seconds, indices, sharpness)
    masks = {}
    if "masks" in message:
        places = tensor(message, "mask_places").tolist()
        masks = dict(zip(places, tensor(message, "masks"), strict=True))
    answers, familiarity = tensor(message, "answers"), tensor(message, "familiarity")
    return WorkflowBatch(answers, familiarity, seconds, indices, sharpness, masks)


def end_message(*, seconds: float, count: int, gaps: Gaps = ()) -> Arrays:
    """The message that ends a stream.

    Args:
        seconds: When it ended.
        count: Frames that it had, those that were dropped on the way included.
        gaps: (start, end) seconds between which the source was lost.
    """
    return {
        "end": np.array([seconds], np.float64),
        "count": np.array([count], np.int64),
        **_gap_rows(gaps),
    }


def _gap_rows(gaps: Gaps) -> Arrays:
    """Nothing where there is no gap: an empty tensor is no message for some runtimes."""
    return {"gaps": np.array(gaps, np.float64)} if gaps else {}


def is_end(message: Message) -> bool:
    """Whether a message ends its stream.

    Raises:
        ValueError: The message is empty.
    """
    if not message:
        raise ValueError(
            "expected a message with tensors, found none. The operator before this one failed "
            "without saying so."
        )
    return "end" in message


def tensor(message: Message, name: str) -> npt.NDArray[Any]:
    """One tensor of a message as an array in main memory.

    Raises:
        KeyError: It is missing.
        ValueError: The message is empty.
    """
    value = _found(message, name)
    if hasattr(value, "__array_interface__"):
        return np.asarray(value)
    from torch.utils.dlpack import from_dlpack

    return np.asarray(from_dlpack(value).cpu().numpy())


def _found(message: Message, name: str) -> Any:
    is_end(message)
    if name not in message:
        raise KeyError(
            f"expected a tensor {name!r} in the message, found {', '.join(sorted(message))}. "
            f"Connect an operator that gives it."
        )
    return message[name]
