# SPDX-License-Identifier: Apache-2.0
"""Run every benchmark and write its ratios into docs/reference/benchmarks.md.

Each benchmark prints a JSON document with ``--json``: ``{"title": str, "setting": str,
"rows": [{"what": str, "value": str, "against": str, "ratio": float | None, "reach": str}]}``.
Figures of one row come from one run on the same input; these are ratios, since absolute times
differ from machine to machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import torch

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "reference" / "benchmarks.md"
INTRODUCTION = """# Benchmarks

Written by `make benchmarks`, or for some of them by `python -m benchmarks.run_all NAME ...`. Each \
table comes from one run of `benchmarks/<name>.py`, which measures both sides on the same input. \
"Ratio" is theirs divided by ours in time, so more than 1 means that ours is faster, unless the \
row says otherwise.
"""
NAMES = (
    "decode",
    "cine",
    "random_access",
    "preprocess",
    "analyze",
    "simulate",
    "workflow_net",
    "workflow",
    "workflow_int8",
    "workflow_gpu",
    "decode_gpu",
    "operators",
    "monitor",
    "seg",
    "sr",
    "memory",
)


def run(name: str) -> dict[str, Any]:
    """Run one benchmark in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--json"],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def machine() -> str:
    """The processor's name and count, and the GPU's name."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
    name = names[0].split(":", 1)[1].strip() if names else platform.processor()
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}, {gpu()}"


def gpu() -> str:
    """Its name, or that there is none."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"


def today() -> date:
    """The date, UTC."""
    return datetime.now(timezone.utc).date()


def table(document: dict[str, Any]) -> str:
    """One benchmark as Markdown, with the machine and the day."""
    lines = [
        f"## {document['title']}",
        "",
        f"{document['setting']} Measured on {machine()}, {today()}.",
        "",
        "| what | measured | against | ratio | reach |",
        "|---|---|---|---|---|",
    ]
    for row in document["rows"]:
        ratio = "" if row.get("ratio") is None else f"{row['ratio']:.2f}"
        lines.append(
            f"| {row['what']} | {row['value']} | {row['against']} | {ratio} | {row['reach']} |"
        )
    return "\n".join(lines) + "\n"


def with_tables(page: str, tables: list[str]) -> str:
    """The page with these tables in place of those of the same titles; new ones come last."""
    _, *old = page.split("\n## ")
    parts = {part.splitlines()[0]: f"## {part.strip()}\n" for part in old}
    parts |= {text.splitlines()[0].removeprefix("## "): text for text in tables}
    return "\n".join([INTRODUCTION, *parts.values()])


def main() -> None:
    """Run what is asked for and rewrite the page's parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args().names or NAMES
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        parser.error(f"expected {', '.join(NAMES)}, found {', '.join(unknown)}")
    for name in names:  # one after the other: what was measured is kept
        document = run(name)
        if not document["rows"]:  # nothing to measure it on: what stands there stays
            sys.stdout.write(f"{document['title']}: {document['setting']}\n")
            continue
        text = table(document)
        PAGE.write_text(with_tables(PAGE.read_text() if PAGE.is_file() else "", [text]))
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
