# SPDX-License-Identifier: Apache-2.0
"""Frames in, the state of the operation out: a workflow bundle that remembers what it saw."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from monai_medvid.errors import ModelError
from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.bundle_runner import BundleRunner, one_ahead
from monai_medvid.inference.preprocess import measure_sharpness, resize_frames
from monai_medvid.inference.runtime import Device, RuntimeName
from monai_medvid.inference.torch_threads import one_torch_thread
from monai_medvid.inference.workflow_batch import WorkflowBatch
from monai_medvid.inference.workflow_bundle import require_workflow
from monai_medvid.inference.workflow_runtime import (
    Floats,
    FrameParts,
    FrameRuntime,
    make_frame_runtime,
)
from monai_medvid.video.frames import AnyBatch

if TYPE_CHECKING:
    from monai_medvid.models.channels import Channels

MASK_SECONDS = 1.0
"""Between frames that are segmented: what moves slower than instruments is followed well, and
memory and files stay small over hours."""


class WorkflowPredictor(BundleRunner):
    """Runs a workflow bundle on one video after another.

    What was seen is remembered between batches in a state of constant size, in seconds: frames may
    come at any rate and may be missing.

    Example:
        >>> predictor = WorkflowPredictor(load_bundle("laparoscopic_cholecystectomy_workflow"))
        >>> for batch in predictor.stream(video.batches(8)):  # doctest: +SKIP
        ...     print(batch.answers[:, :7].argmax(1))
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        device: Device = "auto",
        runtime: RuntimeName = "auto",
        mask_seconds: float | None = MASK_SECONDS,
    ) -> None:
        """Make ready to predict.

        Args:
            bundle: Whose network is a ``WorkflowNet``.
            device: Where the network runs.
            runtime: What executes the part of it that looks at frames.
            mask_seconds: At least this long between segmented frames; 0 for every frame, None for
                no masks.

        Raises:
            BundleError: The bundle is damaged, or is not one for workflows.
            ModelError: The device or runtime asked for is not here.
        """
        network = require_workflow(
            bundle.network, bundle.info.name, advice="Use it without time, one answer a frame."
        )
        self.bundle = bundle
        self.runtime: FrameRuntime = make_frame_runtime(bundle, device=device, runtime=runtime)
        self._network = network
        self._mask_seconds = mask_seconds if network.procedure.masks else None
        self.reset()

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can find: phases, instruments, criteria, and classes of masks."""
        classes = self._network.procedure
        named = (*classes.phases, *classes.instruments, *classes.criteria, *self.mask_labels[1:])
        return tuple(dict.fromkeys(named))

    @property
    def channels(self) -> Channels:
        """What the answers are."""
        return self._network.channels

    @property
    def mask_labels(self) -> tuple[str, ...]:
        """Classes of the masks, the background first; none where there are no masks."""
        if self._mask_seconds is None:
            return ()
        return tuple(mask.name for mask in self._network.procedure.masks)

    def reset(self) -> None:
        """Forget what was seen; the next frame is the first of a video."""
        self._state = self._network.init_state()
        self._seconds: float | None = None
        self._next_mask = -np.inf
        self._mask_at: Collection[float] = ()

    def predict(self, batch: AnyBatch) -> WorkflowBatch:
        """Answer for the next frames of the video and wait for the result.

        Raises:
            ModelError: The network failed.
            ValueError: Time does not go forward.
        """
        return self.submit(batch)()

    def stream(
        self, batches: Iterable[AnyBatch], *, mask_at: Collection[float] = ()
    ) -> Iterator[WorkflowBatch]:
        """Answer for a whole video, batch after batch; frames of the next are looked at meanwhile.

        Args:
            batches: From the first frame on.
            mask_at: Seconds of frames that are segmented beside those that ``mask_seconds`` picks.

        Raises:
            ModelError: The network failed.
            ValueError: Time does not go forward.
        """
        self.reset()
        self._mask_at = mask_at
        yield from one_ahead(self.submit, batches)

    def submit(self, batch: AnyBatch) -> Callable[[], WorkflowBatch]:
        """Begin with a few frames; what comes back waits for their result.

        Results are asked for in the order of the calls. One batch more than is asked for keeps
        the device busy: ``stream`` does so, and whoever gets frames one message at a time.

        Raises:
            ModelError: The network failed; also when the result is asked for.
            ValueError: Time does not go forward; when the result is asked for.
        """
        layout = self.bundle.format
        pixels = resize_frames(
            batch.frames, height=layout.height, width=layout.width, device=self.runtime.device
        )
        wait = self.runtime.start(pixels, self._segmented(batch))
        sharpness = measure_sharpness(pixels)

        def finish() -> WorkflowBatch:
            parts = wait()
            with self._own_cores():
                answers = self._remember(parts, batch.seconds)
                familiarity = self._familiarity(parts)
            return WorkflowBatch(
                answers,
                familiarity,
                batch.seconds,
                batch.indices,
                sharpness.cpu().numpy(),
                parts.masks,
            )

        return finish

    def _own_cores(self) -> AbstractContextManager[None]:
        """Where torch leaves the cores to the frames of the next batch."""
        return one_torch_thread() if self.runtime.name == "openvino" else nullcontext()

    def _segmented(self, batch: AnyBatch) -> set[int]:
        """Places of the frames that are due for masks."""
        times = batch.seconds.tolist()
        chosen = {i for i, seconds in enumerate(times) if seconds in self._mask_at}
        if self._mask_seconds is None:
            return chosen
        for i, seconds in enumerate(times):
            if seconds >= self._next_mask - 1e-6:
                chosen.add(i)
                self._next_mask = seconds + self._mask_seconds
        return chosen

    def _remember(self, parts: FrameParts, seconds: npt.NDArray[np.float64]) -> Floats:
        """Answers (T, K), and the state after them."""
        import torch

        before = seconds[0] if self._seconds is None else self._seconds
        steps = np.diff(seconds, prepend=before).tolist()
        with torch.inference_mode():
            features = torch.from_numpy(parts.features).to(self.runtime.device)
            logits, self._state = self._network.temporal.follow(features, steps, self._state)
            found = self._network.channels.activate(logits).cpu().numpy()
        self._seconds = float(seconds[-1])
        if not np.isfinite(found).all():
            raise ModelError(
                f"expected numbers from bundle {self.bundle.info.name!r}, found some that are not "
                f"finite. Use runtime 'torch', or train the bundle again."
            )
        return np.asarray(found, np.float32)

    def _familiarity(self, parts: FrameParts) -> Floats:
        import torch

        with torch.inference_mode():
            features = torch.from_numpy(parts.features).to(self.runtime.device)
            found = self._network.familiarity(features).cpu().numpy()
        return np.asarray(found, np.float32)
