# SPDX-License-Identifier: Apache-2.0
"""Quantising OpenVINO models to int8 after training, with NNCF."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

MISSING = "not measured: pip install nncf"


def at_hand() -> bool:
    """Whether NNCF is installed."""
    return importlib.util.find_spec("nncf") is not None


def quantise(model: Any, examples: Sequence[Any]) -> Any:
    """A model in int8.

    Args:
        model: An OpenVINO model.
        examples: Inputs like those that it will see.
    """
    with redirect_stdout(sys.stderr):  # NNCF tells its progress where the figures go
        import nncf

        return nncf.quantize(
            model,
            nncf.Dataset(examples),
            subset_size=len(examples),
            preset=nncf.QuantizationPreset.MIXED,
            model_type=nncf.ModelType.TRANSFORMER,
        )
