# SPDX-License-Identifier: Apache-2.0
"""Frames in, probabilities out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from monai_medvid.errors import ModelError
from monai_medvid.inference.bundle import Bundle
from monai_medvid.inference.bundle_runner import BundleRunner, one_ahead
from monai_medvid.inference.prediction import PredictionBatch
from monai_medvid.inference.preprocess import measure_sharpness, resize_frames
from monai_medvid.inference.runtime import Device, Runtime, RuntimeName, make_runtime
from monai_medvid.video.frames import AnyBatch


class Predictor(BundleRunner):
    """Runs a bundle's network on frames of any size.

    Example:
        >>> predictor = Predictor(load_bundle("colonoscopy_polyp_segmentation"))
        >>> predictor.predict(video[:8]).probabilities.shape
        (8, 1, 256, 320)
    """

    def __init__(
        self, bundle: Bundle, *, device: Device = "auto", runtime: RuntimeName = "auto"
    ) -> None:
        """Make ready to predict.

        Raises:
            BundleError: The bundle is damaged.
            ModelError: The device or runtime asked for is not here.
        """
        self.bundle = bundle
        self.runtime: Runtime = make_runtime(bundle, device=device, runtime=runtime)

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can find, in channel order."""
        return self.bundle.format.labels

    def predict(self, batch: AnyBatch) -> PredictionBatch:
        """Predict for a few frames and wait for the result.

        Raises:
            ModelError: The network failed.
        """
        return self.submit(batch)()

    def stream(self, batches: Iterable[AnyBatch]) -> Iterator[PredictionBatch]:
        """Predict for batch after batch, in order; the next is computed while one is looked at.

        Raises:
            ModelError: The network failed.
        """
        yield from one_ahead(self.submit, batches)

    def submit(self, batch: AnyBatch) -> Callable[[], PredictionBatch]:
        """Begin with a few frames; what comes back waits for their result.

        Results are asked for in the order of the calls. One batch more than is asked for keeps
        the device busy: ``stream`` does so, and whoever gets frames one message at a time.

        Raises:
            ModelError: The network failed; also when the result is asked for.
        """
        layout = self.bundle.format
        pixels = resize_frames(
            batch.frames,
            height=layout.height,
            width=layout.width,
            device=self.runtime.device,
            mode=layout.preparation.resize,
        )
        wait = self.runtime.start(pixels)
        sharpness = measure_sharpness(pixels)

        def finish() -> PredictionBatch:
            probabilities = wait()
            if not np.isfinite(probabilities.max()):
                raise ModelError(
                    f"expected probabilities from bundle {self.bundle.info.name!r}, found numbers "
                    f"that are not finite. Use runtime 'torch', or train the bundle again."
                )
            found = sharpness.cpu().numpy()
            return PredictionBatch(probabilities, batch.seconds, batch.indices, found)

        return finish
