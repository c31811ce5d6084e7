# SPDX-License-Identifier: Apache-2.0
"""MONAI's own loading transforms read medical video through our reader."""

from __future__ import annotations

import io
import pickle
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from monai.data import DataLoader, Dataset, MetaTensor
from monai.transforms import Compose, EnsureChannelFirstd, LoadImage, LoadImaged, SaveImaged

import monai_medvid.data
from monai_medvid.data import MedicalVideoReader, video_frame_dicts
from monai_medvid.data.reader import _INHERITED
from monai_medvid.errors import VideoReadError
from monai_medvid.video import open_video
from tests.clips import disc_frame, write_clip
from tests.video.dicom_objects import BASE, LOSSLESS, cine, coded, moving, saved

FRAMES = 24


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=FRAMES)


@pytest.fixture(scope="module")
def frames(clip: Path) -> np.ndarray:
    with open_video(clip) as video:
        return np.stack(list(video))


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("loop") / "loop.dcm"
    path.write_bytes(saved(coded(moving(6), f"{BASE}.4.80", LOSSLESS[f"{BASE}.4.80"])))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures")
    for number in range(5):
        cv2.imwrite(str(path / f"{number:03d}.png"), disc_frame(number)[..., ::-1])
    return path


def _load(**options: object) -> Compose:
    reader = MedicalVideoReader(**options)  # type: ignore[arg-type]
    return Compose(
        [LoadImaged("image", reader=reader, dtype=np.uint8), EnsureChannelFirstd("image")]
    )


def _image(name: Path | str, **options: object) -> MetaTensor:
    image = _load(**options)({"image": name})["image"]
    assert isinstance(image, MetaTensor)
    assert image.dtype == torch.uint8
    return image


def test_a_video_becomes_channels_times_rows_columns(clip: Path, frames: np.ndarray) -> None:
    image = _image(clip)
    assert image.shape == (3, FRAMES, 96, 128)
    np.testing.assert_array_equal(np.moveaxis(image.numpy(), 0, -1), frames)
    assert image.meta["spatial_shape"].tolist() == [FRAMES, 96, 128]
    assert image.meta["filename_or_obj"] == str(clip)
    assert image.affine.equal(torch.eye(4, dtype=image.affine.dtype))
    assert np.allclose(image.meta["seconds"], np.arange(FRAMES) / 25)
    assert image.meta["frame_numbers"].tolist() == list(range(FRAMES))


def test_a_dicom_loop_and_a_folder(loop: Path, folder: Path) -> None:
    np.testing.assert_array_equal(np.moveaxis(_image(loop).numpy(), 0, -1), moving(6))
    np.testing.assert_array_equal(_image(folder).numpy()[:, 3].transpose(1, 2, 0), disc_frame(3))


def test_a_real_dicom_video(data_dir: Path) -> None:
    path = data_dir / "dicom" / "video" / "es_mpeg2_mpml_surgery.dcm"
    image = _image(path, frames=(5, 30, 10))
    assert image.shape == (3, 3, 480, 720)
    assert image.meta["seconds"].tolist() == [float(Fraction(n * 1001, 30000)) for n in (5, 15, 25)]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ({"frames": (2, 12, 3)}, range(2, 12, 3)),
        ({"frames": (-4, None, None)}, range(20, 24)),
        ({"every": 7}, range(0, 24, 7)),
        ({"max_frames": 5}, range(5)),
        ({"every": 2, "max_frames": 3}, range(0, 6, 2)),
        ({"max_frames": 500}, range(24)),
    ],
)
def test_selections(
    clip: Path, frames: np.ndarray, options: dict[str, object], numbers: range
) -> None:
    image = _image(clip, **options)
    np.testing.assert_array_equal(np.moveaxis(image.numpy(), 0, -1), frames[list(numbers)])
    assert image.meta["frame_numbers"].tolist() == list(numbers)


def test_one_frame(clip: Path, frames: np.ndarray) -> None:
    for image in (_image(clip, frame=9), _image(f"{clip}#frame=9", frame=2)):
        assert image.shape == (3, 96, 128)
        np.testing.assert_array_equal(np.moveaxis(image.numpy(), 0, -1), frames[9])
        assert image.meta["spatial_shape"].tolist() == [96, 128]
        assert image.meta["patch_index"] == 9


@pytest.mark.parametrize(
    "options", [{"every": 0}, {"max_frames": 0}, {"frames": (0, 2, 1), "every": 2}]
)
def test_impossible_selections(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"at least 1|without every"):
        MedicalVideoReader(**options)  # type: ignore[arg-type]


def test_several_names_are_refused(clip: Path) -> None:
    with pytest.raises(ValueError, match="one video at a time, got 2"):
        MedicalVideoReader().read((str(clip), str(clip)))


