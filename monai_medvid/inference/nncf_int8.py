# SPDX-License-Identifier: Apache-2.0
"""OpenVINO models in int8, quantised after training by NNCF (the extra ``int8``)."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.util import find_spec
from typing import Any

from monai_medvid.errors import MissingExtraError


def has_nncf() -> bool:
    """Whether it is installed."""
    return find_spec("nncf") is not None


def require_nncf() -> None:
    """Refuse where it is not installed.

    Raises:
        MissingExtraError: It is not.
    """
    if not has_nncf():
        raise MissingExtraError(
            "expected NNCF for quantising, found it not installed. "
            'Run: pip install "monai-medvid[int8]".'
        )


def quantize_model(model: Any, examples: Sequence[Any]) -> Any:
    """A model in int8; the one that was given may be changed.

    Args:
        model: An OpenVINO model.
        examples: Inputs like those that it will see.

    Raises:
        MissingExtraError: NNCF is not installed.
    """
    require_nncf()
    os.environ.setdefault("NNCF_CI", "1")  # it tells its makers of each use otherwise
    with redirect_stdout(sys.stderr):  # where its progress belongs
        import nncf

        return nncf.quantize(
            model,
            nncf.Dataset(examples),
            subset_size=len(examples),
            preset=nncf.QuantizationPreset.MIXED,
            model_type=nncf.ModelType.TRANSFORMER,
        )
