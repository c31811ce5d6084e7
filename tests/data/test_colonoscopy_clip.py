# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction

import av
import numpy as np
import pytest

from monai_medvid.data.colonoscopy_clip import write_clip
from monai_medvid.data.colonoscopy_simulator import simulate_frames
from monai_medvid.errors import OutputError

SIZE = (120, 160)


def test_the_file_holds_the_pictures_and_the_masks_are_exact(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", seed=1001, seconds=0.5, fps=10, size=SIZE)
    truth = list(simulate_frames(1001, frames=5, size=SIZE, fps=10))
    assert clip.frames == 5
    assert np.array_equal(clip.masks(), np.stack([mask for _, mask in truth]))
    assert np.array_equal(clip.visible, [mask.any() for _, mask in truth])
    with av.open(str(clip.path)) as container:
        stream = container.streams.video[0]
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert stream.codec_context.name == "h264"
        assert stream.average_rate == Fraction(10)
    for picture, (original, _) in zip(decoded, truth, strict=True):
        assert np.abs(picture.astype(int) - original).mean() < 8


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    one, two = (
        write_clip(tmp_path / name, seed=5, seconds=0.2, size=SIZE).path.read_bytes()
        for name in ("one.mp4", "two.mp4")
    )
    assert one == two


def test_odd_sizes_and_empty_clips_are_refused(tmp_path):
    with pytest.raises(ValueError, match="even size"):
        write_clip(tmp_path / "clip.mp4", size=(121, 160))
    with pytest.raises(ValueError, match="at least one frame"):
        write_clip(tmp_path / "clip.mp4", seconds=0, size=SIZE)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OutputError, match=r"clip\.mp4"):
        write_clip(tmp_path / "none" / "clip.mp4", seconds=0.1, size=SIZE)
