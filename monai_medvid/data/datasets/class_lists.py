# SPDX-License-Identifier: Apache-2.0
"""Classes of data sets that name no phases: files like those of ``data/procedures``, beside it."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import as_file, files

from monai_medvid.data.procedure import Procedure, load_procedure


@lru_cache(maxsize=32)
def load_classes(name: str) -> Procedure:
    """The classes of a data set, by the name of its file in ``classes/``."""
    entry = files("monai_medvid.data.datasets").joinpath("classes", f"{name}.yaml")
    with as_file(entry) as path:
        return load_procedure(path)
