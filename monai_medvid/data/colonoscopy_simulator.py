# SPDX-License-Identifier: Apache-2.0
"""Synthetic colonoscopy: a lit, folded tube with a polyp whose place is known to the pixel.

For demonstrations, tests and training. Every frame carries the word SYNTHETIC in its border.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medvid.data.colonoscopy_camera import (
    DoubleArray,
    Lens,
    Motion,
    Pose,
    make_lens,
    make_motion,
    pose_at,
)
from monai_medvid.data.colonoscopy_light import add_polyp, light_wall, polyp_frame
from monai_medvid.data.colonoscopy_polyp import Polyp, make_polyp
from monai_medvid.data.colonoscopy_sensor import Sensor, expose, make_sensor
from monai_medvid.data.colonoscopy_textures import FloatArray, MucosaLook
from monai_medvid.data.colonoscopy_tube import Tube, make_tube, raise_wall

ByteArray = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]
_SHUTTER_SECONDS = 1 / 60
_SALT = 2


@dataclass(frozen=True)
class Scene:
    """All that a clip shows; drawn from one seed.

    Attributes:
        tube: the bowel.
        polyp: on its wall, or None.
        target: (3,) what the operator looks at.
        lens: rays of the pixels.
        lamp: (3,) its place beside the lens, camera axes.
        sensor: the camera.
        motion: how the tip moves.
    """

    tube: Tube
    polyp: Polyp | None
    target: DoubleArray
    lens: Lens
    lamp: DoubleArray
    sensor: Sensor
    motion: Motion

    def pose(self, seconds: float) -> Pose:
        """Where the tip is at a moment."""
        extent = 0.2 if self.polyp is None else self.polyp.extent + 0.15
        return pose_at(self.motion, self.tube, self.target, extent, seconds)


def make_scene(seed: int, *, size: tuple[int, int] = (480, 640), polyp: bool = True) -> Scene:
    """Draw a scene.

    Args:
        seed: the same seed gives the same scene.
        size: height and width of the pictures.
        polyp: whether there is one.
    """
    bowel, lesion, camera, scope = np.random.default_rng((seed, _SALT)).spawn(4)
    look = _draw_look(bowel)
    tube = make_tube(
        bowel,
        look,
        fold_height=float(bowel.uniform(0.15, 0.55)),
        fold_spacing=float(bowel.uniform(0.55, 1.4)),
    )
    place, turn = lesion.uniform((2, 0), (5, 2 * np.pi)).tolist()
    drawn = make_polyp(lesion, z=place, theta=turn, mucosa=look.color)
    if polyp:
        reach = 1.5 * float(drawn.radii[:, :2].max())
        lift = reach * float(lesion.uniform(0, 0.25))
        tube = raise_wall(tube, z=place, theta=turn, height=lift, reach=reach)
    foot, axes = polyp_frame(tube, drawn)
    sensor = make_sensor(camera, size)
    return Scene(
        tube=tube,
        polyp=drawn if polyp else None,
        target=foot + 0.6 * drawn.extent * axes[2],
        lens=_draw_lens(scope, sensor.window[sensor.box], size[0]),
        lamp=np.array((*scope.uniform(-0.09, 0.09, 2), 0.0)),
        sensor=sensor,
        motion=make_motion(scope, clearance=2 * drawn.extent),
    )


def _draw_lens(rng: np.random.Generator, window: FloatArray, height: int) -> Lens:
    rows, columns = np.nonzero(window > 0.5)
    return make_lens(
        (window.shape[0], window.shape[1]),
        pixels_per_radian=1.25 * height / float(np.deg2rad(rng.uniform(95, 135))),
        middle=(float(columns.mean()), float(rows.mean())),
    )


def _draw_look(rng: np.random.Generator) -> MucosaLook:
    red = float(rng.uniform(0.6, 0.85))
    green = red * float(rng.uniform(0.18, 0.32))
    return MucosaLook(
        color=(red, green, green * float(rng.uniform(0.34, 0.8))),
        vessels=float(rng.uniform(0, 0.7)),
        mottling=float(rng.uniform(0.4, 1.3)),
        residue=float(max(0.0, rng.uniform(-0.2, 0.1))),
    )


def simulate_frames(
    seed: int,
    *,
    frames: int,
    size: tuple[int, int] = (480, 640),
    polyp: bool = True,
    fps: float = 25.0,
) -> Iterator[tuple[ByteArray, BoolArray]]:
    """Yield pictures of a scope moving to and fro past a polyp, with its exact masks.

    Args:
        seed: the same seed gives the same bytes; other seeds give other bowels, lights and motions.
        frames: how many.
        size: height and width.
        polyp: whether there is a polyp; without, masks are empty.
        fps: frames a second; a low rate spreads few frames over the motion.

    Yields:
        Picture (H, W, 3) uint8 RGB and mask (H, W) bool. The mask is empty while the polyp is out
        of sight.
    """
    scene = make_scene(seed, size=size, polyp=polyp)
    for number in range(frames):
        yield render(scene, number / fps, number)


def render(scene: Scene, seconds: float, number: int) -> tuple[ByteArray, BoolArray]:
    """Render one moment; see ``simulate_frames`` for what comes back."""
    pose = scene.pose(seconds)
    picture = light_wall(scene.tube, pose, scene.lens, scene.lamp, scene.polyp)
    if scene.polyp is not None:
        frame = polyp_frame(scene.tube, scene.polyp)
        add_polyp(picture, scene.polyp, frame, pose=pose, lens=scene.lens, lamp=scene.lamp)
    turned = pose.axes @ scene.pose(seconds + _SHUTTER_SECONDS).axes[2]
    drift = turned[:2] * scene.lens.pixels_per_radian
    image = expose(picture.color, picture.shine, scene.sensor, drift=drift, frame=number)
    box = scene.sensor.box
    mask = np.zeros(image.shape[:2], np.bool_)
    mask[box] = picture.polyp * scene.sensor.window[box] > 0.5
    return image, mask
