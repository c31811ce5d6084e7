# SPDX-License-Identifier: Apache-2.0
"""A room knows the rooms above it, never those below; the library never imports Holoscan."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import monai_medvid

ROOT = Path(monai_medvid.__file__).parent
ROOMS = (
    (
        "errors",
        "uids",
        "_optional",
        "latency",
        "whole_folder",
        "background",
        "prefetch",
        "settings",
    ),
    ("video",),
    ("data",),
    ("models",),
    ("inference",),
    ("messages",),
    ("findings",),
    ("streaming",),
    ("dicom",),
    ("report",),
    ("pacs",),
    ("preview",),
    ("metrics",),
    ("training",),
    ("evaluation",),
    ("corrupted_evaluation",),
    ("referred_video",),
    ("dicom_results",),
    ("result_place",),
    ("result_writers",),
    ("analysis",),
    ("video_feed",),
    ("run_record",),
    ("results",),
    ("study_settings",),
    ("pipeline",),
    ("studies",),
    ("demo", "node", "simulate"),
    ("terminal",),
    ("cli", "cli_data", "cli_evaluate", "cli_train", "cli_models", "__main__"),
)
RANK = {name: rank for rank, names in enumerate(ROOMS) for name in names}
FILES = sorted(ROOT.rglob("*.py"))


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute in this project"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        else:
            yield from _imports(node)


def _room(dotted: str) -> str | None:
    parts = dotted.split(".")
    if parts[0] != "monai_medvid" or len(parts) < 2 or parts[1] not in RANK:
        return None
    return parts[1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_up_the_page(path: Path) -> None:
    relative = path.relative_to(ROOT)
    own = relative.parts[0].removesuffix(".py")
    if own == "__init__":
        return  # the package's own front door names everything, lazily
    assert own in RANK, (
        f"{own} is not a room of docs/concepts/rooms.md; add it to the page and here"
    )
    for line, name in _imports(ast.parse(path.read_text())):
        assert not name.startswith("holoscan"), f"{relative}:{line} imports Holoscan"
        room = _room(name)
        lazily_saved = own == "analysis" and room == "results"  # Analysis.save() hands itself over
        if room is not None and not lazily_saved:
            assert RANK[room] <= RANK[own], f"{relative}:{line}: {own} must not know {room}"