def test_a_refusal_says_why(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("no video")
    reader = MedicalVideoReader()
    with pytest.raises(VideoReadError, match="Expected a video"):
        reader.get_data(reader.read((str(path),)))
    with pytest.raises(VideoReadError, match="Expected a video"):
        LoadImage(reader=MedicalVideoReader())(path)


def test_by_its_dotted_name_as_in_a_bundle(clip: Path, frames: np.ndarray) -> None:
    load = LoadImage(reader="monai_medvid.data.MedicalVideoReader", dtype=np.uint8, frame=3)
    np.testing.assert_array_equal(load(clip).numpy(), frames[3])


def test_suffixes(clip: Path, loop: Path, folder: Path, tmp_path: Path) -> None:
    reader = MedicalVideoReader()
    assert reader.verify_suffix(clip)
    assert reader.verify_suffix(str(clip) + "#frame=3")
    assert reader.verify_suffix([loop, folder])
    slices, still = cine(moving(3)), cine(moving(1))
    slices.Modality = "MR"
    (tmp_path / "slices.dcm").write_bytes(saved(slices))
    (tmp_path / "still.dcm").write_bytes(saved(still))
    (tmp_path / "empty").mkdir()
    for name in ("slices.dcm", "still.dcm", "empty", "volume.nii.gz", "none.dcm"):
        assert not reader.verify_suffix(tmp_path / name)


def test_dicom_video_by_content(data_dir: Path) -> None:
    assert MedicalVideoReader().verify_suffix(data_dir / "dicom/video/es_h264_hp41_surgery.dcm")


@pytest.mark.parametrize("source", ["clip", "loop"])
@pytest.mark.parametrize("workers", [0, 2])
def test_every_worker_gives_the_frame_that_was_asked(
    source: str, workers: int, request: pytest.FixtureRequest
) -> None:
    """MONAI's VideoFileDataset(multiprocessing=True) gives frame 0 for every index."""
    path: Path = request.getfixturevalue(source)
    with open_video(path) as video:
        expected = np.stack(list(video))[::2]
    items = video_frame_dicts(path, every=2)
    load = _load()
    load(items[0])  # the parent has the video open when the workers are forked
    loader = DataLoader(Dataset(items, load), batch_size=4, num_workers=workers)
    found = torch.cat([batch["image"].as_tensor() for batch in loader])
    np.testing.assert_array_equal(found.permute(0, 2, 3, 1).numpy(), expected)
    assert len(np.unique(found.numpy(), axis=0)) == len(expected)


def test_a_spawned_worker_gets_a_reader_without_an_open_video(
    clip: Path, frames: np.ndarray
) -> None:
    reader = MedicalVideoReader(frame=4)
    reader.get_data(reader.read(str(clip)))
    copy = pickle.loads(pickle.dumps(reader))
    np.testing.assert_array_equal(copy.get_data(copy.read(str(clip)))[0], frames[4])


def test_the_video_stays_open_between_frames_of_it(clip: Path, loop: Path) -> None:
    reader = MedicalVideoReader()
    reader.get_data(reader.read(f"{clip}#frame=1"))
    video = reader._video(str(clip))
    reader.get_data(reader.read(f"{clip}#frame=2"))
    assert reader._video(str(clip)) is video
    reader.get_data(reader.read(f"{loop}#frame=2"))
    assert reader._video(str(loop)) is not video
    reader.close()
    reader.close()
    assert not _INHERITED


def test_frame_dicts(clip: Path, loop: Path) -> None:
    assert video_frame_dicts(clip, every=10, key="frame") == [
        {"frame": f"{clip}#frame={number}"} for number in (0, 10, 20)
    ]
    assert len(video_frame_dicts([clip, loop], every=3)) == 8 + 2


def test_saved_masks_are_named_by_frame(clip: Path, tmp_path: Path) -> None:
    save = SaveImaged(
        "image", output_dir=tmp_path, output_ext=".png", separate_folder=False, print_log=False,
        output_postfix="mask", resample=False,
    )  # fmt: skip
    for item in video_frame_dicts(clip, every=12):
        save(_load()(item))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "clip_mask_0.png",
        "clip_mask_12.png",
    ]


def test_a_file_whose_name_looks_like_a_frame(tmp_path: Path, loop: Path) -> None:
    path = tmp_path / "odd.dcm#frame=1"
    path.write_bytes(loop.read_bytes())
    assert _image(path).shape == (3, 6, 40, 64)


def test_only_what_is_there_can_be_imported() -> None:
    assert monai_medvid.data.MedicalVideoReader is MedicalVideoReader
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = monai_medvid.data.nothing_like_it


def test_frames_beyond_the_end(clip: Path) -> None:
    reader = MedicalVideoReader()
    with pytest.raises(IndexError, match="Frame number must be within"):
        reader.get_data(reader.read(f"{clip}#frame=99"))


def test_bytes_are_not_names() -> None:
    with pytest.raises(TypeError):
        MedicalVideoReader().read([io.BytesIO(b"")])
