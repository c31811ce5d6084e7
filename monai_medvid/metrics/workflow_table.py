# SPDX-License-Identifier: Apache-2.0
"""An evaluation as JSON values and as tables, the convention next to every number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from monai_medvid.metrics.result import MetricValue
from monai_medvid.metrics.workflow import WorkflowEvaluation

SCHEMA = "medvid-evaluation/1"
HEADLINES = (
    "phase/video_mean/accuracy",
    "phase/video_mean/jaccard",
    "instrument/pooled/mAP",
    "mask/iou",
    "anticipation/pooled w-MAE",
    "cvs/mAP",
    "transition/median latency",
    "transition/within 10 s",
    "stability/flicker",
)
"""What a card shows, as far as it was measured."""


def to_json(evaluation: WorkflowEvaluation) -> dict[str, Any]:
    """Plain values, ready for ``json.dumps``; NaN and infinity are ``None``, with a note.

    Example of a metric: ``{"name": "phase accuracy", "value": 0.93, "convention": "video_mean ...",
    "split": "test", "rate": 1.0, "absent": "...", "std": 0.02, "std_over": "videos", ...}``.
    """
    phases = list(evaluation.procedure.phases)
    masks = [mask.name for mask in evaluation.procedure.masks]
    return {
        "schema": SCHEMA,
        "procedure": evaluation.procedure.name,
        "split": evaluation.split,
        "rate": evaluation.rate,
        "videos": list(evaluation.videos),
        "metrics": {key: metric_json(metric) for key, metric in evaluation.metrics.items()},
        "phase_confusion": _matrix(evaluation.phase_confusion, phases),
        "mask_confusion": _matrix(evaluation.mask_confusion, masks),
        "reliability": {
            diagram.name: {
                "entries": list(diagram.entries),
                "claimed": [_plain(value) for value in diagram.claimed],
                "true": [_plain(value) for value in diagram.true],
            }
            for diagram in evaluation.reliability
        },
    }


def to_markdown(evaluation: WorkflowEvaluation) -> str:
    """A page: headlines, then all metrics by section, then values by class."""
    lines = [
        f"# Evaluation: {evaluation.procedure.title}",
        "",
        f"Split {evaluation.split}, {len(evaluation.videos)} videos, judged at "
        f"{evaluation.rate:g} moments a second. Shares are 0 to 1. ± is the sample standard "
        f"deviation over what the column says.",
    ]
    chosen = [key for key in HEADLINES if key in evaluation.metrics]
    lines += ["", "## Headlines", "", *_rows(evaluation.metrics, chosen)]
    for section in dict.fromkeys(key.split("/")[0] for key in evaluation.metrics):
        keys = [key for key in evaluation.metrics if key.split("/")[0] == section]
        lines += ["", f"## {section.capitalize()}", "", *_rows(evaluation.metrics, keys)]
        lines += list(_by_class(evaluation.metrics, keys))
    return "\n".join(lines) + "\n"


def to_text(evaluation: WorkflowEvaluation) -> str:
    """A few aligned lines for a terminal: the headlines with their conventions."""
    chosen = [evaluation.metrics[key] for key in HEADLINES if key in evaluation.metrics]
    rows = [(metric.name, show(metric), metric.convention) for metric in chosen]
    widths = [max((len(row[i]) for row in rows), default=0) for i in (0, 1)]
    head = f"split {evaluation.split}, {len(evaluation.videos)} videos, {evaluation.rate:g}/s"
    return "\n".join([head, *(f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c}" for a, b, c in rows)])


def show(metric: MetricValue) -> str:
    """The value for people: "0.931 ± 0.020", "4.2 s", "undefined", "never"."""
    if math.isnan(metric.value):
        return "undefined"
    if math.isinf(metric.value):
        return "never"
    unit = "" if metric.unit == "1" else f" {metric.unit}"
    spread = "" if metric.std is None else f" ± {metric.std:.3f}"
    return f"{metric.value:.3f}{spread}{unit}"


def _rows(metrics: Mapping[str, MetricValue], keys: list[str]) -> Iterator[str]:
    yield "| metric | value | ± over | convention | split | moments/s | absent classes |"
    yield "|---|---|---|---|---|---|---|"
    for key in keys:
        m = metrics[key]
        over = m.std_over if m.std is not None else "–"
        rate = "key frames" if m.rate is None else f"{m.rate:g}"
        cells = (m.name, show(m), over, m.convention, m.split, rate, m.absent)
        yield f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _by_class(metrics: Mapping[str, MetricValue], keys: list[str]) -> Iterator[str]:
    """One table a section: classes down, metrics across; the first convention of each metric."""
    chosen: dict[str, MetricValue] = {}
    for key in keys:
        if metrics[key].per_class:
            chosen.setdefault(metrics[key].name, metrics[key])
    if not chosen:
        return
    yield from ("", "By class, first convention above of each metric:", "")
    yield f"| class | {' | '.join(chosen)} |"
    yield "|---|" + "---|" * len(chosen)
    classes = dict.fromkeys(name for metric in chosen.values() for name in metric.per_class)
    for name in classes:
        cells = (_number(metric.per_class.get(name)) for metric in chosen.values())
        yield f"| {name} | {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.3f}"


def metric_json(metric: MetricValue) -> dict[str, Any]:
    """A metric as plain values; NaN and infinity are ``None``, with a note."""
    entry = {key: _plain(value) for key, value in asdict(metric).items()}
    if not math.isfinite(metric.value):
        entry["note"] = "undefined" if math.isnan(metric.value) else "infinite"
    return entry


def _matrix(matrix: Any, classes: list[str]) -> dict[str, Any] | None:
    if matrix is None:
        return None
    return {"rows": "truth", "columns": "prediction", "classes": classes, "counts": matrix.tolist()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
