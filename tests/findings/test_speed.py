# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from time import process_time

import numpy as np

from monai_medvid.findings import FindingsBuilder, ModelSummary, SourceSummary
from tests.findings.maps import batch_of, ellipse


def test_two_objects_cost_little(source: SourceSummary, model: ModelSummary) -> None:
    """At 40 frames a second a frame has 25 ms; findings may take a tenth of them."""
    maps = [
        np.maximum(
            ellipse(column=80 + i, row=90, a=50, b=35, height=256, width=320),
            ellipse(column=240, row=170 + i, a=30, b=40, height=256, width=320),
        )
        for i in range(20)
    ]
    builder = FindingsBuilder(source=source, model=model)
    batch = batch_of(maps)

    start = process_time()
    builder.add(batch)
    cost = (process_time() - start) / len(maps)

    assert len(builder.finish().tracks) == 2
    assert cost < 0.003, f"{cost * 1e3:.2f} ms a frame"
