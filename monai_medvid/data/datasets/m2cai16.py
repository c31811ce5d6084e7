# SPDX-License-Identifier: Apache-2.0
"""M2CAI16: two challenges on cholecystectomy, workflow (41 videos) and tool (15 videos).

``train_dataset/workflow_video_01.mp4`` with ``workflow_video_01.txt`` beside it, and
``test_dataset/test_workflow_video_01.mp4``; ``tool_video_01`` likewise. The text files are those of
Cholec80: a column Frame that counts 25 a second.
"""

from __future__ import annotations

from pathlib import Path

from monai_medvid.data.datasets.cholec80 import read_phases_and_tools
from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.data.datasets.files import (
    VIDEO_ENDINGS,
    existing_root,
    in_order,
    listed,
    matched,
)
from monai_medvid.data.datasets.labels import VideoLabels
from monai_medvid.data.procedure import load_procedure

_PARTS = ("train_dataset", "test_dataset")


def _numbered(pattern: str, numbers: range) -> tuple[str, ...]:
    return tuple(pattern.format(number) for number in numbers)


WORKFLOW_SPLITS = {
    "27/14": {
        "train": _numbered("workflow_video_{:02d}", range(1, 28)),
        "test": _numbered("test_workflow_video_{:02d}", range(1, 15)),
    }
}
TOOL_SPLITS = {
    "10/5": {
        "train": _numbered("tool_video_{:02d}", range(1, 11)),
        "test": _numbered("tool_video_{:02d}", range(11, 16)),
    }
}
"""As released."""


def open_m2cai16_workflow(root: Path) -> LabelledDataset:
    """The workflow challenge in its published layout.

    Raises:
        InputError: The folder holds nothing of it.
    """
    return _open(root, kind="workflow")


def open_m2cai16_tool(root: Path) -> LabelledDataset:
    """The tool challenge in its published layout.

    Raises:
        InputError: The folder holds nothing of it.
    """
    return _open(root, kind="tool")


def _open(root: Path, *, kind: str) -> LabelledDataset:
    needs = [f"{part}/*{kind}_video_*" for part in _PARTS]
    existing_root(root, name=f"M2CAI16-{kind}", needs=needs)
    pattern = rf"((?:test_)?{kind}_video_\d+)\.txt"
    texts = {k: p for part in _PARTS for k, p in matched(root / part, pattern).items()}
    videos = {p.stem: p for part in _PARTS for p in listed(root / part, VIDEO_ENDINGS)}
    procedure = load_procedure("cholecystectomy_m2cai16")

    def read(name: str) -> VideoLabels:
        missing = {"video": name not in videos, "label": name not in texts}
        return read_phases_and_tools(
            name,
            source=videos.get(name),
            phases=texts.get(name) if kind == "workflow" else None,
            tools=texts.get(name) if kind == "tool" else None,
            procedure=procedure,
            notes=tuple(f"There is no {what} file." for what, gone in missing.items() if gone),
        )

    return LabelledDataset(
        name=f"m2cai16-{kind}",
        root=root,
        procedure=procedure,
        names=in_order([*texts, *(name for name in videos if f"{kind}_video" in name)]),
        splits=WORKFLOW_SPLITS if kind == "workflow" else TOOL_SPLITS,
        read=read,
        licence="for research, on request",
        expected=41 if kind == "workflow" else 15,
        gapless=("phase",) if kind == "workflow" else ("instruments",),
        warnings=()
        if kind == "workflow"
        else ("Its videos 1-10 are Cholec80's 67-76, and 11-15 are 61, 62, 64, 65 and 66.",),
    )
